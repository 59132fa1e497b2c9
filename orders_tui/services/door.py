"""The door to the database that all services go through: writes that run to their end, and one word for a lost database."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

import asyncpg

from engine.database.connection import Database
from engine.database.loss import is_lost
from engine.database.notify import CHANGED, Announcer
from engine.errors import Unreachable

T = TypeVar("T")

_CLOSING_SECONDS = 2.0


class Door:
    """Runs writes in tasks of their own and tells the daemons of them; `close()` waits for those under way."""

    def __init__(self, database: Database) -> None:
        self._writes: set[asyncio.Task[Any]] = set()
        self._announcers = (Announcer(database), Announcer(database, CHANGED))

    async def close(self) -> None:
        """Wait for running writes, two seconds at most; then they are cancelled and the database rolls them back."""
        if self._writes:
            _, late = await asyncio.wait(self._writes, timeout=_CLOSING_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        for announcer in self._announcers:
            await announcer.flush()

    async def write(self, work: Coroutine[Any, Any, T]) -> T:
        """Run in a task of our own: a caller that is cancelled stops waiting, the write goes on."""
        task = asyncio.create_task(work)
        self._writes.add(task)
        task.add_done_callback(self._forget)
        with lost_is_unreachable():
            result = await asyncio.shield(task)
        for announcer in self._announcers:  # neither daemons nor other consoles need wait for their next look
            announcer.announce()
        return result

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._writes.discard(task)
        if not task.cancelled():
            task.exception()  # seen, when nobody waits for it any more


@contextlib.contextmanager
def lost_is_unreachable() -> Iterator[None]:
    """A connection that is gone, or an answer that took too long, as `Unreachable` with a sentence for a person."""
    try:
        yield
    except asyncpg.QueryCanceledError as error:
        raise Unreachable(
            "database.slow", "The database took too long to answer; ask for less, or try again."
        ) from error
    except Exception as error:
        if not is_lost(error):
            raise
        raise Unreachable(
            "database.lost", "The database does not answer; what was asked may be tried again."
        ) from error
