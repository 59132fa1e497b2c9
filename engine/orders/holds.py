"""Holds: what keeps an order from going on until somebody, or the time, lifts it. Several at once, one of each reason.

A held order gets no label and is not shipped; a label that is bought already stays bought. TikTok's cooling-off is TikTok's alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.actors import SYSTEM, Actor
from engine.database.locks import make_ready
from engine.effects import ledger
from engine.errors import Refused
from engine.identifiers import OrderId, UserId, new_id
from engine.orders.editing import (
    Edit,
    Editable,
    decide_each,
    edit,
    lock_editable,
    not_open,
    noted,
    told_what_changed,
    write_edits,
)
from engine.orders.opening import open_text
from engine.orders.plain_text import plain
from engine.orders.views import ChangeOutcome
from engine.privacy.cipher import Vault
from engine.words import HoldReason
from engine.workflow.rules.events import RuleEvent
from engine.workflow.rules.occasions import leave

if TYPE_CHECKING:
    from engine.database.connection import Database

NOTE_LENGTH = 1000

_ACTIVE = """
SELECT id, order_id, reason, note, placed_by, placed_at, until FROM holds
WHERE order_id = ANY($1::uuid[]) AND released_at IS NULL ORDER BY order_id, placed_at FOR UPDATE
"""

_PLACE = """
INSERT INTO holds (id, order_id, reason, note, placed_by, until)
SELECT d.id, d.order_id, $4, d.note, $5, $6 FROM unnest($1::uuid[], $2::uuid[], $3::bytea[]) AS d(id, order_id, note)
"""

_REPLACE = """
UPDATE holds h SET note = d.note, placed_by = $3, placed_at = now(), until = $4
FROM unnest($1::uuid[], $2::bytea[]) AS d(id, note) WHERE h.id = d.id
"""

_RELEASE = "UPDATE holds SET released_at = now(), released_by = $2 WHERE id = ANY($1::uuid[])"

# Index: holds_until_index.
_ENDED = """
SELECT order_id FROM holds WHERE released_at IS NULL AND until <= now() AND reason <> 'cooling-off' ORDER BY until LIMIT $1
"""

# Orders that somebody else is at work on wait for the next look; closed ones have no work.
_AT_HAND = """
WITH free AS MATERIALIZED (SELECT order_id FROM work WHERE order_id = ANY($1::uuid[]) ORDER BY order_id FOR UPDATE SKIP LOCKED)
SELECT order_id FROM free
UNION ALL
SELECT d.id FROM unnest($1::uuid[]) AS d(id) WHERE NOT EXISTS (SELECT FROM work k WHERE k.order_id = d.id)
"""

_STANDING = """
SELECT h.id, h.order_id, o.order_number, h.reason, h.note, h.placed_by, h.placed_at, h.until
FROM holds h JOIN orders o ON o.id = h.order_id JOIN work k ON k.order_id = h.order_id
WHERE h.released_at IS NULL AND ($1::text IS NULL OR h.reason = $1) ORDER BY h.placed_at, h.id LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class HoldView:
    """A hold that stands, for people."""

    order_id: OrderId
    order_number: str
    reason: HoldReason
    note: str
    placed_by: str
    placed_at: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class _Hold:
    hold_id: UUID
    reason: HoldReason
    until: datetime | None


async def place_holds(
    connection: Any,
    vault: Vault,
    order_ids: Sequence[OrderId],
    reason: HoldReason,
    *,
    actor: Actor,
    note: str = "",
    until: datetime | None = None,
    expected_versions: Mapping[OrderId, int] | None = None,
    write: bool = True,
) -> list[ChangeOutcome]:
    """Hold these orders; holding again for the same reason replaces the note and the end. Refuses an end that has passed."""
    note = plain(note)[:NOTE_LENGTH]
    if until is not None and until <= await connection.fetchval("SELECT now()"):
        raise Refused("hold.until", f"A hold cannot end in the past ({until:%Y-%m-%d %H:%M %Z}): give a later time.")

    def decide(order: Editable) -> Edit | Refused:
        if refusal := _not_holdable(order, reason):
            return refusal
        after = {"reason": reason, "until": until.isoformat() if until else None, "note": note}
        return noted(order, "order.held", {}, after)

    outcomes, edits = await edit(
        connection, vault, order_ids, decide, actor=actor, expected_versions=expected_versions, write=write
    )
    if write and edits:
        await _place(connection, vault, edits, reason, note, until, actor)
    return outcomes


async def release_holds(
    connection: Any,
    vault: Vault,
    order_ids: Sequence[OrderId],
    reason: HoldReason | None = None,
    *,
    actor: Actor,
    expected_versions: Mapping[OrderId, int] | None = None,
    write: bool = True,
) -> list[ChangeOutcome]:
    """Lift the hold for this reason, or without one all that a person may lift; the orders go on by themselves."""
    return await _release(connection, vault, order_ids, reason, actor, expected_versions, only_ended=False, write=write)


