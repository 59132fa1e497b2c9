"""Orders: the table, what narrows it, and what is done to the chosen orders."""

from __future__ import annotations

from datetime import timedelta

from engine.words import OrderStatus, WorkflowState
from tests.factories import NOON, Factory
from tests.orders_tui.console.parity.case import Case, Scene


async def a_table(factory: Factory) -> None:
    """ORD-5 is the newest; all wait for their payment but ORD-0, which is shipped."""
    shipped = OrderStatus.SHIPPED, WorkflowState.SHIPPED
    for number in range(6):
        status, state = shipped if number == 0 else (OrderStatus.PENDING, WorkflowState.NEW)
        await factory.order(
            number=f"ORD-{number}", status=status, state=state, ordered_at=NOON + timedelta(minutes=number)
        )


def _status(name: str, key: str) -> Case:
    return Case(f"statuses.{name}", ("f3", "f", key), shows=name)


SCENES = (
    Scene(
        "the cursor and the marks",
        (
            Case("table.down", ("f3", "j")),
            Case("table.up", ("f3", "down", "k")),
            Case("table.page_down", ("f3", "pagedown")),
            Case("table.page_up", ("f3", "pageup")),
            Case("table.last", ("f3", "G")),
            Case("table.first", ("f3", "end", "home")),
            Case("table.mark", ("f3", "space"), shows="1 marked"),
            Case("table.mark_down", ("f3", "shift+down", "J"), shows="3 marked"),
            Case("table.mark_up", ("f3", "end", "shift+up", "K"), shows="3 marked"),
            Case("table.range", ("f3", "v", "down", "down", "v"), shows="3 marked"),
            Case("table.mark_loaded", ("f3", "a"), shows="6 marked"),
            Case("table.mark_matching", ("f3", "A"), shows="6 all matching"),
            Case("table.invert", ("f3", "space", "i"), shows="5 "),
        ),
        a_table,
    ),
    Scene(
        "what is listed",
        (
            Case("orders.open", ("f3", "enter"), ("orders", "show", "ORD-5"), shows="Timeline"),
            Case("orders.back", ("f3", "enter", "escape"), shows="6 orders"),
            Case("orders.search", ("f3", "slash", "type:ORD-3"), shows="1 order "),
            Case("orders.statuses", ("f3", "f"), shows="p:pending"),
            Case("orders.sort", ("f3", "o"), shows="order"),
            Case("orders.reverse", ("f3", "O"), shows="↑"),
            Case("orders.newest", ("f3", "n"), shows="6 orders"),
            Case("orders.only_marked", ("f3", "space", "m"), shows="only marked"),
            *map(
                _status,
                ("pending", "confirmed", "processing", "shipped", "delivered", "cancelled", "returned"),
                "pcrsdxt",
            ),
            Case("statuses.all", ("f3", "f", "p", "0"), shows="6 orders"),
            Case("statuses.done", ("f3", "f", "enter"), shows="every status"),
        ),
        a_table,
    ),
    Scene(
        "doing",
        (
            Case("orders.copy", ("f3", "y"), shows="Copied ORD-5."),
            Case("orders.copy_part", ("f3", "Y", "down", "enter"), shows="Copied orders-tui orders show ORD-5."),
            Case(
                "orders.status",
                (
                    "f3",
                    "down",
                    "space",
                    "space",
                    "s",
                    "home",
                    *["down"] * 5,
                    "enter",
                    "type:sold out",
                    "enter",
                    "type:cancelled",
                    "enter",
                ),
                ("orders", "set-status", "ORD-4", "ORD-3", "cancelled", "--reason", "sold out"),
            ),
        ),
        a_table,
    ),
)
