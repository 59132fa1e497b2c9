"""Wake-ups between processes: a hint that there may be work, sent outside the business transaction.

A NOTIFY inside a transaction takes a lock at commit that all commits share; so hints are sent on their own and many become one.
Losing one costs latency only, since everybody also looks by himself.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import asyncpg

if TYPE_CHECKING:
    from engine.database.connection import Database

WORK = "orders_work"
"""There may be work: daemons listen."""
CHANGED = "orders_changed"
"""Something may look different now: consoles listen."""
KEYS = "orders_keys"
"""A data key was made, retired or deleted: whoever listens to anything listens to this too."""
COALESCE_SECONDS: Mapping[str, float] = {WORK: 0.02, CHANGED: 0.04}
_RECONNECT_SECONDS = 1.0
_LOST = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


class Announcer:
    """Sends hints on one channel to other processes, however many at most once in some milliseconds."""

    def __init__(self, database: Database, channel: str = WORK) -> None:
        self._database = database
        self._channel = channel
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
        await asyncio.sleep(COALESCE_SECONDS[self._channel])
        with contextlib.suppress(*_LOST):
            await self._database.pool.execute(f"NOTIFY {self._channel}")


async def listen(
    database: Database,
    on_hint: Callable[[], None],
    stopping: asyncio.Event,
    channel: str = WORK,
    on_hearing: Callable[[bool], None] = lambda _: None,
) -> None:
    """Call `on_hint` for every hint until `stopping`; behind a transaction pooler, where LISTEN hears nothing, return at once.

    `on_hearing` is told when hints can be heard, and when they no longer can.
    """
    if database.pooled:
        return
    while not stopping.is_set():
        with contextlib.suppress(*_LOST):
            await _listen_once(database, on_hint, stopping, channel, on_hearing)
        if not stopping.is_set():
            await asyncio.sleep(_RECONNECT_SECONDS)


async def _listen_once(
    database: Database,
    on_hint: Callable[[], None],
    stopping: asyncio.Event,
    channel: str,
    on_hearing: Callable[[bool], None],
) -> None:
    connection: Any = await database.connect()
    lost = asyncio.Event()
    connection.add_termination_listener(lambda _: lost.set())
    try:
        await connection.add_listener(channel, lambda *_: on_hint())
        await connection.add_listener(KEYS, lambda *_: database.vault.ring.hint())
        on_hearing(True)
        on_hint()
        waits = [asyncio.ensure_future(stopping.wait()), asyncio.ensure_future(lost.wait())]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
    finally:
        on_hearing(False)
        with contextlib.suppress(*_LOST):
            await connection.close(timeout=2)
