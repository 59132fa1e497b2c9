"""The compiled machine: a `transitions.Machine` that decides every move, over light tokens it never registers.

Conditions are asked by the machine; actions are run by it and append to the token's plan. One machine serves all orders of a
workflow definition.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from transitions import EventData, Machine, MachineError

from engine.errors import Refused
from engine.words import OrderStatus, WorkflowState
from engine.workflow.actions import ACTIONS
from engine.workflow.built_in import ACTION_OF, CONDITIONS_OF
from engine.workflow.conditions import CONDITIONS, VOUCHED_FOR
from engine.workflow.definition import BUILT_IN_TRIGGERS, SKIP, Definition, Transition
from engine.workflow.definition_file import load_default
from engine.workflow.facts import OrderFacts
from engine.workflow.needs import Needs, needs_of
from engine.workflow.plan import OrderPlan, Step
from engine.workflow.results import Action, ActionFailed, may_fail
from engine.workflow.running import run_action
from engine.workflow.undoing import Before

logging.getLogger("transitions").setLevel(logging.WARNING)

_STATUS_STAYS = frozenset({"cancel", *BUILT_IN_TRIGGERS})
"""Triggers that move nothing but the execution."""


class _Machine(Machine):
    """All callbacks here are functions already: they are called as they are."""

    def callback(self, func: Any, event_data: EventData) -> Any:
        return func(event_data)


class Token:
    """What the machine moves: `state` and the order's plan."""

    __slots__ = ("plan", "state")

    def __init__(self, plan: OrderPlan) -> None:
        self.plan = plan
        self.state: str = plan.order.state.value


@dataclass(frozen=True, slots=True)
class WorkflowMachine:
    """A definition compiled. `arrows` is the read-only map of what leads where, for people and diagrams."""

    definition: Definition
    arrows: Mapping[tuple[WorkflowState, str], Transition]
    needs: Mapping[WorkflowState, Needs]
    """What is to be read of an order in each state."""
    _machine: Machine
    _states: Mapping[str, WorkflowState]
    _fallible: frozenset[tuple[WorkflowState, str]]
    """Moves on which an action may say no."""

    def fire(self, token: Token, trigger: str) -> bool:
        """Move the token if the machine allows it; its plan gains a step and whatever the actions want.

        Raises ActionFailed when an action says no; the token and its plan are then as they were.
        """
        if (token.plan.order.state, trigger) not in self._fallible:
            return self._move(token, trigger)
        before, state = Before(token.plan), token.state
        try:
            return self._move(token, trigger)
        except ActionFailed:
            before.restore()
            token.state = state
            raise

    def _move(self, token: Token, trigger: str) -> bool:
        order = token.plan.order
        source, status_before = order.state, order.status
        try:
            moved = bool(self._machine.events[trigger].trigger(token))
        except MachineError:
            return False
        if moved:
            target = self._states[token.state]
            order.state = target
            status = self.definition.states[target].order_status
            if status is not None and trigger not in _STATUS_STAYS:
                order.status = status
            token.plan.steps.append(Step(order, trigger, source, target, status_before, order.status))
        return moved

    def run(self, plan: OrderPlan, action: str) -> None:
        """Run one action outside a transition, as its definition wants it run."""
        run_action(plan, action, ACTIONS, self.definition.retries)

    def due(self, order: OrderFacts) -> tuple[str, ...]:
        """The triggers that fire by themselves from here, in order of trial; the machine itself decides when one is fired."""
        return tuple(
            arrow.trigger
            for arrow in self.definition.states[order.state].transitions
            if (arrow.when is None or CONDITIONS[arrow.when](order))
            and all(CONDITIONS[name](order) for name in arrow.conditions)
        )

    def towards(self, status: OrderStatus, state: WorkflowState) -> str | None:
        """The first trigger that leads from `state` to one that means this order status; None when no step does."""
        here = self.definition.states.get(state)
        for arrow in here.transitions if here else ():
            if self.definition.states[arrow.target].order_status is status:
                return arrow.trigger
        return None

    def refusals(self, order: OrderFacts, trigger: str) -> list[str]:
        """The conditions that keep `trigger` from being allowed now. Raises Refused when the state has no such arrow."""
        arrow = self.arrows.get((order.state, trigger))
        if arrow is None:
            raise Refused("workflow.no_such_step", f"From {order.state.value} there is no step {trigger}.")
        return [name for name in arrow.conditions if not CONDITIONS[name](order)]


@functools.cache
def default_machine() -> WorkflowMachine:
    """The machine of the workflow that ships with the program."""
    return compile_definition(load_default())


