"""What a person may ask for: each order status maps to a trigger of the order's own workflow, or to the reason why not."""

from __future__ import annotations

from dataclasses import dataclass

from engine.words import OrderStatus, WorkflowState
from engine.workflow.explain import state_words
from engine.workflow.machines import Unusable, Workflow

_NEVER = {
    OrderStatus.PENDING: "An order never goes back to pending.",
    OrderStatus.RETURNED: "A return begins in TikTok Shop and arrives here by itself.",
}

_FORWARD = (
    OrderStatus.PENDING,
    OrderStatus.CONFIRMED,
    OrderStatus.PROCESSING,
    OrderStatus.SHIPPED,
    OrderStatus.DELIVERED,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """The trigger a request means, or why it is refused."""

    trigger: str | None
    code: str = ""
    sentence: str = ""


def trigger_for(
    workflow: Workflow, status: OrderStatus, current: OrderStatus, state: WorkflowState, order_number: str
) -> Asked:
    """Map a requested status to the first step of the order's workflow that leads to it from where the order stands."""
    if status is current:
        return Asked(None, "status.unchanged", f"Order {order_number} is {status.value} already.")
    if status in _NEVER:
        return Asked(None, "status.not_by_hand", f"Order {order_number}: {_NEVER[status]}")
    if status is OrderStatus.CANCELLED:
        return Asked("cancel")
    if isinstance(workflow, Unusable):
        return Asked(None, "workflow.unusable", f"Order {order_number} cannot go on: {workflow.sentence}")
    trigger = workflow.towards(status, state)
    if trigger is not None:
        return Asked(trigger)
    if current in _FORWARD and _FORWARD.index(status) < _FORWARD.index(current):
        return Asked(None, "status.backwards", f"Order {order_number} is {current.value}; it does not go back.")
    return Asked(
        None,
        "status.not_yet",
        f"Order {order_number} is {state_words(state)}; it cannot become {status.value} from there.",
    )
