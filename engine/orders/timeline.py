"""One order's story: status history, workflow steps, effects, audit, failures, holds and notes as one line of time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, assert_never

import orjson

from engine.database.connection import Connection
from engine.identifiers import OrderId
from engine.orders.opening import open_bytes, open_text
from engine.orders.plain_text import plain
from engine.orders.views import TimelineEntry, TimelineKind
from engine.privacy.cipher import Vault
from engine.words import ChangeSource, EffectKind, EffectState

_STATUS = """
SELECT h.previous_status, h.new_status, h.status_reason, h.change_source, h.created_at, u.display_name
  FROM order_status_history h LEFT JOIN users u ON u.id = h.changed_by WHERE h.order_id = $1 ORDER BY h.id
"""
_STEPS = """
SELECT from_state, to_state, trigger, actor, reason, created_at FROM order_workflow_steps
 WHERE order_id = $1 ORDER BY id
"""
_EFFECTS = """
SELECT kind, dependency, state, attempt, provider_reference, request, error, created_at, settled_at
  FROM effects WHERE order_id = $1 ORDER BY sequence
"""
_FAILURES = """
SELECT cause, created_at, resolved_at, resolved_by, resolution FROM failures WHERE order_id = $1 ORDER BY created_at
"""
_HOLDS = """
SELECT id, reason, note, placed_by, placed_at, released_at, released_by FROM holds
 WHERE order_id = $1 ORDER BY placed_at
"""
_NOTES = "SELECT id, body, author, created_at FROM notes WHERE order_id = $1 ORDER BY created_at"
# What the workflow did is told by its steps, holds and notes by their rows; the audit adds what else was changed.
_AUDIT = """
SELECT action, actor, source, before, after, created_at FROM audit_log
 WHERE subject = $1 AND action NOT LIKE 'workflow.%'
   AND action NOT IN ('order.held', 'order.released', 'order.noted') ORDER BY sequence
"""

_EFFECT_WORDS: dict[EffectKind, tuple[str, str]] = {
    EffectKind.BUY_LABEL: ("Buy the label", "Label bought"),
    EffectKind.VOID_LABEL: ("Void the label", "Label voided"),
    EffectKind.SHIP_PACKAGE: ("Tell TikTok of the parcel", "TikTok told of the parcel"),
    EffectKind.UPDATE_TRACKING: ("Tell TikTok the tracking number", "TikTok told the tracking number"),
    EffectKind.CANCEL_ORDER: ("Tell TikTok of the cancellation", "TikTok told of the cancellation"),
    EffectKind.NOTICE: ("Send the notice", "Notice sent"),
}

_AUDIT_WORDS = {"order.created": "Arrived from TikTok", "order.updated": "Changed by TikTok"}
_TOLD_CHANGES = {"channel_status": "TikTok status", "payment": "payment"}
"""The only values of the audit that are told here; others may be personal."""

# What happened in one transaction carries one time; within it the story reads cause before consequence.
_RANK = {kind: rank for rank, kind in enumerate((
    TimelineKind.NOTE, TimelineKind.HOLD, TimelineKind.STEP, TimelineKind.STATUS, TimelineKind.FAILURE,
    TimelineKind.EFFECT, TimelineKind.AUDIT,
))}  # fmt: skip


async def timeline(connection: Connection, vault: Vault, order_id: OrderId) -> tuple[TimelineEntry, ...]:
    """Every line of the order's story, oldest first."""
    entries = [
        *map(_status, await connection.fetch(_STATUS, order_id)),
        *map(_step, await connection.fetch(_STEPS, order_id)),
        *map(_effect, await connection.fetch(_EFFECTS, order_id)),
    ]
    entries.extend(_audit(record, vault, order_id) for record in await connection.fetch(_AUDIT, order_id))
    for record in await connection.fetch(_FAILURES, order_id):
        entries.extend(_failure(record))
    for record in await connection.fetch(_HOLDS, order_id):
        entries.extend(_hold(record, vault))
    entries.extend(_note(record, vault) for record in await connection.fetch(_NOTES, order_id))
    return tuple(sorted(entries, key=lambda entry: (entry.at, _RANK[entry.kind])))


def _status(record: Any) -> TimelineEntry:
    before, after = record["previous_status"], record["new_status"]
    text = f"{before} → {after}" if before else f"{after}"
    return TimelineEntry(
        at=record["created_at"],
        kind=TimelineKind.STATUS,
        text=_with_reason(text, record["status_reason"]),
        actor=plain(record["display_name"]) or record["change_source"],
        source=record["change_source"],
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
    )


def _effect(record: Any) -> TimelineEntry:
    """One line an effect: what is wanted while it is open, what came of it once it is settled."""
    wanted, done = _EFFECT_WORDS[EffectKind(record["kind"])]
    template = record["request"].get("template")
    what = f" ({plain(str(template))})" if template else ""
    tries = f", {record['attempt']} tries" if record["attempt"] > 1 else ""
    error = f": {plain(record['error'])}" if record["error"] else ""
    state = EffectState(record["state"])
    match state:
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
    )


def _audit(record: Any, vault: Vault, order_id: OrderId) -> TimelineEntry:
    action = record["action"]
    text = _AUDIT_WORDS.get(action) or plain(action).replace(".", " ").replace("_", " ")
    before, after = (
        orjson.loads(open_bytes(vault, f"audit_log.{column}", order_id, record[column]) or b"null") or {}
        for column in ("before", "after")
    )
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
    )


def _failure(record: Any) -> Iterator[TimelineEntry]:
    yield TimelineEntry(
        record["created_at"], TimelineKind.FAILURE, plain(record["cause"]), "system", ChangeSource.SYSTEM
    )
    if record["resolved_at"] is not None:
        text = _with_reason("Failure resolved", record["resolution"])
        actor = plain(record["resolved_by"])
        yield TimelineEntry(record["resolved_at"], TimelineKind.FAILURE, text, actor, _source_of(actor))


def _hold(record: Any, vault: Vault) -> Iterator[TimelineEntry]:
    note = open_text(vault, "holds.note", record["id"], record["note"])
    placed_by = plain(record["placed_by"])
    text = _with_reason(f"Held ({record['reason']})", note)
    yield TimelineEntry(record["placed_at"], TimelineKind.HOLD, text, placed_by, _source_of(placed_by))
    if record["released_at"] is not None:
        released_by = plain(record["released_by"])
        text = f"Released ({record['reason']})"
        yield TimelineEntry(record["released_at"], TimelineKind.HOLD, text, released_by, _source_of(released_by))


def _note(record: Any, vault: Vault) -> TimelineEntry:
    body = open_text(vault, "notes.body", record["id"], record["body"])
    return TimelineEntry(record["created_at"], TimelineKind.NOTE, body, plain(record["author"]), ChangeSource.USER)


def _with_reason(text: str, reason: str | None) -> str:
    cleaned = plain(reason)
    return f"{text}: {cleaned}" if cleaned else text


def _source_of(actor: str) -> ChangeSource:
    """Failures and holds store who, not from where: the program's two own names tell."""
    return ChangeSource(actor) if actor in {ChangeSource.SYSTEM, ChangeSource.TIKTOK_SHOP} else ChangeSource.USER
