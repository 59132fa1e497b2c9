"""The Orders screen's filter in words, saved views, columns, going to a row, and writing the list to a file."""

from __future__ import annotations

import csv
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from engine.database.connection import Database
from engine.orders.filters import OrderFilter, Pile
from engine.words import OrderStatus, WorkflowState
from orders_tui.console import OrdersApp
from orders_tui.panes.view_strip import ViewStrip
from orders_tui.services.order_sheets import EVERYTHING, FIELDS_OF
from orders_tui.table.order_columns import ALL
from orders_tui.table.places import place_of
from tests.factories import BOWL, MUG, NOON, Factory
from tests.orders_tui.console.driving import MEDIUM, SMALL, lines, notices, orders_shown, press, settle, text, write


async def a_few(factory: Factory) -> None:
    await factory.order(number="ORD-1", tags=["gift"], waiting_for="pick", ordered_at=NOON)
    await factory.order(number="ORD-2", lines=(BOWL,), waiting_for="pick", ordered_at=NOON + timedelta(hours=1))
    await factory.order(
        number="ORD-3", tags=["gift"], status=OrderStatus.SHIPPED, state=WorkflowState.SHIPPED, waiting_for="delivery"
    )


def strip(app: OrdersApp) -> str:
    """The line of saved views, also where a notice covers it."""
    return str(app.orders.query_one(ViewStrip).render())


async def test_words_narrow_as_they_are_typed_with_hints_and_one_sentence_for_a_mistake(
    app: OrdersApp, factory: Factory
) -> None:
    await a_few(factory)
    async with app.run_test(size=MEDIUM, notifications=True) as pilot:
        await press(pilot, "f3", "slash")
        await write(pilot, "tag:gift !sta")
        assert "!status:  !state:" in text(app)
        await press(pilot, "tab")
        await write(pilot, "sh")
        assert "shipped" in text(app)
        await press(pilot, "tab")
        assert app.orders.bar.field.value == "tag:gift !status:shipped "
        await settle(pilot)
        assert orders_shown(app) == ["ORD-1"]

        await write(pilot, "hold:anny x")
        assert "hold: takes any, payment, fraud" in text(app)
        await press(pilot, "enter")
        assert notices(app)[-1].startswith("hold: takes any")
        assert app.orders.bar.field.has_focus
        for _ in "hold:anny x":
            await pilot.press("backspace")
        await press(pilot, "enter")
        assert app.orders.table.has_focus
        assert "tag:gift !status:shipped" in text(app)

        await press(pilot, "f", "p", "enter")  # a status chosen beside what was typed is in the words, too
        assert app.orders.bar.field.value == "status:pending !status:shipped tag:gift"
        await press(pilot, "slash", "escape")
        assert len(orders_shown(app)) == 3
        assert app.orders.filter == OrderFilter()

        app.orders.narrow(OrderFilter(pile=Pile.OVERDUE), "overdue")
        await settle(pilot)
        await press(pilot, "slash")
        assert app.orders.bar.field.value == "pile:overdue"
        await press(pilot, "escape")  # what came about otherwise stays
        assert app.orders.filter.pile is Pile.OVERDUE
        assert "overdue · " in text(app)


async def test_saved_views_are_counted_opened_by_their_keys_kept_shared_and_deleted(
    new_app: Callable[..., OrdersApp], factory: Factory, opened: Database, tmp_path: Path
) -> None:
    await a_few(factory)
    app = new_app(memory_file=tmp_path / "console.json")
    async with app.run_test(size=MEDIUM, notifications=True) as pilot:
        await press(pilot, "2")  # from Triage
        assert app.current_mode == "orders"
        assert sorted(orders_shown(app)) == ["ORD-1", "ORD-2"]
        assert "to pick · " in text(app)
        assert "2 to pick 2" in strip(app)
        await press(pilot, "9")
        assert notices(app)[-1] == "There is no view on the key 9: F saves this list as one, V lists them."
        await press(pilot, "escape", "D")
        assert notices(app)[-1] == "No saved view is open; V lists them."

        await press(pilot, "slash")
        await write(pilot, "tag:gift")
        await press(pilot, "enter", "o", "o", "F")
        await write(pilot, "gifts")
        await press(pilot, "tab", "9", "enter")
        assert notices(app)[-1] == "The view gifts is kept on the key 9."
        assert "9 gifts 2" in strip(app)
        await press(pilot, "1", "9")
        assert sorted(orders_shown(app)) == ["ORD-1", "ORD-3"]
        assert app.orders.filter.sort == "total_amount"

        await press(pilot, "ctrl+e")
        await write(pilot, "all gifts")
        await press(pilot, "enter")
        assert notices(app)[-1] == "The view all gifts is kept for everybody."
        await press(pilot, "V")
        assert "all gifts" in text(app)
        await press(pilot, "home", "enter")  # one's own come first
        assert app.orders.view is not None
        assert app.orders.view.name == "gifts"
        await press(pilot, "D", "escape")
        assert app.orders.view is not None
        await press(pilot, "D", "enter")
        assert notices(app)[-1] == "The view gifts is deleted."
        assert "gifts" not in strip(app)
    rows = await opened.pool.fetch("SELECT name, filter FROM saved_views WHERE name LIKE '%gifts'")
    assert [(row["name"], row["filter"]["words"]) for row in rows] == [("all gifts", "tag:gift")]


