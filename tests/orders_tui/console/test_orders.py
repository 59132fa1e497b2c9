"""The Orders screen over a real database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from engine.database.connection import Database
from engine.words import HoldReason, OrderStatus, WorkflowState
from orders_tui.console import OrdersApp
from tests.factories import BOWL, MUG, NOON, Factory
from tests.orders_tui.console.driving import (
    LARGE,
    MEDIUM,
    SMALL,
    lines,
    notices,
    orders_shown,
    press,
    settle,
    text,
    write,
)


async def some_orders(factory: Factory, count: int) -> None:
    for number in range(count):
        await factory.order(number=f"ORD-{number:03d}", ordered_at=NOON + timedelta(minutes=number))


async def test_the_newest_order_stands_on_top(app: OrdersApp, factory: Factory) -> None:
    await some_orders(factory, 3)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "f3")
        assert orders_shown(app) == ["ORD-002", "ORD-001", "ORD-000"]
        assert "3 orders · order date ↓" in text(app)


async def test_a_changed_order_is_patched_in_place_and_new_ones_only_announced(
    app: OrdersApp, factory: Factory, opened: Database
) -> None:
    await some_orders(factory, 5)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "f3", "down", "down")
        here = app.orders.table.cursor_id
        await opened.pool.execute(
            "UPDATE orders SET order_status = 'confirmed', version = version + 1 WHERE order_number = 'ORD-004'"
        )
        await factory.order(number="ORD-NEW", ordered_at=NOON + timedelta(days=1))
        await app.tick()
        await settle(pilot)
        assert orders_shown(app) == ["ORD-004", "ORD-003", "ORD-002", "ORD-001", "ORD-000"]
        assert lines(app)[3].startswith("* confirmed")
        assert app.orders.table.cursor_id == here
        assert "1 new, press n" in text(app)
        await press(pilot, "n")
        assert orders_shown(app)[0] == "ORD-NEW"
        assert "new, press n" not in text(app)


async def test_the_cursor_stays_on_its_order_through_sorting_and_filtering(app: OrdersApp, factory: Factory) -> None:
    await some_orders(factory, 30)
    await factory.order(number="ORD-OTHER", status=OrderStatus.SHIPPED, state=WorkflowState.SHIPPED, ordered_at=NOON)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "f3", "down", "down", "down")
        assert app.orders.table.cursor_row is not None
        here = app.orders.table.cursor_row.order_number
        await press(pilot, "O")
        assert app.orders.table.cursor_row.order_number == here
        assert app.orders.table.cursor > 20
        await press(pilot, "f", "p", "enter")
        assert app.orders.table.cursor_row.order_number == here
        assert "ORD-OTHER" not in orders_shown(app)
        await press(pilot, "f", "p", "s", "enter")
        assert orders_shown(app) == ["ORD-OTHER"]
        assert app.orders.table.cursor == 0


async def test_search_narrows_as_it_is_typed_and_escape_takes_it_back(app: OrdersApp, factory: Factory) -> None:
    await factory.order(number="ORD-MUG", lines=(MUG,), customer="Ines Falk")
    await factory.order(
        number="ORD-BOWL", lines=(BOWL,), customer="Tomas Vey", email="t@example.test", phone="+1 555 0199"
    )
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "f3", "slash")
        await write(pilot, "vey")
        assert orders_shown(app) == ["ORD-BOWL"]
        await press(pilot, "enter")
        assert app.focused is app.orders.table
        await press(pilot, "slash", "escape")
        assert sorted(orders_shown(app)) == ["ORD-BOWL", "ORD-MUG"]
        await press(pilot, "slash")
        await write(pilot, "ORD-MUG")
        assert orders_shown(app) == ["ORD-MUG"]


async def test_every_sort_is_one_key_away(app: OrdersApp, factory: Factory) -> None:
    await factory.order(number="A", lines=(BOWL,), ordered_at=NOON, ship_by=NOON + timedelta(days=3))
    await factory.order(
        number="B", lines=(MUG,), ordered_at=NOON + timedelta(hours=1), ship_by=NOON + timedelta(days=1)
    )
    await factory.order(number="C", lines=(MUG, MUG), ordered_at=NOON - timedelta(hours=1))
    seen = {}
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "f3")
        for _ in range(4):
            seen[app.orders.filter.sort.value] = "".join(orders_shown(app))
            await press(pilot, "o")
        assert seen["order_date"] == "BAC"
        assert seen["total_amount"] == "ACB"
        assert seen["ship_by"] == "BAC"
        assert sorted(seen["updated_at"]) == ["A", "B", "C"]


async def test_the_pane_says_why_the_order_has_not_moved(app: OrdersApp, factory: Factory) -> None:
    held = await factory.order(number="ORD-HELD", waiting_for="hold")
    await factory.hold(held, HoldReason.ADDRESS, "asks for another street")
    await factory.package(held, "9400110000000000000000")
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "f3", "enter")
        shown = text(app)
        assert "Held: address" in shown
        assert "ines@example.test" in shown
        assert "Stoneware mug, blue" in shown
        assert not app.orders.table.display
        await press(pilot, "end")
        assert "Timeline, newest first" in text(app)
        await press(pilot, "escape")
        assert app.orders.table.display
        assert app.focused is app.orders.table


async def test_a_wide_terminal_shows_table_and_pane_side_by_side(app: OrdersApp, factory: Factory) -> None:
    await some_orders(factory, 5)
    for size in (MEDIUM, LARGE):
        async with app.run_test(size=size) as pilot:
            await press(pilot, "f3", "enter")
            assert "order    ORD-004" in text(app)
            await press(pilot, "down")
            await pilot.pause(0.2)
            await settle(pilot)
            assert "order    ORD-003" in text(app)
            assert orders_shown(app)[0] == "ORD-004"
        break


async def test_only_the_marked_are_shown_and_then_all_again(app: OrdersApp, factory: Factory) -> None:
    await some_orders(factory, 5)
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        await press(pilot, "f3", "m")
        assert notices(app)[-1] == "No order is marked; space marks the one under the cursor."
        await press(pilot, "space", "down", "space", "m")
        assert orders_shown(app) == ["ORD-004", "ORD-002"]
        await press(pilot, "o")
        assert notices(app)[-1] == "Only the marked orders are shown; m brings the whole list back."
        await press(pilot, "escape")
        assert len(orders_shown(app)) == 5
        await press(pilot, "escape")
        assert not app.orders.table.selection


async def test_a_filter_that_matches_nothing_says_so_by_its_count(app: OrdersApp, factory: Factory) -> None:
    await some_orders(factory, 2)
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        await press(pilot, "f3", "f", "t", "escape")
        assert orders_shown(app) == []
        assert "0 orders" in text(app)
        assert "No order matches; escape shows all orders, / changes the filter." in text(app)
        await press(pilot, "s")
        assert notices(app)[-1] == "Put the cursor on an order first, or mark some with space."


async def test_the_end_of_a_long_list_is_one_key_away(app: OrdersApp, factory: Factory) -> None:
    await factory.many(3000)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "f3")
        assert "3,000 orders" in text(app)
        await press(pilot, "end")
        assert orders_shown(app)[-1] == "576000000000000001"
        await press(pilot, "pageup", "home")
        assert orders_shown(app)[0] == "576000000000003000"


async def test_the_next_console_opens_where_the_last_one_was_left_in_the_same_colours(
    new_app: Callable[..., OrdersApp], factory: Factory, tmp_path: Path
) -> None:
    await factory.shop()
    file = tmp_path / "console.json"
    first = new_app(memory_file=file)
    async with first.run_test(size=SMALL) as pilot:
        await press(pilot, "f3", "o", "slash")
        await write(pilot, "tag:gift ines")
        await press(pilot, "enter", "f4", "ctrl+t")
    second = new_app(memory_file=file)
    async with second.run_test(size=SMALL) as pilot:
        await settle(pilot)
        assert (second.current_mode, second.theme) == ("failed", first.theme)
        assert first.theme != second.session.options.theme
        await press(pilot, "f3")
        assert "tag:gift" in text(second)
        assert "last change ↓" in text(second)
        assert "ines" not in file.read_text("utf-8")  # a name is not kept
        await press(pilot, "escape", "f4")
        assert second.orders.filter.narrows is False
    file.write_text(file.read_text("utf-8").replace('"failed"', '"no such screen"'), "utf-8")
    third = new_app(memory_file=file, theme="orders-contrast")  # what the configuration says anew counts
    async with third.run_test(size=SMALL) as pilot:
        await settle(pilot)
        assert (third.current_mode, third.theme) == ("triage", "orders-contrast")
