"""Changes of orders that are no move of their workflow: tags, priorities, people, holds. Many orders in a few statements.

`edit` locks the orders, asks `decide` about each, and writes what was decided: the order's own columns, a higher version, one link
of the audit chain. What else follows (holds, notes) is written by the caller, in the same transaction, from the edits it gets back;
a caller that must read more under the lock takes the three steps itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from engine.actors import Actor
from engine.audit import chain
from engine.database.locks import lock_work
from engine.errors import Refused
from engine.identifiers import OrderId, UserId
from engine.orders.changes import CHANGED_MEANWHILE, what_changed
from engine.orders.views import ChangeOutcome
from engine.privacy.cipher import Vault
from engine.words import OrderStatus

_LOCK = """
SELECT o.id, o.order_number, o.user_id, o.order_status, o.version, o.fulfilled_by_tiktok, o.tags, o.priority_level,
       o.priority_override, o.assigned_to, coalesce(o.target_ship_by, o.expected_ship_date) AS ship_by, o.audit_sequence,
       o.audit_head, now() AS now, k.order_id IS NOT NULL AS open,
       EXISTS (SELECT FROM package_items c JOIN packages p ON p.id = c.package_id
               WHERE c.order_id = o.id AND p.state NOT IN ('voiding', 'voided')
                 AND (p.handed_over_at IS NOT NULL OR p.first_scan_at IS NOT NULL OR p.delivered_at IS NOT NULL)) AS left_house
FROM orders o LEFT JOIN work k ON k.order_id = o.id
WHERE o.id = ANY($1::uuid[]) ORDER BY o.id FOR NO KEY UPDATE OF o
"""

# Tags travel as objects: arrays of arrays would have to be equally long.
_WRITE = """
UPDATE orders o
SET tags = ARRAY(SELECT jsonb_array_elements_text(d.tags -> 'tags')), priority_level = d.level, priority_override = d.override,
    priority_by_rule = o.priority_by_rule AND d.override IS NOT DISTINCT FROM o.priority_override,
    assigned_to = d.assigned_to, version = o.version + 1, updated_at = now(), audit_sequence = d.audit_sequence,
    audit_head = d.audit_head
FROM unnest($1::uuid[], $2::jsonb[], $3::int[], $4::int[], $5::uuid[], $6::int[], $7::bytea[])
  AS d(id, tags, level, override, assigned_to, audit_sequence, audit_head)
