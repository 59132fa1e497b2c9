"""Conditions: pure questions about one order's facts. A name in a workflow file is a function here."""

from __future__ import annotations

from collections.abc import Callable

from engine.orders.problems import Problem
from engine.orders.validation import problems_of
from engine.words import ChannelStatus, FulfilmentStatus, WorkflowState
from engine.workflow.facts import Backorder, OrderFacts, PackageFacts, Picking, ShipOn

Condition = Callable[[OrderFacts], bool]

CONDITIONS: dict[str, Condition] = {}

VOUCHED_FOR = frozenset({"items_picked"})
"""Conditions that a person's word may stand in for, where the workflow lets a transition be skipped."""

BOUGHT = frozenset({"labelled", "told", "in_transit", "delivered"})
PICKED = frozenset({FulfilmentStatus.PICKED, FulfilmentStatus.PACKED, FulfilmentStatus.SHIPPED})
_WORKABLE = frozenset({ChannelStatus.AWAITING_SHIPMENT, ChannelStatus.PARTIALLY_SHIPPING})
_LEFT = frozenset({ChannelStatus.IN_TRANSIT, ChannelStatus.DELIVERED, ChannelStatus.COMPLETED})
_ARRIVED = frozenset({ChannelStatus.DELIVERED, ChannelStatus.COMPLETED})


def _register(condition: Condition) -> Condition:
    CONDITIONS[condition.__name__] = condition
    return condition


def data_problems(order: OrderFacts) -> list[Problem]:
    """What validation has against the order, found once per decision."""
    if order.problems is None:
        order.problems = problems_of(order)
    return order.problems


@_register
def order_data_valid(order: OrderFacts) -> bool:
    return not data_problems(order)


@_register
def order_data_refused(order: OrderFacts) -> bool:
    """Data is wrong and nothing is missing merely because TikTok has not given it yet."""
    return payment_confirmed(order) and bool(data_problems(order))


@_register
def payment_confirmed(order: OrderFacts) -> bool:
    """Paid, or cash on delivery, and past the channel's own hold."""
    return order.paid and order.channel_status in _WORKABLE


def arranged_elsewhere(order: OrderFacts) -> bool:
    """TikTok shows a shipment that this program did not arrange: such an order is never reserved nor labelled.

    Buying a label of TikTok's arranges the shipment there, which may be heard of before the label is: what was meant here is ours.
    """
    return order.channel_status in _LEFT | {ChannelStatus.AWAITING_COLLECTION} and not any(
        package.state in BOUGHT or (order.shipped_by_tiktok and package.label_meant) for package in order.packages
    )


@_register
def inventory_available(order: OrderFacts) -> bool:
    return not order.shelf.short(order)


@_register
def inventory_unavailable(order: OrderFacts) -> bool:
    """Short, and the shop's policy is to fail rather than wait."""
    return order.policies.backorder is Backorder.FAIL and bool(order.shelf.short(order))


@_register
def items_picked(order: OrderFacts) -> bool:
    return order.policies.pick is Picking.AUTO or all(item.status in PICKED for item in order.items)


@_register
def notes_acknowledged(order: OrderFacts) -> bool:
    """Nobody insists that somebody read something first; every way to `ready_to_ship` and `shipped` asks."""
    return not order.unacknowledged


@_register
def shipping_label_ready(order: OrderFacts) -> bool:
    return bool(order.packages) and all(package.state in BOUGHT for package in order.packages)


@_register
def handed_over(order: OrderFacts) -> bool:
    """Every parcel left the house: by a person's word, or TikTok's, or the carrier's. One without a label has not."""
    if order.channel_status in _LEFT:
        return True
    if not all(package.state in BOUGHT for package in order.packages):
        return False
    return order.by_person or (bool(order.packages) and all(has_left(order, package) for package in order.packages))


def has_left(order: OrderFacts, package: PackageFacts) -> bool:
    """This parcel left: handed over by a person, scanned where the shop's policy takes that for it, or even delivered."""
    by_scan = order.policies.ship_on is ShipOn.FIRST_SCAN and package.scanned
    return package.left or package.handed_over or package.delivered or by_scan


@_register
def not_handed_over(order: OrderFacts) -> bool:
    """No parcel of ours has left the house; a shipment arranged elsewhere is TikTok's to cancel."""
    shipped = order.state is WorkflowState.SHIPPED
    return order.channel_status not in _LEFT and not any(
        shipped or package.left or package.handed_over or package.scanned for package in order.packages
    )


@_register
def delivery_confirmed(order: OrderFacts) -> bool:
    """Every parcel was delivered by its carrier, TikTok says so, or a person vouches for it."""
    if order.by_person or order.channel_status in _ARRIVED:
        return True
    return bool(order.packages) and all(package.delivered for package in order.packages)
