"""What an action answers: the specification's ActionResult. Most answer nothing, which is success."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.effects.kinds import Retries
from engine.words import ErrorClass

if TYPE_CHECKING:
    from engine.workflow.plan import OrderPlan

CODE = "action_failed"

DEFAULT_RETRY = Retries(3, 2.0, 60.0, 1.5)
"""For an action whose workflow says nothing of it: the specification's `workflowActions`."""


@dataclass(frozen=True, slots=True)
class ActionResult:
    """How an action went.

    Not `success`: the transition does not happen. A `retryable` error is tried again as the action's `retry_config` says, any other
    fails the order with `error` as its cause. `next_action` runs another action in the same decision; `delay` is how many seconds the
    order then rests before anything happens to it by itself; `data` is kept with the step.
    """

    success: bool = True
    data: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    next_action: str = ""
    delay: float = 0.0
    retryable: bool = False
    error_class: ErrorClass = ErrorClass.BUSINESS
    code: str = CODE


Action = Callable[["OrderPlan"], ActionResult | None]


class ActionFailed(Exception):
    """An action said no: the transition it belongs to is taken back and leaves nothing behind."""

    def __init__(self, action: str, result: ActionResult) -> None:
        super().__init__(f"{action}: {result.error}")
        self.action = action
        self.result = result

    @property
    def sentence(self) -> str:
        """What went wrong, for a person."""
        return self.result.error or f"The action {self.action} failed."


def may_fail(action: Action) -> bool:
    """Whether the action may say no: one whose signature answers None cannot."""
    return getattr(action, "__annotations__", {}).get("return", ActionResult) not in {None, "None", type(None)}
