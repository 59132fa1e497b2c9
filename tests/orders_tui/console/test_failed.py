"""The Failed screen: retry one, retry the group, mend and retry."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from textual.pilot import Pilot

from engine.database.connection import Database
from engine.identifiers import OrderId
from engine.ports.facts import Address
from orders_tui.console import OrdersApp
from orders_tui.modals.mend import Mend
from orders_tui.modals.report import Report
from orders_tui.screens.failed import FailedScreen
from tests.factories import NOON, Factory
from tests.orders_tui.console.driving import SMALL, lines, notices, orders_shown, press, settle, text, write


async def stopped(factory: Factory, **order: Any) -> OrderId:
    """An order that failed after it had been validated."""
    return await factory.failed(failed_from="validated", **order)


async def open_form(pilot: Pilot[int], key: str) -> None:
    await pilot.press(key)
    await pilot.pause(0.1)
    await settle(pilot)


async def open_failures(opened: Database) -> list[str]:
    records = await opened.pool.fetch(
        "SELECT o.order_number FROM failures f JOIN orders o ON o.id = f.order_id"
        " WHERE f.resolved_at IS NULL ORDER BY 1"
    )
    return [record["order_number"] for record in records]


async def test_failures_are_grouped_by_cause_with_the_nearest_deadline_first(app: OrdersApp, factory: Factory) -> None:
    await stopped(factory, number="A", ship_by=NOON + timedelta(hours=9))
    await stopped(factory, number="B", ship_by=NOON + timedelta(hours=8))
    await stopped(factory, number="C", code="missing_weight", about="BOWL-LG", ship_by=NOON + timedelta(hours=5))
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "f4")
        assert [line.split()[:5] for line in lines(app)[2:4]] == [
            ["▸", "missing", "weight", "BOWL-LG", "1"],
            ["▸", "out", "of", "stock", "MUG-BLU"],
        ]
        await press(pilot, "down", "enter")
        assert [line.split()[0] for line in lines(app)[4:6]] == ["B", "A"]
        assert "cause    MUG-BLU is out of stock." in text(app)
        assert "mend     e: receive stock, then it is retried" in text(app)
        await press(pilot, "enter")
        assert lines(app)[4] == ""


async def test_nothing_failed_is_said_and_keys_say_why_they_do_nothing(app: OrdersApp, factory: Factory) -> None:
    await factory.order()
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        await press(pilot, "f4")
        assert "Nothing has failed." in text(app)
        await press(pilot, "R")
        assert notices(app) == ["Nothing has failed here."]


async def test_one_order_is_retried_from_its_line(app: OrdersApp, factory: Factory, opened: Database) -> None:
    await factory.product(on_hand=9)
    for number in ("A", "B"):
        await stopped(factory, number=number)
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        await press(pilot, "f4", "r")
        assert notices(app) == ["Open the group with enter and choose one order, or retry them all with R."]
        await press(pilot, "enter", "down")
        number = lines(app)[3].split()[0]
        await open_form(pilot, "r")
        assert f"{number} goes on." in notices(app)
        assert await open_failures(opened) == [other for other in ("A", "B") if other != number]


async def test_a_group_is_retried_after_a_last_look(app: OrdersApp, factory: Factory, opened: Database) -> None:
    await factory.product(on_hand=9)
    for number in ("A", "B", "C"):
        await stopped(factory, number=number)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "f4")
        await open_form(pilot, "R")
        assert "Retry 3 orders?" in text(app)
        await press(pilot, "escape")
        assert await open_failures(opened) == ["A", "B", "C"]
        await open_form(pilot, "R")
        await open_form(pilot, "enter")
        assert isinstance(app.screen, Report)
        assert "3 of 3 orders go on" in text(app)
        assert await open_failures(opened) == []


async def test_stock_is_received_from_the_keyboard_and_the_group_goes_on(
    app: OrdersApp, factory: Factory, opened: Database
) -> None:
    await factory.product(on_hand=0)
    for number in ("A", "B"):
        await stopped(factory, number=number)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "f4")
        await open_form(pilot, "e")
        assert isinstance(app.screen, Mend)
        await write(pilot, "many")
        await press(pilot, "enter")
        assert "The quantity is a whole number above zero, such as 25; 'many' is not." in " ".join(
            text(app).replace("│", " ").split()
        )
        await press(pilot, *["backspace"] * 4)
        await write(pilot, "25")
        await open_form(pilot, "enter")
        assert await opened.pool.fetchval("SELECT on_hand FROM stock_levels") == 25
        assert await open_failures(opened) == []


async def test_a_weight_is_entered_from_the_keyboard(app: OrdersApp, factory: Factory, opened: Database) -> None:
    await factory.product(on_hand=9, weight_grams=None)
    await stopped(factory, number="A", code="missing_weight")
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "f4")
        await open_form(pilot, "e")
        await write(pilot, "420")
        await open_form(pilot, "enter")
        assert await opened.pool.fetchval("SELECT weight_grams FROM products") == 420
        assert await open_failures(opened) == []


async def test_an_address_is_corrected_from_the_keyboard(app: OrdersApp, factory: Factory, opened: Database) -> None:
    wrong = Address("Ines Falk", "+15550100", "7 Quay Street", "", "Port Alder", "WA", "9", "US")
    await factory.product(on_hand=9)
    order = await stopped(factory, number="A", code="bad_address", about="", address=wrong)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "f4")
        await open_form(pilot, "e")
        assert "7 Quay Street" in text(app)
        await press(pilot, *["tab"] * 6, "end")
        await write(pilot, "8001")
        await open_form(pilot, "enter")
        detail = await app.session.services.detail(order)
        assert detail.address is not None
        assert detail.address.postal_code == "98001"
        assert await open_failures(opened) == []


async def test_a_cause_that_cannot_be_mended_here_says_so(app: OrdersApp, factory: Factory) -> None:
    await stopped(factory, number="A", code="carrier_credentials", about="")
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        await press(pilot, "f4", "e")
        assert notices(app) == ["This cause is mended elsewhere (its line says where); then retry it with R."]
        assert isinstance(app.screen, FailedScreen)


async def test_a_groups_orders_are_shown_in_the_table_and_one_of_them_found(app: OrdersApp, factory: Factory) -> None:
    for number in ("A", "B"):
        await stopped(factory, number=number)
    await factory.order(number="FINE")
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "f4", "o")
        assert sorted(orders_shown(app)) == ["A", "B"]
        assert "out of stock ·" in text(app)
        await press(pilot, "f4", "enter", "down", "down")
        number = lines(app)[4].split()[0]
        await press(pilot, "enter")
        assert app.orders.table.cursor_row is not None
        assert app.orders.table.cursor_row.order_number == number
