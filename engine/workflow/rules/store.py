"""Rules kept: saved, switched, moved, dropped, each change with its link in the rule's audit chain.

A creator's rules are changed under that creator's row, so their places stay 1, 2, 3 … whoever else is at them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.actors import Actor
from engine.audit import chain
from engine.errors import NotFound, Refused
from engine.identifiers import UserId, new_id
from engine.orders.assignment import find_user
from engine.orders.plain_text import plain
from engine.workflow.library import require_workflow
from engine.workflow.rules.actions import Action, Assign, Workflow, document
from engine.workflow.rules.model import Draft, Rule, RuleView
from engine.workflow.rules.stored import RULE_COLUMNS, read_rule, view

if TYPE_CHECKING:
    from engine.database.connection import Database

_VIEW = f"""
SELECT {RULE_COLUMNS}, r.position, r.enabled, r.error, r.broke_at, u.display_name AS creator
FROM rules r JOIN users u ON u.id = r.user_id
"""  # noqa: S608

_CREATORS = """
SELECT u.id, u.display_name FROM users u
WHERE u.role = 'creator' OR EXISTS (SELECT FROM shops s WHERE s.user_id = u.id) ORDER BY u.display_name, u.id
"""

# Compatible with the foreign keys of orders that arrive meanwhile.
_LOCK_CREATOR = "SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE"

_MINE = """
SELECT id, name, position, event, condition, actions, stop, enabled, error FROM rules
WHERE user_id = $1 ORDER BY position, id FOR UPDATE
"""

_INSERT = """
INSERT INTO rules (id, user_id, name, position, event, condition, actions, stop, enabled) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""

_UPDATE = """
UPDATE rules SET event = $2, condition = $3, actions = $4, stop = $5, enabled = $6, error = NULL, broke_at = NULL,
       updated_at = greatest(now(), updated_at + interval '1 microsecond')
WHERE id = $1
"""

_PLACES = """
UPDATE rules r SET position = d.place, updated_at = greatest(now(), r.updated_at + interval '1 microsecond')
FROM unnest($1::uuid[]) WITH ORDINALITY AS d(id, place) WHERE r.id = d.id AND r.position <> d.place
"""


class Saving(StrEnum):
    """What saving a rule did."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of one rule."""

    name: str
    saving: Saving
    enabled: bool


async def creator_named(database: Database, name: str) -> UserId:
    """The creator with this name or id; without a name the only one there is. Raises NotFound, Refused."""
    creators = await database.pool.fetch(_CREATORS)
    known = ", ".join(plain(row["display_name"]) for row in creators)
    if not name:
        if len(creators) != 1:
            raise Refused("rules.whose", f"There are several creators ({known}): say whose rules with --creator.")
        return UserId(creators[0]["id"])
    found = [row for row in creators if name in {str(row["id"]), row["display_name"]}]
    if len(found) != 1:
        raise NotFound("rules.no_creator", f"There is no creator {name!r}; there are {known}.")
    return UserId(found[0]["id"])


async def list_rules(database: Database, creator: UserId | None = None) -> list[RuleView]:
    """All rules, or those of one creator, in the order in which they are asked."""
    rows = await database.pool.fetch(
        f"{_VIEW} WHERE $1::uuid IS NULL OR r.user_id = $1 ORDER BY u.display_name, r.user_id, r.position, r.id",
        creator,
    )
    return [view(row) for row in rows]


async def find_rule(database: Database, creator: UserId, name: str) -> RuleView:
    """The rule with this name. Raises NotFound."""
    row = await database.pool.fetchrow(f"{_VIEW} WHERE r.user_id = $1 AND r.name = $2", creator, name)
    if row is None:
        raise _unknown(name)
    return view(row)


async def rules_named(database: Database, creator: UserId, names: Sequence[str]) -> list[Rule]:
    """These rules, or without names all of the creator's, on or off, in order. Raises NotFound, or Refused for one that is broken."""
    rows = await database.pool.fetch(f"{_VIEW} WHERE r.user_id = $1 ORDER BY r.position, r.id", creator)
    known = {row["name"] for row in rows}
    if unknown := [name for name in names if name not in known]:
        raise _unknown(unknown[0])
    rules = []
    for row in rows:
        if names and row["name"] not in names:
            continue
        rule, error = read_rule(row)
        if error:
            raise Refused("rules.broken", f'The rule "{rule.name}" cannot be read: {error} Save it anew.')
        rules.append(rule)
    return rules


async def save(database: Database, creator: UserId, drafts: Sequence[Draft], *, actor: Actor) -> list[Saved]:
    """Store these rules under their names, all or none. A new one comes last and switched off unless its file says otherwise."""
    settled = [replace(draft, actions=await _settle(database, draft)) for draft in drafts]

    async def write(connection: Any) -> list[Saved]:
        known = {row["name"]: row for row in await _lock(connection, creator)}
        saved = []
        for draft in settled:
            found = known.get(draft.name)
            saved.append(await _save(database, connection, creator, draft, found, len(known), actor))
            known.setdefault(draft.name, {})
        return saved

    return await database.run(write)


