"""What a key costs on the wire, measured at 120x40 in 24-bit colour."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from engine.database.connection import Database
from engine.words import OrderStatus
from orders_tui.console import OrdersApp
from orders_tui.services import Services
from orders_tui.state import ConsoleOptions
from tests.factories import NOON, Factory
from tests.orders_tui.console.conftest import Watch
from tests.orders_tui.console.driving import MEDIUM, orders_shown
from tests.orders_tui.console.metered import MeteredDriver, cost, quiet

STEP_BYTES, PAGE_BYTES, PATCH_BYTES = 700, 18_000, 4_000


@pytest.fixture
def metered(services: Services, watch: Watch, monkeypatch: pytest.MonkeyPatch) -> OrdersApp:
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    options = ConsoleOptions(zone=NOON.tzinfo, slow_line=True)
    return OrdersApp(services, options=options, clock=watch, auto_refresh=False, driver_class=MeteredDriver)


async def test_keys_and_refreshes_keep_to_their_byte_budgets(
    metered: OrdersApp, factory: Factory, opened: Database
) -> None:
    await factory.many(400)
    for number in range(60):
        await factory.order(
            number=f"ORD-{number:03d}",
            status=list(OrderStatus)[number % 7],
            ordered_at=NOON + timedelta(minutes=number),
            ship_by=NOON + timedelta(hours=number - 20),
        )
    async with metered.run_test(headless=False, size=MEDIUM):
        await quiet()
        await cost(metered, "f3")
        assert orders_shown(metered)[0] == "ORD-059"
        await cost(metered, "down")  # the strip of views came above the table: its lines are drawn once more
        steps = [await cost(metered, "down") for _ in range(3)]
        pages = [await cost(metered, "pagedown") for _ in range(2)]
        shown = [row.order_id for row in metered.orders.table.rows_on_screen()][:10]
        await metered.tick()
        await quiet()
        before = MeteredDriver.sent
        await opened.pool.execute(
            "UPDATE orders SET order_status = 'returned', version = version + 1 WHERE id = ANY($1)",
            shown,
        )
        await metered.tick()
        await quiet()
        patch = MeteredDriver.sent - before
        await metered.tick()
        await quiet()
        before = MeteredDriver.sent
        await metered.tick()
        await quiet()
        idle = MeteredDriver.sent - before
    assert 0 < max(steps) <= STEP_BYTES
    assert 0 < max(pages) <= PAGE_BYTES
    assert 0 < patch <= PATCH_BYTES
    assert idle == 0


async def test_holding_a_key_with_the_pane_open_costs_no_more_until_it_rests(
    metered: OrdersApp, factory: Factory, new_app: Callable[..., OrdersApp]
) -> None:
    for number in range(5):
        await factory.order(number=f"ORD-{number}", ordered_at=NOON + timedelta(minutes=number))
    async with metered.run_test(headless=False, size=MEDIUM) as pilot:
        await quiet()
        await cost(metered, "f3")
        await cost(metered, "enter")
        before = MeteredDriver.sent
        await pilot.press("down")
        assert MeteredDriver.sent - before <= STEP_BYTES
