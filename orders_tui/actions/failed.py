"""Failed: the groups of failures, whose they are, and mending them."""

from __future__ import annotations

from orders_tui.actions.action import Action, Group, Permission, Scope
from orders_tui.reach import may_mend, needs_group


def _work(name: str, keys: str, text: str, *, twin: str, footer: str = "") -> Action:
    return Action(
        f"failed.{name}",
        keys,
        text,
        name,
        Scope.FAILED,
        Group.DO,
        footer=footer,
        permission=Permission.WORK,
        dangerous=True,
        twin=twin,
        disabled_reason=needs_group,
    )


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
        "failed.snoozed",
        "v",
        "Show what rests for a while too, or not",
        "snoozed",
        Scope.FAILED,
        Group.VIEW,
    ),
    Action(
        "failed.mend",
        "e",
        "Mend the cause, then retry: receive stock, weigh, map, declare, correct the address",
        "mend",
        Scope.FAILED,
        Group.DO,
        footer="mend",
        permission=Permission.WORK,
        dangerous=True,
        twin="stock receive",
        disabled_reason=may_mend,
    ),
    _work("retry_group", "R", "Retry the whole group", twin="failures retry-group", footer="retry group"),
    _work("take", "a", "Take it up: others see that you are at it", twin="failures acknowledge", footer="take up"),
    _work("give", "d", "Give it to somebody", twin="failures assign", footer="give"),
    _work("snooze", "z", "Let it rest until a time", twin="failures snooze", footer="snooze"),
    _work("wake", "Z", "Wake what rests", twin="failures wake"),
)
