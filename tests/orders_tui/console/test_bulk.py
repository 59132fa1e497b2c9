"""One thing done to many orders, from the marks to the report, and taken back."""

from __future__ import annotations

import asyncio
import csv
from pathlib import Path

import pytest
from textual.pilot import Pilot

from engine.database.connection import Database
from engine.orders.bulk.requests import BulkPreview
from engine.words import ExecutionStatus, OrderStatus, WorkflowState
from orders_tui.console import OrdersApp
from orders_tui.modals.bulk.change import BulkChange, Stage
from orders_tui.modals.bulk.words import to_type
from tests.factories import Factory
from tests.orders_tui.console.driving import SMALL, notices, orders_shown, press, settle, text, until, write


async def open_form(pilot: Pilot[int], key: str) -> BulkChange:
    await pilot.press(key)
    await until(pilot, lambda: isinstance(pilot.app.screen, BulkChange))
    await settle(pilot)
    form = pilot.app.screen
    assert isinstance(form, BulkChange)
    return form


async def choose(pilot: Pilot[int], status: OrderStatus) -> BulkChange:
    """Open the form for what is chosen, and go to the preview of a status."""
    form = await open_form(pilot, "s")
    await press(pilot, *["j"] * list(OrderStatus).index(status), "enter")
    return form


async def straight(pilot: Pilot[int], key: str, *keys: str) -> None:
    """Open a form, choose with these keys, and be back on the screen, since one order allows it."""
    await open_form(pilot, key)
    await pilot.press(*keys)
    await until(pilot, lambda: not isinstance(pilot.app.screen, BulkChange))
    await settle(pilot)


async def ready(factory: Factory, number: str) -> None:
    """An order whose parcel has its label and may be handed over."""
    order = await factory.order(number=number, status=OrderStatus.PROCESSING, state=WorkflowState.READY_TO_SHIP)
    await factory.package(order, f"9400{number}")


def stage(form: BulkChange) -> Stage:
    return form.stage


def flowing(app: OrdersApp) -> str:
    """The screen's text without line ends and frames."""
    return " ".join(text(app).replace("│", " ").split())


async def statuses(opened: Database) -> dict[str, str]:
    records = await opened.pool.fetch("SELECT order_number, order_status FROM orders")
    return {record["order_number"]: record["order_status"] for record in records}


async def test_marked_orders_are_previewed_confirmed_with_a_reason_and_changed(
    app: OrdersApp, factory: Factory, opened: Database
) -> None:
    for number in ("A", "B", "C"):
        await ready(factory, number)
    await factory.order(number="DONE", status=OrderStatus.CANCELLED, execution=ExecutionStatus.CANCELLED)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "f3", "a")
        form = await choose(pilot, OrderStatus.SHIPPED)
        assert stage(form) is Stage.PREVIEW
        assert "3  processing → shipped" in text(app)
        assert "1  refused:" in text(app)
        assert "Order DONE is closed (cancelled)." in text(app)
        await press(pilot, "enter")
        assert "Give a reason; it is kept in every order's history." in text(app)
        await write(pilot, "handed over")
        await press(pilot, "enter", "enter")
        assert "type the word shipped to confirm" in text(app)
        assert stage(form) is Stage.PREVIEW
        assert set((await statuses(opened)).values()) == {"processing", "cancelled"}
        await write(pilot, "shipped")
        await press(pilot, "enter")
        assert stage(form) is Stage.REPORT
        assert "3 changed, 1 refused" in text(app)
        assert await statuses(opened) == {"A": "shipped", "B": "shipped", "C": "shipped", "DONE": "cancelled"}
        await press(pilot, "o")  # the refused one is a list to act on
        await settle(pilot)
        assert orders_shown(app) == ["DONE"]
        assert app.orders.table.selection.size(1) == 1
        await press(pilot, "escape", "escape")
        assert sorted(orders_shown(app)) == ["A", "B", "C", "DONE"]
        assert text(app).count("shipped") == 3
    reasons = await opened.pool.fetch("SELECT status_reason FROM order_status_history WHERE new_status = 'shipped'")
    assert [record["status_reason"] for record in reasons] == ["handed over"] * 3


