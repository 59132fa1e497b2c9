"""Facts about orders that are known: what changed is written, what is stale or the same is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson

from engine.actors import CHANNEL
from engine.audit import chain
from engine.effects import ledger
from engine.identifiers import OrderId, ShopId, new_id
from engine.orders.deadlines import target_ship_by
from engine.orders.intake_rows import PLACE_HOLDS, WORDS
from engine.orders.opening import open_bytes
from engine.orders.parcels.shrinking import note_elsewhere, shrink
from engine.orders.personal import Sealed, seal_fact, words_of
from engine.orders.priority import MOVE_DEADLINES, derived_level
from engine.orders.shop_rows import ShopRow
from engine.orders.unit_fitting import IMPORT, fit_units
from engine.ports.facts import OrderFact, is_behind, progress_of
from engine.privacy.cipher import Vault
from engine.words import ChannelStatus, PaymentStatus
from engine.workflow.rules.events import RuleEvent
from engine.workflow.rules.occasions import leave

_LOCK = """
SELECT id, tiktok_order_id, channel_status, channel_updated_at, channel_digest, payment_status, audit_sequence, audit_head, masked,
       target_ship_by, order_source, cancel_requested, delivery_option_id, warehouse_id, forgotten_at,
       customer_name IS NOT NULL AS has_customer, shipping_address IS NOT NULL AS has_address,
       (SELECT array_agg(a.before) FROM audit_log a
        WHERE a.subject = orders.id AND a.action = 'order.address_corrected') AS corrected_from
FROM orders WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE
"""

# A null in a personal column means: keep what is there.
_UPDATE = """
UPDATE orders o
SET channel_status = d.channel, channel_updated_at = d.updated, channel_digest = d.digest,
    payment_status = CASE WHEN o.payment_status IN ('refunded', 'partially_refunded') AND d.payment = 'paid' THEN o.payment_status
                          ELSE d.payment::payment_status_enum END,
    total_amount = d.total, expected_ship_date = coalesce(d.ship_by, o.expected_ship_date),
    collect_by = coalesce(d.collect_by, o.collect_by), auto_cancel_at = coalesce(d.auto_cancel, o.auto_cancel_at),
    cancel_requested = d.cancel_requested, cancel_reason = d.cancel_reason, shipping_method = d.method,
    delivery_option_id = d.option, warehouse_id = d.warehouse, masked = o.masked AND d.masked,
    customer_name = coalesce(d.name, o.customer_name), customer_email = coalesce(d.email, o.customer_email),
    customer_phone = coalesce(d.phone, o.customer_phone), shipping_address = coalesce(d.address, o.shipping_address),
    buyer_message = coalesce(d.message, o.buyer_message), seller_note = coalesce(d.note, o.seller_note),
    last_tiktok_sync = now(), sync_status = 'synced', version = o.version + 1, updated_at = now(), audit_sequence = d.audit_sequence,
    audit_head = d.audit_head
FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::bytea[], $5::text[], $6::numeric[], $7::timestamptz[], $8::timestamptz[],
  $9::timestamptz[], $10::bool[], $11::text[], $12::text[], $13::text[], $14::text[], $15::bool[], $16::bytea[], $17::bytea[],
  $18::bytea[], $19::bytea[], $20::bytea[], $21::bytea[], $22::int[], $23::bytea[])
  AS d(id, channel, updated, digest, payment, total, ship_by, collect_by, auto_cancel, cancel_requested, cancel_reason, method,
       option, warehouse, masked, name, email, phone, address, message, note, audit_sequence, audit_head)
WHERE o.id = d.id
"""

_UNITS = """
UPDATE order_item_units u SET channel_status = d.channel,
       tiktok_package_id = CASE WHEN d.package = '' THEN u.tiktok_package_id ELSE d.package END
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) AS d(order_id, line, channel, package)
WHERE u.order_id = d.order_id AND u.tiktok_line_id = d.line
  AND (u.channel_status <> d.channel OR (d.package <> '' AND u.tiktok_package_id <> d.package))
"""

_CANCELLED_UNITS = """
UPDATE order_items i SET cancelled_quantity = d.cancelled, updated_at = now()
FROM (SELECT order_item_id, count(*) FILTER (WHERE channel_status = 'CANCELLED') AS cancelled
      FROM order_item_units WHERE order_id = ANY($1::uuid[]) GROUP BY order_item_id) d
WHERE i.id = d.order_item_id AND i.cancelled_quantity <> d.cancelled
RETURNING i.order_id
"""

_LIFT_HOLDS = """
UPDATE holds SET released_at = now(), released_by = 'tiktok_shop'
WHERE released_at IS NULL AND (order_id = ANY($1::uuid[]) AND reason = 'cooling-off'
                               OR order_id = ANY($2::uuid[]) AND reason = 'payment' AND placed_by = 'tiktok_shop')
