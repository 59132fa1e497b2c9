"""Orders: what is listed, how it is sorted and narrowed."""

from __future__ import annotations

from orders_tui.actions.action import Action, Group, Scope
from orders_tui.reach import needs_filter_view, needs_marks, needs_rows

ACTIONS: tuple[Action, ...] = (
    Action(
        "orders.open",
        "enter",
        "Open the order",
        "open",
        Scope.ORDERS,
        Group.VIEW,
        footer="open",
        twin="orders show",
        disabled_reason=needs_rows,
    ),
    Action(
        "orders.back",
        "escape",
        "Back: close, unmark, clear the filter",
        "back",
        Scope.ORDERS,
        Group.VIEW,
        footer="back",
    ),
    Action(
        "orders.search",
        "slash",
        "Search as you type: id, SKU, tracking, name, product",
        "search",
        Scope.ORDERS,
        Group.VIEW,
        footer="search",
        disabled_reason=needs_filter_view,
    ),
    Action(
        "orders.statuses",
        "f",
        "Filter by status",
        "statuses",
        Scope.ORDERS,
        Group.VIEW,
        footer="filter",
        disabled_reason=needs_filter_view,
    ),
    Action(
        "orders.sort",
        "o",
        "Sort by: order date, ship-by, total, last change",
        "sort",
        Scope.ORDERS,
        Group.VIEW,
        footer="sort",
        disabled_reason=needs_filter_view,
    ),
    Action(
        "orders.reverse",
        "O",
        "Turn the sort around",
        "reverse",
        Scope.ORDERS,
        Group.VIEW,
        disabled_reason=needs_filter_view,
    ),
    Action(
        "orders.newest", "n", "Show what is new", "newest", Scope.ORDERS, Group.VIEW, disabled_reason=needs_filter_view
    ),
    Action(
        "orders.only_marked",
        "m",
        "Show only the marked, or all again",
        "only_marked",
        Scope.ORDERS,
        Group.MARK,
        disabled_reason=lambda now: needs_marks(now) if now.rows_move else "",
    ),
    Action("statuses.pending", "p", "Pending, on or off", "toggle_status", Scope.STATUSES, Group.VIEW, "pending"),
    Action("statuses.confirmed", "c", "Confirmed, on or off", "toggle_status", Scope.STATUSES, Group.VIEW, "confirmed"),
    Action(
        "statuses.processing", "r", "Processing, on or off", "toggle_status", Scope.STATUSES, Group.VIEW, "processing"
    ),
    Action("statuses.shipped", "s", "Shipped, on or off", "toggle_status", Scope.STATUSES, Group.VIEW, "shipped"),
    Action("statuses.delivered", "d", "Delivered, on or off", "toggle_status", Scope.STATUSES, Group.VIEW, "delivered"),
    Action("statuses.cancelled", "x", "Cancelled, on or off", "toggle_status", Scope.STATUSES, Group.VIEW, "cancelled"),
    Action("statuses.returned", "t", "Returned, on or off", "toggle_status", Scope.STATUSES, Group.VIEW, "returned"),
    Action("statuses.all", "0", "Every status", "all_statuses", Scope.STATUSES, Group.VIEW),
    Action(
        "statuses.done",
        "escape,enter,f",
        "Back to the table",
        "statuses_done",
        Scope.STATUSES,
        Group.VIEW,
        footer="done",
    ),
)
