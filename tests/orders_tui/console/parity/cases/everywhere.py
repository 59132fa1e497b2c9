"""What works on every screen."""

from __future__ import annotations

from tests.factories import Factory
from tests.orders_tui.console.parity.case import Case, Scene


async def one_failed(factory: Factory) -> None:
    await factory.order(number="ORD-0")
    await factory.failed(number="ORD-1")


SCENES = (
    Scene(
        "going",
        (
            Case("go.orders", ("f3",), ("orders", "list"), shows="ORD-0"),
            Case("go.failed", ("f4",), ("failures", "list"), shows="out of stock MUG-BLU"),
            Case("go.triage", ("f3", "f2"), shows="cancel requested"),
            Case("go.help", ("question_mark",), shows="Everywhere"),
            Case("app.palette", ("colon",), shows="or which order?"),
            Case("app.jump", ("ctrl+o",), shows=" a "),
            Case("app.copied", ("f3", "y", "ctrl+y"), shows="Select with the mouse"),
            Case("app.theme", ("ctrl+t",)),
            Case("app.suspend", ("ctrl+z",)),  # a terminal in memory cannot be stopped; a real one is in test_terminal
            Case("app.refresh", ("f3", "ctrl+r"), shows="ORD-0"),
        ),
        one_failed,
    ),
    Scene("quitting", (Case("app.quit", ("q", "q")),)),
    Scene("leaving", (Case("app.leave", ("ctrl+q",)),)),
)
