"""A driver that encodes every frame as a terminal would get it, and counts."""

from __future__ import annotations

import asyncio

from textual import events
from textual.drivers.headless_driver import HeadlessDriver

from orders_tui.console import OrdersApp


class MeteredDriver(HeadlessDriver):
    """Not headless to the app, so that frames become escape sequences."""

    sent = 0

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        MeteredDriver.sent += len(data.encode())


async def quiet(app: OrdersApp | None = None, seconds: float = 0.25, limit: int = 40) -> None:
    """Wait until nothing has been written for a while, and nothing more is being read for the screen."""
    for _ in range(limit):
        before = MeteredDriver.sent
        await asyncio.sleep(seconds)
        reading = app is not None and any(not worker.is_finished for worker in app.workers)
        if MeteredDriver.sent == before and not reading:
            return


async def cost(app: OrdersApp, key: str) -> int:
    """Bytes written because of one key."""
    await quiet(app)
    before = MeteredDriver.sent
    event = events.Key(key, key if len(key) == 1 else None)
    event.set_sender(app)
    assert app._driver is not None
    app._driver.send_message(event)
    await quiet(app)
    return MeteredDriver.sent - before
