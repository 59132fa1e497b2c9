"""The rows of new orders, written set-wise: one statement per table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from engine.actors import CHANNEL
from engine.audit import chain
from engine.database.rows import insert_rows
from engine.identifiers import new_id
from engine.orders.intake_rules import happened_to
from engine.orders.new_order import MergedItem, NewOrder
from engine.orders.personal import words_of
from engine.orders.unit_fitting import IMPORT, TIKTOK_SHOP
from engine.privacy.cipher import Vault
from engine.words import ExecutionStatus, FulfilmentStatus, HoldReason
from engine.workflow.facts import ImportMode, ItemFacts

_ORDER = (
    "id",
    "user_id",
    "shop_id",
    "tiktok_order_id",
    "order_number",
    "order_status",
    "workflow_status",
    "total_amount",
    "currency",
    "order_source",
    "payment_status",
    "customer_name",
    "customer_email",
    "customer_phone",
    "shipping_address",
    "shipping_method",
    "shipping_cost",
    "order_date",
    "expected_ship_date",
    "last_tiktok_sync",
    "sync_status",
    "channel_status",
    "channel_updated_at",
    "channel_digest",
    "shipping_type",
    "fulfilled_by_tiktok",
    "delivery_option_id",
    "warehouse_id",
    "collect_by",
    "auto_cancel_at",
    "cash_on_delivery",
    "order_kind",
    "replaces_order_id",
    "cancel_requested",
    "cancel_reason",
    "masked",
    "buyer_message",
    "seller_note",
    "failed_from",
    "audit_sequence",
    "audit_head",
    "target_ship_by",
    "priority_level",
)

WORDS = """
INSERT INTO order_search_words (word, order_id)
SELECT * FROM unnest($1::bigint[], $2::uuid[]) ON CONFLICT DO NOTHING
"""

PLACE_HOLDS = """
INSERT INTO holds (id, order_id, reason, placed_by)
SELECT d.id, d.order_id, 'cooling-off', 'tiktok_shop' FROM unnest($1::uuid[], $2::uuid[]) AS d(id, order_id)
ON CONFLICT DO NOTHING
RETURNING order_id
"""


_ENDED = frozenset({ExecutionStatus.COMPLETED, ExecutionStatus.CANCELLED})

NEVER = datetime.max.replace(tzinfo=UTC)
"""A ship-by that never comes; the driver writes it as PostgreSQL's infinity."""


async def insert_orders(connection: Any, new: Sequence[NewOrder]) -> None:
    """Insert the orders themselves. Raises asyncpg's UniqueViolationError when another session wrote one of them first."""
    await insert_rows(connection, "orders", _ORDER, [_order_row(order) for order in new])


def _order_row(order: NewOrder) -> tuple[Any, ...]:
    fact, sealed, last = order.fact, order.sealed, order.entries[-1]
    return (
        order.order_id,
        order.shop.user_id,
        fact.shop_id,
        fact.tiktok_order_id,
        fact.tiktok_order_id,
        order.facts.status,
        order.facts.state,
        fact.total_amount,
        fact.currency,
        IMPORT if fact.imported else TIKTOK_SHOP,
        fact.payment_status,
        sealed.name,
        sealed.email,
        sealed.phone,
        sealed.address,
        fact.shipping_method,
        fact.shipping_cost,
        fact.order_time,
        fact.ship_by,
        order.facts.now,
        "synced",
        fact.channel_status,
        fact.update_time,
        order.digest,
        fact.shipping_type,
        fact.fulfilled_by_tiktok,
        fact.delivery_option_id,
        fact.warehouse_id,
        fact.collect_by,
        fact.auto_cancel_at,
        fact.cash_on_delivery,
        fact.order_kind,
        fact.replaces_order_id or None,
        fact.cancel_requested,
        fact.cancel_reason,
        fact.masked,
        sealed.buyer_message,
        sealed.seller_note,
        order.facts.failed_from,
        last.sequence,
        last.hash,
        order.target_ship_by,
        order.priority,
    )


async def insert_rest(connection: Any, vault: Vault, new: Sequence[NewOrder]) -> None:
    """Everything else a new order consists of."""
    await _insert_items(connection, new)
    await _insert_workflows(connection, new)
    await insert_rows(
        connection,
        "order_workflow_steps",
        ("id", "workflow_id", "order_id", "to_state", "trigger", "actor", "reason"),
        [
            (new_id(), order.workflow_id, order.order_id, order.began, "arrive", CHANNEL.name, order.reason)
            for order in new
        ],
    )
    await insert_rows(
        connection,
        "order_status_history",
        ("id", "order_id", "new_status", "status_reason", "change_source"),
        [
            (
                new_id(),
                order.order_id,
                order.plan.before_status if order.plan else order.facts.status,
                order.reason,
                CHANNEL.source,
            )
            for order in new
        ],
    )
    await chain.write(connection, [entry for order in new for entry in order.entries])
    await _insert_work(connection, new)
    words = sorted({(word, order.order_id) for order in new for word in words_of(vault, order.fact)})
    await insert_rows(connection, "order_search_words", ("word", "order_id"), words)


