"""Running one action as its definition wants it run: with its `retry_config`, and with what it answers taken up."""

from __future__ import annotations

from collections.abc import Mapping

from engine.effects.kinds import Retries
from engine.words import ErrorClass
from engine.workflow.plan import OrderPlan
from engine.workflow.results import Action, ActionFailed, ActionResult

_LONGEST_CHAIN = 10
"""More `next_action`s than this run in a circle."""


def run_action(plan: OrderPlan, name: str, actions: Mapping[str, Action], retries: Mapping[str, Retries]) -> None:
    """Run the action and whatever it names as the next one. Raises ActionFailed when one of them says no."""
    if name in plan.passed_over:
        return
    for _ in range(_LONGEST_CHAIN):
        action = actions.get(name)
        if action is None:
            raise ActionFailed(name, _broken(f"There is no action {name} to go on with."))
        plan.retry = retries.get(name)
        try:
            result = action(plan)
        finally:
            plan.retry = None
        if result is None:
            return
        if not result.success:
            raise ActionFailed(name, result)
        if result.data:
            plan.data.setdefault(name, {}).update(result.data)
        plan.rest_seconds = max(plan.rest_seconds, result.delay)
        if not result.next_action:
            return
        name = result.next_action
    raise ActionFailed(name, _broken(f"Its actions name one another without end, {name} among them."))


def _broken(error: str) -> ActionResult:
    return ActionResult(success=False, error=error, error_class=ErrorClass.SYSTEM)
