"""Paper for the chosen orders, what buyers send back, locations and stations."""

from __future__ import annotations

from orders_tui.actions.action import Action, Group, Permission, Scope
from orders_tui.reach import needs_chosen, needs_place


def _print(name: str, key: str, text: str, kind: str, *, footer: str = "", twin: str) -> Action:
    return Action(
        f"orders.{name}",
        key,
        text,
        "print",
        Scope.CHOSEN,
        Group.DO,
        argument=kind,
        footer=footer,
        permission=Permission.WORK,
        twin=twin,
        disabled_reason=needs_chosen,
    )


def _see(name: str, key: str, text: str, kind: str, *, twin: str) -> Action:
    return Action(
        f"orders.{name}",
        key,
        text,
        "see",
        Scope.CHOSEN,
        Group.VIEW,
        argument=kind,
        twin=twin,
        disabled_reason=needs_chosen,
    )


ACTIONS: tuple[Action, ...] = (
    _print("print_labels", "l", "Print the labels of the marked orders", "label", twin="print labels"),
    _print("print_slips", "L", "Print packing slips", "slip", twin="print packing-slip"),
    _print("print_list", "P", "Print a pick list, by bin", "list", twin="print pick-list"),
    _see("see_slips", "S", "See the packing slips on screen", "slip", twin="print packing-slip"),
    _see("see_list", "B", "See the pick list on screen", "list", twin="print pick-list"),
    Action(
        "orders.receive_return",
        "b",
        "Receive what came back of this order: restock or damaged",
        "receive_return",
        Scope.CHOSEN,
        Group.DO,
        permission=Permission.WORK,
        twin="orders receive-return",
        disabled_reason=needs_chosen,
    ),
    Action(
        "settings.change_place",
        "e",
        "Change this place: a location's cut-off and holidays, a station's printers",
        "change_place",
        Scope.SETTINGS,
        Group.DO,
        permission=Permission.LEAD,
        twin="location calendar",
        disabled_reason=needs_place,
    ),
    Action(
        "settings.add_station",
        "a",
        "Add a station with its printers",
        "add_station",
        Scope.SETTINGS,
        Group.DO,
        permission=Permission.LEAD,
        twin="station set",
    ),
    Action(
        "go.returns",
        "ctrl+g",
        "Returns: what is on its way back, and receiving it",
        "returns",
        Scope.EVERYWHERE,
        Group.GO,
        twin="orders returns",
    ),
    Action(
        "go.calendars",
        "ctrl+l",
        "Locations: cut-offs, working days, holidays",
        "calendars",
        Scope.EVERYWHERE,
        Group.GO,
        twin="location list",
    ),
)
