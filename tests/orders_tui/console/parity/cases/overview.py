"""Overview: the panels, and the orders behind a figure."""

from __future__ import annotations

from datetime import timedelta

from tests.factories import NOON, Factory
from tests.orders_tui.console.parity.case import Case, Scene


async def one_late(factory: Factory) -> None:
    await factory.order(number="ORD-LATE", ship_by=NOON + timedelta(hours=1))


SCENES = (
    Scene(
        "figures",
        (
            Case("go.overview", ("f6",), ("report", "overview"), shows="ship these now"),
            Case("overview.next", ("f6", "tab", "tab"), shows="by workflow state"),
            Case("overview.open", ("f6", "enter"), shows="ORD-LATE"),
            Case("overview.previous", ("f6", "left"), shows="cancelled"),
        ),
        one_late,
    ),
)
