"""Orders that are only shown, fulfilled by TikTok or of an observed shop, go where TikTok says they are. Nothing is done for them."""

from __future__ import annotations

from collections.abc import Mapping

from engine.actors import CHANNEL
from engine.words import ChannelStatus, ExecutionStatus, FulfilmentStatus, OrderStatus, WorkflowState
from engine.workflow.facts import ImportMode, OrderFacts
from engine.workflow.plan import OrderPlan, Step

FOLLOW = "follow"
"""The step that history has for a move which TikTok made."""

PLACES: Mapping[ChannelStatus, tuple[WorkflowState, OrderStatus]] = {
    ChannelStatus.AWAITING_COLLECTION: (WorkflowState.READY_TO_SHIP, OrderStatus.PROCESSING),
    ChannelStatus.IN_TRANSIT: (WorkflowState.SHIPPED, OrderStatus.SHIPPED),
    ChannelStatus.DELIVERED: (WorkflowState.COMPLETED, OrderStatus.DELIVERED),
    ChannelStatus.COMPLETED: (WorkflowState.COMPLETED, OrderStatus.DELIVERED),
}
"""Where TikTok's status means that an order stands which somebody else ships."""

_WAY = (
    WorkflowState.NEW,
    WorkflowState.VALIDATED,
    WorkflowState.INVENTORY_RESERVED,
    WorkflowState.READY_TO_SHIP,
    WorkflowState.SHIPPED,
    WorkflowState.COMPLETED,
)


def only_shown(order: OrderFacts) -> bool:
    """Whether the order is TikTok's to move: nothing here was reserved or packed for it."""
    shown = order.fulfilled_by_tiktok or order.policies.import_mode is ImportMode.OBSERVE
    return shown and not order.reserved and not order.packages


def follow(plan: OrderPlan) -> None:
    """Move the order forward to where TikTok shows it; never back."""
    order = plan.order
    if order.channel_status == ChannelStatus.CANCELLED:
        _close(plan)
        return
    place = PLACES.get(ChannelStatus(order.channel_status)) if order.channel_status in _KNOWN else None
    if place is None or order.state not in _WAY or _WAY.index(place[0]) <= _WAY.index(order.state):
        return
    _step(plan, *place)
    if place[1] is OrderStatus.SHIPPED:
        plan.shipped, plan.item_status = True, FulfilmentStatus.SHIPPED
    elif place[1] is OrderStatus.DELIVERED:
        plan.delivered, plan.item_status = True, FulfilmentStatus.DELIVERED
        plan.finalize = True
        order.execution = ExecutionStatus.COMPLETED


_KNOWN = frozenset(PLACES)


def _close(plan: OrderPlan) -> None:
    _step(plan, plan.order.state, OrderStatus.CANCELLED)
    plan.cancelled, plan.finalize, plan.item_status = True, True, FulfilmentStatus.CANCELLED
    plan.resolve_failure = "cancelled"
    plan.order.execution = ExecutionStatus.CANCELLED


def _step(plan: OrderPlan, state: WorkflowState, status: OrderStatus) -> None:
    order = plan.order
    plan.actor = CHANNEL
    plan.reason = f"TikTok shows it as {order.channel_status}"
    plan.steps.append(Step(order, FOLLOW, order.state, state, order.status, status))
    order.state, order.status = state, status
