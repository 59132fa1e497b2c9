"""Pick and pack: a wave from its making to its end, a walk, a parcel, goods put back."""

from __future__ import annotations

from engine.database.connection import Database
from engine.identifiers import PackageId
from engine.orders.cancelling import cancel
from engine.orders.picking.confirming import confirm_scan
from engine.orders.picking.lines import Scope as Walk
from engine.orders.picking.waves import make_wave
from engine.words import CancelReason
from tests.engine.house import MIRA, House
from tests.engine.orders.picking.walking import INES, MUG_CODE, order, shelves
from tests.factories import Factory
from tests.orders_tui.console.parity.case import Case, Command, Scene
from tests.orders_tui.printing.papers import keep_label, pdf_label


async def a_shift(factory: Factory) -> None:
    """A wave of two orders, one that is free, one that is picked, two that were cancelled after it."""
    house = await House.open(factory.database)
    await house.stock("MUG-BLU", 20)
    await shelves(house)
    wave = [await order(house, "5771", "MUG-BLU", "BOWL-LG"), await order(house, "5772", "MUG-BLU", "BOWL-LG")]
    await make_wave(house.store, actor=MIRA, order_ids=wave)
    picked = [await order(house, number, "MUG-BLU") for number in ("5774", "5775", "5776")]
    await order(house, "5773", "MUG-BLU")
    await house.buy_labels()
    for order_id in picked:
        await confirm_scan(house.store, Walk(order_id=order_id), MUG_CODE, actor=INES)
    for package_id in await house.store.pool.fetch("SELECT id FROM packages ORDER BY id"):
        await house.store.pool.execute("DELETE FROM documents WHERE package_id = $1", package_id["id"])
        await keep_label(factory, PackageId(package_id["id"]), pdf_label("5771"))
    await cancel(house.store, picked[1:], because=CancelReason.OUT_OF_STOCK, actor=MIRA)


def _by_me(*words: str) -> Command:
    """A command that names the person at the keyboard."""

    async def command(database: Database) -> list[str]:
        me: str = await database.pool.fetchval("SELECT session_user::text")
        return [word.replace("ME", me) for word in words]

    return command


SCENES = (
    Scene(
        "a shift",
        (
            Case("go.pick", ("f5",), ("pick", "list"), shows="MAIN free"),
            Case(
                "pick.wave",
                ("f5", "n", "enter"),
                _by_me("pick", "wave", "--location", "MAIN", "--picker", "ME"),
                shows="Wave 2 has 1 orders",
            ),
            Case(
                "waves.give",
                ("f5", "home", "a", "ctrl+u", "type:Juno", "enter"),
                ("pick", "give", "2", "Juno"),
                shows="Juno",
            ),
            Case("waves.close", ("f5", "home", "x", "enter"), ("pick", "close", "2"), shows="Wave 2 is done"),
            Case("pick.print_list", ("f5", "home", "p"), ("print", "pick-list", "--wave", "1"), shows="1 pick list"),
            Case("pick.print_label", ("f5", "l"), ("print", "labels", "--wave", "1"), shows="2 labels kept in"),
            Case("pick.print_slip", ("f5", "L"), ("print", "packing-slip", "5771", "5772"), shows="2 packing slips"),
            Case("waves.open", ("f5", "home", "enter"), ("pick", "show", "1"), shows="A-10"),
            Case("walk.one", ("f5", "plus"), ("pick", "confirm", "1", "BOWL-LG", "--units", "1"), shows="1/2"),
            Case("walk.minus", ("f5", "minus"), ("pick", "undo", "1", "BOWL-LG"), shows="0/2"),
            Case("walk.take", ("f5", "t"), ("pick", "take", "1", "BOWL-LG"), shows="yours"),
            Case("walk.confirm", ("f5", "enter"), ("pick", "confirm", "1", "BOWL-LG"), shows="2/2"),
            Case("walk.undo", ("f5", "u"), ("pick", "undo", "1", "BOWL-LG", "--units", "0"), shows="0/2"),
            Case(
                "walk.short",
                ("f5", "s", "type:1", "enter"),
                ("pick", "short", "1", "BOWL-LG", "1"),
                shows="written off",
            ),
            Case("walk.orders", ("f5", "o"), shows="want BOWL-LG"),
            Case("pick.type", ("f5", "slash"), shows="SKU, barcode, order or label"),
            Case("pick.back", ("f5", "escape", "escape"), shows="open a wave with enter"),
            Case("pick.station", ("f5", "S"), shows="Which station is this?"),
            Case("pick.mode", ("f5", "tab"), shows="Scan an order, a label or a package"),
            Case(
                "parcel.pack",
                ("f5", "slash", "type:5774", "enter", "enter"),
                ("pick", "pack", "5774"),
                shows="is packed",
            ),
            Case("parcel.unpack", ("f5", "u"), ("pick", "unpack", "5774"), shows="unpacked again"),
            Case(
                "parcel.put_back",
                ("f5", "slash", "type:5775", "enter", "b", "enter"),
                ("pick", "put-back", "5775"),
                shows="1 of order 5775 are back.",
            ),
            Case("back.put_back", ("f5", "tab", "enter", "enter"), ("pick", "put-back", "5776"), shows="of order 5776"),
        ),
        a_shift,
    ),
)
