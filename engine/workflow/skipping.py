"""Passing a step over on a person's word, where the order's workflow allows it.

A person may vouch for what a person did: that the items are picked, that TikTok was told by hand. Nobody's word makes a label, stock,
money or valid data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.errors import Refused
from engine.words import EffectKind, ExecutionStatus, FulfilmentStatus, WorkflowState
from engine.workflow.actions import MEANS
from engine.workflow.conditions import CONDITIONS, items_picked
from engine.workflow.definition import SKIP, Transition
from engine.workflow.explain import reason, state_words
from engine.workflow.facts import OrderFacts
from engine.workflow.machine import Token, WorkflowMachine
from engine.workflow.vouching import NEVER_SKIPPED

CODE = "workflow.not_skippable"


@dataclass(frozen=True, slots=True)
class Failing:
    """What an order failed on: an effect of this kind, or this action; neither when something about the order itself was wrong."""

    effect: EffectKind | None = None
    action: str | None = None
    what_to_do: str = ""


def skip(machine: WorkflowMachine, token: Token, failing: Failing) -> Refused | None:
    """Pass over what the order failed on, or what it waits for. Answers why not, where it cannot be."""
    order = token.plan.order
    if order.state is WorkflowState.FAILED:
        return _pass_over(machine, token, failing)
    if order.execution is not ExecutionStatus.RUNNING:
        return Refused(CODE, f"Order {order.order_number} is not at work: there is nothing to skip.")
    arrows = [arrow for arrow in machine.definition.states[order.state].transitions if arrow.skippable]
    unpicked = not items_picked(order)
    if any(machine.fire(token, SKIP + arrow.trigger) for arrow in arrows):
        if unpicked:
            _vouch(token)
        return None
    hard = [each for arrow in arrows for each in _unmet(order, machine.arrows[order.state, arrow.trigger])]
    if hard:
        return Refused(CODE, f"Order {order.order_number} cannot skip this: {'; '.join(dict.fromkeys(hard))}.")
    return Refused(
        CODE, f"Order {order.order_number} is {state_words(order.state)}; its workflow lets no step be skipped there."
    )


def _vouch(token: Token) -> None:
    """Whoever skips the picking says that all of it is in hand."""
    plan = token.plan
    plan.vouched = True
    plan.item_status = FulfilmentStatus.PICKED
    for item in plan.order.items:
        if item.quantity:
            item.status = FulfilmentStatus.PICKED


def _pass_over(machine: WorkflowMachine, token: Token, failing: Failing) -> Refused | None:
    plan, order = token.plan, token.plan.order
    actions = {name for name, kind in MEANS.items() if kind is failing.effect} | {failing.action}
    passed = {
        name for arrow in _skippable(machine) for name in (*arrow.actions, *_entry(machine, arrow)) if name in actions
    } - NEVER_SKIPPED
    if not passed:
        mend = f" {failing.what_to_do}" if failing.what_to_do else ""
        return Refused(CODE, f"Order {order.order_number}: what stopped it cannot be skipped.{mend}")
    plan.pass_over, plan.passed_over = failing.effect, frozenset(passed) if failing.action else frozenset()
    machine.fire(token, "resume")
    plan.resolve_failure = "skipped"
    return None


def _skippable(machine: WorkflowMachine) -> Iterator[Transition]:
    return (arrow for state in machine.definition.states.values() for arrow in state.transitions if arrow.skippable)


def _entry(machine: WorkflowMachine, arrow: Transition) -> tuple[str, ...]:
    return machine.definition.states[arrow.target].entry_actions


def _unmet(order: OrderFacts, arrow: Transition) -> Iterator[str]:
    for name in (*([arrow.when] if arrow.when else []), *arrow.conditions):
        if not CONDITIONS[name](order):
            yield reason(order, name)
