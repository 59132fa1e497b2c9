"""Rules as rows: the columns that make one, and the marks by which a batch knows whether it has read them before."""

from __future__ import annotations

from typing import Any

from engine.workflow.rules.actions import Action, ActionFlaw, describe, read_action
from engine.workflow.rules.checking import Checked, Flaw, check
from engine.workflow.rules.events import RuleEvent
from engine.workflow.rules.model import Rule, RuleView

RULE_COLUMNS = """r.id, r.user_id, r.name, r.event, r.condition, r.actions, r.stop, r.updated_at,
       r.id::text || ' ' || r.updated_at::text AS mark"""

MARKS = """(SELECT array_agg(r.id::text || ' ' || r.updated_at::text ORDER BY r.position, r.id) FROM rules r
        WHERE r.user_id = s.user_id AND r.enabled AND r.error IS NULL) AS rule_marks"""
"""A column for a statement over shops `s`: the marks of the owner's enabled rules, null without any. Index: rules_user_id_name_key."""

_NEVER = check("false")


def read_rule(row: Any) -> tuple[Rule, str]:
    """The rule of a row, and why it cannot be asked: an older program's rule may use what this one does not know. Empty when it can."""
    event, condition, error = RuleEvent.CREATED, _NEVER, ""
    actions: tuple[Action, ...] = ()
    try:
        event = RuleEvent(row["event"])
        condition, actions = _readable(row, event)
    except Flaw as flaw:
        error = flaw.at("if")
    except ActionFlaw as flaw:
        error = flaw.sentence
    except ValueError:
        error = f"There is no event {row['event']!r}; save the rule anew."
    return Rule(row["id"], row["name"], event, condition, actions, row["stop"], row["updated_at"]), error


def _readable(row: Any, event: RuleEvent) -> tuple[Checked, tuple[Action, ...]]:
    return check(row["condition"]), tuple(read_action(each, event) for each in row["actions"])


def view(row: Any) -> RuleView:
    """A row for people; it also needs `creator`, `position`, `enabled`, `error` and `broke_at`."""
    rule, error = read_rule(row)
    return RuleView(
        rule_id=rule.rule_id,
        creator=row["creator"],
        name=rule.name,
        position=row["position"],
        event=row["event"],
        condition=row["condition"],
        actions=tuple(row["actions"]),
        does="; ".join(describe(action) for action in rule.actions),
        stop=rule.stop,
        enabled=row["enabled"],
        error=row["error"] or error,
        broke_at=row["broke_at"],
        updated_at=rule.changed_at,
    )
