"""A database that is one transaction of somebody else's: what is done with it is there, or not, together with all the rest of it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

from engine.database.connection import Connection, Database

T = TypeVar("T")


class Joined(Database):
    """Functions that open a transaction of their own take part in the caller's; who began it also repeats it when it loses a race."""

    def __init__(self, database: Database, connection: Connection) -> None:
        super().__init__(
            _One(connection), database.vault, database.connect, None, database.secrets, None, pooled=database.pooled
        )
        self._connection = connection

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """The caller's."""
        yield self._connection

    async def run(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """`work` in the caller's transaction, once; whoever catches what it raises and tries again finds nothing of it."""
        async with self._connection.transaction():
            return await work(self._connection)

    async def close(self) -> None:
        """Nothing: the connection is the caller's."""


class _One:
    """What looks like a pool and is one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.fetch = connection.fetch
        self.fetchrow = connection.fetchrow
        self.fetchval = connection.fetchval
        self.execute = connection.execute
        self.executemany = connection.executemany

    @contextlib.asynccontextmanager
    async def acquire(self, **_: Any) -> AsyncIterator[Connection]:
        yield self._connection
