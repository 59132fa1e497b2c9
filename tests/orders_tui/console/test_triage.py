"""Triage: what needs a person."""

from __future__ import annotations

from datetime import timedelta

from engine.words import HoldReason
from orders_tui.console import OrdersApp
from tests.factories import NOON, Factory
from tests.orders_tui.console.driving import SMALL, lines, orders_shown, press, settle, text


async def test_the_console_opens_on_the_piles(app: OrdersApp, factory: Factory) -> None:
    held = await factory.order(number="ORD-HELD", ship_by=NOON + timedelta(hours=1))
    await factory.hold(held, HoldReason.ADDRESS)
    await factory.failed(number="ORD-OUT", ship_by=NOON + timedelta(hours=2))
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await app.tick()
        await settle(pilot)
        piles = {line[1:23].strip(): line[23:31].strip() for line in lines(app)[2:12]}
        assert piles == {
            "due within 24 h": "0",
            "auto-cancel in 24 h": "0",
            "overdue": "2",
            "cancel requested": "0",
            "on hold": "1",
            "out of stock": "1",
            "failed": "1",
            "label problems": "0",
            "delivery exceptions": "0",
            "returns requested": "0",
        }
        assert "Triage" in lines(app)[0]
        assert "Fail" in lines(app)[0]
        assert lines(app)[0].endswith("no daemon")


async def test_a_pile_opens_as_a_list_with_the_nearest_deadline_first(app: OrdersApp, factory: Factory) -> None:
    await factory.order(number="ORD-LATER", ship_by=NOON + timedelta(hours=2))
    await factory.order(number="ORD-SOONER", ship_by=NOON + timedelta(hours=1))
    await factory.order(number="ORD-WHENEVER")
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await press(pilot, "j", "j", "enter")
        assert orders_shown(app) == ["ORD-SOONER", "ORD-LATER"]
        assert "overdue ·" in text(app)
        await press(pilot, "escape")
        assert len(orders_shown(app)) == 3


async def test_a_pile_grows_while_it_is_looked_at_and_the_cursor_stays(app: OrdersApp, factory: Factory) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await press(pilot, "down", "down", "down", "down", "down")
        await factory.failed(number="ORD-OUT")
        await app.tick()
        await settle(pilot)
        assert lines(app)[7].split()[:4] == ["out", "of", "stock", "1"]
        await press(pilot, "enter")
        assert orders_shown(app) == ["ORD-OUT"]
