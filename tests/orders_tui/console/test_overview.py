"""Overview: the numbers, what is behind them, and that only what changed is drawn."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from engine.database.connection import Database
from engine.fleet.dependencies import DependencyReport, write_states
from engine.identifiers import DEFAULT_CREATOR, DaemonId, new_id
from engine.monitoring.alerts import judge
from engine.monitoring.rules import rules
from engine.words import OrderStatus, WorkflowState
from orders_tui.console import OrdersApp
from orders_tui.drawing import bar, condensed, spark
from orders_tui.screens.overview import MOVEMENT_SECONDS, STANDSTILL_SECONDS, OverviewScreen
from orders_tui.services import Services
from orders_tui.state import ConsoleOptions
from tests.factories import NOON, Factory, insert
from tests.orders_tui.console.conftest import NOW, Watch
from tests.orders_tui.console.driving import MEDIUM, SMALL, notices, orders_shown, press, text
from tests.orders_tui.console.metered import MeteredDriver, cost, quiet

PATCH_BYTES = 4_000
"""Of the two panels that show what changed; the whole screen takes four times as much."""


def figures(app: OrdersApp, panel: str) -> dict[str, str]:
    """The lines of a panel by the ids of their figures."""
    assert isinstance(app.screen, OverviewScreen)
    shown = next(each for each in app.screen.panels if each.panel == panel)
    return {figure.id: " ".join(figure.content.plain.split()) for figure in shown.figures.values()}


def under_the_cursor(app: OrdersApp) -> str:
    assert isinstance(app.screen, OverviewScreen)
    figure = app.screen.panel.figure
    return figure.id if figure else ""


async def busy_house(factory: Factory, opened: Database) -> None:
    """Numbers of every kind, at the tests' moment."""
    for hours in (-3, -1, 2, 2, 5, 30):
        await factory.order(
            number=f"ORD-DUE{hours}" if hours != 2 else None,
            status=OrderStatus.CONFIRMED,
            state=WorkflowState.VALIDATED,
            ship_by=NOW + timedelta(hours=hours, minutes=30),
            total_amount=Decimal("10.00"),
        )
    await factory.order(
        status=OrderStatus.SHIPPED, state=WorkflowState.SHIPPED, total_amount=Decimal(500), currency="JPY"
    )
    await factory.failed(number="ORD-OUT")
    for ago, created, failed in ((0, 7, 0), (1, 41, 0), (59, 12, 2), (150, 100, 0)):
        minute = NOW.replace(second=0) - timedelta(minutes=ago)
        row = {"minute": minute, "shop_id": factory.shop_id, "created": created, "failed": failed}
        async with opened.transaction() as connection:
            await insert(connection, "order_minutes", row | {"shipped": 1, "completed": 2, "cancelled": 0})
    async with opened.transaction() as connection:
        for place in range(3):
            effect = {"id": new_id(), "key": f"label:{place}", "kind": "buy_label", "dependency": "carrier"}
            late = {"due_at": NOW + timedelta(days=20_000)} if place else {}
            await insert(connection, "effects", effect | late)
        await insert(
            connection,
            "creator_metrics",
            {
                "user_id": DEFAULT_CREATOR,
                "day": NOW.date(),
                "currency": "EUR",
                "orders_completed": 4,
                "revenue": Decimal("99.90"),
            },
        )
        await connection.execute(
            "INSERT INTO polls (shop_id, topic, polled_at) VALUES ($1, 'orders', $2)",
            factory.shop_id,
            NOW - timedelta(minutes=9),
        )
    daemon = DaemonId(new_id())
    await opened.pool.execute(
        "INSERT INTO daemons (id, host, process_id, version, beat_at) VALUES ($1, 'quay', 7, '1.0', now() + interval '1 hour')",
        daemon,
    )
    no_daemon = next(rule for rule in rules() if rule.name == "no_daemon")
    await judge(opened, [replace(no_daemon, for_seconds=0)], {"fleet.daemons": 0.0})
    down = DependencyReport("carrier", 90, 4, 60, 5, 5, "refused", "HTTP 503 from the carrier.", 0.4, 20.0)
    await write_states(opened, daemon, [down, DependencyReport("tiktok", 1200, 0, 1, p95_seconds=0.25)])


