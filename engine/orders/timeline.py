"""One order's story: status history, workflow steps, effects, audit, failures, holds and notes as one line of time."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, assert_never

import orjson

from engine.database.connection import Connection
from engine.identifiers import OrderId
from engine.orders.effect_words import DONE, WANTED
from engine.orders.opening import open_bytes, open_text
from engine.orders.picking import telling as picking
from engine.orders.plain_text import plain
from engine.orders.views import TimelineEntry, TimelineKind
from engine.ports.outcomes import SKIPPED
from engine.privacy.cipher import Vault
from engine.words import ChangeSource, EffectKind, EffectState
from engine.workflow.rules.changes import BY_RULE

_STATUS = """
SELECT h.id, h.previous_status, h.new_status, h.status_reason, h.change_source, h.created_at, u.display_name
  FROM order_status_history h LEFT JOIN users u ON u.id = h.changed_by WHERE h.order_id = $1 ORDER BY h.id
"""
_STEPS = """
SELECT id, from_state, to_state, trigger, actor, reason, created_at FROM order_workflow_steps
 WHERE order_id = $1 ORDER BY id
"""
_EFFECTS = """
SELECT id, kind, dependency, state, attempt, provider_reference, request, error, created_at, settled_at
  FROM effects WHERE order_id = $1 ORDER BY sequence
"""
_FAILURES = """
SELECT id, cause, created_at, resolved_at, resolved_by, resolution FROM failures WHERE order_id = $1 ORDER BY created_at, id
"""
_HOLDS = """
SELECT id, reason, note, placed_by, placed_at, released_at, released_by FROM holds
 WHERE order_id = $1 ORDER BY placed_at, id
"""
_NOTES = "SELECT id, body, author, created_at FROM notes WHERE order_id = $1 ORDER BY created_at, id"
# Both sides of a replacement or an exchange. Index: orders_replaces_index.
_REPLACEMENTS = """
SELECT o.id, o.replaces_order_id AS number, o.order_kind, o.created_at AS at, true AS of_this FROM orders o
 WHERE o.id = $1 AND o.replaces_order_id IS NOT NULL
UNION ALL
SELECT other.id, other.order_number, other.order_kind, other.created_at, false
  FROM orders o JOIN orders other ON other.replaces_order_id = o.tiktok_order_id WHERE o.id = $1
"""
# What the workflow did is told by its steps, holds and notes by their rows; the audit adds what else was changed.
_AUDIT = """
SELECT sequence, action, actor, source, before, after, created_at FROM audit_log
 WHERE subject = $1 AND action NOT LIKE 'workflow.%'
   AND action NOT IN ('order.held', 'order.released', 'order.noted') ORDER BY sequence
"""

_TRIES = """
SELECT t.id, e.kind, e.dependency, t.attempt, t.state, t.error, t.created_at
  FROM effects e JOIN effect_tries t ON t.effect_id = e.id WHERE e.order_id = $1 ORDER BY t.id
"""
_RULES = """
SELECT n.id, n.rule AS name, n.event, n.done, n.created_at FROM rule_runs n
 WHERE n.order_id = $1 ORDER BY n.id
"""

_AUDIT_WORDS = {"order.created": "Arrived from TikTok", "order.updated": "Changed by TikTok"}
_TOLD_CHANGES = {"channel_status": "TikTok status", "payment": "payment"}
"""The only values of the audit that are told here; others may be personal."""

# What happened in one transaction carries one time; within it the story reads cause before consequence.
_RANK = {kind: rank for rank, kind in enumerate((
    TimelineKind.NOTE, TimelineKind.RULE, TimelineKind.HOLD, TimelineKind.STEP, TimelineKind.STATUS, TimelineKind.FAILURE,
    TimelineKind.EFFECT, TimelineKind.AUDIT,
))}  # fmt: skip


async def timeline(
    connection: Connection, vault: Vault, order_id: OrderId, kinds: Collection[TimelineKind] = tuple(TimelineKind)
) -> tuple[TimelineEntry, ...]:
    """Every line of the order's story, or those of some kinds, oldest first; what is of one time keeps one order."""
    entries = [entry for kind in _RANK if kind in kinds for entry in await _of_kind(connection, vault, order_id, kind)]
    # Within a kind the rows come in the order they were written, which sorting keeps.
    return tuple(sorted(entries, key=lambda entry: (entry.at, _RANK[entry.kind])))