async def _insert_workflows(connection: Any, new: Sequence[NewOrder]) -> None:
    await insert_rows(
        connection,
        "order_workflows",
        (
            "id",
            "order_id",
            "workflow_name",
            "workflow_version",
            "current_step",
            "workflow_status",
            "completed_at",
            "failed_at",
            "error_count",
            "last_error",
            "retry_after",
        ),
        [
            (
                order.workflow_id,
                order.order_id,
                order.facts.edition.name,
                order.facts.edition.version,
                order.facts.state,
                order.facts.execution,
                order.facts.now if order.facts.execution in _ENDED else None,
                order.facts.now if order.facts.execution is ExecutionStatus.FAILED else None,
                0 if order.error is None else 1,
                order.error,
                order.facts.not_before,
            )
            for order in new
        ],
    )


async def _insert_work(connection: Any, new: Sequence[NewOrder]) -> None:
    """An order that was decided waits for something; one that was not is ready to be."""
    working = [order for order in new if order.open]
    await insert_rows(
        connection,
        "work",
        ("order_id", "workflow_id", "ship_by", "priority", "ready", "waiting_for", "due_at", "attempt", "happened"),
        [
            (
                order.order_id,
                order.workflow_id,
                order.target_ship_by or NEVER,
                order.priority,
                order.plan is None,
                order.plan.waiting_for if order.plan else "",
                order.plan.due_at if order.plan else None,
                order.facts.attempt,
                [] if order.plan and order.shop.policies.import_mode is ImportMode.WORK else happened_to(order),
            )
            for order in working
        ],
    )
    await insert_rows(
        connection,
        "holds",
        ("id", "order_id", "reason", "placed_by"),
        [(new_id(), order.order_id, HoldReason.COOLING_OFF, CHANNEL.name) for order in working if order.held],
    )


async def _insert_items(connection: Any, new: Sequence[NewOrder]) -> None:
    await insert_rows(
        connection,
        "order_items",
        (
            "id",
            "order_id",
            "tiktok_product_id",
            "tiktok_sku_id",
            "product_name",
            "product_sku",
            "variant_name",
            "quantity",
            "unit_price",
            "total_price",
            "cancelled_quantity",
            "shipped_quantity",
            "product_id",
            "fulfillment_status",
        ),
        [_item_row(order, item) for order in new for item in order.items],
    )
    await insert_rows(
        connection,
        "order_item_units",
        (
            "id",
            "order_id",
            "order_item_id",
            "tiktok_line_id",
            "channel_status",
            "price",
            "is_gift",
            "tiktok_package_id",
            "elsewhere",
        ),
        [
            (
                new_id(),
                order.order_id,
                item.item_id,
                unit.tiktok_line_id,
                unit.channel_status,
                unit.unit_price,
                unit.is_gift,
                unit.tiktok_package_id,
                item.is_elsewhere(unit),
            )
            for order in new
            for item in order.items
            for unit in item.units
        ],
    )


def _item_row(order: NewOrder, item: MergedItem) -> tuple[Any, ...]:
    unit = item.units[0]
    known = next((facts for facts in order.facts.items if facts.item_id == item.item_id), None)
    decided = order.plan.item_status if order.plan else None
    return (
        item.item_id,
        order.order_id,
        unit.tiktok_product_id,
        unit.tiktok_sku_id,
        unit.product_name,
        unit.seller_sku,
        unit.variant_name,
        len(item.units),
        unit.unit_price,
        sum((each.unit_price for each in item.units), Decimal(0)),
        item.cancelled,
        item.elsewhere,
        known.product_id if known else None,
        _status(known, decided),
    )


def _status(known: ItemFacts | None, decided: FulfilmentStatus | None) -> FulfilmentStatus:
    """A line that has nothing left to ship was shipped elsewhere, or is cancelled and not known to what was decided."""
    if known is None:
        return FulfilmentStatus.PENDING
    if not known.quantity:
        return FulfilmentStatus.SHIPPED
    return decided or FulfilmentStatus.PENDING
