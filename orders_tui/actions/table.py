"""The orders table: the cursor and the marks."""

from __future__ import annotations

from orders_tui.actions.action import Action, Group, Scope
from orders_tui.reach import needs_filter_view, needs_rows

ACTIONS: tuple[Action, ...] = (
    Action("table.down", "down,j", "Next order", "down", Scope.TABLE, Group.MOVE, disabled_reason=needs_rows),
    Action("table.up", "up,k", "Previous order", "up", Scope.TABLE, Group.MOVE, disabled_reason=needs_rows),
    Action("table.page_down", "pagedown,ctrl+f", "A page down", "page_down", Scope.TABLE, Group.MOVE),
    Action("table.page_up", "pageup,ctrl+b", "A page up", "page_up", Scope.TABLE, Group.MOVE),
    Action("table.first", "home,g", "First order", "first", Scope.TABLE, Group.MOVE),
    Action("table.last", "end,G", "Last order", "last", Scope.TABLE, Group.MOVE),
    Action(
        "table.mark",
        "space",
        "Mark the order, or take the mark off",
        "mark",
        Scope.TABLE,
        Group.MARK,
        footer="mark",
        disabled_reason=needs_rows,
    ),
    Action(
        "table.mark_down",
        "shift+down,J",
        "Mark and go down",
        "mark_down",
        Scope.TABLE,
        Group.MARK,
        disabled_reason=needs_rows,
    ),
    Action(
        "table.mark_up", "shift+up,K", "Mark and go up", "mark_up", Scope.TABLE, Group.MARK, disabled_reason=needs_rows
    ),
    Action(
        "table.range",
        "v",
        "Begin a range here; the cursor stretches it; v again ends it",
        "range",
        Scope.TABLE,
        Group.MARK,
        disabled_reason=needs_rows,
    ),
    Action(
        "table.mark_loaded",
        "a",
        "Mark every order read so far",
        "mark_loaded",
        Scope.TABLE,
        Group.MARK,
        disabled_reason=needs_rows,
    ),
    Action(
        "table.mark_matching",
        "A",
        "Mark all that match the filter",
        "mark_matching",
        Scope.TABLE,
        Group.MARK,
        disabled_reason=lambda now: needs_rows(now) or needs_filter_view(now),
    ),
    Action("table.invert", "i", "Turn the marks around", "invert", Scope.TABLE, Group.MARK, disabled_reason=needs_rows),
)
