"""Failed: groups seen, taken up, given away, left to rest, mended and retried."""

from __future__ import annotations

from tests.factories import Factory
from tests.orders_tui.console.parity.case import Case, Scene
from tests.orders_tui.console.parity.cases.chosen import people

GROUP = "out_of_stock:MUG-BLU"
MORNING = "2027-01-01T09:00:00+00:00"


async def two_failed(factory: Factory) -> None:
    await people(factory)
    for number in ("ORD-1", "ORD-2"):
        await factory.failed(number=number, failed_from="validated")


async def another_failed(factory: Factory) -> None:
    await factory.failed(number="ORD-3", failed_from="validated")


SCENES = (
    Scene(
        "the queue",
        (
            Case("failed.open", ("f4", "enter"), shows="failed 2 Mar 12:00"),
            Case("failed.show", ("f4", "g", "o"), shows="2 orders"),
            Case("failed.take", ("f4", "g", "a"), ("failures", "acknowledge", "--group", GROUP)),
            Case(
                "failed.give",
                ("f4", "g", "d", "down", "down", "enter"),
                ("failures", "assign", "--group", GROUP, "--to", "Jon"),
            ),
            Case(
                "failed.snooze",
                ("f4", "g", "z", "tab", f"type:{MORNING}", "enter"),
                ("failures", "snooze", "--group", GROUP, "--until", MORNING),
            ),
            Case("failed.snoozed", ("f4", "v"), shows="2 snoozed"),
            Case("failed.wake", ("f4", "g", "Z"), ("failures", "wake", "--group", GROUP)),
            Case(
                "failed.mend",
                ("f4", "g", "e", "type:25", "enter"),
                ("stock", "receive", "MUG-BLU", "25"),
                also=(("failures", "retry-group", GROUP, "--reason", "25 of MUG-BLU received, 125 available."),),
                shows="2 of 2 orders go on",
            ),
            Case(
                "failed.retry_group",
                ("f4", "g", "R", "enter"),
                ("failures", "retry-group", GROUP),
                prepare=another_failed,
            ),
        ),
        two_failed,
    ),
)
