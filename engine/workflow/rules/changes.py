"""What rules change of one order, gathered as plain values; and how each action adds to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import assert_never
from uuid import UUID

from engine.orders.tags import MOST_TAGS
from engine.words import HoldReason, OrderStatus, WorkflowState
from engine.workflow.rules.actions import (
    Action,
    Assign,
    Carrier,
    Hold,
    Notify,
    Prioritise,
    Tag,
    Untag,
    Workflow,
)
from engine.workflow.rules.model import Rule
from engine.workflow.rules.names import Subject

BY_RULE = "rule "
"""How the name of whoever placed a hold begins where it was a rule."""

_HOLDABLE = frozenset(
    {
        WorkflowState.NEW,
        WorkflowState.VALIDATED,
        WorkflowState.INVENTORY_RESERVED,
        WorkflowState.READY_TO_SHIP,
        WorkflowState.FAILED,
    }
)


@dataclass(frozen=True, slots=True)
class NewHold:
    """A hold a rule places."""

    reason: HoldReason
    hours: int | None
    note: str
    rule: str


@dataclass(frozen=True, slots=True)
class NewNotice:
    """A notice a rule sends."""

    rule_id: UUID
    rule: str
    audience: str
    text: str


@dataclass(slots=True)
class Changes:
    """Everything rules want of one order in one decision; None where they want nothing."""

    tagged: list[str] = field(default_factory=list)
    untagged: list[str] = field(default_factory=list)
    priority: int | None = None
    assign: Assign | None = None
    rate_rule: str | None = None
    workflow: str | None = None
    holds: list[NewHold] = field(default_factory=list)
    notices: list[NewNotice] = field(default_factory=list)


def perform(action: Action, rule: Rule, subject: Subject, changes: Changes) -> str:
    """Add what the action wants to `changes`, and to `subject` for the rules after it. Answers in words what it did."""
    match action:
        case Tag(tags):
            return _tag(tags, subject, changes)
        case Untag(tags):
            there = [tag for tag in tags if tag in subject.tags]
            subject.tags.difference_update(there)
            changes.untagged += there
            changes.tagged = [tag for tag in changes.tagged if tag not in there]
            return f"untagged {', '.join(there)}" if there else f"not tagged {', '.join(tags)}"
        case Hold():
            return _hold(action, rule, subject, changes)
        case Prioritise(priority) if subject.prioritised:
            return f"priority {priority} not set: a person has set {subject.priority}"
        case Prioritise(priority):
            subject.priority = changes.priority = priority
            return f"priority {priority}"
        case Assign(to):
            subject.assigned, changes.assign = True, action
            return f"assigned to {to}"
        case Carrier(choose):
            changes.rate_rule = choose
            return f"label by {choose}"
        case Workflow(name):
            if subject.begun and subject.workflow != name:
                return f"workflow {name} not chosen: {subject.workflow} had begun"
            changes.workflow = name
            return f"workflow {name}"
        case Notify(audience, text):
            changes.notices.append(NewNotice(rule.rule_id, rule.name, audience, text))
            return f"told {audience}"
        case _:
            assert_never(action)


def _tag(tags: tuple[str, ...], subject: Subject, changes: Changes) -> str:
    new = [tag for tag in tags if tag not in subject.tags]
    if not new:
        return f"tagged {', '.join(tags)} already"
    if len(subject.tags) + len(new) > MOST_TAGS:
        return f"not tagged {', '.join(new)}: it has {MOST_TAGS} tags at most"
    subject.tags.update(new)
    changes.tagged += new
    changes.untagged = [tag for tag in changes.untagged if tag not in new]
    return f"tagged {', '.join(new)}"


def _hold(action: Hold, rule: Rule, subject: Subject, changes: Changes) -> str:
    if subject.status is OrderStatus.CANCELLED or subject.state not in _HOLDABLE:
        return "not held: its parcel has left, or it is closed"
    if action.reason in subject.holds:
        return f"held already ({action.reason})"
    subject.holds.add(action.reason)
    changes.holds.append(NewHold(action.reason, action.hours, action.note, rule.name))
    return f"held ({action.reason})" + (f" for {action.hours} h" if action.hours else "")