async def _of_kind(connection: Connection, vault: Vault, order_id: OrderId, kind: TimelineKind) -> list[TimelineEntry]:
    fetch = connection.fetch
    match kind:
        case TimelineKind.STATUS:
            return [_status(record) for record in await fetch(_STATUS, order_id)]
        case TimelineKind.STEP:
            return [_step(record) for record in await fetch(_STEPS, order_id)]
        case TimelineKind.EFFECT:
            tries = [_try(record) for record in await fetch(_TRIES, order_id)]
            return tries + [_effect(record) for record in await fetch(_EFFECTS, order_id)]
        case TimelineKind.AUDIT:
            replacements = [_replacement(record) for record in await fetch(_REPLACEMENTS, order_id)]
            return replacements + [_audit(record, vault, order_id) for record in await fetch(_AUDIT, order_id)]
        case TimelineKind.FAILURE:
            return [entry for record in await fetch(_FAILURES, order_id) for entry in _failure(record)]
        case TimelineKind.HOLD:
            return [entry for record in await fetch(_HOLDS, order_id) for entry in _hold(record, vault)]
        case TimelineKind.NOTE:
            return [_note(record, vault) for record in await fetch(_NOTES, order_id)]
        case TimelineKind.RULE:
            return [_rule(record) for record in await fetch(_RULES, order_id)]
        case _:
            assert_never(kind)


def _replacement(record: Any) -> TimelineEntry:
    number, kind = plain(record["number"]), record["order_kind"]
    text = f"Stands for order {number} ({kind})"
    if not record["of_this"]:
        text = f"Order {number} stands for this one ({kind})"
    return TimelineEntry(
        record["at"],
        TimelineKind.AUDIT,
        text,
        ChangeSource.TIKTOK_SHOP,
        ChangeSource.TIKTOK_SHOP,
        entry_id=f"replacement:{record['id']}",
    )


def _status(record: Any) -> TimelineEntry:
    before, after = record["previous_status"], record["new_status"]
    text = f"{before} → {after}" if before else f"{after}"
    return TimelineEntry(
        at=record["created_at"],
        kind=TimelineKind.STATUS,
        text=_with_reason(text, record["status_reason"]),
        actor=plain(record["display_name"]) or record["change_source"],
        source=record["change_source"],
        entry_id=f"status:{record['id']}",
    )


def _step(record: Any) -> TimelineEntry:
    before, after = record["from_state"], record["to_state"]
    text = f"{before} → {after}, by {record['trigger']}" if before else f"{after}"
    return TimelineEntry(
        at=record["created_at"],
        kind=TimelineKind.STEP,
        text=_with_reason(text, record["reason"]),
        actor=plain(record["actor"]),
        source=ChangeSource.SYSTEM,
        entry_id=f"step:{record['id']}",
    )


def _effect(record: Any) -> TimelineEntry:
    """One line an effect: what is wanted while it is open, what came of it once it is settled."""
    kind = EffectKind(record["kind"])
    wanted, done = WANTED[kind], DONE[kind]
    template = record["request"].get("template")
    what = f" ({plain(str(template))})" if template else ""
    tries = f", {record['attempt']} tries" if record["attempt"] > 1 else ""
    error = f": {plain(record['error'])}" if record["error"] else ""
    state = EffectState(record["state"])
    match state:
        case EffectState.DONE if record["provider_reference"] == SKIPPED:
            text = f"{wanted}{what}: not needed any more"
        case EffectState.DONE:
            text = f"{done}{what}{tries}"
        case EffectState.FAILED:
            text = f"{wanted}{what}: failed{tries}{error}"
        case EffectState.VOIDED:
            text = f"{wanted}{what}: not needed any more"
        case EffectState.AMBIGUOUS:
            text = f"{wanted}{what}: not known whether it happened, being asked{tries}{error}"
        case EffectState.INTENT | EffectState.SENT:
            text = f"{wanted}{what}: under way{tries}{error}"
        case _:
            assert_never(state)
    return TimelineEntry(
        at=record["settled_at"] or record["created_at"],
        kind=TimelineKind.EFFECT,
        text=text,
        actor=record["dependency"],
        source=ChangeSource.SYSTEM,
        entry_id=f"effect:{record['id']}",
    )


