"""Driving the console the way a person does, and reading what it shows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from textual.app import App
from textual.pilot import Pilot
from textual.worker import Worker

from orders_tui.console import OrdersApp
from tests.orders_tui.console.idle import idle

SMALL, MEDIUM, LARGE = (80, 24), (120, 40), (160, 48)
PATIENCE_SECONDS = 60.0


def lines(app: App[int]) -> list[str]:
    """The screen as text."""
    return ["".join(segment.text for segment in strip).rstrip() for strip in app.screen._compositor.render_strips()]


def text(app: App[int]) -> str:
    return "\n".join(lines(app))


def orders_shown(app: OrdersApp) -> list[str]:
    """The order numbers in the table, from the top."""
    return [row.order_number for row in app.orders.table.rows_on_screen()]


async def settle(pilot: Pilot[int]) -> None:
    """Wait until everything that was asked has been answered and drawn, also what the answers asked for in turn."""
    app = pilot.app
    deadline = time.monotonic() + PATIENCE_SECONDS
    settled = False
    while not settled and app.is_running:
        while busy := working(app):
            await asyncio.sleep(0.002)
            assert time.monotonic() < deadline, f"{[worker.group for worker in busy]} never ended:\n{text(app)}"
        await pilot.pause()
        await idle()
        settled = not working(app)


def working(app: App[int]) -> list[Worker[object]]:
    """What goes on by itself. A change that waits for the answer of a form above it waits for the test."""
    asks = any(callback.future is not None for callback in app.screen._result_callbacks)
    return [
        worker
        for worker in app.workers
        if not worker.is_finished and not (asks and worker.group == "change" and worker.node.screen is not app.screen)
    ]


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
    """Press one key after the other, each when the one before has done what it does."""
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


async def write(pilot: Pilot[int], phrase: str) -> None:
    """Type a phrase into the field that has the focus."""
    await pilot.press(*("space" if character == " " else character for character in phrase))
    await settle(pilot)


def notices(app: OrdersApp) -> list[str]:
    """The notices on screen, oldest first."""
    return [notice.message for notice in app._notifications]
