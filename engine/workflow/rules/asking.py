"""Rules asked about one order at one event, in order: who matches, what each does, who breaks.

The decision about an order and the dry run both ask here. A rule that breaks is left out for the rest of the batch; the order and the
other rules go on.
"""

from __future__ import annotations

import decimal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from engine.identifiers import UserId
from engine.workflow.rules.changes import Changes, perform
from engine.workflow.rules.events import RuleEvent
from engine.workflow.rules.expression import MOST_VISITS, BudgetExceeded, Meter, evaluate
from engine.workflow.rules.model import Rule, RuleSet
from engine.workflow.rules.names import Subject, Value, values_of


@dataclass(frozen=True, slots=True)
class Break:
    """A rule that broke, whose it is, and why."""

    rule: Rule
    owner: UserId
    why: str


@dataclass(slots=True)
class Bench:
    """What the rules of one batch have left of their budgets, and which of them broke."""

    meters: dict[UUID, Meter] = field(default_factory=dict)
    broken: dict[UUID, Break] = field(default_factory=dict)

    def meter(self, rule: Rule) -> Meter:
        """What this rule has left."""
        found = self.meters.get(rule.rule_id)
        if found is None:
            found = self.meters[rule.rule_id] = Meter()
        return found


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that matched, and in words what it did."""

    rule: Rule
    event: RuleEvent
    done: tuple[str, ...]


Judge = Callable[[Rule, Mapping[str, Value], Meter], bool]
"""Whether a rule's condition holds. Raises BudgetExceeded, ArithmeticError."""


def judge(rule: Rule, values: Mapping[str, Value], meter: Meter) -> bool:
    """The plain answer."""
    return bool(evaluate(rule.condition.tree, values, meter))


def ask(
    rules: RuleSet, event: RuleEvent, subject: Subject, changes: Changes, bench: Bench, judge: Judge = judge
) -> list[Match]:
    """Put an event to the rules that wait for it. What matches adds to `subject` and `changes`; what breaks goes to the bench."""
    listening = rules.listening(event)
    if not listening:
        return []
    matches: list[Match] = []
    values = values_of(subject, rules.names[event])
    for rule in listening:
        if rule.rule_id in bench.broken:
            continue
        try:
            holds = judge(rule, values, bench.meter(rule))
        except Exception as error:  # noqa: BLE001  # whatever it is, it is the rule's trouble and not the order's
            bench.broken[rule.rule_id] = Break(rule, rules.owner, _why(error))
            continue
        if not holds:
            continue
        done = tuple(perform(action, rule, subject, changes) for action in rule.actions)
        matches.append(Match(rule, event, done))
        if rule.stop:
            break
        values = values_of(subject, rules.names[event])
    return matches


def _why(error: Exception) -> str:
    match error:
        case BudgetExceeded():
            return (
                f"Its condition costs too much: more than {MOST_VISITS} steps for one order, or too many for a batch. "
                "Make it shorter, or two rules of it, and save it anew."
            )
        case decimal.DivisionByZero() | decimal.InvalidOperation() | ZeroDivisionError():
            return (
                "Its condition divides by zero, or reckons with a ship-by that is not there, for some order. "
                "Ask first, as in units > 0 and …, and save it anew."
            )
        case _:
            return f"Its condition broke ({type(error).__name__}). Write it differently, and save it anew."
