"""One picture of Rules at each size, and of a rule being written.

After a wanted change: `pytest tests/orders_tui/console/test_snapshots_rules.py --snapshot-update`, and look at the pictures.
"""

from __future__ import annotations

import pytest
from pytest_textual_snapshot import SVGImageExtension  # type: ignore[import-untyped]
from syrupy.assertion import SnapshotAssertion

from engine.database.connection import Database
from orders_tui.console import OrdersApp
from orders_tui.services import Services
from tests.factories import NOON, Factory
from tests.orders_tui.console.driving import MEDIUM, SMALL
from tests.orders_tui.console.test_rules import house
from tests.orders_tui.console.test_snapshots import picture


@pytest.mark.parametrize("size", [SMALL, MEDIUM], ids=lambda size: "{}x{}".format(*size))
@pytest.mark.parametrize("keys", [("f8", "down"), ("f8", "n", "tab", "tab", "h")], ids=["list", "writing"])
async def test_rules(
    app: OrdersApp,
    factory: Factory,
    services: Services,
    opened: Database,
    snapshot: SnapshotAssertion,
    keys: tuple[str, ...],
    size: tuple[int, int],
) -> None:
    await house(factory, services)
    await opened.pool.execute("UPDATE rules SET updated_at = $1, enabled = name = 'Large'", NOON)
    assert await picture(app, size, keys) == snapshot(extension_class=SVGImageExtension)
