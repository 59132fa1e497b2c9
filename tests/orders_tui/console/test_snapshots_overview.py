"""Pictures of Overview, Activity and Settings; Overview also in high contrast, in 16 colours and in none.

After a wanted change: `pytest tests/orders_tui/console/test_snapshots_overview.py --snapshot-update`, and look at the pictures.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from pytest_textual_snapshot import SVGImageExtension  # type: ignore[import-untyped]
from syrupy.assertion import SnapshotAssertion

from engine.database.connection import Database
from engine.words import OrderStatus, WorkflowState
from orders_tui.console import OrdersApp
from orders_tui.services import Services
from orders_tui.state import ConsoleOptions
from tests.factories import NOON, Factory, insert
from tests.orders_tui.console.conftest import NOW, Watch
from tests.orders_tui.console.driving import MEDIUM, SMALL, settle

PLACES = {"overview": ("f6", "tab", "tab"), "activity": ("f9", "down"), "settings": ("f10", "right")}
"""Which keys lead there."""


@pytest.fixture
async def house(factory: Factory, opened: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Factory:
    """A quiet afternoon: nothing on it depends on the hour at which it is looked at."""
    for name in [name for name in os.environ if name.startswith("ORDERS_TUI_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ORDERS_TUI_CONFIG", str(tmp_path / "config.toml"))
    (tmp_path / "config.toml").write_text("")
    for number in range(24):
        await factory.order(
            status=OrderStatus.CONFIRMED if number % 3 else OrderStatus.PROCESSING,
            state=WorkflowState.VALIDATED if number % 3 else WorkflowState.READY_TO_SHIP,
            ship_by=NOW + timedelta(hours=(number * number) % 70 - 4, minutes=10),
            total_amount=Decimal("19.50"),
            currency="USD" if number % 5 else "EUR",
        )
    await factory.failed(code="missing_weight", about="BOWL-LG")
    for _ in range(3):
        await factory.failed()
    minutes = range(0, 60 * 24, 3)
    async with opened.transaction() as connection:
        for ago in minutes:
            await insert(
                connection,
                "order_minutes",
                {
                    "minute": NOW.replace(second=0) - timedelta(minutes=ago),
                    "shop_id": factory.shop_id,
                    "created": (ago * 7) % 23,
                    "shipped": (ago * 5) % 11,
                    "completed": (ago * 3) % 7,
                    "failed": int(ago % 90 == 0),
                    "cancelled": 0,
                },
            )
    return factory


async def picture(app: OrdersApp, size: tuple[int, int], place: str) -> str:
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await app.tick()
        app.session.did("orders.retry", ["5771", "5772"], "2 of 2 orders go on")
        app.session.did("orders.status", ["5773", "--to", "shipped", "--reason", "handed over"], "1 changed")
        for key in PLACES[place]:
            await pilot.press(key)
            await settle(pilot)
        return app.export_screenshot()


@pytest.mark.parametrize("size", [SMALL, MEDIUM], ids=lambda size: "{}x{}".format(*size))
@pytest.mark.parametrize("place", PLACES)
async def test_screen(
    app: OrdersApp, house: Factory, snapshot: SnapshotAssertion, place: str, size: tuple[int, int]
) -> None:
    assert await picture(app, size, place) == snapshot(extension_class=SVGImageExtension)


async def test_high_contrast(new_app: Callable[..., OrdersApp], house: Factory, snapshot: SnapshotAssertion) -> None:
    shown = await picture(new_app(theme="orders-contrast"), SMALL, "overview")
    assert shown == snapshot(extension_class=SVGImageExtension)


async def test_no_colour(
    new_app: Callable[..., OrdersApp], house: Factory, snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert await picture(new_app(), SMALL, "overview") == snapshot(extension_class=SVGImageExtension)


async def test_sixteen_colours(services: Services, watch: Watch, house: Factory, snapshot: SnapshotAssertion) -> None:
    options = ConsoleOptions(zone=NOON.tzinfo, slow_line=True, theme="orders-terminal")
    app = OrdersApp(services, options=options, clock=watch, auto_refresh=False, ansi_color=True)
    assert await picture(app, SMALL, "overview") == snapshot(extension_class=SVGImageExtension)