def _try(record: Any) -> TimelineEntry:
    """A try that went wrong; the last one's effect tells how it ended."""
    wanted = WANTED[EffectKind(record["kind"])]
    return TimelineEntry(
        at=record["created_at"],
        kind=TimelineKind.EFFECT,
        text=_with_reason(f"{wanted}: try {record['attempt']} went wrong", record["error"]),
        actor=record["dependency"],
        source=ChangeSource.SYSTEM,
        entry_id=f"try:{record['id']}",
    )


def _rule(record: Any) -> TimelineEntry:
    words = ", ".join(record["done"])
    return TimelineEntry(
        at=record["created_at"],
        kind=TimelineKind.RULE,
        text=f"Rule {plain(record['name'])}: {plain(words)}",
        actor=ChangeSource.SYSTEM,
        source=ChangeSource.SYSTEM,
        entry_id=f"rule:{record['id']}",
    )


def _audit(record: Any, vault: Vault, order_id: OrderId) -> TimelineEntry:
    action = record["action"]
    before, after = (
        orjson.loads(open_bytes(vault, f"audit_log.{column}", order_id, record[column]) or b"null") or {}
        for column in ("before", "after")
    )
    in_words = _AUDIT_WORDS.get(action) or plain(action).replace(".", " ").replace("_", " ")
    text = picking.told(action, after) if action in picking.TOLD else in_words
    changes = [
        f"{words} {plain(str(before[name]))} → {plain(str(after[name]))}"
        for name, words in _TOLD_CHANGES.items()
        if name in before and name in after and before[name] != after[name]
    ]
    return TimelineEntry(
        at=record["created_at"],
        kind=TimelineKind.AUDIT,
        text=_with_reason(text, ", ".join(changes)),
        actor=plain(record["actor"]),
        source=record["source"],
        entry_id=f"audit:{record['sequence']}",
    )


def _failure(record: Any) -> Iterator[TimelineEntry]:
    key = f"failure:{record['id']}"
    yield TimelineEntry(
        record["created_at"], TimelineKind.FAILURE, plain(record["cause"]), "system", ChangeSource.SYSTEM, key
    )
    if record["resolved_at"] is not None:
        text = _with_reason("Failure resolved", record["resolution"])
        actor = plain(record["resolved_by"])
        yield TimelineEntry(
            record["resolved_at"], TimelineKind.FAILURE, text, actor, _source_of(actor), f"{key}:resolved"
        )


def _hold(record: Any, vault: Vault) -> Iterator[TimelineEntry]:
    key = f"hold:{record['id']}"
    note = open_text(vault, "holds.note", record["id"], record["note"])
    placed_by = plain(record["placed_by"])
    text = _with_reason(f"Held ({record['reason']})", note)
    yield TimelineEntry(record["placed_at"], TimelineKind.HOLD, text, placed_by, _source_of(placed_by), key)
    if record["released_at"] is not None:
        released_by = plain(record["released_by"])
        text = f"Released ({record['reason']})"
        source = _source_of(released_by)
        yield TimelineEntry(record["released_at"], TimelineKind.HOLD, text, released_by, source, f"{key}:released")


def _note(record: Any, vault: Vault) -> TimelineEntry:
    body = open_text(vault, "notes.body", record["id"], record["body"])
    author = plain(record["author"])
    return TimelineEntry(
        record["created_at"], TimelineKind.NOTE, body, author, ChangeSource.USER, f"note:{record['id']}"
    )


def _with_reason(text: str, reason: str | None) -> str:
    cleaned = plain(reason)
    return f"{text}: {cleaned}" if cleaned else text


def _source_of(actor: str) -> ChangeSource:
    """Failures and holds store who, not from where: the program's two own names tell."""
    if actor.startswith(BY_RULE):
        return ChangeSource.SYSTEM
    return ChangeSource(actor) if actor in {ChangeSource.SYSTEM, ChangeSource.TIKTOK_SHOP} else ChangeSource.USER
