"""Why the workflow says no, in a sentence for a person."""

from __future__ import annotations

from engine.errors import Refused
from engine.words import ExecutionStatus, WorkflowState
from engine.workflow.conditions import CONDITIONS, data_problems
from engine.workflow.definition import BUILT_IN_TRIGGERS
from engine.workflow.facts import OrderFacts
from engine.workflow.machine import WorkflowMachine

_CONDITION_SENTENCES = {
    "payment_confirmed": "the payment is not confirmed by TikTok yet",
    "inventory_available": "stock is short",
    "inventory_unavailable": "there is stock",
    "items_picked": "the items are not picked yet",
    "notes_acknowledged": "a note on it must be acknowledged first",
    "shipping_label_ready": "there is no label yet",
    "delivery_confirmed": "the delivery is not confirmed",
    "handed_over": "the parcel is not handed over yet",
    "not_handed_over": "the parcel has left the house",
}

_STATE_WORDS = {
    WorkflowState.NEW: "not validated yet",
    WorkflowState.VALIDATED: "waiting for stock",
    WorkflowState.INVENTORY_RESERVED: "waiting for its label or for picking",
    WorkflowState.READY_TO_SHIP: "ready to ship",
    WorkflowState.SHIPPED: "already shipped",
    WorkflowState.COMPLETED: "already delivered",
    WorkflowState.FAILED: "failed; mend it and retry",
}


def state_words(state: WorkflowState) -> str:
    """Where an order stands, as the middle of a sentence."""
    return _STATE_WORDS[state]


def refusal_sentence(machine: WorkflowMachine, order: OrderFacts, trigger: str) -> str:
    """Why `trigger` was not allowed for this order."""
    if trigger in BUILT_IN_TRIGGERS:
        return _of_execution(machine, order, trigger)
    try:
        names = machine.refusals(order, trigger)
    except Refused:
        names = [
            name
            for name in (machine.definition.system[trigger].conditions if trigger in machine.definition.system else ())
            if not CONDITIONS[name](order)
        ]
        if not names:
            return f"Order {order.order_number} is {state_words(order.state)}."
    if trigger == "cancel" and "not_handed_over" in names:
        return (
            f"Order {order.order_number} cannot be cancelled any more: a parcel of it has left the house. "
            "The buyer may send it back instead."
        )
    reasons = [reason(order, name) for name in names]
    return f"Order {order.order_number} cannot go on: {'; '.join(reasons)}."


def _of_execution(machine: WorkflowMachine, order: OrderFacts, trigger: str) -> str:
    name = f"Order {order.order_number}"
    if trigger == "stop":
        unmet = [each for each in machine.definition.system["cancel"].conditions if not CONDITIONS[each](order)]
        return f"{name} cannot be stopped any more: {'; '.join(reason(order, each) for each in unmet)}."
    if order.execution is ExecutionStatus.PAUSED:
        return f"{name} is paused already."
    if trigger == "unpause":
        return f"{name} is not paused."
    return f"{name} has failed and moves no more: retry it, or hold it."


def reason(order: OrderFacts, condition: str) -> str:
    """Why a condition does not hold, as the middle of a sentence."""
    if condition == "order_data_valid":
        return " ".join(problem.sentence for problem in data_problems(order)).rstrip(".")
    return _CONDITION_SENTENCES.get(condition, condition.replace("_", " "))
