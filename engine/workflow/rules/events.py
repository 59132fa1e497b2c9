"""The events a rule may wait for, and which of them a step of the workflow is."""

from __future__ import annotations

from enum import StrEnum

from engine.words import WorkflowState


class RuleEvent(StrEnum):
    """What can happen to an order that rules are asked about."""

    CREATED = "order.created"
    UPDATED = "order.updated"
    VALIDATED = "order.validated"
    RESERVED = "order.reserved"
    READY = "order.ready"
    SHIPPED = "order.shipped"
    DELIVERED = "order.delivered"
    FAILED = "order.failed"
    HELD = "order.held"
    CANCELLED = "order.cancelled"


MEANINGS = {
    RuleEvent.CREATED: "the order arrived and is about to be worked; nothing is reserved yet",
    RuleEvent.UPDATED: "TikTok changed the order",
    RuleEvent.VALIDATED: "the order is valid and paid; its stock is not reserved yet",
    RuleEvent.RESERVED: "its stock is reserved; its label is not bought yet",
    RuleEvent.READY: "it is picked and labelled",
    RuleEvent.SHIPPED: "it was handed over",
    RuleEvent.DELIVERED: "it arrived and its workflow is completed",
    RuleEvent.FAILED: "it failed and waits for a person or for stock",
    RuleEvent.HELD: "a person or TikTok put a hold on it; a rule's own hold is no event",
    RuleEvent.CANCELLED: "it was cancelled",
}

_ENTERING = {
    WorkflowState.VALIDATED: RuleEvent.VALIDATED,
    WorkflowState.INVENTORY_RESERVED: RuleEvent.RESERVED,
    WorkflowState.READY_TO_SHIP: RuleEvent.READY,
    WorkflowState.SHIPPED: RuleEvent.SHIPPED,
    WorkflowState.COMPLETED: RuleEvent.DELIVERED,
    WorkflowState.FAILED: RuleEvent.FAILED,
}


_RETURNS = frozenset({"resume", "start"})
"""Triggers that lead an order back to where it was."""


def event_of(trigger: str, source: WorkflowState | None, target: WorkflowState) -> RuleEvent | None:
    """The event that a step is, if it is one; what leaves an order in its state, or leads it back, happens no second time."""
    if trigger == "cancel":
        return RuleEvent.CANCELLED
    if source is target or trigger in _RETURNS:
        return None
    return _ENTERING.get(target)
