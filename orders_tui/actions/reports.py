"""What became of a change: the refused orders seen, written down; the rest done."""

from __future__ import annotations

from orders_tui.actions.action import Action, Group, Permission, Scope
from orders_tui.reach import needs_refused, needs_rest

ACTIONS: tuple[Action, ...] = (
    Action(
        "report.show",
        "o",
        "Show the refused orders in the table, marked",
        "show",
        Scope.REPORT,
        Group.VIEW,
        footer="show them",
        twin="batch show",
        disabled_reason=needs_refused,
    ),
    Action(
        "report.export",
        "x",
        "Write the refused orders and why to a file",
        "export",
        Scope.REPORT,
        Group.VIEW,
        footer="write to file",
        twin="batch show",
        disabled_reason=needs_refused,
    ),
    Action(
        "report.go_on",
        "c",
        "Go on with the orders that are left",
        "go_on",
        Scope.REPORT,
        Group.DO,
        footer="go on",
        permission=Permission.WORK,
        twin="batch continue",
        disabled_reason=needs_rest,
    ),
)
