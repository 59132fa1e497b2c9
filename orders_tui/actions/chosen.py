"""What is done to the chosen orders: the marked ones, all that match, or the one under the cursor."""

from __future__ import annotations

from collections.abc import Callable

from orders_tui.actions.action import Action, Group, Permission, Scope
from orders_tui.reach import Situation, needs_chosen, never


def _bulk(
    name: str,
    keys: str,
    text: str,
    argument: str,
    *,
    twin: str,
    footer: str = "",
    disabled_reason: Callable[[Situation], str] = needs_chosen,
) -> Action:
    return Action(
        f"orders.{name}",
        keys,
        text,
        "bulk",
        Scope.CHOSEN,
        Group.DO,
        argument=argument,
        footer=footer,
        permission=Permission.WORK,
        dangerous=True,
        twin=twin,
        disabled_reason=disabled_reason,
    )


ACTIONS: tuple[Action, ...] = (
    _bulk("status", "s", "Change the status of the marked orders", "status", twin="orders set-status", footer="status"),
    _bulk("retry", "r", "Retry the marked orders that failed", "retry", twin="orders retry", footer="retry"),
    _bulk("hold", "h", "Hold the marked orders, until a time or until released", "hold", twin="orders hold", footer="hold"),
    _bulk("release", "H", "Release the marked orders from their holds", "release", twin="orders release"),
    _bulk("tag", "t", "Tag the marked orders", "tag", twin="orders tag", footer="tag"),
    _bulk("untag", "T", "Take tags off the marked orders", "untag", twin="orders untag"),
    _bulk("assign", "w", "Hand the marked orders to somebody", "assign", twin="orders assign"),
    _bulk("assign_me", "W", "Take the marked orders yourself", "me", twin="orders assign"),
    _bulk("priority", "p", "Set the priority of the marked orders", "priority", twin="orders prioritise"),
    _bulk("cancel", "X", "Cancel the marked orders: stock and labels go back, TikTok is told", "cancel", twin="orders cancel"),
    _bulk("undo", "u", "Undo: your latest bulk change, or one before it", "undo", twin="orders undo", footer="undo", disabled_reason=never),
    Action("orders.copy", "y", "Copy the order number", "copy", Scope.CHOSEN, Group.DO, disabled_reason=needs_chosen),
    Action(
        "orders.copy_part", "Y", "Copy a part: tracking number, address, command, any cell", "copy_part",
        Scope.CHOSEN, Group.DO, disabled_reason=needs_chosen,
    ),
)  # fmt: skip
