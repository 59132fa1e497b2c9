"""Paper of the chosen orders, returns, calendars."""

from __future__ import annotations

from engine.orders.parcels.returns import apply_returns
from engine.ports.facts import ReturnedUnit, ReturnFact
from engine.words import OrderStatus, WorkflowState
from tests.factories import NOON, Factory
from tests.orders_tui.console.parity.case import Case, Scene
from tests.orders_tui.printing.papers import keep_label, pdf_label, to_pick


async def labelled_orders(factory: Factory) -> None:
    for number, bin_code in (("ORD-1", "A-1"), ("ORD-2", "B-2")):
        order_id = await factory.order(number=number, ordered_at=NOON)
        await to_pick(factory, order_id, bin_code)
        await keep_label(factory, await factory.package(order_id, f"94-{number}"), pdf_label(number))


async def a_return(factory: Factory) -> None:
    await factory.product(on_hand=1)
    await factory.order(number="ORD-1", status=OrderStatus.DELIVERED, state=WorkflowState.SHIPPED)
    about = ("RET-1", "ORD-1", "RETURN_AND_REFUND", "BUYER_SHIPPED_ITEM")
    await apply_returns(factory.database, [ReturnFact(*about, NOON, lines=(ReturnedUnit("1", "MUG-BLU"),))])


BOTH = ("ORD-1", "ORD-2")

SCENES = (
    Scene(
        "paper",
        (
            Case("orders.see_slips", ("f3", "S"), ("print", "packing-slip", "ORD-2", "--show"), shows="Port Alder"),
            Case(
                "orders.see_list", ("f3", "A", "B"), ("print", "pick-list", *BOTH, "--show"), shows="2 lines, 2 units"
            ),
            Case(
                "orders.print_labels", ("f3", "A", "l", "enter"), ("print", "labels", *BOTH), shows="2 labels kept in"
            ),
            Case(
                "orders.print_slips", ("f3", "A", "O", "L", "enter"), ("print", "packing-slip", *BOTH), shows="2 pack"
            ),
            Case(
                "orders.print_list",
                ("f3", "A", "P", "enter"),
                ("print", "pick-list", *reversed(BOTH)),
                shows="1 pick list",
            ),
            Case("go.calendars", ("ctrl+l",), ("location", "list"), shows="no calendar"),
        ),
        labelled_orders,
    ),
    Scene(
        "places",
        (
            Case(
                "settings.change_place",
                ("f10", *["right"] * 4, "e", "type:15:00", "enter"),
                ("location", "calendar", "MAIN", "--cut-off", "15:00", "--days", "mon-fri", "--timezone", "UTC"),
                shows="MAIN: cut-off 15:00",
            ),
            Case(
                "settings.add_station",
                ("f10", "a", "type:pack-2", "enter"),
                ("station", "set", "PACK-2", "--location", "MAIN"),
                shows="Station PACK-2 is kept.",
            ),
        ),
    ),
    Scene(
        "returns",
        (
            Case("go.returns", ("ctrl+g",), ("orders", "returns"), shows="buyer shipped item"),
            Case(
                "orders.receive_return",
                ("f3", "b", "type:1", "enter"),
                ("orders", "receive-return", "RET-1", "--restocked", "MUG-BLU=1"),
                shows="1 restocked, 0 damaged",
            ),
        ),
        a_return,
    ),
)