WHERE o.id = d.id
"""


@dataclass(frozen=True, slots=True)
class Editable:
    """An order as an edit sees it, locked."""

    order_id: OrderId
    order_number: str
    user_id: UserId
    status: OrderStatus
    version: int
    open: bool
    fulfilled_by_tiktok: bool
    left_house: bool
    """Whether a parcel of it has been handed over, or seen by its carrier."""
    tags: tuple[str, ...]
    priority_level: int
    priority_override: int | None
    assigned_to: UUID | None
    ship_by: datetime | None
    now: datetime
    audit_sequence: int
    audit_head: bytes


@dataclass(frozen=True, slots=True)
class Edit:
    """What becomes of one order: its new columns, and what the audit keeps of the change."""

    order: Editable
    action: str
    before: dict[str, Any]
    after: dict[str, Any]


Decide = Callable[[Editable], Edit | Refused]


async def edit(
    connection: Any,
    vault: Vault,
    order_ids: Sequence[OrderId],
    decide: Decide,
    *,
    actor: Actor,
    expected_versions: Mapping[OrderId, int] | None = None,
    write: bool = True,
) -> tuple[list[ChangeOutcome], list[Edit]]:
    """Edit these orders, all that allow it; the others say why not. With `write` False everything is decided, nothing written."""
    orders = await lock_editable(connection, order_ids)
    outcomes, edits = decide_each(order_ids, orders, decide, expected_versions)
    outcomes = await told_what_changed(connection, outcomes, expected_versions or {})
    if write:
        await write_edits(connection, vault, edits, actor)
    return outcomes, edits


def decide_each(
    order_ids: Sequence[OrderId],
    orders: Mapping[OrderId, Editable],
    decide: Decide,
    expected_versions: Mapping[OrderId, int] | None,
) -> tuple[list[ChangeOutcome], list[Edit]]:
    """What becomes of each of these orders, in their order, and the edits of those that allow it."""
    outcomes: list[ChangeOutcome] = []
    edits: list[Edit] = []
    for order_id in dict.fromkeys(order_ids):
        order = orders.get(order_id)
        if order is None:
            sentence = f"There is no order {order_id}."
            pending = OrderStatus.PENDING
            outcomes.append(ChangeOutcome(order_id, "", pending, pending, "order.unknown", sentence))
            continue
        decided = _stale(order, expected_versions or {}) or decide(order)
        refusal = (decided.code, decided.sentence) if isinstance(decided, Refused) else ("", "")
        outcomes.append(ChangeOutcome(order_id, order.order_number, order.status, order.status, *refusal))
        if isinstance(decided, Edit):
            edits.append(decided)
    return outcomes, edits


async def told_what_changed(
    connection: Any, outcomes: Sequence[ChangeOutcome], expected_versions: Mapping[OrderId, int]
) -> list[ChangeOutcome]:
    """The outcomes, of which those refused to a stale screen say who changed what meanwhile."""
    return [
        replace(each, sentence=await what_changed(connection, each.order_id, expected_versions[each.order_id]))
        if each.code == CHANGED_MEANWHILE
        else each
        for each in outcomes
    ]


async def lock_editable(connection: Any, order_ids: Sequence[OrderId]) -> dict[OrderId, Editable]:
    """Lock these orders, open or closed; unknown ones are absent."""
    await lock_work(connection, order_ids)
    return {OrderId(row["id"]): _editable(row) for row in await connection.fetch(_LOCK, list(order_ids))}


async def write_edits(connection: Any, vault: Vault, edits: Sequence[Edit], actor: Actor) -> None:
    """Write the orders' own part of these edits."""
    if not edits:
        return
    orders = [each.order for each in edits]
    entries = [
        chain.link(
            vault,
            each.order.user_id,
            each.order.order_id,
            each.order.audit_sequence + 1,
            each.order.audit_head,
            each.action,
            actor,
            each.before,
            each.after,
            each.order.now,
        )
        for each in edits
    ]
    await connection.execute(
        _WRITE,
        [order.order_id for order in orders],
        [{"tags": order.tags} for order in orders],
        [order.priority_level for order in orders],
        [order.priority_override for order in orders],
        [order.assigned_to for order in orders],
        [entry.sequence for entry in entries],
        [entry.hash for entry in entries],
    )
    await chain.write(connection, entries)


def changed(order: Editable, action: str, **columns: Any) -> Edit:
    """The edit that gives the order these columns."""
    before = {name: _told(getattr(order, name)) for name in columns}
    after = {name: _told(value) for name, value in columns.items()}
    return Edit(replace(order, **columns), action, before, after)


def noted(order: Editable, action: str, before: dict[str, Any], after: dict[str, Any]) -> Edit:
    """The edit that leaves the order's own columns alone."""
    return Edit(order, action, before, after)


def not_open(order: Editable) -> Refused | None:
    """Why an order is beyond work; None while it is open."""
    if order.fulfilled_by_tiktok:
        return Refused(
            "order.not_worked", f"Order {order.order_number} is fulfilled by TikTok: it is shown, never worked."
        )
    if not order.open:
        return Refused("order.closed", f"Order {order.order_number} is closed ({order.status.value}).")
    return None


def _stale(order: Editable, expected_versions: Mapping[OrderId, int]) -> Refused | None:
    expected = expected_versions.get(order.order_id, order.version)
    if expected == order.version:
        return None
    return Refused(
        CHANGED_MEANWHILE, f"Order {order.order_number} changed while it was on your screen; look at it again."
    )


def _told(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else str(value) if isinstance(value, UUID) else value


def _editable(row: Any) -> Editable:
    return Editable(
        order_id=OrderId(row["id"]),
        order_number=row["order_number"],
        user_id=UserId(row["user_id"]),
        status=OrderStatus(row["order_status"]),
        version=row["version"],
        open=row["open"],
        fulfilled_by_tiktok=row["fulfilled_by_tiktok"],
        left_house=row["left_house"],
        tags=tuple(row["tags"]),
        priority_level=row["priority_level"],
        priority_override=row["priority_override"],
        assigned_to=row["assigned_to"],
        ship_by=row["ship_by"],
        now=row["now"],
        audit_sequence=row["audit_sequence"],
        audit_head=row["audit_head"],
    )
