"""Every action of the console, once: its keys, its words, where it holds and why it may be out of reach.

Key bindings, the line of keys, the help screen and the command palette are read from `ACTIONS`; `twin` names the same
thing on the command line. An action runs as the method `do_<method>` of whoever receives its scope on the screen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from orders_tui.reach import (
    Situation,
    may_change,
    may_mend,
    may_retry_group,
    may_retry_one,
    needs_filter_view,
    needs_group,
    needs_marks,
    needs_rows,
    never,
)


class Scope(StrEnum):
    """Where an action's keys hold; the value is the heading people read."""

    EVERYWHERE = "Everywhere"
    TRIAGE = "Triage"
    ORDERS = "Orders"
    TABLE = "Orders: cursor and marks"
    STATUSES = "Orders: status filter"
    FAILED = "Failed"
    LIST = "Lists"
    HELP = "Help"
    FORM = "Forms"


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a person can do. `keys` is comma-separated; `footer` is empty where the line of keys stays silent."""

    id: str
    keys: str
    text: str
    method: str
    scope: Scope
    group: str
    argument: str = ""
    """What the method is called with, when one method serves several actions."""
    footer: str = ""
    dangerous: bool = False
    twin: str = ""
    """The command that does the same on the command line, without the program's name."""
    priority: bool = False
    """Works even over a form and in a text field."""
    disabled_reason: Callable[[Situation], str] = never
    """Empty when the action may run now, else one sentence why not."""


_MOVE, _MARK, _VIEW, _DO, _GO, _PROGRAM = "Move", "Mark", "View", "Do", "Go to", "Program"

