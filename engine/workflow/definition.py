"""A workflow as data: read from TOML and checked before anything runs on it.

The checks name the file, the state and the mend: unknown names, unreachable states, dead ends, loops that never wait.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from engine.errors import Misconfigured
from engine.words import OrderStatus, WorkflowState

SYSTEM_TRIGGERS = ("fail", "resume", "cancel")


@dataclass(frozen=True, slots=True)
class Transition:
    """One arrow: `trigger` leads to `target` when `when` and all `conditions` hold; `actions` run on it."""

    trigger: str
    target: WorkflowState
    when: str | None
    conditions: tuple[str, ...]
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class State:
    """One state, the order status it means (None leaves it unchanged) and the arrows that leave it, in order of trial."""

    name: WorkflowState
    order_status: OrderStatus | None
    final: bool
    entry_actions: tuple[str, ...]
    exit_actions: tuple[str, ...]
    transitions: tuple[Transition, ...]


@dataclass(frozen=True, slots=True)
class SystemTrigger:
    """A trigger legal from any state that is not final."""

    conditions: tuple[str, ...]
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Definition:
    """A checked workflow."""

    name: str
    version: int
    initial: WorkflowState
    states: Mapping[WorkflowState, State]
    system: Mapping[str, SystemTrigger]


@functools.cache
def load_default() -> Definition:
    """The workflow that ships with the program."""
    text = resources.files("engine.workflow").joinpath("default.toml").read_text(encoding="utf-8")
    return parse(text, "default.toml")


def load(path: Path) -> Definition:
    """Read a workflow file. Raises Misconfigured, naming file, state and mend."""
    try:
        return parse(path.read_text(encoding="utf-8"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured("workflow.unreadable", f"Cannot read the workflow file {path}: {error}.") from error


def parse(text: str, file: str) -> Definition:
    """Parse and check a workflow. `file` is how errors name it."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured("workflow.malformed", f"{file} is not TOML: {error}.") from error
    definition = _Reader(file).definition(document)
    _check_shape(definition, file)
    return definition


def check_names(definition: Definition, file: str, conditions: Collection[str], actions: Collection[str]) -> None:
    """Refuse a definition that names a condition or action nobody registered."""
    for place, kind, name in _names(definition):
        known = conditions if kind == "condition" else actions
        if name not in known:
            raise Misconfigured(
                "workflow.unknown_name",
                f"{file}, {place}: there is no {kind} {name!r}; known are {', '.join(sorted(known))}.",
            )


class _Reader:
    """Turns a TOML document into a Definition, naming the place of anything it cannot read."""

    def __init__(self, file: str) -> None:
        self._file = file

    def definition(self, document: dict[str, Any]) -> Definition:
        self._only(document, "the file", {"name", "version", "initial", "states", "system"})
        table = self._table(document, "states", "the file")
        states = {self._state_name(name, "states"): value for name, value in table.items()}
        system = self._table(document, "system", "the file") if "system" in document else {}
        if unknown := sorted(set(system) - set(SYSTEM_TRIGGERS)):
            raise self._wrong("system", f"{unknown[0]!r} is none of {', '.join(SYSTEM_TRIGGERS)}; rename or remove it")
        return Definition(
            name=self._text(document, "name", "the file"),
            version=self._number(document, "version", "the file"),
            initial=self._state_name(self._text(document, "initial", "the file"), "initial"),
            states={name: self._state(name, value) for name, value in states.items()},
            system={name: self._system(name, system.get(name, {})) for name in SYSTEM_TRIGGERS},
        )

    def _state(self, name: WorkflowState, value: Any) -> State:
        place = f"state {name}"
        if not isinstance(value, dict):
            raise self._wrong(place, "it must be a table")
        self._only(value, place, {"order_status", "final", "entry_actions", "exit_actions", "transitions"})
        status = value.get("order_status")
        if status is not None and status not in list(OrderStatus):
            raise self._wrong(place, f"order_status {status!r} is none of {', '.join(OrderStatus)}")
        final = value.get("final", False)
        if not isinstance(final, bool):
            raise self._wrong(place, "final must be true or false")
        transitions = value.get("transitions", {})
        if not isinstance(transitions, dict):
            raise self._wrong(place, "transitions must be a table")
        return State(
            name=name,
            order_status=OrderStatus(status) if status is not None else None,
            final=final,
            entry_actions=self._names(value, "entry_actions", place),
            exit_actions=self._names(value, "exit_actions", place),
            transitions=tuple(self._transition(name, trigger, arrow) for trigger, arrow in transitions.items()),
        )

    def _transition(self, state: WorkflowState, trigger: str, value: Any) -> Transition:
        place = f"state {state}, transition {trigger}"
        if trigger in SYSTEM_TRIGGERS:
            raise self._wrong(place, "this trigger belongs to the system; choose another name")
        if not isinstance(value, dict):
            raise self._wrong(place, "it must be a table")
        self._only(value, place, {"target", "when", "conditions", "actions"})
        when = value.get("when")
        if when is not None and not isinstance(when, str):
            raise self._wrong(place, "`when` must be the name of one condition")
        return Transition(
            trigger=trigger,
            target=self._state_name(self._text(value, "target", place), place),
            when=when,
            conditions=self._names(value, "conditions", place),
            actions=self._names(value, "actions", place),
        )

    def _system(self, name: str, value: Any) -> SystemTrigger:
        place = f"system trigger {name}"
        if not isinstance(value, dict):
            raise self._wrong(place, "it must be a table")
        self._only(value, place, {"conditions", "actions"})
        return SystemTrigger(self._names(value, "conditions", place), self._names(value, "actions", place))

    def _state_name(self, name: str, place: str) -> WorkflowState:
        if name not in set(WorkflowState):
            raise self._wrong(place, f"{name!r} is no state; states are {', '.join(WorkflowState)}")
        return WorkflowState(name)

    def _table(self, value: dict[str, Any], name: str, place: str) -> dict[str, Any]:
        table = value.get(name)
        if not isinstance(table, dict) or not table:
            raise self._wrong(place, f"the table [{name}] is missing; add it")
        return table

    def _text(self, value: dict[str, Any], name: str, place: str) -> str:
        text = value.get(name)
        if not isinstance(text, str) or not text:
            raise self._wrong(place, f"{name} is missing; give it a text")
        return text

    def _number(self, value: dict[str, Any], name: str, place: str) -> int:
        number = value.get(name)
        if not isinstance(number, int) or isinstance(number, bool) or number < 1:
            raise self._wrong(place, f"{name} is missing; give it a whole number from 1")
        return number

    def _names(self, value: dict[str, Any], name: str, place: str) -> tuple[str, ...]:
        names = value.get(name, [])
        if not isinstance(names, list) or not all(isinstance(each, str) for each in names):
            raise self._wrong(place, f"{name} must be a list of names")
        return tuple(names)

    def _only(self, value: dict[str, Any], place: str, known: set[str]) -> None:
        if unknown := sorted(set(value) - known):
            raise self._wrong(place, f"{unknown[0]!r} is not known here; known are {', '.join(sorted(known))}")

    def _wrong(self, place: str, what: str) -> Misconfigured:
        return Misconfigured("workflow.malformed", f"{self._file}, {place}: {what}.")