async def test_every_number_stands_in_words_and_opens_the_orders_behind_it(
    app: OrdersApp, factory: Factory, opened: Database
) -> None:
    await busy_house(factory, opened)
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        await press(pilot, "f6")
        flow = figures(app, "flow")
        assert flow["hour"].endswith("7 this minute, most 41")
        assert flow["day"].endswith("60 this hour, most 100")
        assert flow["errors"] == "error rate 1.2% 2 failed of 160 created in a day"
        today = figures(app, "today")
        assert today["created"] == "created 160 72.50 USD · 500 JPY"
        assert today["completed"] == "completed 8 99.90 EUR"
        radar = figures(app, "radar")
        assert radar["due-0"].startswith("late 2 ")
        assert radar["due-0"].endswith("ship these now")
        assert radar["due-3"].startswith("in 2 to 3 h 2 ")
        assert radar["due-3"].endswith("urgent by 18:00")
        assert radar["due-11"].split()[:6] == ["in", "24", "to", "36", "h", "1"]
        assert figures(app, "status")["status-confirmed"].startswith("confirmed 6 ")
        assert figures(app, "state")["state-failed"].startswith("failed 1 ")
        assert figures(app, "failures")["cause-out_of_stock"].startswith("out of stock 1 ")
        assert figures(app, "effects")["effects-carrier"] == "carrier 1 and 2 wait for their time"
        outside = figures(app, "outside")
        assert outside["daemons"] == "daemons 1 alive"
        assert outside["alert-no_daemon"].startswith(
            "critical No daemon is at work: nothing is polled, decided or sent. Start one"
        )
        assert "left alone" in outside["dependency-carrier"]
        assert "HTTP 503 from the carrier." in outside["dependency-carrier"]
        assert outside["dependency-tiktok"] == "tiktok ok 1,200 calls, p95 250 ms"
        [shop] = figures(app, "shops").values()
        assert shop == "Alder Goods work 8 open 2 late 1 failed heard 9m ago"

        # The cursor goes from panel to panel, and what is under it stays in sight.
        await press(pilot, *["down"] * 10)
        assert under_the_cursor(app) == "due-0"
        assert "ship these now" in text(app)
        await press(pilot, "tab", "tab", "up")
        assert under_the_cursor(app) == "status-returned"
        assert "returned" in text(app)
        await press(pilot, "h", "enter")
        assert orders_shown(app) == ["ORD-DUE-3", "ORD-DUE-1"]
        await press(pilot, "f6", "h", "h", "j", "j", "enter")
        assert notices(app)[-1] == "No orders stand behind this figure."


@pytest.fixture
def metered(services: Services, watch: Watch, monkeypatch: pytest.MonkeyPatch) -> OrdersApp:
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    options = ConsoleOptions(zone=NOON.tzinfo, slow_line=True)
    return OrdersApp(services, options=options, clock=watch, auto_refresh=False, driver_class=MeteredDriver)


async def test_only_what_changed_is_drawn_and_nothing_when_nothing_changed(
    metered: OrdersApp, factory: Factory, opened: Database, watch: Watch
) -> None:
    await busy_house(factory, opened)
    async with metered.run_test(headless=False, size=MEDIUM):
        await quiet()
        await cost(metered, "f6")

        async def refreshed() -> int:
            await metered.tick()
            await quiet()
            before = MeteredDriver.sent
            watch.move(max(MOVEMENT_SECONDS, STANDSTILL_SECONDS) + 0.1)
            await metered.tick()
            await quiet()
            return MeteredDriver.sent - before

        await opened.pool.execute("UPDATE dependency_states SET left_alone_until = NULL, failing_since = NULL")
        await refreshed()
        assert await refreshed() == 0
        await opened.pool.execute("UPDATE order_minutes SET created = created + 1")
        changed = await refreshed()
        assert 0 < changed <= PATCH_BYTES
        assert await refreshed() == 0


def test_what_is_drawn_is_never_nothing_for_something() -> None:
    assert spark([0, 1, 50, 100, 1_000_000]) == "·▁▁▁█"
    assert spark([]) == ""
    assert bar(1, 1_000_000, 10) == "▏"
    assert bar(5, 10, 10) == "█████"
    assert bar(0, 10, 10) == bar(3, 10, 0) == bar(3, 0, 10) == ""
    assert condensed([1, 2, 3, 4, 5], 3) == [1, 5, 9]
    assert condensed([1, 2], 60) == [1, 2]
