"""A database as one caller sees it: every statement runs in a transaction that first took the caller's role and claims.

Role and claims hold for that transaction only (SET LOCAL), so that they are gone with it whatever ends it, on every kind of pooler.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import orjson

from engine.database.connection import Database
from engine.database.rows import insert_each

if TYPE_CHECKING:
    from engine.access.caller import Caller


def scoped(database: Database, caller: Caller) -> Database:
    """The same database with the caller's eyes and hands. It shares the connections; closing it is the owner's business."""
    return _ScopedDatabase(database, _opening(caller))


def _opening(caller: Caller) -> str:
    # An id and a word of a closed set: nothing in it needs quoting.
    claims = orjson.dumps({"sub": str(caller.user_id), "role": caller.role.value}).decode()
    return f"SET LOCAL ROLE {caller.role.group}; SET LOCAL request.jwt.claims TO '{claims}'"


class _ScopedDatabase(Database):
    def __init__(self, database: Database, opening: str) -> None:
        super().__init__(
            _ScopedPool(database.pool, opening),
            database.vault,
            database.connect,
            None,
            database.secrets,
            None,
            pooled=database.pooled,
        )

    async def close(self) -> None:
        """Nothing: the connections belong to the database this was made of."""


class ScopedConnection:
    """A connection on which whatever is not in a transaction gets one, and every outermost transaction begins as the caller."""

    __slots__ = ("_connection", "_opening")

    def __init__(self, connection: Any, opening: str) -> None:
        self._connection = connection
        self._opening = opening

    @contextlib.asynccontextmanager
    async def transaction(self, **options: Any) -> AsyncIterator[None]:
        """As the driver's; inside another it is a savepoint."""
        outermost = not self._connection.is_in_transaction()
        async with self._connection.transaction(**options):
            if outermost:
                await self._connection.execute(self._opening)
            yield

    def is_in_transaction(self) -> bool:
        """Whether a transaction is open."""
        found: bool = self._connection.is_in_transaction()
        return found

    async def fetch(self, query: str, *values: Any, **options: Any) -> Any:
        async with self._statement():
            return await self._connection.fetch(query, *values, **options)

    async def fetchrow(self, query: str, *values: Any, **options: Any) -> Any:
        async with self._statement():
            return await self._connection.fetchrow(query, *values, **options)

    async def fetchval(self, query: str, *values: Any, **options: Any) -> Any:
        async with self._statement():
            return await self._connection.fetchval(query, *values, **options)

    async def execute(self, query: str, *values: Any, **options: Any) -> Any:
        async with self._statement():
            return await self._connection.execute(query, *values, **options)

    async def executemany(self, query: str, values: Iterable[Sequence[Any]], **options: Any) -> None:
        async with self._statement():
            await self._connection.executemany(query, values, **options)

    async def copy_records_to_table(
        self, table: str, *, records: Iterable[Sequence[Any]], columns: Sequence[str], schema_name: str
    ) -> None:
        """The rows by INSERT: PostgreSQL copies into no table that row-level security guards."""
        async with self._statement():
            await insert_each(self._connection, table, records=records, columns=columns, schema_name=schema_name)

    def cursor(self, query: str, *values: Any, **options: Any) -> Any:
        """As the driver's: inside a transaction only."""
        return self._connection.cursor(query, *values, **options)

    @contextlib.asynccontextmanager
    async def _statement(self) -> AsyncIterator[None]:
        if self._connection.is_in_transaction():
            yield
        else:
            async with self.transaction():
                yield


class _ScopedPool:
    """The face of the driver's pool."""

    def __init__(self, pool: Any, opening: str) -> None:
        self._pool = pool
        self._opening = opening

    @contextlib.asynccontextmanager
    async def acquire(self, **options: Any) -> AsyncIterator[ScopedConnection]:
        async with self._pool.acquire(**options) as connection:
            yield ScopedConnection(connection, self._opening)

    async def fetch(self, query: str, *values: Any, **options: Any) -> Any:
        async with self.acquire() as connection:
            return await connection.fetch(query, *values, **options)

    async def fetchrow(self, query: str, *values: Any, **options: Any) -> Any:
        async with self.acquire() as connection:
            return await connection.fetchrow(query, *values, **options)

    async def fetchval(self, query: str, *values: Any, **options: Any) -> Any:
        async with self.acquire() as connection:
            return await connection.fetchval(query, *values, **options)

    async def execute(self, query: str, *values: Any, **options: Any) -> Any:
        async with self.acquire() as connection:
            return await connection.execute(query, *values, **options)

    async def executemany(self, query: str, values: Iterable[Sequence[Any]], **options: Any) -> None:
        async with self.acquire() as connection:
            await connection.executemany(query, values, **options)
