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


async def quiet(seconds: float = 0.25, limit: int = 40) -> None:
    """Wait until nothing has been written for a while."""
    for _ in range(limit):
        before = MeteredDriver.sent
        await asyncio.sleep(seconds)
        if MeteredDriver.sent == before:
            return


async def cost(app: OrdersApp, key: str) -> int:
    """Bytes written because of one key."""
    await quiet()
    before = MeteredDriver.sent
    event = events.Key(key, key if len(key) == 1 else None)
    event.set_sender(app)
    assert app._driver is not None
    app._driver.send_message(event)
    await quiet()
    return MeteredDriver.sent - before
