"""One picture of Inventory at each size: the list, and the card of a product.

After a wanted change: `pytest tests/orders_tui/console/test_snapshots_inventory.py --snapshot-update`, and look at the pictures.
"""

from __future__ import annotations

import pytest
from pytest_textual_snapshot import SVGImageExtension  # type: ignore[import-untyped]
from syrupy.assertion import SnapshotAssertion

from orders_tui.console import OrdersApp
from tests.factories import Factory
from tests.orders_tui.console.driving import MEDIUM, SMALL
from tests.orders_tui.console.test_inventory import shelves
from tests.orders_tui.console.test_snapshots import picture


@pytest.mark.parametrize("size", [SMALL, MEDIUM], ids=lambda size: "{}x{}".format(*size))
@pytest.mark.parametrize("keys", [("f7", "down"), ("f7", "end", "enter")], ids=["list", "card"])
async def test_inventory(
    app: OrdersApp, factory: Factory, snapshot: SnapshotAssertion, keys: tuple[str, ...], size: tuple[int, int]
) -> None:
    await shelves(factory)
    assert await picture(app, size, keys) == snapshot(extension_class=SVGImageExtension)
