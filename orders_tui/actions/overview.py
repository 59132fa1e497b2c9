"""Overview: the panels, and the orders behind a figure."""

from __future__ import annotations

from orders_tui.actions.action import Action, Group, Scope
from orders_tui.reach import needs_orders_behind

ACTIONS: tuple[Action, ...] = (
    Action(
        "overview.open",
        "enter",
        "Show the orders behind this figure",
        "open",
        Scope.OVERVIEW,
        Group.VIEW,
        footer="orders behind",
        disabled_reason=needs_orders_behind,
    ),
    Action("overview.next", "tab,right,l", "Next panel", "panel", Scope.OVERVIEW, Group.MOVE, "1", footer="next panel"),
    Action("overview.previous", "shift+tab,left,h", "Previous panel", "panel", Scope.OVERVIEW, Group.MOVE, "-1"),
)
