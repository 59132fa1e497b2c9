"""The Failed screen: retry one, retry the group, mend and retry."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from textual.pilot import Pilot

from engine.actors import Actor
from engine.database.connection import Database
from engine.fleet.presence import AtWork
from engine.identifiers import OrderId
from engine.ports.facts import Address
from engine.words import ChangeSource
from orders_tui.console import OrdersApp
from orders_tui.modals.bulk.change import BulkChange, Stage
from orders_tui.modals.question import Question
from orders_tui.screens.failed import FailedScreen
from orders_tui.services import Services
from tests.factories import NOON, Factory
from tests.orders_tui.console.conftest import Watch
from tests.orders_tui.console.driving import (
    LARGE,
    SMALL,
    lines,
    notices,
    orders_shown,
    press,
    settle,
    text,
    until,
    write,
)


async def stopped(factory: Factory, **order: Any) -> OrderId:
    """An order that failed after it had been validated."""
    return await factory.failed(failed_from="validated", **order)


async def open_form(pilot: Pilot[int], key: str) -> None:
    """Press a key that opens a form or closes one, and wait for the other screen."""
    before = pilot.app.screen
    await pilot.press(key)
    await until(pilot, lambda: pilot.app.screen is not before)
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


async def test_one_order_and_a_whole_group_are_retried_after_a_last_look(
    app: OrdersApp, factory: Factory, opened: Database
) -> None:
    await factory.product(on_hand=9)
    for number in ("A", "B", "C"):
        await stopped(factory, number=number)
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        await press(pilot, "f4", "enter", "down")
        number = lines(app)[3].split()[0]
        await pilot.press("r")
        await until(pilot, lambda: f"Order {number} sent on." in "".join(notices(app)))
        await settle(pilot)
        assert await open_failures(opened) == [other for other in ("A", "B", "C") if other != number]
        await press(pilot, "g")
        await open_form(pilot, "R")
        await until(pilot, lambda: isinstance(app.screen, BulkChange) and app.screen.stage is Stage.PREVIEW)
        assert "2  pending → processing" in text(app)
        await press(pilot, "escape")
        assert len(await open_failures(opened)) == 2
        await open_form(pilot, "r")  # on a group the same key means all of it
        await until(pilot, lambda: isinstance(app.screen, BulkChange) and app.screen.stage is Stage.PREVIEW)
        await pilot.press("enter")
        await until(pilot, lambda: "2 orders sent on." in "".join(notices(app)))
        assert await open_failures(opened) == []


async def test_failures_are_taken_up_given_and_left_to_rest_and_others_are_seen_at_them(
    app: OrdersApp, factory: Factory, opened: Database, watch: Watch
) -> None:
    await stopped(factory, number="A")
    order = await stopped(factory, number="B")
    await opened.pool.execute("INSERT INTO users (display_name, role) VALUES ('Jon', 'operator')")
    jon = Services(opened, Actor("Jon", ChangeSource.USER))
    await jon.presence.beat(AtWork(order, "out_of_stock:MUG-BLU", edits=True))

    async def standing() -> set[tuple[str | None, bool, bool]]:
        rows = await opened.pool.fetch(
            "SELECT u.display_name, f.acknowledged_by IS NOT NULL AS taken, f.snoozed_until FROM failures f"
            " LEFT JOIN users u ON u.id = f.assigned_to"
        )
        return {(row["display_name"], row["taken"], bool(row["snoozed_until"])) for row in rows}

    async with app.run_test(size=LARGE, notifications=True) as pilot:
        await press(pilot, "f4")
        await app.tick()
        watch.move(3)
        await app.tick()
        await settle(pilot)
        assert "Jon here" in text(app)
        assert [(each.who, each.at.fingerprint) for each in await jon.presence.others()] == [
            ("mira", "out_of_stock:MUG-BLU")
        ]
        await pilot.press("a")
        await until(pilot, lambda: "2 orders taken up." in notices(app))
        await open_form(pilot, "d")
        await press(pilot, "down", "enter")
        await until(pilot, lambda: "2 orders given." in notices(app))
        assert await standing() == {("Jon", True, False)}
        await settle(pilot)
        assert "Jon's, mira at it" in text(app)
        await press(pilot, "enter", "down")
        await open_form(pilot, "z")
        await press(pilot, "enter")
        await until(pilot, lambda: any("snoozed." in each for each in notices(app)))
        await settle(pilot)
        assert await standing() == {("Jon", True, False), ("Jon", True, True)}
        assert "1 snoozed" in text(app)
        await press(pilot, "g", "v")
        assert "rests until" in text(app)
        await pilot.press("Z")
        await until(pilot, lambda: "1 awake, 1 refused" in text(app) or "2 orders awake." in notices(app))
        assert await standing() == {("Jon", True, False)}
        commands = [deed.command for deed in app.session.deeds.newest_first()]
        assert "orders-tui failures acknowledge --group out_of_stock:MUG-BLU" in commands
    assert await jon.presence.others() == []  # a console that is gone is at nothing
    await jon.close()


async def test_stock_is_received_from_the_keyboard_and_the_group_goes_on(
    app: OrdersApp, factory: Factory, opened: Database
) -> None:
    await factory.product(on_hand=0)
    for number in ("A", "B"):
        await stopped(factory, number=number)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "f4")
        await open_form(pilot, "e")
        assert isinstance(app.screen, Question)
        await write(pilot, "many")
        await press(pilot, "enter")
        assert "The quantity is a whole number above zero, such as 25; 'many' is not." in " ".join(
            text(app).replace("│", " ").split()
        )
        await press(pilot, *["backspace"] * 4)
        await write(pilot, "25")
        await open_form(pilot, "enter")
        await until(pilot, lambda: "2 of 2 orders go on" in text(app))
        assert await opened.pool.fetchval("SELECT on_hand FROM stock_levels") == 25
        assert await open_failures(opened) == []


async def test_a_weight_is_entered_from_the_keyboard(app: OrdersApp, factory: Factory, opened: Database) -> None:
    await factory.product(on_hand=9, weight_grams=None)
    await stopped(factory, number="A", code="missing_weight")
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        await press(pilot, "f4")
        await open_form(pilot, "e")
        await write(pilot, "420")
        await open_form(pilot, "enter")
        await until(pilot, lambda: "A goes on." in notices(app))
        assert await opened.pool.fetchval("SELECT weight_grams FROM products") == 420
        assert await open_failures(opened) == []


async def test_an_address_is_corrected_from_the_keyboard(app: OrdersApp, factory: Factory, opened: Database) -> None:
    wrong = Address("Ines Falk", "+15550100", "7 Quay Street", "", "Port Alder", "WA", "9", "US")
    await factory.product(on_hand=9)
    order = await stopped(factory, number="A", code="bad_address", about="", address=wrong)
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        await press(pilot, "f4")
        await open_form(pilot, "e")
        assert "7 Quay Street" in text(app)
        await press(pilot, *["tab"] * 6, "end")
        await write(pilot, "8001")
        await open_form(pilot, "enter")
        await until(pilot, lambda: "A goes on." in notices(app))
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
