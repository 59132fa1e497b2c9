"""Saved views: on the keys 1 to 9 everywhere; kept and forgotten on the Orders screen."""

from __future__ import annotations

from orders_tui.actions.action import Action, Group, Permission, Scope
from orders_tui.reach import needs_filter_view, needs_view

ACTIONS: tuple[Action, ...] = (
    *(
        Action(
            f"views.{key}", str(key), f"The saved view on {key}", "view", Scope.EVERYWHERE, Group.GO, argument=str(key)
        )
        for key in range(1, 10)
    ),
    Action(
        "views.list",
        "V",
        "Every saved view, to open one",
        "views",
        Scope.ORDERS,
        Group.VIEW,
        footer="views",
        twin="views list",
    ),
    Action(
        "views.save",
        "F",
        "Save filter, sort and columns as a view",
        "save_view",
        Scope.ORDERS,
        Group.DO,
        permission=Permission.WORK,
        twin="views save",
        disabled_reason=needs_filter_view,
    ),
    Action(
        "views.share",
        "ctrl+e",
        "Save filter, sort and columns as everybody's view",
        "share_view",
        Scope.ORDERS,
        Group.DO,
        permission=Permission.LEAD,
        twin="views save",
        disabled_reason=needs_filter_view,
    ),
    Action(
        "views.delete",
        "D",
        "Delete the saved view that is open",
        "delete_view",
        Scope.ORDERS,
        Group.DO,
        permission=Permission.WORK,
        twin="views delete",
        disabled_reason=needs_view,
    ),
)