async def release_ended(database: Database, limit: int = 1000) -> int:
    """Lift the holds whose time has come. Answers how many orders were let go."""

    async def write(connection: Any) -> int:
        ended = {row["order_id"] for row in await connection.fetch(_ENDED, limit)}
        if not ended:
            return 0
        at_hand = [OrderId(row["order_id"]) for row in await connection.fetch(_AT_HAND, sorted(ended))]
        outcomes = await _release(connection, database.vault, at_hand, None, SYSTEM, None, only_ended=True, write=True)
        return sum(not outcome.refused for outcome in outcomes)

    return await database.run(write)


async def standing_holds(database: Database, reason: HoldReason | None = None, *, limit: int) -> list[HoldView]:
    """The holds of open orders, oldest first."""
    return [
        HoldView(
            order_id=OrderId(row["order_id"]),
            order_number=plain(row["order_number"]),
            reason=HoldReason(row["reason"]),
            note=open_text(database.vault, "holds.note", row["id"], row["note"]),
            placed_by=plain(row["placed_by"]),
            placed_at=row["placed_at"],
            until=row["until"],
        )
        for row in await database.pool.fetch(_STANDING, reason, limit)
    ]


def _not_holdable(order: Editable, reason: HoldReason) -> Refused | None:
    if reason is HoldReason.COOLING_OFF:
        return Refused("hold.cooling_off", "Cooling-off is TikTok's hold: choose another reason.")
    if refusal := not_open(order):
        return refusal
    if order.left_house:
        return Refused(
            "hold.handed_over",
            f"The parcel of order {order.order_number} has been handed over: it cannot be held any more.",
        )
    return None


async def _place(
    connection: Any,
    vault: Vault,
    edits: Sequence[Edit],
    reason: HoldReason,
    note: str,
    until: datetime | None,
    actor: Actor,
) -> None:
    orders = [each.order for each in edits]
    standing = await _active(connection, [order.order_id for order in orders])
    new: list[tuple[UUID, Editable]] = []
    again: list[tuple[UUID, Editable]] = []
    for order in orders:
        same = next((hold for hold in standing.get(order.order_id, ()) if hold.reason is reason), None)
        if same is None:
            new.append((new_id(), order))
        else:
            again.append((same.hold_id, order))

    def sealed(rows: Sequence[tuple[UUID, Editable]]) -> list[bytes | None]:
        return [vault.seal_text(UserId(order.user_id), "holds.note", hold_id, note) for hold_id, order in rows]

    if new:
        ids, held = [hold_id for hold_id, _ in new], [order.order_id for _, order in new]
        await connection.execute(_PLACE, ids, held, sealed(new), reason, actor.name, until)
        await leave(connection, held, RuleEvent.HELD)
    if again:
        await connection.execute(_REPLACE, [hold_id for hold_id, _ in again], sealed(again), actor.name, until)
    await make_ready(connection, [order.order_id for order in orders])


async def _release(
    connection: Any,
    vault: Vault,
    order_ids: Sequence[OrderId],
    reason: HoldReason | None,
    actor: Actor,
    expected_versions: Mapping[OrderId, int] | None,
    *,
    only_ended: bool,
    write: bool,
) -> list[ChangeOutcome]:
    orders = await lock_editable(connection, order_ids)
    standing = await _active(connection, list(orders))
    lifting: list[UUID] = []

    def decide(order: Editable) -> Edit | Refused:
        holds = standing.get(order.order_id, [])
        chosen = [
            hold
            for hold in holds
            if (reason is None or hold.reason is reason)
            and hold.reason is not HoldReason.COOLING_OFF
            and (not only_ended or (hold.until is not None and hold.until <= order.now))
        ]
        if not chosen:
            return _nothing_to_release(order, holds, reason)
        lifting.extend(hold.hold_id for hold in chosen)
        return noted(order, "order.released", {"holds": [hold.reason for hold in chosen]}, {"holds": []})

    outcomes, edits = decide_each(order_ids, orders, decide, expected_versions)
    outcomes = await told_what_changed(connection, outcomes, expected_versions or {})
    if write and edits:
        await write_edits(connection, vault, edits, actor)
        released = [each.order.order_id for each in edits]
        await connection.execute(_RELEASE, lifting, actor.name)
        await ledger.due_again(connection, released)
        await make_ready(connection, released)
    return outcomes


def _nothing_to_release(order: Editable, holds: Collection[_Hold], reason: HoldReason | None) -> Refused:
    cooling_off = any(hold.reason is HoldReason.COOLING_OFF for hold in holds)
    if cooling_off and reason in {None, HoldReason.COOLING_OFF}:
        return Refused(
            "hold.cooling_off", f"Order {order.order_number} is in TikTok's cooling-off, which only TikTok lifts."
        )
    about = f" for {reason.value}" if reason else ""
    return Refused("hold.none", f"Order {order.order_number} is not held{about}.")


async def _active(connection: Any, order_ids: Sequence[OrderId]) -> dict[OrderId, list[_Hold]]:
    holds: dict[OrderId, list[_Hold]] = {}
    for row in await connection.fetch(_ACTIVE, list(order_ids)):
        hold = _Hold(row["id"], HoldReason(row["reason"]), row["until"])
        holds.setdefault(OrderId(row["order_id"]), []).append(hold)
    return holds