ACTIONS: tuple[Action, ...] = (
    Action(
        "go.triage", "1", "Triage: the piles that need a person", "go_triage", Scope.EVERYWHERE, _GO, footer="triage"
    ),
    Action(
        "go.orders",
        "2",
        "Orders: the live table",
        "go_orders",
        Scope.EVERYWHERE,
        _GO,
        footer="orders",
        twin="orders list",
    ),
    Action(
        "go.failed", "3", "Failed: what stopped, grouped by cause", "go_failed", Scope.EVERYWHERE, _GO, footer="failed"
    ),
    Action("go.help", "question_mark,f1", "Help: every key", "go_help", Scope.EVERYWHERE, _GO, footer="keys"),
    Action("app.palette", "ctrl+p,colon", "Find an action by name", "palette", Scope.EVERYWHERE, _PROGRAM),
    Action("app.theme", "ctrl+t", "Next colours: dark, light, high contrast", "theme", Scope.EVERYWHERE, _PROGRAM),
    Action("app.refresh", "ctrl+r", "Read again now", "refresh", Scope.EVERYWHERE, _PROGRAM),
    Action("app.quit", "q", "Quit (press twice)", "quit", Scope.EVERYWHERE, _PROGRAM, footer="quit"),
    Action("app.leave", "ctrl+q", "Quit at once", "leave", Scope.EVERYWHERE, _PROGRAM, priority=True),
    Action(
        "triage.open", "enter", "Open the pile as a list of orders", "open", Scope.TRIAGE, _VIEW, footer="open pile"
    ),
    Action("table.down", "down,j", "Next order", "down", Scope.TABLE, _MOVE, disabled_reason=needs_rows),
    Action("table.up", "up,k", "Previous order", "up", Scope.TABLE, _MOVE, disabled_reason=needs_rows),
    Action("table.page_down", "pagedown,ctrl+f", "A page down", "page_down", Scope.TABLE, _MOVE),
    Action("table.page_up", "pageup,ctrl+b", "A page up", "page_up", Scope.TABLE, _MOVE),
    Action("table.first", "home,g", "First order", "first", Scope.TABLE, _MOVE),
    Action("table.last", "end,G", "Last order", "last", Scope.TABLE, _MOVE),
    Action(
        "table.mark",
        "space",
        "Mark the order, or take the mark off",
        "mark",
        Scope.TABLE,
        _MARK,
        footer="mark",
        disabled_reason=needs_rows,
    ),
    Action(
        "table.mark_down",
        "shift+down,J",
        "Mark and go down",
        "mark_down",
        Scope.TABLE,
        _MARK,
        disabled_reason=needs_rows,
    ),
    Action("table.mark_up", "shift+up,K", "Mark and go up", "mark_up", Scope.TABLE, _MARK, disabled_reason=needs_rows),
    Action(
        "table.range",
        "v",
        "Begin a range here; the cursor stretches it; v again ends it",
        "range",
        Scope.TABLE,
        _MARK,
        disabled_reason=needs_rows,
    ),
    Action(
        "table.mark_loaded",
        "a",
        "Mark every order read so far",
        "mark_loaded",
        Scope.TABLE,
        _MARK,
        disabled_reason=needs_rows,
    ),
    Action(
        "table.mark_matching",
        "A",
        "Mark all that match the filter",
        "mark_matching",
        Scope.TABLE,
        _MARK,
        disabled_reason=lambda now: needs_rows(now) or needs_filter_view(now),
    ),
    Action("table.invert", "i", "Turn the marks around", "invert", Scope.TABLE, _MARK, disabled_reason=needs_rows),
    Action(
        "orders.open",
        "enter",
        "Open the order",
        "open",
        Scope.ORDERS,
        _VIEW,
        footer="open",
        twin="orders show",
        disabled_reason=needs_rows,
    ),
    Action(
        "orders.back", "escape", "Back: close, unmark, clear the filter", "back", Scope.ORDERS, _VIEW, footer="back"
    ),
    Action(
        "orders.search",
        "slash",
        "Search as you type: id, SKU, tracking, name, product",
        "search",
        Scope.ORDERS,
        _VIEW,
        footer="search",
        disabled_reason=needs_filter_view,
    ),
    Action(
        "orders.statuses",
        "f",
        "Filter by status",
        "statuses",
        Scope.ORDERS,
        _VIEW,
        footer="filter",
        disabled_reason=needs_filter_view,
    ),
    Action(
        "orders.sort",
        "o",
        "Sort by: order date, ship-by, total, last change",
        "sort",
        Scope.ORDERS,
        _VIEW,
        footer="sort",
        disabled_reason=needs_filter_view,
    ),
    Action(
        "orders.reverse",
        "O",
        "Turn the sort around",
        "reverse",
        Scope.ORDERS,
        _VIEW,
        disabled_reason=needs_filter_view,
    ),
    Action("orders.newest", "n", "Show what is new", "newest", Scope.ORDERS, _VIEW, disabled_reason=needs_filter_view),
    Action(
        "orders.only_marked",
        "m",
        "Show only the marked, or all again",
        "only_marked",
        Scope.ORDERS,
        _MARK,
        disabled_reason=lambda now: needs_marks(now) if now.rows_move else "",
    ),
    Action(
        "orders.status",
        "s",
        "Change the status of the marked orders",
        "status",
        Scope.ORDERS,
        _DO,
        footer="status",
        dangerous=True,
        twin="orders set-status",
        disabled_reason=may_change,
    ),
    Action(
        "orders.retry",
        "r",
        "Retry the marked orders that failed",
        "retry",
        Scope.ORDERS,
        _DO,
        footer="retry",
        dangerous=True,
        twin="orders retry",
        disabled_reason=may_change,
    ),
    Action("orders.copy", "y", "Copy the order number", "copy", Scope.ORDERS, _DO, disabled_reason=needs_rows),
    Action("statuses.pending", "p", "Pending, on or off", "toggle_status", Scope.STATUSES, _VIEW, "pending"),
    Action("statuses.confirmed", "c", "Confirmed, on or off", "toggle_status", Scope.STATUSES, _VIEW, "confirmed"),
    Action("statuses.processing", "r", "Processing, on or off", "toggle_status", Scope.STATUSES, _VIEW, "processing"),
    Action("statuses.shipped", "s", "Shipped, on or off", "toggle_status", Scope.STATUSES, _VIEW, "shipped"),
    Action("statuses.delivered", "d", "Delivered, on or off", "toggle_status", Scope.STATUSES, _VIEW, "delivered"),
    Action("statuses.cancelled", "x", "Cancelled, on or off", "toggle_status", Scope.STATUSES, _VIEW, "cancelled"),
    Action("statuses.returned", "t", "Returned, on or off", "toggle_status", Scope.STATUSES, _VIEW, "returned"),
    Action("statuses.all", "0", "Every status", "all_statuses", Scope.STATUSES, _VIEW),
    Action(
        "statuses.done", "escape,enter,f", "Back to the table", "statuses_done", Scope.STATUSES, _VIEW, footer="done"
    ),
    Action(
        "failed.open",
        "enter",
        "Open or close the group; on an order: show it",
        "open",
        Scope.FAILED,
        _VIEW,
        footer="open",
        disabled_reason=needs_group,
    ),
    Action(
        "failed.show",
        "o",
        "Show the group's orders in the table",
        "show",
        Scope.FAILED,
        _VIEW,
        footer="orders",
        disabled_reason=needs_group,
    ),
    Action(
        "failed.retry",
        "r",
        "Retry this order",
        "retry",
        Scope.FAILED,
        _DO,
        footer="retry",
        dangerous=True,
        twin="orders retry",
        disabled_reason=may_retry_one,
    ),
    Action(
        "failed.retry_group",
        "R",
        "Retry the whole group",
        "retry_group",
        Scope.FAILED,
        _DO,
        footer="retry group",
        dangerous=True,
        twin="orders retry",
        disabled_reason=may_retry_group,
    ),
    Action(
        "failed.mend",
        "e",
        "Mend the cause, then retry: receive stock, weigh, correct the address",
        "mend",
        Scope.FAILED,
        _DO,
        footer="mend",
        dangerous=True,
        twin="stock receive",
        disabled_reason=may_mend,
    ),
    Action("list.down", "down,j", "Next line", "down", Scope.LIST, _MOVE),
    Action("list.up", "up,k", "Previous line", "up", Scope.LIST, _MOVE),
    Action("list.page_down", "pagedown", "A page down", "page_down", Scope.LIST, _MOVE),
    Action("list.page_up", "pageup", "A page up", "page_up", Scope.LIST, _MOVE),
    Action("list.first", "home,g", "First line", "first", Scope.LIST, _MOVE),
    Action("list.last", "end,G", "Last line", "last", Scope.LIST, _MOVE),
    Action("help.close", "escape,enter", "Close the help", "close", Scope.HELP, _VIEW, footer="close"),
    Action("form.confirm", "enter", "Go on", "confirm", Scope.FORM, _DO, footer="go on"),
    Action("form.cancel", "escape", "Go back, changing nothing", "cancel", Scope.FORM, _DO, footer="back"),
)

BY_ID = {action.id: action for action in ACTIONS}


def actions_of(*scopes: Scope) -> tuple[Action, ...]:
    """The actions whose keys hold in any of these scopes, in the registry's order."""
    return tuple(action for action in ACTIONS if action.scope in scopes)


def check_keymap(keymap: dict[str, str]) -> list[str]:
    """One sentence for each thing wrong with a person's own keys; empty when all is well."""
    complaints = [
        f"There is no action {name!r} to give the key {keys!r}; the help screen lists every action's name."
        for name, keys in keymap.items()
        if name not in BY_ID
    ]
    taken: dict[tuple[Scope, str], str] = {}
    for action in ACTIONS:
        for key in keymap.get(action.id, action.keys).split(","):
            other = taken.setdefault((action.scope, key.strip()), action.id)
            if other != action.id:
                complaints.append(
                    f"The key {key.strip()!r} is given to both {other} and {action.id}; change one of them."
                )
    return complaints
