"""Pick and pack on the screen: a wave is walked and scanned, alarms stay, parcels are packed or stopped, goods go back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from textual.pilot import Pilot

from engine.database.connection import Database
from engine.orders.cancelling import cancel
from engine.orders.picking.confirming import confirm_scan
from engine.orders.picking.lines import Scope as Walk
from engine.words import CancelReason
from orders_tui.console import OrdersApp
from orders_tui.messages import Scanned
from orders_tui.modals.mend import Mend
from orders_tui.picking.floor import named
from orders_tui.picking.lists import WalkList
from orders_tui.picking.verdict import Mood
from orders_tui.screens.pick import PickScreen
from tests.engine.facts import NOON
from tests.engine.house import MIRA, House
from tests.engine.orders.picking.walking import BOWL_CODE, INES, MUG_CODE, items, order, shelves
from tests.orders_tui.console.conftest import Watch
from tests.orders_tui.console.driving import MEDIUM, SMALL, press, settle, text, write


@pytest.fixture
async def house(opened: Database) -> House:
    house = await House.open(opened)
    await house.stock("MUG-BLU", 10)
    await shelves(house)
    return house


def floor(app: OrdersApp) -> PickScreen:
    assert isinstance(app.screen, PickScreen)
    return app.screen


async def scan(pilot: Pilot[int], code: str) -> tuple[Mood, str]:
    """A scanner sends a code; how the big line answers."""
    screen = floor(pilot.app)  # type: ignore[arg-type]
    screen.post_message(Scanned(code))
    await settle(pilot)
    return screen.verdict.mood, screen.verdict.last


async def form(pilot: Pilot[int], key: str) -> None:
    await pilot.press(key)
    await pilot.pause(0.1)
    await settle(pilot)
    assert isinstance(pilot.app.screen, Mend)


def test_the_big_line_names_a_few_orders_and_counts_the_rest() -> None:
    assert [named(["5771"]), named(["5771", "5772"]), named(["5771", "5772", "5773"])] == [
        "5771",
        "5771, 5772",
        "5771 and 2 more",
    ]


async def test_a_wave_is_made_walked_and_scanned(new_app: Callable[..., OrdersApp], house: House, watch: Watch) -> None:
    first = await order(house, "5771", "MUG-BLU", "BOWL-LG", ship_by=NOON + timedelta(hours=9))
    await order(house, "5772", "MUG-BLU", "MUG-BLU", ship_by=NOON + timedelta(hours=5))
    await house.buy_labels()
    app = new_app()
    async with app.run_test(size=MEDIUM, notifications=True) as pilot:
        await press(pilot, "f5")
        screen = floor(app)
        assert "MAIN free" in text(app)
        assert screen.verdict.next == "n makes a wave of what has to leave first"
        assert "No wave yet: n makes one of" in text(app)
        assert "n new wave" in text(app)
        await press(pilot, "enter")
        assert [notice.message for notice in app._notifications] == [
            "Put the cursor on a wave that is not done; n makes a new one."
        ]
        await form(pilot, "n")
        await press(pilot, "enter")
        assert screen.verdict.last.endswith("has 2 orders, 4 units.")
        await press(pilot, "enter")
        assert [(line.bin, line.sku) for line in screen.floor.stops.values()] == [
            ("A-2", "BOWL-LG"),
            ("A-10", "MUG-BLU"),
        ]
        assert screen.verdict.next == "A-2   BOWL-LG   The BOWL-LG   1 to pick"

        # A right scan, a wrong one whose alarm stays, and the next right one.
        mood, said = await scan(pilot, MUG_CODE)
        assert (mood, said) == (Mood.GOOD, "MUG-BLU  1 for 5772, 2 of it left.")
        assert screen.stop is not None
        assert screen.stop.sku == "MUG-BLU", "the cursor stands where one picks"
        mood, said = await scan(pilot, "4711")
        assert (mood, said) == (Mood.ALARM, "'4711' is no SKU and no barcode that is known here: put it aside and ask.")
        await press(pilot, "up", "down")
        watch.move(5)
        await app.tick()
        assert "STOP" in text(app)
        assert screen.verdict.mood is Mood.ALARM
        mood, said = await scan(pilot, MUG_CODE)
        assert mood is Mood.GOOD
        assert said.endswith("Order 5772 is picked whole.")

        # Without a scanner: one unit by key and back, the whole line, a code that is typed.
        await press(pilot, "plus")
        assert screen.verdict.last == "MUG-BLU  1 for 5771, 1 left in all."
        await press(pilot, "minus")
        assert "1 taken back from 5771: back into A-10." in screen.verdict.last
        mug = screen.stop.product_id
        screen.do_confirm_line()
        screen.query_one(WalkList).highlighted = 0
        await settle(pilot)
        assert screen.verdict.last == "MUG-BLU  1 for 5771, 1 left in all."
        assert screen.floor.stops[str(mug)].left == 0
        assert screen.stop.sku == "BOWL-LG", "who went on meanwhile is not called back"
        await press(pilot, "slash")
        await write(pilot, "q-bowl")
        await press(pilot, "escape")
        await press(pilot, "slash")
        await write(pilot, "bowl-lg")
        await press(pilot, "enter")
        assert screen.verdict.last == "BOWL-LG  1 for 5771, 0 left in all.  Order 5771 is picked whole."
        assert screen.verdict.next == "all of it is picked; tab goes on to packing"
        assert await items(house, first) == [("BOWL-LG", "picked"), ("MUG-BLU", "picked")]
        assert [deed.command.split()[2] for deed in app.session.deeds.newest_first()] == [
            "scan", "confirm", "undo", "confirm", "scan", "scan", "wave",
        ]  # fmt: skip
        await press(pilot, "u")
        assert await items(house, first) == [("BOWL-LG", "reserved"), ("MUG-BLU", "picked")]
        await press(pilot, "escape")
        assert screen.floor.walk is None
    await house.assert_balanced()


async def test_others_in_the_same_wave_are_seen_and_their_lines_left_to_them(
    app: OrdersApp, house: House, watch: Watch
) -> None:
    for number in ("5771", "5772"):
        await order(house, number, "MUG-BLU", "BOWL-LG")
    made = (await app.session.services.picking.make_wave()).wave
    async with app.run_test(size=MEDIUM) as pilot:
        await press(pilot, "f5", "enter")
        screen = floor(app)
        other = Walk(made.wave_id)
        await confirm_scan(house.store, other, BOWL_CODE, actor=INES)
        await house.store.pool.execute(
            "UPDATE stock_reservations SET held_by = 'Ines Falk', held_at = now()"
            " WHERE product_id = (SELECT id FROM products WHERE sku = 'BOWL-LG')"
        )
        watch.move(5)
        await app.tick()
        assert "1/2" in text(app)
        assert "Ines Falk is at it" in text(app)
        assert screen.verdict.next == "A-10   MUG-BLU   The MUG-BLU   2 to pick"
        await press(pilot, "home", "t")
        assert (screen.verdict.mood, screen.verdict.last) == (
            Mood.ALARM,
            "Ines Falk is at BOWL-LG already: take another line.",
        )
        # A short pick: none of the mugs are there, and the ledger has eight more.
        await press(pilot, "end")
        await form(pilot, "s")
        await write(pilot, "many")
        await press(pilot, "enter")
        assert "How many are there is a number from 0" in " ".join(text(app).split())
        await press(pilot, *["backspace"] * 4)
        await write(pilot, "1")
        await press(pilot, "enter")
        assert screen.verdict.last.startswith("1 of MUG-BLU written off. Order 577")
        assert await house.level() == (9, 2)
    await house.assert_balanced()


async def test_parcels_are_checked_and_packed_and_a_cancelled_one_stops(
    app: OrdersApp, house: House, watch: Watch
) -> None:
    good = await order(house, "5771", "MUG-BLU", "BOWL-LG")
    bad = await order(house, "5772", "MUG-BLU", "MUG-BLU")
    await house.buy_labels()
    for order_id in (good, bad):
        for code in (MUG_CODE, BOWL_CODE) if order_id == good else (MUG_CODE, MUG_CODE):
            await confirm_scan(house.store, Walk(order_id=order_id), code, actor=INES)
    label = (await house.package(good))["tracking_number"]
    app.session.memory.keep(packs_at="BENCH-2")
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "f5", "tab")
        screen = floor(app)
        assert "station BENCH-2" in text(app)
        assert await scan(pilot, "nothing") == (Mood.ALARM, "'nothing' is no order and no parcel that is known here.")
        assert (await scan(pilot, label))[0] is Mood.GOOD
        assert "picked by Ines Falk" in text(app)
        assert (await scan(pilot, BOWL_CODE))[1] == "BOWL-LG  1 of 1, The BOWL-LG"
        assert (await scan(pilot, BOWL_CODE))[1] == "TOO MANY: 1 of BOWL-LG belong in this parcel."
        await house.stock("PLATE-S", 1)
        assert (await scan(pilot, "PLATE-S"))[1] == "WRONG ITEM: PLATE-S (The PLATE-S) does not belong in this parcel."
        await press(pilot, "enter")
        assert screen.verdict.last.startswith("1 of 2 are checked: scan the rest")
        assert (await scan(pilot, MUG_CODE))[0] is Mood.DONE
        mood, said = await scan(pilot, label)
        assert (mood, said) == (Mood.DONE, f"Order 5771 is packed; label {label}.")
        assert "packed by mira at BENCH-2" in text(app)
        await press(pilot, "u")
        assert screen.verdict.last == "Order 5771 is unpacked again."
        await press(pilot, "enter")
        assert screen.verdict.mood is Mood.DONE

        # Somebody cancels while the other parcel is in hand.
        assert (await scan(pilot, "5772"))[0] is Mood.GOOD
        await cancel(house.store, [bad], because=CancelReason.BUYER_ASKED, actor=MIRA)
        await press(pilot, "enter")
        assert (screen.verdict.mood, screen.verdict.last) == (
            Mood.ALARM,
            "Order 5772 is CANCELLED: do not ship it. Put its goods back.",
        )
        assert "A-10     MUG-BLU              2" in text(app)
        assert await house.store.pool.fetchval("SELECT count(*) FROM packages WHERE packed_at IS NOT NULL") == 1
        await press(pilot, "tab")
        assert "A-10     MUG-BLU              2  5772" in text(app)
        assert (await scan(pilot, "5771"))[0] is Mood.ALARM
        assert (await scan(pilot, "5772"))[1] == "Order 5772: enter says that its goods are back."
        await form(pilot, "enter")
        await write(pilot, "1")
        await press(pilot, "enter")
        assert screen.verdict.last == "2 of order 5772 are back, 1 of them damaged."
        assert await house.level() == (9, 1)
        await press(pilot, "enter")
        assert screen.verdict.next == "nothing is to be put back"
        assert "Nothing is to be put back: goods come here when their order is cancelled" in text(app)
    await house.assert_balanced()
