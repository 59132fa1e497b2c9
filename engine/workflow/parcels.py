"""What each parcel of an order does for itself: its goods may arrive, it is told of, and it leaves, while others stay.

The machine moves the order; where an order is one parcel, that is all there is. Here is what goes on below it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.words import EffectKind, FulfilmentStatus, WorkflowState
from engine.workflow.actions import label_is_due, tell_of
from engine.workflow.conditions import BOUGHT, PICKED, has_left
from engine.workflow.facts import OrderFacts, PackageFacts
from engine.workflow.plan import OrderPlan, Step
from engine.workflow.stock_service import tell_service

if TYPE_CHECKING:
    from engine.workflow.machine import WorkflowMachine

PACKING = frozenset({WorkflowState.INVENTORY_RESERVED, WorkflowState.READY_TO_SHIP})
"""States in which an order's parcels go on by themselves."""

PART_SHIPPED = "part_shipped"
"""The step that history has for a parcel which leaves while others stay."""


def work_parcels(plan: OrderPlan, machine: WorkflowMachine) -> bool:
    """Let each parcel go as far as it can. Answers whether the order may now go further, too."""
    order = plan.order
    needs = machine.needs.get(order.state)
    plans_packages = needs is not None and needs.buys_label
    if not (plans_packages or order.state in PACKING):
        return False
    for package in order.packages:
        if package.backordered and _is_there(order, package):
            _take(plan, package)
    if (plans_packages or order.packages) and label_is_due(plan):
        machine.run(plan, "create_shipping_label")
    several = len(order.packages) > 1
    for package in order.packages if several or order.state is WorkflowState.READY_TO_SHIP else ():
        untold = package.state in BOUGHT and package.told_tracking_number != package.tracking_number
        if untold and _is_picked(order, package):
            tell_of(plan, package)
    if not several:
        return False
    going = [package for package in order.packages if package.state in BOUGHT and has_left(order, package)]
    if len(going) == len(order.packages) and order.state is WorkflowState.READY_TO_SHIP:
        return False  # the machine ships the order as a whole
    leaving = [package for package in going if not package.left]
    for package in leaving:
        _leave(plan, package)
    return bool(leaving)


def _is_there(order: OrderFacts, package: PackageFacts) -> bool:
    return not order.shelf.short_for(order, package.contents)


def _take(plan: OrderPlan, package: PackageFacts) -> None:
    order = plan.order
    order.shelf.take_for(order, package.contents)
    package.backordered = False
    plan.arrived.append(package)
    for item in order.items:
        if quantity := package.contents.get(item.item_id, 0):
            item.quantity += quantity
            item.status = FulfilmentStatus.RESERVED
    order.reserved = True
    tell_service(plan, EffectKind.RESERVE_STOCK)


def _is_picked(order: OrderFacts, package: PackageFacts) -> bool:
    if order.policies.pick == "auto":
        return True
    return all(item.status in PICKED for item in order.items if item.item_id in package.contents)


def _leave(plan: OrderPlan, package: PackageFacts) -> None:
    order = plan.order
    package.left = True
    plan.leaving.append(package)
    tell_service(plan, EffectKind.ADJUST_STOCK)
    waiting = {
        item_id: quantity for each in order.packages if each.backordered for item_id, quantity in each.contents.items()
    }
    for item in order.items:
        item.quantity -= package.contents.get(item.item_id, 0)
        if item.item_id in package.contents and item.quantity <= 0 and item.item_id not in waiting:
            item.status = FulfilmentStatus.SHIPPED
    plan.steps.append(Step(order, PART_SHIPPED, order.state, order.state, order.status, order.status))