async def test_columns_are_chosen_moved_sorted_by_and_remembered(
    new_app: Callable[..., OrdersApp], factory: Factory, tmp_path: Path
) -> None:
    await a_few(factory)
    file = tmp_path / "console.json"
    app = new_app(memory_file=file)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "f3")
        assert "↓ordered" not in lines(app)[2]  # no room for it
        await press(pilot, "C", "end", "space", *["shift+up"] * 30, "down", "space")
        [first, second, *_] = [line for line in lines(app) if "[" in line]
        assert "[x] TikTok says" in first
        assert "[ ] status" in second
        assert "space show or hide" in text(app)
        await press(pilot, *["down"] * 3, "s", "s", "enter")
        assert app.orders.filter.sort == "order_number"
        assert app.orders.filter.ascending
        assert orders_shown(app) == ["ORD-1", "ORD-2", "ORD-3"]
        header = lines(app)[2]
        assert header.split()[:3] == ["TikTok", "says", "state"]
        assert "↑order" in header
        assert "awaiting shipment" in lines(app)[3]
    again = new_app(memory_file=file)
    async with again.run_test(size=SMALL) as pilot:
        await press(pilot, "f3")
        assert lines(again)[2].split()[:3] == ["TikTok", "says", "state"]
        await press(pilot, "C", "0", "enter")
        assert lines(again)[2].split()[:2] == ["status", "state"]
    assert orjson.loads(file.read_bytes())["columns"] == []


async def test_any_row_is_one_small_form_away(app: OrdersApp, factory: Factory) -> None:
    await factory.many(1000)
    await factory.order(number="ORD-OLD", ordered_at=NOON - timedelta(days=90))
    async with app.run_test(size=SMALL, notifications=True) as pilot:

        async def go_to(place: str) -> int:
            await press(pilot, "number_sign")
            await write(pilot, place)
            await press(pilot, "enter")
            return app.orders.table.cursor

        await press(pilot, "f3")
        assert await go_to("700") == 699
        assert await go_to("1,001") == 1000
        assert await go_to("50%") == 500
        assert await go_to("576000000000000990") == 10
        await press(pilot, "f", "d", "enter")
        await settle(pilot)
        assert await go_to("ORD-OLD") == 999
        assert notices(app)[-1] == "Order ORD-OLD is not in this list; the cursor stands where it would be."
        await press(pilot, "number_sign")
        await write(pilot, "nowhere")
        await press(pilot, "enter")
        assert "'nowhere' is no row, no percentage, and no order's number." in text(app)
        await press(pilot, "escape")
        assert app.orders.table.cursor == 999


@pytest.mark.parametrize(
    ("typed", "row"),
    [("1", 0), ("10", 9), ("11", None), ("0", None), ("0%", 0), ("100 %", 9), ("101%", None), ("x", None)],
)
def test_a_place_is_a_row_or_a_percentage(typed: str, row: int | None) -> None:
    assert place_of(typed, 10) == row


async def test_the_list_is_written_to_a_file_of_one_s_own_and_nothing_in_it_is_a_formula(
    new_app: Callable[..., OrdersApp], factory: Factory, tmp_path: Path
) -> None:
    await factory.order(number="ORD-1", customer="=HYPERLINK(1)", tags=["gift"])
    await factory.order(number="ORD-2", customer="\t-2+3", lines=(BOWL, MUG))
    app = new_app(export_directory=tmp_path)
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        await press(pilot, "f3", "E")
        assert "It will hold customers' names." in text(app)
        await press(pilot, "enter")
        path = tmp_path / "orders-20260302-150000.csv"
        assert notices(app)[-1] == f"2 orders are in {path}."
        await press(pilot, "slash")
        await write(pilot, "tag:gift")
        await press(pilot, "enter", "E", "down")
        await press(pilot, "enter")
        assert notices(app)[-1] == f"1 order is in {path.with_suffix('.jsonl')}."
        await press(pilot, "E", "tab", "tab")
        app.screen.query_one("#file").value = str(tmp_path / "nowhere" / "x.csv")  # type: ignore[attr-defined]
        await press(pilot, "enter")
        assert "/nowhere/x.csv cannot be written" in text(app)
        await press(pilot, "escape")
    assert sorted(file.name for file in tmp_path.iterdir()) == [path.name, path.with_suffix(".jsonl").name]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    rows = list(csv.DictReader(path.read_text("utf-8").splitlines()))
    assert [(row["order_number"], row["customer_name"], row["tags"]) for row in rows] == [
        ("ORD-2", "'-2+3", ""),
        ("ORD-1", "'=HYPERLINK(1)", "gift"),
    ]
    [document] = [orjson.loads(line) for line in path.with_suffix(".jsonl").read_text("utf-8").splitlines()]
    assert (document["order_number"], document["tags"], document["total_amount"]) == ("ORD-1", ["gift"], "12.50")


def test_every_column_has_its_fields_in_the_file() -> None:
    assert set(FIELDS_OF) == {column.name for column in ALL}
    assert {field for fields in FIELDS_OF.values() for field in fields} <= set(EVERYTHING)