def _names(definition: Definition) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    for state in definition.states.values():
        place = f"state {state.name}"
        found += [(place, "action", name) for name in (*state.entry_actions, *state.exit_actions)]
        for arrow in state.transitions:
            here = f"{place}, transition {arrow.trigger}"
            found += [(here, "condition", name) for name in (*arrow.conditions, *([arrow.when] if arrow.when else []))]
            found += [(here, "action", name) for name in arrow.actions]
    for trigger, system in definition.system.items():
        here = f"system trigger {trigger}"
        found += [(here, "condition", name) for name in system.conditions]
        found += [(here, "action", name) for name in system.actions]
    return found


def _check_shape(definition: Definition, file: str) -> None:
    states = definition.states

    def wrong(place: str, what: str) -> Misconfigured:
        return Misconfigured("workflow.malformed", f"{file}, {place}: {what}.")

    for name in (definition.initial, WorkflowState.FAILED):
        if name not in states:
            raise wrong("the file", f"the state {name} is missing; add [states.{name}]")
    for state in states.values():
        for arrow in state.transitions:
            if arrow.target not in states:
                raise wrong(
                    f"state {state.name}, transition {arrow.trigger}",
                    f"the target {arrow.target} is no state of this file; add [states.{arrow.target}]",
                )
            if arrow.target is state.name and not arrow.conditions and arrow.when is None:
                raise wrong(
                    f"state {state.name}, transition {arrow.trigger}",
                    "it returns to its own state without waiting for anything; give it a condition",
                )
        if state.final and state.transitions:
            raise wrong(f"state {state.name}", "a final state has transitions; remove them or `final`")
        if not state.final and not state.transitions and state.name is not WorkflowState.FAILED:
            raise wrong(f"state {state.name}", "nothing leads on from it; add a transition or `final = true`")
    reached = _reachable(definition.initial, states) | {WorkflowState.FAILED}
    for name in states:
        if name not in reached:
            raise wrong(f"state {name}", f"no transition leads to it from {definition.initial}; add one or remove it")
        if not states[name].final and name is not WorkflowState.FAILED:
            ends = _reachable(name, states)
            if not any(states[end].final for end in ends):
                raise wrong(f"state {name}", "no way leads from it to a final state; add one")
    _check_loops(definition, wrong)


def _reachable(start: WorkflowState, states: Mapping[WorkflowState, State]) -> set[WorkflowState]:
    seen = {start}
    queue = [start]
    while queue:
        for arrow in states[queue.pop()].transitions:
            if arrow.target not in seen and arrow.target in states:
                seen.add(arrow.target)
                queue.append(arrow.target)
    return seen


def _check_loops(definition: Definition, wrong: Any) -> None:
    """A circle in which no arrow waits for anything would spin for ever."""
    free = {
        name: [arrow.target for arrow in state.transitions if not arrow.conditions and arrow.when is None]
        for name, state in definition.states.items()
    }
    for start, targets in free.items():
        queue, seen = list(targets), set()
        while queue:
            name = queue.pop()
            if name is start:
                raise wrong(f"state {start}", "a loop through it never waits; give one of its transitions a condition")
            if name not in seen:
                seen.add(name)
                queue += free.get(name, [])
