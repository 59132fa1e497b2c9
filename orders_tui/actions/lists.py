"""Moving through a list of lines."""

from __future__ import annotations

from orders_tui.actions.action import Action, Group, Scope

ACTIONS: tuple[Action, ...] = (
    Action("list.down", "down,j", "Next line", "down", Scope.LIST, Group.MOVE),
    Action("list.up", "up,k", "Previous line", "up", Scope.LIST, Group.MOVE),
    Action("list.page_down", "pagedown", "A page down", "page_down", Scope.LIST, Group.MOVE),
    Action("list.page_up", "pageup", "A page up", "page_up", Scope.LIST, Group.MOVE),
    Action("list.first", "home,g", "First line", "first", Scope.LIST, Group.MOVE),
    Action("list.last", "end,G", "Last line", "last", Scope.LIST, Group.MOVE),
)