async def test_an_order_that_changed_meanwhile_is_refused_and_told_in_words(
    app: OrdersApp, factory: Factory, opened: Database
) -> None:
    for number in ("A", "B"):
        await ready(factory, number)
    changed = "UPDATE orders SET total_amount = 99, version = version + 1 WHERE order_number = $1"
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "f3", "down")
        await opened.pool.execute(changed, "A")
        form = await choose(pilot, OrderStatus.SHIPPED)
        assert "Changed since you looked: total 99.00 USD." in flowing(app)
        await press(pilot, "enter", "escape", "escape")  # nothing to confirm
        assert app.screen is app.orders
        await press(pilot, "a")
        form = await choose(pilot, OrderStatus.SHIPPED)
        assert "1  processing → shipped" in text(app)
        await opened.pool.execute(changed, "B")
        await write(pilot, "late")
        await press(pilot, "enter")
        await write(pilot, "shipped")
        await press(pilot, "enter")
        assert stage(form) is Stage.REPORT
        assert "0 changed, 2 refused" in text(app)
        assert flowing(app).count("Changed since you looked: total 99.00 USD.") == 2
    assert await statuses(opened) == {"A": "processing", "B": "processing"}


async def test_all_that_match_are_changed_also_those_never_seen_less_those_taken_out(
    app: OrdersApp, factory: Factory, opened: Database
) -> None:
    await factory.product(on_hand=100)
    for number in range(30):
        await factory.order(number=f"ORD-{number:02d}")
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        await press(pilot, "f3", "A", "space")
        kept = orders_shown(app)[0]
        form = await choose(pilot, OrderStatus.CONFIRMED)
        assert form.chosen.order_ids == ()  # the predicate goes to the database, not the ids
        assert "29  pending → processing" in text(app)
        await write(pilot, "recall")
        await press(pilot, "enter")
        await settle(pilot)
        assert "29 orders changed.  u takes it back." in notices(app)
    assert {number for number, status in (await statuses(opened)).items() if status == "pending"} == {kept}


async def test_going_back_and_what_none_may_take_change_nothing(
    app: OrdersApp, factory: Factory, opened: Database
) -> None:
    await factory.order(number="A")
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "f3")
        form = await choose(pilot, OrderStatus.CANCELLED)
        await press(pilot, "escape")
        assert stage(form) is Stage.CHOOSE
        await press(pilot, "k", "enter")
        assert stage(form) is Stage.PREVIEW
        assert "1  refused:" in text(app)
        await press(pilot, "enter")
        assert stage(form) is Stage.PREVIEW
        assert "None of these orders allows it" in text(app)
        await press(pilot, "escape", "escape")
        assert app.screen is app.orders
    assert await statuses(opened) == {"A": "pending"}