"""

# A payment that is taken back stops the order until it is there again.
_HOLD_UNPAID = """
INSERT INTO holds (id, order_id, reason, placed_by)
SELECT d.id, d.order_id, 'payment', 'tiktok_shop' FROM unnest($1::uuid[], $2::uuid[]) AS d(id, order_id)
ON CONFLICT DO NOTHING
RETURNING order_id
"""

_KEPT = Sealed(None, None, None, None, None, None)


class Applied(StrEnum):
    """What a fact did."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class _Change:
    fact: OrderFact
    digest: bytes
    order_id: OrderId
    sealed: Sealed
    searchable: bool
    entry: chain.Entry
    target_before: datetime | None
    target: datetime | None
    payment_reversed: bool
    asks_no_more: bool


async def update(
    connection: Any,
    vault: Vault,
    shops: Mapping[ShopId, ShopRow],
    facts: Sequence[tuple[OrderFact, bytes]],
    known: Mapping[str, OrderId],
) -> tuple[dict[str, Applied], dict[str, ChannelStatus]]:
    """Write the facts that say something new.

    Answers `updated`, `unchanged` or `stale` by TikTok order id, and the channel status that each updated order had before.
    """
    if not facts:
        return {}, {}
    rows = {row["tiktok_order_id"]: row for row in await connection.fetch(_LOCK, sorted(known.values()))}
    now = await connection.fetchval("SELECT now()")
    applied: dict[str, Applied] = {}
    changes: list[_Change] = []
    for fact, digest in facts:
        row = rows[fact.tiktok_order_id]
        applied[fact.tiktok_order_id] = says = judge(fact, digest, row)
        if says is Applied.UPDATED:
            changes.append(_change(vault, shops[fact.shop_id], _filled(fact, row), digest, row, now))
    if changes:
        await _write(connection, vault, await _fitted(connection, changes, rows))
    previous = {
        change.fact.tiktok_order_id: ChannelStatus(rows[change.fact.tiktok_order_id]["channel_status"])
        for change in changes
    }
    return applied, previous


def judge(fact: OrderFact, digest: bytes, row: Any) -> Applied:
    """What a fact about a known order is to it. A file gives way to what TikTok itself said; TikTok's word stands above a file's."""
    by_tiktok = row["order_source"] != IMPORT
    here = (row["channel_updated_at"], progress_of(row["channel_status"]))
    if digest == row["channel_digest"]:
        return Applied.UNCHANGED
    if fact.imported and by_tiktok and fact.recency == here:
        return Applied.UNCHANGED
    behind = is_behind(fact, row["channel_updated_at"], row["channel_status"])
    if behind and not by_tiktok and not fact.imported:
        # A file's times are to the minute and are not those of TikTok's last change: only being less far makes this one older.
        behind = fact.recency[1] < here[1]
    return Applied.STALE if behind else Applied.UPDATED


def _filled(fact: OrderFact, row: Any) -> OrderFact:
    """The fact with what a file does not know left as it is."""
    if not fact.imported:
        return fact
    return replace(
        fact,
        cancel_requested=row["cancel_requested"],
        delivery_option_id=row["delivery_option_id"],
        warehouse_id=row["warehouse_id"],
    )


async def _fitted(connection: Any, changes: list[_Change], rows: Mapping[str, Any]) -> list[_Change]:
    """The changes with units as the database knows them, where a file told of them; all others have TikTok's own ids."""
    sources = {change.order_id: rows[change.fact.tiktok_order_id]["order_source"] for change in changes}
    facts = {
        change.order_id: change.fact for change in changes if change.fact.imported or sources[change.order_id] == IMPORT
    }
    if not facts:
        return changes
    fitted = await fit_units(connection, facts, sources)
    return [
        replace(change, fact=replace(change.fact, units=fitted.get(change.order_id, change.fact.units)))
        for change in changes
    ]


def _change(vault: Vault, shop: ShopRow, fact: OrderFact, digest: bytes, row: Any, now: Any) -> _Change:
    order_id = OrderId(row["id"])
    clear_here = row["has_customer"] and not row["masked"]
    keep = row["forgotten_at"] is not None or (fact.masked and clear_here)
    entry = chain.link(
        vault,
        shop.user_id,
        order_id,
        row["audit_sequence"] + 1,
        row["audit_head"],
        "order.updated",
        CHANNEL,
        {"channel_status": row["channel_status"], "payment": row["payment_status"]},
        {"channel_status": fact.channel_status, "payment": fact.payment_status},
        now,
    )
    sealed = _KEPT if keep else seal_fact(vault, shop.user_id, order_id, fact)
    if row["corrected_from"] is not None and not _is_new_address(vault, order_id, fact, row["corrected_from"]):
        sealed = replace(sealed, address=None)
    target = target_ship_by(fact.ship_by, shop.calendar)
    return _Change(
        fact,
        digest,
        order_id,
        sealed,
        not keep,
        entry,
        row["target_ship_by"],
        target,
        _is_reversed(row, fact),
        row["cancel_requested"] and not fact.cancel_requested,
    )


