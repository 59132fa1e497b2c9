"""What an order that cannot move now waits for."""

from __future__ import annotations

from engine.words import EffectKind, ExecutionStatus, WorkflowState
from engine.workflow.conditions import items_picked, shipping_label_ready
from engine.workflow.facts import ImportMode, OrderFacts
from engine.workflow.plan import OrderPlan


def waiting_for(plan: OrderPlan) -> str:
    """What the order waits for, in a word that `why` turns into a sentence."""
    order = plan.order
    if order.execution is ExecutionStatus.PAUSED:
        return "paused"
    if order.holds:
        return "hold"
    if order.policies.import_mode is ImportMode.OBSERVE:
        return "observe"
    if order.not_before is not None and order.not_before > order.now:
        return "retry" if order.attempt else "rest"
    if order.unacknowledged and _only_read(order):
        return "note"
    match order.state:
        case WorkflowState.NEW:
            return "payment"
        case WorkflowState.VALIDATED:
            return "stock"
        case WorkflowState.INVENTORY_RESERVED:
            return _waits_in_packing(plan) or "pick"
        case WorkflowState.READY_TO_SHIP:
            passed = plan.pass_over is EffectKind.SHIP_PACKAGE
            told = passed or all(package.told_tracking_number for package in order.packages)
            return _waits_in_packing(plan) or ("handover" if told else "tiktok")
        case WorkflowState.SHIPPED:
            return "delivery"
        case WorkflowState.FAILED:
            code = plan.cause.first.code if plan.fail and plan.cause else order.failure_code
            if code == "out_of_stock":
                return "stock"
            return "retry" if order.comes_back is not None and not plan.fail else "person"
        case WorkflowState.COMPLETED:
            return ""


def _waits_in_packing(plan: OrderPlan) -> str:
    """What keeps a parcel of the order from being labelled; empty when each has its label."""
    packages = plan.order.packages
    if any(package.backordered for package in packages):
        return "stock"
    if any(package.state == "voiding" for package in packages):
        return "void"
    planned = [package for package in packages if package.state == "planned"]
    if any(not package.label_meant for package in planned):
        return "rebuy" if any(package.generation > 1 for package in planned) else "pick"
    return "label" if planned or plan.packages else ""


def _only_read(order: OrderFacts) -> bool:
    """Whether a note to acknowledge is all that keeps the order from its next step."""
    if order.state is WorkflowState.INVENTORY_RESERVED:
        return items_picked(order) and shipping_label_ready(order)
    return order.state is WorkflowState.READY_TO_SHIP
