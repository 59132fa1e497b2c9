"""What is done to the chosen orders: the marked ones, all that match, or the one under the cursor."""

from __future__ import annotations

import functools
from collections.abc import Callable

from orders_tui.actions.action import Action, Group, Permission, Scope
from orders_tui.reach import Situation, needs_chosen, needs_one, needs_several, never


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


def _task(
    name: str,
    keys: str,
    text: str,
    argument: str,
    *,
    twin: str = "",
    scope: Scope = Scope.CHOSEN,
    permission: Permission = Permission.WORK,
    disabled_reason: Callable[[Situation], str] = needs_chosen,
) -> Action:
    return Action(
        f"orders.{name}",
        keys,
        text,
        "task",
        scope,
        Group.DO,
        argument=argument,
        permission=permission,
        dangerous=permission is not Permission.LOOK,
        twin=twin,
        disabled_reason=disabled_reason,
    )


_menu = functools.partial(_task, scope=Scope.MENU)
_one = functools.partial(_menu, disabled_reason=needs_one)


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
    _task("note", "N", "Write a note, which may have to be acknowledged", "note", twin="orders note"),
    _task("skip", "x", "Skip the step that failed or is waited for, with a reason", "skip", twin="orders skip"),
    Action(
        "orders.menu", "full_stop", "What can be done with these orders, and why not", "menu", Scope.CHOSEN, Group.DO,
        footer="more", disabled_reason=needs_chosen,
    ),
    _menu("acknowledge", "a", "Acknowledge the notes that stop it", "acknowledge", twin="orders acknowledge"),
    _one("answer_cancellation", "A", "Answer the buyer who asks to cancel", "answer_cancellation", twin="orders answer-cancellation"),
    _one("answer_return", "R", "Answer the buyer's return", "answer_return", twin="orders answer-return"),
    _one("correct_address", "e", "Correct the address, before its label is bought", "correct_address", twin="orders correct-address"),
    _one("split", "d", "Divide it into two parcels, or ship what is there", "split", twin="orders split"),
    _menu("combine", "c", "Combine orders of one buyer in one parcel", "combine", twin="orders combine", disabled_reason=needs_several),
    _one("uncombine", "C", "Take its combined parcel apart", "uncombine", twin="orders uncombine"),
    _menu("hand_over", "o", "Hand its parcels over to the carrier", "hand_over", twin="orders hand-over"),
    _one("void_label", "v", "Void its label, and buy another if you wish", "void_label", twin="orders void-label"),
    _one("buy_label", "M", "Buy a label after one was voided", "buy_label", twin="orders buy-label"),
    _menu("pause", "z", "Pause its workflow", "pause", twin="workflow pause"),
    _menu("resume", "Z", "Resume its paused workflow", "resume", twin="workflow resume"),
    _menu("trigger", "F", "Start a workflow, or the running one anew", "trigger", twin="workflow trigger"),
)  # fmt: skip
