"""Activity: what was done here and elsewhere, and the bulk changes."""

from __future__ import annotations

from orders_tui.actions.action import Action, Group, Permission, Scope
from orders_tui.reach import (
    needs_bulk_change,
    needs_bulk_running,
    needs_bulk_stopped,
    needs_command,
    needs_order_behind,
)

ACTIONS: tuple[Action, ...] = (
    Action(
        "activity.next", "right,l", "Next part: this console, everybody, …", "part", Scope.ACTIVITY, Group.VIEW, "1",
        footer="parts",
    ),
    Action("activity.previous", "left,h", "Previous part", "part", Scope.ACTIVITY, Group.VIEW, "-1"),
    Action(
        "activity.open",
        "enter",
        "Show the order that this is about",
        "open",
        Scope.ACTIVITY,
        Group.VIEW,
        footer="order",
        disabled_reason=needs_order_behind,
    ),
    Action(
        "activity.filter",
        "slash",
        "Narrow what everybody did: who, what, order, since, and the program too",
        "filter",
        Scope.ACTIVITY,
        Group.VIEW,
        footer="filter",
    ),
    Action("activity.back", "escape", "Take the filter away; back to the newest", "back", Scope.ACTIVITY, Group.VIEW),
    Action(
        "activity.copy",
        "y",
        "Copy the command line that does the same",
        "copy",
        Scope.ACTIVITY,
        Group.DO,
        footer="copy command",
        disabled_reason=needs_command,
    ),
    Action(
        "activity.undo",
        "u",
        "Undo this bulk change, after a look at what that would do",
        "undo",
        Scope.ACTIVITY,
        Group.DO,
        footer="undo",
        permission=Permission.WORK,
        dangerous=True,
        twin="orders undo",
        disabled_reason=needs_bulk_change,
    ),
    Action(
        "activity.stop",
        "x",
        "Stop this bulk change after the orders under way",
        "stop",
        Scope.ACTIVITY,
        Group.DO,
        footer="stop",
        permission=Permission.WORK,
        twin="batch stop",
        disabled_reason=needs_bulk_running,
    ),
    Action(
        "activity.continue",
        "c",
        "Go on with a bulk change that was stopped or interrupted",
        "go_on",
        Scope.ACTIVITY,
        Group.DO,
        permission=Permission.WORK,
        twin="batch continue",
        disabled_reason=needs_bulk_stopped,
    ),
)  # fmt: skip
