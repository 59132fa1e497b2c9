"""What a person may do to an execution itself, whatever its workflow: pause it, let it go on, stop it."""

from __future__ import annotations

from collections.abc import Callable

from engine.words import ExecutionStatus, FulfilmentStatus
from engine.workflow.actions import release_stock, void_effects, void_label
from engine.workflow.facts import OrderFacts
from engine.workflow.plan import OrderPlan


def is_running(order: OrderFacts) -> bool:
    """Whether the execution moves by itself."""
    return order.execution is ExecutionStatus.RUNNING


def is_paused_by_person(order: OrderFacts) -> bool:
    """Whether a person paused it; what TikTok fulfils is paused for ever and nobody's to resume."""
    return order.execution is ExecutionStatus.PAUSED and not order.fulfilled_by_tiktok


def is_ours(order: OrderFacts) -> bool:
    """Whether the order is worked here at all."""
    return not order.fulfilled_by_tiktok


def pause(plan: OrderPlan) -> None:
    """Nothing moves any more; what comes in is recorded all the same."""
    plan.order.execution = ExecutionStatus.PAUSED


def unpause(plan: OrderPlan) -> None:
    """It goes on where it was."""
    plan.order.execution = ExecutionStatus.RUNNING


def stop(plan: OrderPlan) -> None:
    """The order is worked no more: stock goes back, what has not left stays, labels are voided. The sale itself stands."""
    release_stock(plan)
    void_effects(plan)
    void_label(plan)
    plan.stopped = True
    plan.finalize = True
    plan.resolve_failure = "stopped"
    plan.item_status = FulfilmentStatus.PENDING
    plan.order.execution = ExecutionStatus.CANCELLED


CONDITIONS_OF: dict[str, Callable[[OrderFacts], bool]] = {
    "pause": is_running,
    "unpause": is_paused_by_person,
    "stop": is_ours,
}
ACTION_OF: dict[str, Callable[[OrderPlan], None]] = {"pause": pause, "unpause": unpause, "stop": stop}
