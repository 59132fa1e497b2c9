"""Driving the console the way a person does, and reading what it shows."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from textual.pilot import Pilot
from textual.worker import WorkerCancelled, WorkerFailed

from orders_tui.console import OrdersApp

SMALL, MEDIUM, LARGE = (80, 24), (120, 40), (160, 48)


def lines(app: OrdersApp) -> list[str]:
    """The screen as text."""
    return ["".join(segment.text for segment in strip).rstrip() for strip in app.screen._compositor.render_strips()]


def text(app: OrdersApp) -> str:
    return "\n".join(lines(app))


def orders_shown(app: OrdersApp) -> list[str]:
    """The order numbers in the table, from the top."""
    return [row.order_number for row in app.orders.table.rows_on_screen()]


async def settle(pilot: Pilot[int]) -> None:
    """Wait until everything that was asked has been answered and drawn, also what the answers asked for in turn."""
    quiet = 0
    while quiet < 2:
        await pilot.pause()
        # A change waits for its form, which waits for the test.
        asking = [worker for worker in pilot.app.workers if worker.group != "change" and not worker.is_finished]
        quiet = 0 if asking else quiet + 1
        if asking:
            with suppress(WorkerCancelled, WorkerFailed):  # what failed is told by the screen, which the test looks at
                await pilot.app.workers.wait_for_complete(asking)


async def until(pilot: Pilot[int], happened: Callable[[], bool]) -> None:
    """Wait until something has happened that no worker of a screen tells of."""
    for _ in range(500):
        if happened():
            return
        await pilot.pause(0.02)
    raise AssertionError("it has not happened")


async def shows(pilot: Pilot[int], phrase: str) -> None:
    """Wait until a phrase is on screen or among the notices."""
    app = pilot.app
    assert isinstance(app, OrdersApp)
    for _ in range(250):
        if phrase in text(app) or phrase in notices(app):
            return
        await pilot.pause(0.02)
    raise AssertionError(f"{phrase!r} is not to be seen:\n{text(app)}\n{notices(app)}")


async def press(pilot: Pilot[int], *keys: str) -> None:
    await pilot.press(*keys)
    await settle(pilot)


async def write(pilot: Pilot[int], phrase: str) -> None:
    """Type a phrase into the field that has the focus."""
    await pilot.press(*("space" if character == " " else character for character in phrase))
    await settle(pilot)


def notices(app: OrdersApp) -> list[str]:
    """The notices on screen, oldest first."""
    return [notice.message for notice in app._notifications]
