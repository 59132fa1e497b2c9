"""The pane of one order: its parts, its timeline, and where it leads."""

from __future__ import annotations

from engine.orders.views import TimelineKind
from tests.factories import NOON, Factory
from tests.orders_tui.console.parity.case import Case, Scene

PANE = ("f3", "enter", "enter")


async def one_replaced(factory: Factory) -> None:
    await factory.order(number="ORD-0")
    await factory.order(
        number="ORD-1", ordered_at=NOON.replace(hour=13), replaces_order_id="ORD-0", order_kind="replacement"
    )


SCENES = (
    Scene(
        "the pane",
        (
            Case("pane.next", (*PANE, "right"), shows="Items"),
            Case("pane.previous", (*PANE, "left"), shows="Items"),
            Case("pane.kinds", (*PANE, "f"), shows="s:status"),
            *(
                Case(f"kinds.{kind}", (*PANE, "f", key), shows=f"[{key}:{kind}]")
                for kind, key in zip(TimelineKind, "steaxhnr", strict=True)
            ),
            Case("kinds.all", (*PANE, "f", "0"), shows="s:status"),
            Case("kinds.done", (*PANE, "f", "escape"), shows="f narrows: every kind"),
            Case("pane.older", (*PANE, "space"), shows="Timeline, newest first"),
            Case("pane.down", (*PANE, "j")),
            Case("pane.up", (*PANE, "j", "k")),
            Case("pane.link", (*PANE, "o"), shows="Order ORD-1 stands for this one"),
        ),
        one_replaced,
    ),
)  # fmt: skip
