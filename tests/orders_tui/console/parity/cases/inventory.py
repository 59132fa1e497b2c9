"""Inventory: what is looked at, every booking, a product's movements, a count."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from engine.actors import Actor
from engine.database.connection import Database
from engine.identifiers import DEFAULT_LOCATION, new_id
from engine.inventory import aliases, counts, ledger
from engine.inventory.alarms import look_over
from engine.inventory.locations import put_location
from engine.words import ChangeSource, ExecutionStatus, OrderStatus, StockReason, WorkflowState
from tests.factories import BOWL, MUG, Factory
from tests.orders_tui.console.parity.case import Case, Scene

MIRA = Actor("mira", ChangeSource.USER)


async def shelves(factory: Factory) -> None:
    """A bowl that an order waits for, a mug with stock at two places, a movement of an order."""
    store = factory.database
    await factory.product(BOWL, on_hand=0)
    product_id = await factory.product(MUG, on_hand=12)
    await put_location(store, "ANNEX", name="Annex", address=None, actor=MIRA)
    await store.pool.execute("UPDATE products SET low_stock_at = 20 WHERE sku = 'MUG-BLU'")
    await look_over(store)
    order_id = await factory.order(
        number="ORD-1",
        status=OrderStatus.CONFIRMED,
        state=WorkflowState.VALIDATED,
        execution=ExecutionStatus.RUNNING,
        waiting_for="stock",
        lines=(BOWL,),
    )
    await store.pool.execute(
        "INSERT INTO stock_movements (id, product_id, location_id, kind, delta_reserved, order_id, idempotency_key, created_at)"
        " VALUES ($1, $2, $3, 'release', 0, $4, 'of an order', now() - interval '1 day')",
        new_id(),
        product_id,
        DEFAULT_LOCATION,
        order_id,
    )


async def a_loss(factory: Factory) -> None:
    await ledger.adjust(factory.database, "MUG-BLU", -1, reason=StockReason.LOST, actor=MIRA)


async def an_alias(factory: Factory) -> None:
    await aliases.map_sku(factory.database, "BOWL-OLD", "BOWL-LG", actor=MIRA)


def a_sheet(*, counted: bool, approved: bool = False) -> Callable[[Factory], Awaitable[None]]:
    """The only open sheet: the mugs."""

    async def prepare(factory: Factory) -> None:
        await factory.database.pool.execute(
            "UPDATE stock_counts SET state = 'dropped' WHERE state IN ('open', 'approved')"
        )
        sheet = await counts.open_count(factory.database, ["MUG-BLU"], actor=MIRA)
        if counted:
            await counts.enter_counted(factory.database, sheet.count_id, {"MUG-BLU": 3}, actor=MIRA)
        if approved:
            await counts.approve_count(factory.database, sheet.count_id, actor=MIRA)

    return prepare


def of_sheet(*words: str, after: Sequence[str] = ()) -> Callable[[Database], Awaitable[Sequence[str]]]:
    async def command(database: Database) -> Sequence[str]:
        found = await database.pool.fetchval("SELECT id FROM stock_counts WHERE state IN ('open', 'approved')")
        return [*words, str(found), *after]

    return command


async def newest_movement(database: Database) -> Sequence[str]:
    found = await database.pool.fetchval("SELECT id FROM stock_movements ORDER BY created_at DESC, id DESC LIMIT 1")
    return ["stock", "reverse", str(found)]


MAIN = ("--location", "MAIN")
HERE = ("f7", "escape", "escape", "escape")
"""The screen remembers its card, filter and search from one case to the next."""

SHEET = (*HERE, "c", "end", "enter")

SCENES = (
    Scene(
        "looking",
        (
            Case("go.inventory", HERE, ("stock", "list"), shows="2 lines by SKU"),
            Case("inventory.open", (*HERE, "enter"), ("product", "show", "BOWL-LG"), shows="Movements, newest first"),
            Case("inventory.back", (*HERE, "slash", "type:mug", "enter", "escape"), shows="2 lines"),
            Case("inventory.search", (*HERE, "slash", "type:mug"), ("stock", "list", "mug"), shows="Stoneware"),
            Case("inventory.narrow", (*HERE, "f", "end", "enter"), shows="waited for"),
            Case("inventory.waiting", (*HERE, "w"), shows="ORD-1"),
            Case("inventory.movements", (*HERE, "v"), ("stock", "movements", "BOWL-LG"), shows="movements of BOWL-LG"),
            Case("movements.back", (*HERE, "v", "escape"), shows="2 lines by SKU"),
            Case("movements.open", (*HERE, "down", "v", "end", "enter"), shows="ORD-1"),
            Case(
                "inventory.export",
                (*HERE, "E", "enter"),
                ("stock", "export", "list.csv"),
                shows="2 lines are in stock.csv.",
            ),
        ),
        shelves,
    ),
    Scene(
        "booking",
        (
            Case("inventory.receive", (*HERE, "r", "type:4", "enter"), ("stock", "receive", "BOWL-LG", "4", *MAIN)),
            Case(
                "inventory.adjust",
                (*HERE, "end", "a", "type:-2", "enter", "type:lost", "enter"),
                ("stock", "adjust", "MUG-BLU", "-2", "--reason", "lost", *MAIN),
            ),
            Case(
                "inventory.hold",
                (*HERE, "end", "h", "type:1", "enter", "type:damaged", "enter"),
                ("stock", "hold", "MUG-BLU", "1", "--reason", "damaged", *MAIN),
            ),
            Case("inventory.release", (*HERE, "end", "l", "enter"), ("stock", "release", "MUG-BLU", "1", *MAIN)),
            Case(
                "inventory.transfer",
                (*HERE, "home", "t", "type:3", "enter", "type:ANNEX", "enter"),
                ("stock", "transfer", "BOWL-LG", "3", "--from", "MAIN", "--to", "ANNEX"),
            ),
            Case("movements.reverse", (*HERE, "end", "v", "z", "enter"), newest_movement, prepare=a_loss),
            Case(
                "inventory.edit",
                (*HERE, "home", "e", "type:5", "enter"),
                ("product", "set", "BOWL-LG", "--weight", "4005"),
            ),
            Case(
                "inventory.map", (*HERE, "home", "m", "type:BOWL-XL", "enter"), ("product", "map", "BOWL-XL", "BOWL-LG")
            ),
            Case(
                "inventory.unmap",
                (*HERE, "home", "enter", "M", "type:BOWL-OLD", "enter"),
                ("product", "unmap", "BOWL-OLD"),
                prepare=an_alias,
            ),
            Case(
                "inventory.push",
                (*HERE, "p", "tab", "tab", "type:5", "enter"),
                ("stock", "push", "Alder Goods", "--on", "--buffer", "5"),
            ),
            Case("inventory.acknowledge", (*HERE, "end", "x"), ("stock", "acknowledge", "MUG-BLU")),
        ),
        shelves,
    ),
    Scene(
        "counting",
        (
            Case("inventory.count", (*HERE, "home", "c", "enter"), ("stock", "count", "open", "BOWL-LG", *MAIN)),
            Case(
                "counting.enter",
                (*SHEET, "enter", "type:7", "enter"),
                of_sheet("stock", "count", "enter", after=["MUG-BLU:7"]),
                prepare=a_sheet(counted=False),
            ),
            Case(
                "counting.recount",
                (*SHEET, "r"),
                of_sheet("stock", "count", "recount", after=["MUG-BLU"]),
                prepare=a_sheet(counted=True),
            ),
            Case(
                "counting.post",
                (*SHEET, "p", "enter"),
                of_sheet("stock", "count", "post"),
                prepare=a_sheet(counted=True, approved=True),
            ),
            Case("counting.back", (*SHEET, "escape"), prepare=a_sheet(counted=True), shows="lines by SKU"),
            Case(
                "counting.drop",
                (*SHEET, "D", "enter"),
                of_sheet("stock", "count", "drop"),
                prepare=a_sheet(counted=True),
            ),
        ),
        shelves,
    ),
)
