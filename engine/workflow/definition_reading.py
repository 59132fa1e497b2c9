"""Turns a TOML document into a Definition and notes the place of everything it cannot read, not only of the first."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, TypeGuard

from engine.effects.kinds import Retries
from engine.words import Backoff, OrderStatus, WorkflowState
from engine.workflow.definition import (
    BUILT_IN_TRIGGERS,
    SKIP,
    SYSTEM_TRIGGERS,
    Definition,
    Mistake,
    State,
    SystemTrigger,
    Transition,
)

_NAME = re.compile(r"[A-Za-z0-9_]{1,60}")
_WORKFLOW_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")
_MOST_ATTEMPTS = 100
_LONGEST_BASE_DELAY_SECONDS = 3600
_LONGEST_DELAY_SECONDS = 86_400


class Reader:
    """Reads one document. What it cannot read is in `mistakes`, and left out of the definition."""

    def __init__(self, system: Mapping[str, SystemTrigger]) -> None:
        self.mistakes: list[Mistake] = []
        self._system_of_default = system

    def definition(self, document: dict[str, Any]) -> Definition | None:
        """None when not even a name and its states can be read."""
        self._only(document, "the file", {"name", "version", "initial", "states", "system", "actions"})
        name = self._text(document, "name", "the file")
        if name and not _WORKFLOW_NAME.fullmatch(name):
            self._wrong("the file", "name is written in letters, digits, - and _, at most 100 of them")
        version = self._number(document, "version", "the file")
        initial = self._state_name(self._text(document, "initial", "the file"), "initial")
        states = {
            state.name: state
            for word, value in self._table(document, "states").items()
            if (state := self._state(word, value)) is not None
        }
        system = self._table(document, "system", optional=True)
        for unknown in sorted(set(system) - set(SYSTEM_TRIGGERS)):
            self._wrong("system", f"{unknown!r} is none of {', '.join(SYSTEM_TRIGGERS)}; rename or remove it")
        actions = self._table(document, "actions", optional=True)
        retries = {word: retry for word, value in actions.items() if (retry := self._retry(word, value)) is not None}
        triggers = {
            word: self._system(word, system[word]) if word in system else self._system_of_default[word]
            for word in SYSTEM_TRIGGERS
        }
        if not name or not version or initial is None or not states:
            return None
        return Definition(name, version, initial, states, triggers, retries)

    def _state(self, word: str, value: Any) -> State | None:
        name = self._state_name(word, "states")
        if name is None:
            return None
        place = f"state {name}"
        if not self._is_table(value, place):
            return None
        self._only(value, place, {"order_status", "final", "entry_actions", "exit_actions", "transitions"})
        status = value.get("order_status")
        if status is not None and status not in list(OrderStatus):
            self._wrong(place, f"order_status {status!r} is none of {', '.join(OrderStatus)}")
            status = None
        transitions = value.get("transitions", {})
        if not isinstance(transitions, dict):
            self._wrong(place, "transitions must be a table")
            transitions = {}
        arrows = [self._transition(name, trigger, arrow) for trigger, arrow in transitions.items()]
        return State(
            name=name,
            order_status=OrderStatus(status) if status is not None else None,
            final=self._flag(value, "final", place),
            entry_actions=self._names(value, "entry_actions", place),
            exit_actions=self._names(value, "exit_actions", place),
            transitions=tuple(arrow for arrow in arrows if arrow is not None),
        )

    def _transition(self, state: WorkflowState, trigger: str, value: Any) -> Transition | None:
        place = f"state {state}, transition {trigger}"
        if trigger in {*SYSTEM_TRIGGERS, *BUILT_IN_TRIGGERS} or trigger.startswith(SKIP):
            self._wrong(place, "this trigger belongs to the system; choose another name")
        if not _NAME.fullmatch(trigger):
            self._wrong(place, "a trigger is written in letters, digits and underscores; choose another name")
        if not self._is_table(value, place):
            return None
        self._only(value, place, {"target", "when", "conditions", "actions", "skippable"})
        when = value.get("when")
        if when is not None and not isinstance(when, str):
            self._wrong(place, "`when` must be the name of one condition")
            when = None
        target = self._state_name(self._text(value, "target", place), place)
        conditions = self._names(value, "conditions", place)
        actions = self._names(value, "actions", place)
        skippable = self._flag(value, "skippable", place)
        return Transition(trigger, target, when, conditions, actions, skippable) if target is not None else None

    def _system(self, name: str, value: Any) -> SystemTrigger:
        place = f"system trigger {name}"
        if not self._is_table(value, place):
            return SystemTrigger((), ())
        self._only(value, place, {"conditions", "actions"})
        return SystemTrigger(self._names(value, "conditions", place), self._names(value, "actions", place))

    def _retry(self, action: str, value: Any) -> Retries | None:
        place = f"action {action}"
        if not self._is_table(value, place):
            return None
        before = len(self.mistakes)
        self._only(value, place, {"max_attempts", "backoff_strategy", "base_delay", "max_delay"})
        attempts, strategy, delay = (value.get(name) for name in ("max_attempts", "backoff_strategy", "base_delay"))
        if not _is_number(attempts, int) or not 1 <= attempts <= _MOST_ATTEMPTS:
            self._wrong(place, f"max_attempts must be a whole number from 1 to {_MOST_ATTEMPTS}")
        if strategy not in list(Backoff):
            self._wrong(place, f"backoff_strategy must be one of {', '.join(Backoff)}")
        if not _is_number(delay, int | float) or not 0 < delay <= _LONGEST_BASE_DELAY_SECONDS:
            self._wrong(place, f"base_delay must be seconds, more than 0 and at most {_LONGEST_BASE_DELAY_SECONDS}")
        longest = value.get("max_delay")
        if longest is not None and (not _is_number(longest, int | float) or not 0 < longest <= _LONGEST_DELAY_SECONDS):
            self._wrong(place, f"max_delay must be seconds, more than 0 and at most {_LONGEST_DELAY_SECONDS}")
        return Retries.read(value) if len(self.mistakes) == before else None

    def _state_name(self, name: str, place: str) -> WorkflowState | None:
        if not name:
            return None  # that it is missing has been said
        if name not in set(WorkflowState):
            self._wrong(place, f"{name!r} is no state; states are {', '.join(WorkflowState)}")
            return None
        return WorkflowState(name)

    def _table(self, value: dict[str, Any], name: str, *, optional: bool = False) -> dict[str, Any]:
        table = value.get(name)
        if table is None and optional:
            return {}
        if not isinstance(table, dict) or not (table or optional):
            self._wrong("the file", f"the table [{name}] is missing; add it")
            return {}
        return table

    def _is_table(self, value: Any, place: str) -> bool:
        if not isinstance(value, dict):
            self._wrong(place, "it must be a table")
        return isinstance(value, dict)

    def _text(self, value: dict[str, Any], name: str, place: str) -> str:
        text = value.get(name)
        if not isinstance(text, str) or not text:
            self._wrong(place, f"{name} is missing; give it a text")
            return ""
        return text

    def _number(self, value: dict[str, Any], name: str, place: str) -> int:
        number = value.get(name)
        if not _is_number(number, int) or number < 1:
            self._wrong(place, f"{name} is missing; give it a whole number from 1")
            return 0
        return int(number)

    def _flag(self, value: dict[str, Any], name: str, place: str) -> bool:
        flag = value.get(name, False)
        if not isinstance(flag, bool):
            self._wrong(place, f"{name} must be true or false")
            return False
        return flag

    def _names(self, value: dict[str, Any], name: str, place: str) -> tuple[str, ...]:
        names = value.get(name, [])
        if not isinstance(names, list) or not all(isinstance(each, str) for each in names):
            self._wrong(place, f"{name} must be a list of names")
            return ()
        return tuple(names)

    def _only(self, value: dict[str, Any], place: str, known: Collection[str]) -> None:
        for unknown in sorted(set(value) - set(known)):
            self._wrong(place, f"{unknown!r} is not known here; known are {', '.join(sorted(known))}")

    def _wrong(self, place: str, what: str) -> None:
        self.mistakes.append(Mistake(place, what))


def _is_number(value: Any, kind: Any) -> TypeGuard[Any]:
    return isinstance(value, kind) and not isinstance(value, bool)
