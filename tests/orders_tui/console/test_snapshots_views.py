"""Pictures of typing a filter, choosing columns, and writing a list to a file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from pytest_textual_snapshot import SVGImageExtension  # type: ignore[import-untyped]
from syrupy.assertion import SnapshotAssertion

from orders_tui.console import OrdersApp
from tests.factories import BOWL, MUG, NOON, Factory
from tests.orders_tui.console.driving import MEDIUM, SMALL, press, settle, write


@pytest.mark.parametrize("size", [SMALL, MEDIUM], ids=lambda size: "{}x{}".format(*size))
async def test_screen(
    new_app: Callable[..., OrdersApp], factory: Factory, snapshot: SnapshotAssertion, size: tuple[int, int]
) -> None:
    for number in range(6):
        await factory.order(
            number=f"ORD-{number}",
            lines=(BOWL,) if number % 2 else (MUG,),
            tags=["gift"] if number % 3 else [],
            waiting_for="pick",
            ordered_at=NOON + timedelta(minutes=number),
        )
    app = new_app(export_directory=Path("downloads"))
    async with app.run_test(size=size) as pilot:
        await press(pilot, "f3", "slash")
        await write(pilot, "tag:gift waits:p")
        await settle(pilot)
        assert app.export_screenshot() == snapshot(extension_class=SVGImageExtension, name="typing")
        await press(pilot, "escape", "C", "down", "down")
        await pilot.pause(0.1)
        assert app.export_screenshot() == snapshot(extension_class=SVGImageExtension, name="columns")
        await press(pilot, "escape", "E")
        assert app.export_screenshot() == snapshot(extension_class=SVGImageExtension, name="export")
