"""Wake-ups between processes: a hint that there may be work, sent outside the business transaction.

A NOTIFY inside a transaction takes a lock at commit that all commits share; so hints are sent on their own and many become one.
Losing one costs latency only, since everybody also looks by himself.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import asyncpg

if TYPE_CHECKING:
    from engine.database.connection import Database

CHANNEL = "orders_work"
COALESCE_SECONDS = 0.02
_RECONNECT_SECONDS = 1.0
_LOST = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


class Announcer:
    """Tells other processes that there may be work, at most once in 20 ms."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pending: asyncio.Task[None] | None = None

    def announce(self) -> None:
        """Send the hint soon."""
        if self._pending is None or self._pending.done():
            self._pending = asyncio.create_task(self._send())

    async def flush(self) -> None:
        """Wait until a pending hint has been sent."""
        if self._pending is not None:
            await self._pending

    async def _send(self) -> None:
        await asyncio.sleep(COALESCE_SECONDS)
        with contextlib.suppress(*_LOST):
            await self._database.pool.execute(f"NOTIFY {CHANNEL}")


async def listen(database: Database, on_hint: Callable[[], None], stopping: asyncio.Event) -> None:
    """Call `on_hint` for every hint until `stopping`; behind a transaction pooler, where LISTEN hears nothing, return at once."""
    if database.pooled:
        return
    while not stopping.is_set():
        with contextlib.suppress(*_LOST):
            await _listen_once(database, on_hint, stopping)
        if not stopping.is_set():
            await asyncio.sleep(_RECONNECT_SECONDS)


async def _listen_once(database: Database, on_hint: Callable[[], None], stopping: asyncio.Event) -> None:
    connection: Any = await database.connect()
    lost = asyncio.Event()
    connection.add_termination_listener(lambda _: lost.set())
    try:
        await connection.add_listener(CHANNEL, lambda *_: on_hint())
        on_hint()
        waits = [asyncio.ensure_future(stopping.wait()), asyncio.ensure_future(lost.wait())]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
    finally:
        with contextlib.suppress(*_LOST):
            await connection.close(timeout=2)
