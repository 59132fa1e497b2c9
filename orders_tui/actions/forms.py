"""Forms, and closing the help."""

from __future__ import annotations

from orders_tui.actions.action import Action, Group, Scope

ACTIONS: tuple[Action, ...] = (
    Action("help.close", "escape,enter", "Close the help", "close", Scope.HELP, Group.VIEW, footer="close"),
    Action("help.down", "down", "A line down", "down", Scope.HELP, Group.MOVE),
    Action("help.up", "up", "A line up", "up", Scope.HELP, Group.MOVE),
    Action("help.page_down", "pagedown", "A page down", "page_down", Scope.HELP, Group.MOVE, footer="on"),
    Action("help.page_up", "pageup", "A page up", "page_up", Scope.HELP, Group.MOVE, footer="back"),
    Action("form.confirm", "enter", "Go on", "confirm", Scope.FORM, Group.DO, footer="go on"),
    Action("form.cancel", "escape", "Go back, changing nothing", "cancel", Scope.FORM, Group.DO, footer="back"),
)
