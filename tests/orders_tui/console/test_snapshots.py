"""One picture of each screen at each size, and of each theme. States are asserted elsewhere.

After a wanted change: `pytest tests/orders_tui/console/test_snapshots.py --snapshot-update`, and look at the pictures.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from pytest_textual_snapshot import SVGImageExtension  # type: ignore[import-untyped]
from syrupy.assertion import SnapshotAssertion

from engine.words import HoldReason, OrderStatus
from orders_tui.console import OrdersApp
from orders_tui.services import Services
from orders_tui.state import ConsoleOptions
from styles.themes import THEMES
from tests.cast import BUYERS, STORY
from tests.factories import BOWL, MUG, NOON, Factory
from tests.orders_tui.console.conftest import Watch
from tests.orders_tui.console.driving import LARGE, MEDIUM, SMALL, settle

PLACES = {
    "triage": (),
    "orders": ("f3", "down", "space", "space"),
    "order": ("f3", "pagedown", "enter"),
    "status": ("f3", "down", "space", "space", "s"),
    "failed": ("f4", "enter", "down"),
    "help": ("question_mark",),
}
"""Which keys lead there."""


@pytest.fixture
async def warehouse(factory: Factory) -> Factory:
    """A small, quiet shop: an order of every kind, a hold, two causes of failure."""
    await factory.product(on_hand=12)
    for number in range(21):
        status, state, execution, waiting_for = STORY[number % len(STORY)]
        order = await factory.order(
            status=status,
            state=state,
            execution=execution,
            waiting_for=waiting_for,
            customer=BUYERS[number % len(BUYERS)],
            lines=(MUG,) if number % 3 else (MUG, BOWL),
            ordered_at=NOON + timedelta(minutes=7 * number),
            ship_by=NOON + timedelta(hours=5 * number - 6) if number % 4 else None,
            total_amount=Decimal("12.50") * (number + 1),
        )
        if status is OrderStatus.SHIPPED:
            await factory.package(order, f"94001118992230000000{number:02d}", first_scan_at=NOON)
    held = await factory.order(ordered_at=NOON - timedelta(minutes=1), waiting_for="hold")
    await factory.hold(held, HoldReason.ADDRESS, "asks for another street")
    for number in range(3):
        await factory.failed(ordered_at=NOON - timedelta(hours=1 + number), ship_by=NOON + timedelta(hours=number))
    await factory.failed(code="missing_weight", about="BOWL-LG", ordered_at=NOON - timedelta(hours=5))
    return factory


async def picture(app: OrdersApp, size: tuple[int, int], keys: tuple[str, ...]) -> str:
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await app.tick()
        for key in keys:
            await pilot.press(key)
            await pilot.pause(0.05)
            await settle(pilot)
        return app.export_screenshot()


@pytest.mark.parametrize("size", [SMALL, MEDIUM], ids=lambda size: "{}x{}".format(*size))
@pytest.mark.parametrize("place", PLACES)
async def test_screen(
    app: OrdersApp, warehouse: Factory, snapshot: SnapshotAssertion, place: str, size: tuple[int, int]
) -> None:
    assert await picture(app, size, PLACES[place]) == snapshot(extension_class=SVGImageExtension)


@pytest.mark.parametrize("theme", [theme.name for theme in THEMES])
async def test_theme(
    new_app: Callable[..., OrdersApp], warehouse: Factory, snapshot: SnapshotAssertion, theme: str
) -> None:
    assert await picture(new_app(theme=theme), LARGE, PLACES["order"]) == snapshot(extension_class=SVGImageExtension)


async def test_no_colour(
    new_app: Callable[..., OrdersApp], warehouse: Factory, snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert await picture(new_app(), SMALL, PLACES["orders"]) == snapshot(extension_class=SVGImageExtension)


async def test_sixteen_colours(
    services: Services, watch: Watch, warehouse: Factory, snapshot: SnapshotAssertion
) -> None:
    options = ConsoleOptions(zone=NOON.tzinfo, slow_line=True, theme="orders-terminal")
    app = OrdersApp(services, options=options, clock=watch, auto_refresh=False, ansi_color=True)
    assert await picture(app, SMALL, PLACES["orders"]) == snapshot(extension_class=SVGImageExtension)
