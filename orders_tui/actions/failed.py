"""Failed: the groups of failures, and mending them."""

from __future__ import annotations

from orders_tui.actions.action import Action, Group, Permission, Scope
from orders_tui.reach import may_mend, needs_failed_order, needs_group

ACTIONS: tuple[Action, ...] = (
    Action(
        "failed.open",
        "enter",
        "Open or close the group; on an order: show it",
        "open",
        Scope.FAILED,
        Group.VIEW,
        footer="open",
        disabled_reason=needs_group,
    ),
    Action(
        "failed.show",
        "o",
        "Show the group's orders in the table",
        "show",
        Scope.FAILED,
        Group.VIEW,
        footer="orders",
        disabled_reason=needs_group,
    ),
    Action(
        "failed.retry",
        "r",
        "Retry this order",
        "retry",
        Scope.FAILED,
        Group.DO,
        footer="retry",
        permission=Permission.WORK,
        dangerous=True,
        twin="orders retry",
        disabled_reason=needs_failed_order,
    ),
    Action(
        "failed.retry_group",
        "R",
        "Retry the whole group",
        "retry_group",
        Scope.FAILED,
        Group.DO,
        footer="retry group",
        permission=Permission.WORK,
        dangerous=True,
        twin="orders retry",
        disabled_reason=needs_group,
    ),
    Action(
        "failed.mend",
        "e",
        "Mend the cause, then retry: receive stock, weigh, correct the address",
        "mend",
        Scope.FAILED,
        Group.DO,
        footer="mend",
        permission=Permission.WORK,
        dangerous=True,
        twin="stock receive",
        disabled_reason=may_mend,
    ),
)
