"""One picture of Pick and pack at each size: a walk with an alarm, and a parcel that must not leave.

After a wanted change: `pytest tests/orders_tui/console/test_snapshots_pick.py --snapshot-update`, and look at the pictures.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_textual_snapshot import SVGImageExtension  # type: ignore[import-untyped]
from syrupy.assertion import SnapshotAssertion

from engine.database.connection import Database
from engine.orders.cancelling import cancel
from engine.orders.picking.confirming import confirm_scan
from engine.orders.picking.lines import Scope as Walk
from engine.orders.picking.waves import make_wave
from engine.words import CancelReason
from orders_tui.console import OrdersApp
from orders_tui.messages import Scanned
from tests.engine.facts import NOON
from tests.engine.house import MIRA, House
from tests.engine.orders.picking.walking import BOWL_CODE, INES, MUG_CODE, hold, order, shelves
from tests.orders_tui.console.driving import MEDIUM, SMALL, settle


@pytest.fixture
async def house(opened: Database) -> House:
    """A wave in the middle of its walk, another that waits, orders that wait for one, goods that go back."""
    house = await House.open(opened)
    await house.stock("MUG-BLU", 20)
    await shelves(house)
    await house.stock("PLATE-S", 20)
    await opened.pool.execute("UPDATE products SET bin = 'B-3', name = 'Side plate, stoneware' WHERE sku = 'PLATE-S'")
    made = [
        await order(house, f"57712{n}", *skus, ship_by=NOON + timedelta(hours=4 + n))
        for n, skus in enumerate(
            (("MUG-BLU", "BOWL-LG"), ("MUG-BLU", "MUG-BLU"), ("PLATE-S", "BOWL-LG"), ("PLATE-S",), ("MUG-BLU",))
        )
    ]
    first = await make_wave(house.store, actor=MIRA, order_ids=made[:3], name="Morning", picker="Ines Falk")
    second = await make_wave(house.store, actor=MIRA, order_ids=made[3:4])
    for number, wave in ((7, first), (8, second)):
        await house.store.pool.execute("UPDATE waves SET number = $2 WHERE id = $1", wave.wave.wave_id, number)
    for code in (BOWL_CODE, MUG_CODE, BOWL_CODE):
        await confirm_scan(house.store, Walk(first.wave.wave_id), code, actor=INES)
    await hold(house, made[1])
    await confirm_scan(house.store, Walk(order_id=made[4]), MUG_CODE, actor=INES)
    await cancel(house.store, [made[4]], because=CancelReason.OUT_OF_STOCK, actor=MIRA)
    return house


@pytest.mark.parametrize("size", [SMALL, MEDIUM], ids=lambda size: "{}x{}".format(*size))
async def test_screen(app: OrdersApp, house: House, snapshot: SnapshotAssertion, size: tuple[int, int]) -> None:
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await pilot.press("f5")
        await settle(pilot)
        await app.tick()
        await pilot.press("down", "enter")
        await settle(pilot)
        app.screen.post_message(Scanned("4711"))
        await settle(pilot)
        assert app.export_screenshot() == snapshot(name="walk", extension_class=SVGImageExtension)
        await pilot.press("tab")
        await settle(pilot)
        app.screen.post_message(Scanned("577124"))
        await settle(pilot)
        assert app.export_screenshot() == snapshot(name="stopped parcel", extension_class=SVGImageExtension)
