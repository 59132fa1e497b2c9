"""A console that is measured: a driver that encodes every frame and counts, keys that are waited for, frames that are timed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from textual import events
from textual.drivers.headless_driver import HeadlessDriver

from orders_tui.console import OrdersApp

WIDE = (120, 40)


class MeteredDriver(HeadlessDriver):
    """Not headless to the app, so that frames become escape sequences; counts them and says when the last was written."""

    sent = 0
    written_at = 0.0

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        MeteredDriver.sent += len(data.encode())
        MeteredDriver.written_at = time.perf_counter()


class MeasuredApp(OrdersApp):
    """The console itself, which says when it has painted."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, driver_class=MeteredDriver, **named)
        self.painted = asyncio.Event()

    def post_display_hook(self) -> None:
        self.painted.set()


async def rest(app: Any, seconds: float = 0.06, most: float = 3.0) -> None:
    """Wait until nothing has been painted for so long."""
    until = time.perf_counter() + most
    while time.perf_counter() < until:
        app.painted.clear()
        try:
            await asyncio.wait_for(app.painted.wait(), seconds)
        except TimeoutError:
            return


def press(app: Any, key: str) -> None:
    """A key as the driver's thread would hand it over."""
    event = events.Key(key, key if len(key) == 1 else None)
    event.set_sender(app)
    assert app._driver is not None
    app._driver.send_message(event)


async def key_times(app: Any, keys: list[str], *, pause: float = 0.06) -> tuple[list[float], list[int]]:
    """For each key: milliseconds until the next frame was written, and the bytes until nothing more came."""
    times, sizes = [], []
    for key in keys:
        await rest(app, pause)
        app.painted.clear()
        before, began = MeteredDriver.sent, time.perf_counter()
        press(app, key)
        try:
            await asyncio.wait_for(app.painted.wait(), 5)
        except TimeoutError:
            continue
        times.append((MeteredDriver.written_at - began) * 1000)
        await rest(app, pause)
        sizes.append(MeteredDriver.sent - before)
    return times, sizes


async def until(condition: Callable[[], bool], seconds: float = 30.0) -> float:
    """Wait until it holds; the moment it did. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.001)
    return time.perf_counter()


async def settle_workers(app: OrdersApp) -> None:
    """Wait until everything that the console asked for has come."""
    async with asyncio.timeout(60):
        while asking := [worker for worker in app.workers if not worker.is_finished and worker.group != "warm"]:
            with suppress(Exception):
                await app.workers.wait_for_complete(asking)
    await rest(app)


Act = Callable[[], Awaitable[object]]