async def test_one_order_is_marked_in_every_way_with_few_keys_and_each_is_taken_back(
    app: OrdersApp, factory: Factory, opened: Database
) -> None:
    await factory.order(number="A")
    await opened.pool.execute("INSERT INTO users (display_name, role) VALUES ('mira', 'operator'), ('Jon', 'operator')")

    async def marks() -> tuple[list[str], int | None, str | None, list[str]]:
        row = await opened.pool.fetchrow(
            "SELECT o.tags, o.priority_override, u.display_name FROM orders o LEFT JOIN users u ON u.id = o.assigned_to"
        )
        holds = await opened.pool.fetch("SELECT reason FROM holds WHERE released_at IS NULL ORDER BY 1")
        assert row is not None
        return row["tags"], row["priority_override"], row["display_name"], [each["reason"] for each in holds]

    async with app.run_test(size=SMALL, notifications=True) as pilot:
        await press(pilot, "f3")
        await straight(pilot, "t", "v", "i", "p", "enter")
        await straight(pilot, "h", "down", "enter")
        await straight(pilot, "p", "enter")
        await pilot.press("W")
        await until(pilot, lambda: "Order A handed over.  u takes it back." in notices(app))
        assert await marks() == (["vip"], 5, "mira", ["fraud"])
        assert notices(app)[-1] == "Order A handed over.  u takes it back."
        form = await open_form(pilot, "h")
        await press(pilot, "tab")
        await write(pilot, "soon")
        await press(pilot, "enter")
        await press(pilot, "enter")
        assert "'soon' is no time" in text(app)
        assert stage(form) is Stage.CHOOSE
        await press(pilot, "escape")
        await straight(pilot, "H", "enter")
        await straight(pilot, "T", "enter")
        assert await marks() == ([], 5, "mira", [])
        form = await open_form(pilot, "u")
        assert [line.split()[0] for line in (choice.words for choice in form.choices.values())] == [
            "untag", "release", "assign", "priority", "hold", "tag",
        ]  # fmt: skip
        await press(pilot, "enter")
        assert "1  put back" in text(app)
        await press(pilot, "enter")
        await settle(pilot)
        assert await marks() == (["vip"], 5, "mira", [])
        form = await open_form(pilot, "u")
        await press(pilot, "enter")
        assert "An undo is not undone: do the change again." in text(app)
        await press(pilot, "down", "down", "enter")
        assert "changed since by mira" in flowing(app)
        await press(pilot, "enter")
        assert stage(form) is Stage.PREVIEW
        commands = [deed.command for deed in app.session.deeds.newest_first()]
        assert commands[-1] == "orders-tui orders tag A --tag vip"
        assert commands[0].startswith("orders-tui orders undo ")
    assert await marks() == (["vip"], 5, "mira", [])


async def test_a_change_is_stopped_after_the_orders_under_way_and_gone_on_with(
    app: OrdersApp, factory: Factory, opened: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    orders = [await factory.order(number=f"ORD-{number:02d}") for number in range(59)]
    await factory.order(number="=DONE", status=OrderStatus.CANCELLED, execution=ExecutionStatus.CANCELLED)
    tagged = "SELECT count(*) FROM orders WHERE 'gift' = ANY(tags)"
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "f3", "A")
        form = await open_form(pilot, "X")
        await press(pilot, "enter")
        assert "type cancel to confirm" in text(app)
        await press(pilot, "escape", "escape")
        form = await open_form(pilot, "h")
        await press(pilot, "enter")
        async with opened.pool.acquire() as connection, connection.transaction():
            # Two parts are under way at once: while an order of each is taken, neither ends.
            taken = [orders[58], orders[30]]
            await connection.execute("SELECT FROM orders WHERE id = ANY($1::uuid[]) FOR UPDATE", taken)
            await pilot.press("enter")
            await until(pilot, lambda: stage(form) is Stage.CHANGING)
            await pilot.press("escape")
            while not await opened.pool.fetchval("SELECT bool_or(stop_asked) FROM batches"):
                await asyncio.sleep(0.01)
        await settle(pilot)
        assert stage(form) is Stage.REPORT
        done, refused = await opened.pool.fetchrow("SELECT processed, failed FROM batches")
        assert done <= 40  # a part that waited for its orders too long was divided, and its rest is left as well
        assert f"{60 - done} of 60 are left: c goes on, or orders-tui batch continue" in flowing(app)
        assert await opened.pool.fetchval("SELECT count(*) FROM holds") == done - refused
        await press(pilot, "c")
        assert "59 held, 1 refused" in text(app)
        assert await opened.pool.fetchval("SELECT count(*) FROM holds") == 59
        await press(pilot, "x")
        assert "1 refused orders are in" in text(app)
    [file] = tmp_path.glob("refused-hold-*.csv")
    rows = list(csv.reader(file.read_text(encoding="utf-8-sig").splitlines()))
    assert [row[0] for row in rows] == ["order_number", "'=DONE"]  # no spreadsheet works it out
    assert await opened.pool.fetchval(tagged) == 0


def test_many_orders_are_confirmed_by_their_number_and_what_has_no_way_back_by_its_word() -> None:
    def outlook(orders: int) -> BulkPreview:
        return BulkPreview(orders + 3, (("tagged", orders),), 1, ())

    assert to_type("", outlook(500)) == ""
    assert to_type("", outlook(501)) == "501"
    assert to_type("cancel", outlook(500)) == "cancel"
    assert to_type("cancel", outlook(501)) == "501"