def _is_reversed(row: Any, fact: OrderFact) -> bool:
    """Whether a payment that was there is not there any more; a refund is another thing."""
    return row["payment_status"] == PaymentStatus.PAID and fact.payment_status in {
        PaymentStatus.PENDING,
        PaymentStatus.FAILED,
    }


def _is_new_address(vault: Vault, order_id: OrderId, fact: OrderFact, corrected_from: Sequence[bytes | None]) -> bool:
    """Whether the buyer gave another address since a person corrected it; TikTok goes on repeating the one that was corrected."""
    if fact.address is None or fact.masked:
        return False
    opened = [open_bytes(vault, "audit_log.before", order_id, each) for each in corrected_from]
    known = [orjson.loads(each)["address"] for each in opened if each is not None]
    return bool(known) and asdict(fact.address) not in known


async def _write(connection: Any, vault: Vault, changes: Sequence[_Change]) -> None:
    facts = [change.fact for change in changes]
    order_ids = [change.order_id for change in changes]
    await connection.execute(
        _UPDATE,
        order_ids,
        [fact.channel_status for fact in facts],
        [fact.update_time for fact in facts],
        [change.digest for change in changes],
        [fact.payment_status for fact in facts],
        [fact.total_amount for fact in facts],
        [fact.ship_by for fact in facts],
        [fact.collect_by for fact in facts],
        [fact.auto_cancel_at for fact in facts],
        [fact.cancel_requested for fact in facts],
        [fact.cancel_reason for fact in facts],
        [fact.shipping_method for fact in facts],
        [fact.delivery_option_id for fact in facts],
        [fact.warehouse_id for fact in facts],
        [fact.masked for fact in facts],
        [change.sealed.name for change in changes],
        [change.sealed.email for change in changes],
        [change.sealed.phone for change in changes],
        [change.sealed.address for change in changes],
        [change.sealed.buyer_message for change in changes],
        [change.sealed.seller_note for change in changes],
        [change.entry.sequence for change in changes],
        [change.entry.hash for change in changes],
    )
    if free_again := [change.order_id for change in changes if change.asks_no_more]:
        await ledger.due_again(connection, free_again)
    units = [(change.order_id, unit) for change in changes for unit in change.fact.units]
    await connection.execute(
        _UNITS,
        [order_id for order_id, _ in units],
        [unit.tiktok_line_id for _, unit in units],
        [unit.channel_status for _, unit in units],
        [unit.tiktok_package_id for _, unit in units],
    )
    shrunk: set[OrderId] = set()
    if any(unit.channel_status is ChannelStatus.CANCELLED for _, unit in units):
        rows = await connection.fetch(_CANCELLED_UNITS, order_ids)
        shrunk |= {OrderId(row["order_id"]) for row in rows}
    partly = [change.order_id for change in changes if change.fact.channel_status is ChannelStatus.PARTIALLY_SHIPPING]
    if partly:
        shrunk |= await note_elsewhere(connection, partly)
    # What is cancelled as a whole is undone by its cancellation, as far as nothing of it has left.
    whole = {change.order_id for change in changes if change.fact.channel_status is ChannelStatus.CANCELLED}
    if shrunk - whole:
        await shrink(connection, shrunk - whole)
    held = [change.order_id for change in changes if change.fact.channel_status is ChannelStatus.ON_HOLD]
    if held:
        placed = await connection.fetch(PLACE_HOLDS, [new_id() for _ in held], held)
        await leave(connection, [OrderId(row["order_id"]) for row in placed], RuleEvent.HELD)
    free = [change.order_id for change in changes if change.fact.channel_status is not ChannelStatus.ON_HOLD]
    paid = [change.order_id for change in changes if change.fact.payment_status is PaymentStatus.PAID]
    if free or paid:
        await connection.execute(_LIFT_HOLDS, free, paid)
    reversed_ = [change.order_id for change in changes if change.payment_reversed]
    if reversed_:
        placed = await connection.fetch(_HOLD_UNPAID, [new_id() for _ in reversed_], reversed_)
        await leave(connection, [OrderId(row["order_id"]) for row in placed], RuleEvent.HELD)
    words = sorted({(word, c.order_id) for c in changes if c.searchable for word in words_of(vault, c.fact)})
    await connection.execute(WORDS, [word for word, _ in words], [order_id for _, order_id in words])
    await chain.write(connection, [change.entry for change in changes])
    dated = [change for change in changes if change.fact.ship_by is not None and change.target != change.target_before]
    if dated:
        levels = [derived_level(change.target, change.entry.created_at) for change in dated]
        await connection.execute(
            MOVE_DEADLINES, [change.order_id for change in dated], [change.target for change in dated], levels
        )