async def switch(database: Database, creator: UserId, names: Sequence[str], *, on: bool, actor: Actor) -> list[str]:
    """Switch these rules on or off. Answers which changed. Raises NotFound, or Refused for one that is broken."""

    async def write(connection: Any) -> list[str]:
        changed = []
        known = {row["name"]: row for row in await _lock(connection, creator)}
        for name in dict.fromkeys(names):
            row = known.get(name)
            if row is None:
                raise _unknown(name)
            if on and row["error"]:
                raise Refused(
                    "rules.broken", f'The rule "{name}" is broken: {row["error"]} Mend it in its file and save it anew.'
                )
            if row["enabled"] == on:
                continue
            await connection.execute(
                "UPDATE rules SET enabled = $2, updated_at = greatest(now(), updated_at + interval '1 microsecond') WHERE id = $1",
                row["id"],
                on,
            )
            action = "rule.enabled" if on else "rule.disabled"
            await _note(database, connection, creator, row["id"], action, actor, None, {"rule": name})
            changed.append(name)
        return changed

    return await database.run(write)


async def move(database: Database, creator: UserId, name: str, place: int, *, actor: Actor) -> None:
    """Put the rule in this place among the creator's, counted from 1. Raises NotFound, Refused."""

    async def write(connection: Any) -> None:
        rows = await _lock(connection, creator)
        order = [row["id"] for row in rows]
        row = next((row for row in rows if row["name"] == name), None)
        if row is None:
            raise _unknown(name)
        if not 1 <= place <= len(order):
            raise Refused("rules.place", f"There are {len(order)} rules: give a place from 1 to {len(order)}.")
        before = order.index(row["id"]) + 1
        order.remove(row["id"])
        order.insert(place - 1, row["id"])
        await connection.execute(_PLACES, order)
        if before != place:
            at = {"rule": name, "position": before}, {"rule": name, "position": place}
            await _note(database, connection, creator, row["id"], "rule.moved", actor, *at)

    await database.run(write)


async def delete(database: Database, creator: UserId, name: str, *, actor: Actor) -> None:
    """Drop the rule; what it did stays in the traces of its orders. Raises NotFound."""

    async def write(connection: Any) -> None:
        rows = await _lock(connection, creator)
        row = next((row for row in rows if row["name"] == name), None)
        if row is None:
            raise _unknown(name)
        await _note(database, connection, creator, row["id"], "rule.deleted", actor, _told(row), None)
        await connection.execute("DELETE FROM rules WHERE id = $1", row["id"])
        await connection.execute(_PLACES, [each["id"] for each in rows if each["id"] != row["id"]])

    await database.run(write)


async def _lock(connection: Any, creator: UserId) -> list[Any]:
    await connection.execute(_LOCK_CREATOR, creator)
    return list(await connection.fetch(_MINE, creator))


async def _save(
    database: Database, connection: Any, creator: UserId, draft: Draft, found: Any, count: int, actor: Actor
) -> Saved:
    actions = [document(action) for action in draft.actions]
    after = {
        "rule": draft.name,
        "event": draft.event.value,
        "condition": draft.condition.text,
        "actions": actions,
        "stop": draft.stop,
    }
    if found is None:
        rule_id, enabled = new_id(), bool(draft.enabled)
        values = (draft.event, draft.condition.text, actions, draft.stop, enabled)
        await connection.execute(_INSERT, rule_id, creator, draft.name, count + 1, *values)
        after["enabled"] = enabled
        await _note(database, connection, creator, rule_id, "rule.saved", actor, None, after)
        return Saved(draft.name, Saving.CREATED, enabled)
    enabled = found["enabled"] if draft.enabled is None else draft.enabled
    after["enabled"] = enabled
    before = _told(found)
    if before == after and not found["error"]:
        return Saved(draft.name, Saving.UNCHANGED, enabled)
    await connection.execute(_UPDATE, found["id"], draft.event, draft.condition.text, actions, draft.stop, enabled)
    await _note(database, connection, creator, found["id"], "rule.saved", actor, before, after)
    return Saved(draft.name, Saving.CHANGED, enabled)


def _told(row: Any) -> dict[str, Any]:
    """A stored rule as the audit keeps it."""
    return {"rule": row["name"]} | {name: row[name] for name in ("event", "condition", "actions", "stop", "enabled")}


async def _note(
    database: Database,
    connection: Any,
    creator: UserId,
    rule_id: UUID,
    action: str,
    actor: Actor,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> None:
    await chain.append(connection, database.vault, creator, rule_id, action, actor, before, after)


async def _settle(database: Database, draft: Draft) -> tuple[Action, ...]:
    """The actions with whatever has to be looked up once: who is meant, whether there is such a workflow. Raises NotFound, Refused."""
    settled: list[Action] = []
    for action in draft.actions:
        if isinstance(action, Assign):
            found = await find_user(database, action.to)
            settled.append(Assign(found.name, found.user_id))
            continue
        if isinstance(action, Workflow):
            await require_workflow(database.pool, action.name)
        settled.append(action)
    return tuple(settled)


def _unknown(name: str) -> NotFound:
    return NotFound("rules.unknown", f'There is no rule "{plain(name)}": orders-tui rules list shows them.')
