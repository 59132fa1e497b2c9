"""Settings: what is in force, colours, keys, notices, places, checks."""

from __future__ import annotations

from orders_tui.actions.action import Action, Group, Permission, Scope
from orders_tui.reach import may_change_setting, needs_command

ACTIONS: tuple[Action, ...] = (
    Action(
        "settings.change",
        "enter",
        "Change this setting, keep these colours, give this action another key",
        "change",
        Scope.SETTINGS,
        Group.DO,
        footer="change",
        twin="config set",
        disabled_reason=may_change_setting,
    ),
    Action(
        "settings.reset",
        "backspace",
        "Bring the default back",
        "reset",
        Scope.SETTINGS,
        Group.DO,
        footer="default",
        twin="config unset",
        disabled_reason=may_change_setting,
    ),
    Action(
        "settings.next",
        "right,l",
        "Next part: colours, keys, notices, places, checks",
        "part",
        Scope.SETTINGS,
        Group.VIEW,
        "1",
        footer="parts",
    ),
    Action("settings.previous", "left,h", "Previous part", "part", Scope.SETTINGS, Group.VIEW, "-1"),
    Action(
        "settings.copy",
        "y",
        "Copy the command line that does the same",
        "copy",
        Scope.SETTINGS,
        Group.DO,
        disabled_reason=needs_command,
    ),
    Action(
        "settings.quiet_hours",
        "n",
        "Set your quiet hours, in which no notice is sent to you",
        "quiet_hours",
        Scope.SETTINGS,
        Group.DO,
        footer="quiet hours",
        permission=Permission.WORK,
        twin="notices quiet-hours set",
    ),
)
