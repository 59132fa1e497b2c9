"""Pictures of the forms of paper and returns.

After a wanted change: `pytest tests/orders_tui/console/test_snapshots_paper.py --snapshot-update`, and look at the pictures.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_textual_snapshot import SVGImageExtension  # type: ignore[import-untyped]
from syrupy.assertion import SnapshotAssertion

from engine.database.connection import Database
from engine.words import PaperKind
from orders_tui.console import OrdersApp
from orders_tui.printing.printers import PrintSettings
from orders_tui.services import Services
from tests.factories import Factory
from tests.orders_tui.console.driving import MEDIUM, SMALL, press
from tests.orders_tui.console.test_paper import a_return, labelled


@pytest.mark.parametrize("size", [SMALL, MEDIUM], ids=lambda size: "{}x{}".format(*size))
async def test_forms(
    app: OrdersApp,
    services: Services,
    factory: Factory,
    opened: Database,
    snapshot: SnapshotAssertion,
    size: tuple[int, int],
) -> None:
    services.printing.settings = PrintSettings(folder=Path("/srv/paper"))
    await services.printing.put_station("PACK-1", printers={PaperKind.LABEL: "/srv/zebra"})
    await a_return(factory, opened)
    await labelled(factory, "ORD-2", "B-2")
    await labelled(factory, "ORD-3", "A-1")
    async with app.run_test(size=size) as pilot:
        await press(pilot, "f3", "A")
        app.orders.styles.visibility = "hidden"  # the pictures are of the forms, whatever is beneath
        await press(pilot, "l")
        assert app.export_screenshot() == snapshot(extension_class=SVGImageExtension, name="labels")
        await press(pilot, "escape", "ctrl+g", "enter")
        assert app.export_screenshot() == snapshot(extension_class=SVGImageExtension, name="return")
