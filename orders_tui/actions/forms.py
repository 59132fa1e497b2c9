"""Forms, and closing the help."""

from __future__ import annotations

from orders_tui.actions.action import Action, Group, Scope

ACTIONS: tuple[Action, ...] = (
    Action("help.close", "escape,enter", "Close the help", "close", Scope.HELP, Group.VIEW, footer="close"),
    Action("form.confirm", "enter", "Go on", "confirm", Scope.FORM, Group.DO, footer="go on"),
    Action("form.cancel", "escape", "Go back, changing nothing", "cancel", Scope.FORM, Group.DO, footer="back"),
)
