"""A rule: when this happens, if that holds, do these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from engine.identifiers import UserId
from engine.workflow.rules.actions import Action, Workflow
from engine.workflow.rules.checking import Checked
from engine.workflow.rules.events import RuleEvent
from engine.workflow.rules.names import FROM_THE_ADDRESS

LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Draft:
    """A rule as somebody wrote it, checked and not yet stored. `enabled` None leaves the switch as it is."""

    name: str
    event: RuleEvent
    condition: Checked
    actions: tuple[Action, ...]
    stop: bool = False
    enabled: bool | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule ready to be asked. `changed_at` tells one version of it from the next."""

    rule_id: UUID
    name: str
    event: RuleEvent
    condition: Checked
    actions: tuple[Action, ...]
    stop: bool
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class RuleView:
    """A stored rule for people."""

    rule_id: UUID
    creator: str
    name: str
    position: int
    event: str
    condition: str
    actions: tuple[Mapping[str, Any], ...]
    does: str
    """The actions in words."""
    stop: bool
    enabled: bool
    error: str
    """Why it broke; empty while it works."""
    broke_at: datetime | None
    updated_at: datetime


class RuleSet:
    """The enabled rules of one creator, in order, by the event they wait for."""

    def __init__(self, owner: UserId, rules: Sequence[tuple[Rule, str]]) -> None:
        """Each rule with why it cannot be asked, empty when it can."""
        self.owner = owner
        self.unreadable = tuple((rule, why) for rule, why in rules if why)
        self._by_event: dict[RuleEvent, list[Rule]] = {}
        for rule, why in rules:
            if not why:
                self._by_event.setdefault(rule.event, []).append(rule)
        self.names = {
            event: frozenset(name for rule in listening for name in rule.condition.names)
            for event, listening in self._by_event.items()
        }
        """The names that the rules of an event use."""

    def listening(self, event: RuleEvent) -> Sequence[Rule]:
        """The rules that wait for this event, in order."""
        return self._by_event.get(event, ())

    @property
    def choose_workflow(self) -> bool:
        """Whether any of them chooses another workflow for an order that arrives."""
        return any(
            isinstance(action, Workflow)
            for rule in self._by_event.get(RuleEvent.CREATED, ())
            for action in rule.actions
        )

    @property
    def need_address(self) -> bool:
        """Whether any of them asks where the order goes."""
        return any(names & FROM_THE_ADDRESS for names in self.names.values())