def compile_definition(definition: Definition) -> WorkflowMachine:
    """Build the machine of a definition that has been checked."""

    def run(name: str) -> Callable[[EventData], None]:
        return _run(name, definition)

    machine = _Machine(
        model=None,
        states=[
            {
                "name": state.name.value,
                "on_enter": [run(name) for name in state.entry_actions],
                "on_exit": [run(name) for name in state.exit_actions],
            }
            for state in definition.states.values()
        ],
        initial=definition.initial.value,
        auto_transitions=False,
        send_event=True,
    )
    arrows: dict[tuple[WorkflowState, str], Transition] = {}
    for state in definition.states.values():
        for arrow in map(_guarded, state.transitions):
            arrows[state.name, arrow.trigger] = arrow
            _add(machine, arrow.trigger, state.name, arrow.target, arrow.conditions, arrow.actions, run)
            if arrow.skippable:
                asked = (*([arrow.when] if arrow.when else []), *arrow.conditions)
                hard = tuple(name for name in asked if name not in VOUCHED_FOR)
                _add(machine, SKIP + arrow.trigger, state.name, arrow.target, hard, arrow.actions, run)
    _add_system_triggers(machine, definition, run)
    return WorkflowMachine(
        definition,
        arrows,
        needs_of(definition),
        machine,
        {state.value: state for state in WorkflowState},
        frozenset(_fallible_moves(definition)),
    )


def _guarded(arrow: Transition) -> Transition:
    """Whatever a workflow file says, an order with a note to acknowledge is neither made ready nor shipped."""
    if arrow.target not in {WorkflowState.READY_TO_SHIP, WorkflowState.SHIPPED}:
        return arrow
    return replace(arrow, conditions=(*arrow.conditions, "notes_acknowledged"))


def _add_system_triggers(machine: Machine, definition: Definition, run: Callable[[str], Any]) -> None:
    open_states = [state.name for state in definition.states.values() if not state.final]
    fail, resume, cancel = (definition.system[name] for name in ("fail", "resume", "cancel"))
    for state in open_states:
        if state is not WorkflowState.FAILED:
            _add(machine, "fail", state, WorkflowState.FAILED, fail.conditions, fail.actions, run)
            machine.add_transition(
                "resume",
                WorkflowState.FAILED.value,
                state.value,
                conditions=[_failed_from(state), *(_ask(name) for name in resume.conditions)],
                before=[run(name) for name in resume.actions],
            )
        # Transitions to nowhere: the state stays, the actions run.
        _add(machine, "cancel", state, None, cancel.conditions, cancel.actions, run)
        for trigger in BUILT_IN_TRIGGERS:
            if trigger == "stop" or state is not WorkflowState.FAILED:
                machine.add_transition(
                    trigger,
                    state.value,
                    None,
                    conditions=[
                        _condition(CONDITIONS_OF[trigger]),
                        *([_ask(name) for name in cancel.conditions] if trigger == "stop" else []),
                    ],
                    before=[_action(ACTION_OF[trigger])],
                )


def _add(
    machine: Machine,
    trigger: str,
    source: WorkflowState,
    target: WorkflowState | None,
    conditions: tuple[str, ...],
    actions: tuple[str, ...],
    run: Callable[[str], Any],
) -> None:
    machine.add_transition(
        trigger,
        source.value,
        target.value if target else None,
        conditions=[_ask(name) for name in conditions],
        before=[run(name) for name in actions],
    )


def _ask(name: str) -> Callable[[EventData], bool]:
    return _condition(CONDITIONS[name])


def _condition(condition: Callable[[OrderFacts], bool]) -> Callable[[EventData], bool]:
    def ask(event: Any) -> bool:
        return condition(event.model.plan.order)

    return ask


def _run(name: str, definition: Definition) -> Callable[[EventData], None]:
    action = ACTIONS[name]
    if not may_fail(action) and name not in definition.retries:
        return _action(action)

    def run(event: Any) -> None:
        run_action(event.model.plan, name, ACTIONS, definition.retries)

    return run


def _action(action: Action) -> Callable[[EventData], None]:
    def run(event: Any) -> None:
        action(event.model.plan)

    return run


def _failed_from(state: WorkflowState) -> Callable[[EventData], bool]:
    def ask(event: Any) -> bool:
        return bool(event.model.plan.order.failed_from is state)

    return ask


def _fallible_moves(definition: Definition) -> Iterator[tuple[WorkflowState, str]]:
    """The moves on which an action may fail; those of the system run none that may."""

    def any_may(names: tuple[str, ...]) -> bool:
        return any(may_fail(ACTIONS[name]) for name in names)

    for state in definition.states.values():
        for arrow in state.transitions:
            if any_may(arrow.actions) or any_may(definition.states[arrow.target].entry_actions):
                yield state.name, arrow.trigger
                yield state.name, SKIP + arrow.trigger
        if any_may(state.entry_actions):
            yield WorkflowState.FAILED, "resume"
