"""Inventory: found, narrowed, booked, counted and taken back from the keyboard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
from textual.pilot import Pilot
from textual.widgets import Input

from engine.actors import Actor
from engine.database.connection import Database
from engine.inventory.alarms import look_over
from engine.inventory.locations import put_location
from engine.words import ChangeSource, ExecutionStatus, OrderStatus, WorkflowState
from orders_tui.console import OrdersApp
from orders_tui.messages import Scanned
from orders_tui.modals.entry import Entry
from orders_tui.screens.counting import CountingScreen
from orders_tui.screens.inventory import InventoryScreen
from orders_tui.screens.movements import MovementsScreen
from orders_tui.services import Services
from tests.factories import BOWL, MUG, NOON, Factory, Line
from tests.orders_tui.console.driving import MEDIUM, orders_shown, press, settle, shows, text, until, write

MIRA = Actor("mira", ChangeSource.USER)


async def shelves(factory: Factory) -> None:
    """A mug that is reserved in part, a bowl that an order waits for, names that are no markup, a second location."""
    await factory.product(MUG, on_hand=12, reserved=3)
    await factory.product(BOWL, on_hand=0)
    await factory.product(Line("TEE-M", "[bold]Tee[/] \x1b[31mred"), on_hand=5)
    await put_location(factory.database, "ANNEX", name="Annex", address=None, actor=MIRA)
    await factory.database.pool.execute(
        "UPDATE products SET barcodes = '{4006381}', low_stock_at = 3, bin = 'A-1' WHERE sku = 'TEE-M'"
    )
    await factory.order(
        number="WAITS",
        status=OrderStatus.CONFIRMED,
        state=WorkflowState.VALIDATED,
        execution=ExecutionStatus.RUNNING,
        waiting_for="stock",
        lines=(BOWL,),
        ship_by=NOON,
    )


def listed(app: OrdersApp) -> list[str]:
    assert isinstance(app.screen, InventoryScreen)
    return [line.sku for line in app.screen.list.rows_on_screen()]


async def fill(pilot: Pilot[int], key: str, **values: str) -> Entry:
    """Open a form by its key and write into its fields; not sent yet."""
    await pilot.press(key)
    await until(pilot, lambda: isinstance(pilot.app.screen, Entry) and pilot.app.screen.focused is not None)
    form = pilot.app.screen
    assert isinstance(form, Entry), text(pilot.app)
    for name, value in values.items():
        form.query_one(f"#{name}", Input).value = value
    await pilot.pause(0.2)
    await settle(pilot)
    return form


async def level(database: Database, sku: str, code: str = "MAIN") -> tuple[int, int]:
    row: Any = await database.pool.fetchrow(
        "SELECT s.on_hand, s.held FROM stock_levels s JOIN products p ON p.id = s.product_id"
        " JOIN locations l ON l.id = s.location_id WHERE p.sku = $1 AND l.code = $2",
        sku,
        code,
    )
    return (row["on_hand"], row["held"]) if row else (0, 0)


async def test_stock_is_found_narrowed_and_shown_with_all_that_is_behind_it(
    app: OrdersApp, factory: Factory, opened: Database, services: Services, tmp_path: Path
) -> None:
    await shelves(factory)
    async with app.run_test(size=MEDIUM, notifications=True) as pilot:
        await press(pilot, "f7")
        assert listed(app) == ["BOWL-LG", "MUG-BLU", "TEE-M"]
        await shows(pilot, "3 lines by SKU")
        await shows(pilot, "[bold]Tee[/] red")
        await press(pilot, "slash")
        await write(pilot, "stone")
        await pilot.pause(0.15)
        await settle(pilot)
        assert listed(app) == ["MUG-BLU"]
        await press(pilot, "enter", "enter")
        await shows(pilot, "Movements, newest first")
        assert [line for line in text(app).splitlines() if "MAIN" in line and " 9 " in line], "9 of 12 are free"
        await press(pilot, "escape", "escape")
        assert listed(app) == ["BOWL-LG", "MUG-BLU", "TEE-M"]
        app.screen.post_message(Scanned("4006381"))
        await settle(pilot)
        assert isinstance(app.screen, InventoryScreen)
        assert app.screen.line is not None
        assert app.screen.line.sku == "TEE-M"
        await pilot.press("f")
        await settle(pilot)
        await press(pilot, "end", "enter")
        assert listed(app) == ["BOWL-LG"], "waited for"
        await opened.pool.execute("UPDATE stock_levels SET held = 2 WHERE on_hand = 5")
        form = await fill(pilot, "E", file=str(tmp_path / "waited.jsonl"))
        await press(pilot, "enter")
        assert form not in app.screen_stack
        [document] = [orjson.loads(line) for line in (tmp_path / "waited.jsonl").read_text().splitlines()]
        assert (document["sku"], document["waiting_orders"], document["available"]) == ("BOWL-LG", 1, 0)
        await press(pilot, "w")
        assert orders_shown(app) == ["WAITS"]


async def test_every_booking_says_beforehand_what_it_does_and_is_taken_back_by_another(
    app: OrdersApp, factory: Factory, opened: Database
) -> None:
    await shelves(factory)
    await look_over(opened)
    async with app.run_test(size=MEDIUM, notifications=True) as pilot:
        await press(pilot, "f7", "home")
        await fill(pilot, "r", units="4")
        await shows(pilot, "MAIN: on hand 0 → 4, available 0 → 4")
        await press(pilot, "enter")
        assert await level(opened, "BOWL-LG") == (4, 0)
        await shows(pilot, "4 of BOWL-LG received, 4 available at MAIN.")
        await press(pilot, "down")

        form = await fill(pilot, "a", units="-11", reason="lo")
        await shows(pilot, "2 of it are promised or held: say yes to take it from orders.")
        await press(pilot, "enter")
        assert form is app.screen, "refused: the form stays with the sentence"
        await shows(pilot, "MUG-BLU cannot drop by 11")
        assert await level(opened, "MUG-BLU") == (12, 0)
        form.query_one("#units", Input).value = "-2x"
        await settle(pilot)
        await shows(pilot, "'-2x' is no whole number")
        form.query_one("#units", Input).value = "-2"
        await press(pilot, "enter")
        assert await level(opened, "MUG-BLU") == (10, 0)

        await fill(pilot, "t", units="3", target="ANNEX")
        await shows(pilot, "ANNEX: on hand 0 → 3")
        await press(pilot, "enter")
        assert (await level(opened, "MUG-BLU"), await level(opened, "MUG-BLU", "ANNEX")) == ((7, 0), (3, 0))
        assert isinstance(app.screen, InventoryScreen)
        assert app.screen.line is not None
        await fill(pilot, "h", units="1", reason="damaged", location="MAIN")
        await press(pilot, "enter")
        assert await level(opened, "MUG-BLU") == (7, 1)

        await press(pilot, "v")
        assert isinstance(app.screen, MovementsScreen)
        await fill(pilot, "z")
        await shows(pilot, "MUG-BLU: -1 held at MAIN, as a correction of what mira booked.")
        await press(pilot, "enter")
        assert await level(opened, "MUG-BLU") == (7, 0)
        await press(pilot, "home", "down", "z")
        await shows(pilot, "This movement was reversed already.")
        await press(pilot, "escape", "end")
        await fill(pilot, "e", weight="0")
        await shows(pilot, "'0' is no whole number from 1 to 70,000.")
        app.screen.query_one("#weight", Input).value = "350"
        app.screen.query_one("#buffer", Input).value = "2"
        await pilot.pause(0.2)
        await settle(pilot)
        await shows(pilot, "weight 400 → 350, buffer none → 2")
        await press(pilot, "enter")
        row: Any = await opened.pool.fetchrow("SELECT weight_grams, stock_buffer FROM products WHERE sku = 'TEE-M'")
        assert (row["weight_grams"], row["stock_buffer"]) == (350, 2)
        commands = [deed.command for deed in app.session.deeds.newest_first()]
        assert commands[0] == "orders-tui product set TEE-M --weight 350 --buffer 2"
        assert commands[-1] == "orders-tui stock receive BOWL-LG 4 --location MAIN"
        assert len(commands) == 6


async def test_a_count_is_scanned_typed_looked_at_and_booked_once(
    app: OrdersApp, factory: Factory, opened: Database
) -> None:
    await shelves(factory)
    async with app.run_test(size=MEDIUM, notifications=True) as pilot:
        await press(pilot, "f7")
        await fill(pilot, "c", skus="", name="Evening")
        await press(pilot, "enter")
        assert isinstance(app.screen, CountingScreen)
        await shows(pilot, "Evening at MAIN, open: 0 of 3 counted")
        assert " 12 " not in text(app), "nobody is told beforehand what is expected"
        for code in ("4006381", "tee-m", "4006381", "nothing of ours"):
            app.screen.post_message(Scanned(code))
            await settle(pilot)
        await shows(pilot, "nothing of ours is not on this sheet.")
        await shows(pilot, "1 of 3 counted, 1 differ")
        await fill(pilot, "p")
        await shows(pilot, "2 are not counted yet")
        await shows(pilot, "TEE-M: 5 → 3 (-2)")
        await press(pilot, "enter")
        await shows(pilot, "Not counted yet: BOWL-LG, MUG-BLU.")
        assert await level(opened, "TEE-M") == (5, 0)
        await press(pilot, "escape", "home")
        for counted in ("0", "12"):
            await fill(pilot, "enter", counted=counted)
            await press(pilot, "enter", "down")
        await fill(pilot, "p")
        await press(pilot, "enter")
        assert isinstance(app.screen, InventoryScreen)
        await shows(pilot, "1 differences are booked.")
        assert (await level(opened, "TEE-M"), await level(opened, "MUG-BLU")) == ((3, 0), (12, 0))


async def test_an_empty_list_says_why_and_what_to_press(app: OrdersApp, factory: Factory) -> None:
    async with app.run_test(size=MEDIUM) as pilot:
        await press(pilot, "f7")
        await shows(pilot, "There is no product yet: orders-tui product import FILE")
        await factory.product(MUG)
        await press(pilot, "ctrl+r", "v")
        await shows(pilot, "Nothing has moved it yet; escape goes back")
        await press(pilot, "escape", "slash")
        await write(pilot, "zzz")
        await pilot.pause(0.15)
        await settle(pilot)
        await shows(pilot, "Nothing here is like that; escape shows everything.")
