"""What is done to the chosen orders: the marked ones, all that match, or the one under the cursor."""

from __future__ import annotations

from orders_tui.actions.action import Action, Group, Permission, Scope
from orders_tui.reach import needs_chosen, needs_rows

ACTIONS: tuple[Action, ...] = (
    Action(
        "orders.status",
        "s",
        "Change the status of the marked orders",
        "status",
        Scope.CHOSEN,
        Group.DO,
        footer="status",
        permission=Permission.WORK,
        dangerous=True,
        twin="orders set-status",
        disabled_reason=needs_chosen,
    ),
    Action(
        "orders.retry",
        "r",
        "Retry the marked orders that failed",
        "retry",
        Scope.CHOSEN,
        Group.DO,
        footer="retry",
        permission=Permission.WORK,
        dangerous=True,
        twin="orders retry",
        disabled_reason=needs_chosen,
    ),
    Action("orders.copy", "y", "Copy the order number", "copy", Scope.CHOSEN, Group.DO, disabled_reason=needs_rows),
)
