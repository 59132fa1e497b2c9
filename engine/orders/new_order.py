"""A new order before it is written: what the fact says, where it begins, and what was decided about it at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from engine.actors import CHANNEL
from engine.audit import chain
from engine.identifiers import ItemId, OrderId, WorkflowId, new_id
from engine.inventory.catalogue import Catalogue
from engine.orders.deadlines import target_ship_by
from engine.orders.personal import Sealed, seal_fact
from engine.orders.priority import NORMAL, derived_level
from engine.orders.shop_rows import ShopRow
from engine.ports.facts import OrderFact, UnitFact
from engine.privacy.cipher import Vault
from engine.words import ChannelStatus, ExecutionStatus, FulfilmentStatus, OrderStatus, PaymentStatus, WorkflowState
from engine.workflow.definition import Edition
from engine.workflow.facts import ItemFacts, OrderFacts
from engine.workflow.following import PLACES
from engine.workflow.machines import Unusable, Workflow
from engine.workflow.plan import OrderPlan

# Where an order begins that TikTok shows as further along than new: what was arranged elsewhere is followed, never worked.
_BEGINNINGS: dict[ChannelStatus, tuple[WorkflowState, OrderStatus, ExecutionStatus]] = {
    **{
        status: (*place, ExecutionStatus.COMPLETED if place[0] is WorkflowState.COMPLETED else ExecutionStatus.RUNNING)
        for status, place in PLACES.items()
    },
    ChannelStatus.CANCELLED: (WorkflowState.NEW, OrderStatus.CANCELLED, ExecutionStatus.CANCELLED),
}
_TO_SHIP = frozenset({OrderStatus.PENDING, OrderStatus.CONFIRMED, OrderStatus.PROCESSING})
_ARRANGED = frozenset(_BEGINNINGS) - {ChannelStatus.CANCELLED}
_FROM_NEW = (WorkflowState.NEW, OrderStatus.PENDING, ExecutionStatus.RUNNING)


_ARRANGED = frozenset(
    {ChannelStatus.AWAITING_COLLECTION, ChannelStatus.IN_TRANSIT, ChannelStatus.DELIVERED, ChannelStatus.COMPLETED}
)


@dataclass(frozen=True, slots=True)
class MergedItem:
    """Units that are alike, as one line; in an order that arrives partly shipped, some of them are not ours to ship."""

    item_id: ItemId
    units: tuple[UnitFact, ...]
    partly_shipped: bool = False

    def is_elsewhere(self, unit: UnitFact) -> bool:
        """Whether the unit was shipped outside this program while others of its order were not."""
        return self.partly_shipped and unit.channel_status in _ARRANGED

    @property
    def elsewhere(self) -> int:
        return sum(self.is_elsewhere(unit) for unit in self.units)

    @property
    def cancelled(self) -> int:
        return sum(unit.channel_status is ChannelStatus.CANCELLED for unit in self.units)


@dataclass(slots=True)
class NewOrder:
    """One order on its way in. `plan` is there once it has been decided."""

    fact: OrderFact
    digest: bytes
    order_id: OrderId
    workflow_id: WorkflowId
    shop: ShopRow
    sealed: Sealed
    items: list[MergedItem]
    began: WorkflowState
    facts: OrderFacts
    target_ship_by: datetime | None
    """The channel's ship-by, moved earlier by the calendar of the shop's location."""
    priority: int
    entries: list[chain.Entry]
    plan: OrderPlan | None = None

    @property
    def open(self) -> bool:
        """Whether there is, or will be, something to do for it."""
        return self.facts.execution in {ExecutionStatus.RUNNING, ExecutionStatus.FAILED}

    @property
    def error(self) -> str | None:
        """Why it failed at once, or has to be tried again, if so."""
        return self.plan.error if self.plan is not None else None

    @property
    def held(self) -> bool:
        """Whether TikTok holds it."""
        return self.fact.channel_status is ChannelStatus.ON_HOLD

    @property
    def reason(self) -> str:
        """How it came, for its history."""
        if self.fact.fulfilled_by_tiktok:
            return "fulfilled by TikTok: shown, never worked"
        if self.fact.channel_status in _ARRANGED:
            return "arranged outside this program"
        if self.fact.imported:
            return "imported from a seller-centre file"
        return "arrived from TikTok Shop"


def merge_units(units: Sequence[UnitFact], *, partly_shipped: bool = False) -> list[MergedItem]:
    """One line for units of the same SKU, price and giftness, in the order TikTok gave them."""
    groups: dict[tuple[str, str, Decimal, bool], list[UnitFact]] = {}
    for unit in units:
        groups.setdefault((unit.tiktok_sku_id, unit.seller_sku, unit.unit_price, unit.is_gift), []).append(unit)
    return [MergedItem(ItemId(new_id()), tuple(group), partly_shipped) for group in groups.values()]


def _beginning(workflow: Workflow, channel: ChannelStatus) -> tuple[WorkflowState, OrderStatus, ExecutionStatus]:
    """Where an order begins. A workflow without that state begins it anew, where a person meets what was arranged elsewhere."""
    state, status, execution = _BEGINNINGS.get(channel, _FROM_NEW)
    if isinstance(workflow, Unusable):
        return state, status, execution
    definition = workflow.definition
    if execution is ExecutionStatus.RUNNING and (state is WorkflowState.NEW or state not in definition.states):
        state = definition.initial
        status = definition.states[state].order_status or status
    return state, status, execution


def new_order(
    vault: Vault,
    shop: ShopRow,
    edition: Edition,
    workflow: Workflow,
    fact: OrderFact,
    digest: bytes,
    catalogue: Catalogue,
    now: datetime,
) -> NewOrder:
    """The order as it begins on this edition of its shop's workflow, with its facts ready to be decided."""
    order_id, workflow_id = OrderId(new_id()), WorkflowId(new_id())
    state, status, execution = _beginning(workflow, fact.channel_status)
    if fact.fulfilled_by_tiktok and execution is ExecutionStatus.RUNNING:
        execution = ExecutionStatus.PAUSED
    after: dict[str, Any] = {
        "status": status,
        "state": state,
        "channel_status": fact.channel_status,
        "total": str(fact.total_amount),
    }
    entry = chain.link(vault, shop.user_id, order_id, 1, chain.GENESIS, "order.created", CHANNEL, None, after, now)
    items = merge_units(fact.units, partly_shipped=fact.channel_status is ChannelStatus.PARTIALLY_SHIPPING)
    facts = OrderFacts(
        order_id=order_id,
        order_number=fact.tiktok_order_id,
        shop_id=fact.shop_id,
        user_id=shop.user_id,
        location_id=shop.location_id,
        workflow_id=workflow_id,
        policies=shop.policies,
        status=status,
        state=state,
        execution=execution,
        failed_from=None,
        version=1,
        channel_status=fact.channel_status,
        paid=fact.payment_status is PaymentStatus.PAID or fact.cash_on_delivery,
        order_kind=fact.order_kind,
        fulfilled_by_tiktok=fact.fulfilled_by_tiktok,
        cancel_requested=fact.cancel_requested,
        currency=fact.currency,
        total_amount=fact.total_amount,
        order_date=fact.order_time,
        created_at=now,
        now=now,
        audit_sequence=1,
        audit_head=entry.hash,
        edition=edition,
        address=fact.address,
        has_customer=bool(fact.customer.name),
        masked=fact.masked,
        shipped_by_tiktok=fact.shipping_type == "TIKTOK",
        items=[_item(shop, item, catalogue) for item in items if item.cancelled < len(item.units)],
        holds=["cooling-off"] if fact.channel_status is ChannelStatus.ON_HOLD else [],
    )
    sealed = seal_fact(vault, shop.user_id, order_id, fact)
    target = target_ship_by(fact.ship_by, shop.calendar)
    priority = derived_level(target, now) if status in _TO_SHIP else NORMAL
    return NewOrder(fact, digest, order_id, workflow_id, shop, sealed, items, state, facts, target, priority, [entry])


def _item(shop: ShopRow, item: MergedItem, catalogue: Catalogue) -> ItemFacts:
    unit = item.units[0]
    facts = ItemFacts.of(
        catalogue.get((shop.user_id, unit.seller_sku)),
        shop.location_id,
        shop.country,
        item_id=item.item_id,
        sku=unit.seller_sku,
        name=unit.product_name,
        quantity=len(item.units) - item.cancelled - item.elsewhere,
        unit_price=unit.unit_price,
        status=FulfilmentStatus.PENDING,
    )
    facts.total = len(item.units) - item.cancelled
    return facts
