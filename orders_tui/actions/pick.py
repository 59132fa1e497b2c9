"""Pick and pack: waves, walks, the parcel in hand, goods to put back."""

from __future__ import annotations

from orders_tui.actions.action import Action, Group, Permission, Scope
from orders_tui.reach import (
    needs_goods,
    needs_packed,
    needs_paper,
    needs_parcel,
    needs_stop,
    needs_stop_left,
    needs_stop_picked,
    needs_wave,
)

_WORK = Permission.WORK

ACTIONS: tuple[Action, ...] = (
    Action(
        "waves.open", "enter", "Open the wave", "open_wave", Scope.WAVES, Group.VIEW,
        footer="open", twin="pick show", disabled_reason=needs_wave,
    ),
    Action(
        "waves.give", "a", "Say who picks the wave", "give", Scope.WAVES, Group.DO,
        footer="picker", permission=_WORK, twin="pick give", disabled_reason=needs_wave,
    ),
    Action(
        "waves.close", "x", "End the wave; what is not picked is free for another one", "close_wave", Scope.WAVES, Group.DO,
        footer="end", permission=_WORK, dangerous=True, twin="pick close", disabled_reason=needs_wave,
    ),
    Action(
        "walk.confirm", "enter", "Confirm all that is left of the line", "confirm_line", Scope.WALK, Group.DO,
        footer="confirm", permission=_WORK, twin="pick confirm", disabled_reason=needs_stop_left,
    ),
    Action(
        "walk.one", "plus,equals_sign", "Confirm one unit", "confirm_one", Scope.WALK, Group.DO,
        footer="one", permission=_WORK, twin="pick confirm", disabled_reason=needs_stop_left,
    ),
    Action(
        "walk.minus", "minus", "Take one confirmed unit back", "take_back", Scope.WALK, Group.DO, "1",
        footer="one back", permission=_WORK, twin="pick undo", disabled_reason=needs_stop_picked,
    ),
    Action(
        "walk.undo", "u", "Take back all that is confirmed of the line and not packed", "take_back", Scope.WALK, Group.DO, "0",
        footer="undo", permission=_WORK, twin="pick undo", disabled_reason=needs_stop_picked,
    ),
    Action(
        "walk.short", "s", "Short: fewer are there than are wanted", "short", Scope.WALK, Group.DO,
        footer="short", permission=_WORK, dangerous=True, twin="pick short", disabled_reason=needs_stop_left,
    ),
    Action(
        "walk.take", "t", "Take the line: the others see that you are at it", "take", Scope.WALK, Group.DO,
        footer="take", permission=_WORK, twin="pick take", disabled_reason=needs_stop_left,
    ),
    Action(
        "walk.orders", "o", "Show the orders of the line in the table", "show_orders", Scope.WALK, Group.VIEW,
        disabled_reason=needs_stop,
    ),
    Action(
        "parcel.pack", "enter", "The parcel is packed", "pack", Scope.PARCEL, Group.DO,
        footer="packed", permission=_WORK, twin="pick pack", disabled_reason=needs_parcel,
    ),
    Action(
        "parcel.unpack", "u", "Take back that it is packed", "unpack", Scope.PARCEL, Group.DO,
        footer="unpack", permission=_WORK, twin="pick unpack", disabled_reason=needs_packed,
    ),
    Action(
        "parcel.put_back", "b", "Its goods are back in their bins", "parcel_back", Scope.PARCEL, Group.DO,
        footer="put back", permission=_WORK, dangerous=True, twin="pick put-back", disabled_reason=needs_goods,
    ),
    Action(
        "back.put_back", "enter", "The order's goods are back in their bins", "goods_back", Scope.BACK, Group.DO,
        footer="put back", permission=_WORK, dangerous=True, twin="pick put-back", disabled_reason=needs_goods,
    ),
    Action(
        "pick.wave", "n", "New wave: what has to leave first", "new_wave", Scope.PICK, Group.DO,
        footer="new wave", permission=_WORK, twin="pick wave",
    ),
    Action("pick.mode", "tab", "Pick, pack, put back: the next one", "next_mode", Scope.PICK, Group.VIEW, footer="mode"),
    Action("pick.type", "slash", "Type a code instead of scanning it", "type_code", Scope.PICK, Group.DO, footer="type code"),
    Action(
        "pick.print_list", "p", "Print the pick list of the wave", "print_paper", Scope.PICK, Group.DO, "list",
        footer="list", permission=_WORK, twin="print pick-list", disabled_reason=needs_paper,
    ),
    Action(
        "pick.print_label", "l", "Print the labels of the wave by bin, or the label in hand again", "print_paper", Scope.PICK,
        Group.DO, "label", footer="labels", permission=_WORK, twin="print labels", disabled_reason=needs_paper,
    ),
    Action(
        "pick.print_slip", "L", "Print the packing slips of the wave, or of the parcel in hand", "print_paper", Scope.PICK,
        Group.DO, "slip", permission=_WORK, twin="print packing-slip", disabled_reason=needs_paper,
    ),
    Action("pick.station", "S", "Which station this console stands at", "station", Scope.PICK, Group.VIEW),
    Action("pick.back", "escape", "Back: lay the parcel aside, leave the walk", "back", Scope.PICK, Group.VIEW, footer="back"),
)  # fmt: skip
