"""A workflow as data: its states, what leads from one to the next, and what happens on the way."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from engine.effects.kinds import Retries
from engine.words import OrderStatus, WorkflowState

SYSTEM_TRIGGERS = ("fail", "resume", "cancel")
"""Legal from any state that is not final; a file may say what they do."""

BUILT_IN_TRIGGERS = ("pause", "unpause", "stop")
"""What a person may do to any execution; no file says what they do."""

SKIP = "skip_"
"""Before a transition's trigger: the same transition, taken on a person's word."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One arrow: `trigger` leads to `target` when `when` and all `conditions` hold; `actions` run on it.

    A `skippable` one may be taken on a person's word although something a person may vouch for does not hold.
    """

    trigger: str
    target: WorkflowState
    when: str | None
    conditions: tuple[str, ...]
    actions: tuple[str, ...]
    skippable: bool = False


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
    """A workflow as its file says. `retries` has the `retry_config` of the actions that have one of their own."""

    name: str
    version: int
    initial: WorkflowState
    states: Mapping[WorkflowState, State]
    system: Mapping[str, SystemTrigger]
    retries: Mapping[str, Retries] = field(default_factory=dict)

    def names(self) -> Iterator[tuple[str, str, str]]:
        """Every condition and action that is named: its place, which of the two it is, and its name."""
        for state in self.states.values():
            place = f"state {state.name}"
            for name in (*state.entry_actions, *state.exit_actions):
                yield place, "action", name
            for arrow in state.transitions:
                here = f"{place}, transition {arrow.trigger}"
                for name in (*arrow.conditions, *([arrow.when] if arrow.when else [])):
                    yield here, "condition", name
                for name in arrow.actions:
                    yield here, "action", name
        for trigger, system in self.system.items():
            here = f"system trigger {trigger}"
            for name in system.conditions:
                yield here, "condition", name
            for name in system.actions:
                yield here, "action", name


class Edition(NamedTuple):
    """One version of a named workflow; `digest` is of its text, None where the database does not have it."""

    name: str
    version: int
    digest: bytes | None


def digest_of(text: str) -> bytes:
    """What tells two texts of a workflow apart."""
    return hashlib.sha256(text.encode()).digest()


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something wrong in a workflow file: where, and what with its mend."""

    place: str
    what: str

    def sentence(self, file: str) -> str:
        """As a person reads it."""
        return f"{file}, {self.place}: {self.what}."
