"""Transactions that all begin alike: with a role and claims, or with what a pooler's connection cannot be told once and for all.

What is set holds for the transaction (SET LOCAL) and is gone with it, whatever ends it, on every kind of pooler.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

from engine.database.rows import insert_each


class BegunConnection:
    """A connection on which whatever is not in a transaction gets one, and every outermost transaction begins with `opening`."""

    __slots__ = ("_connection", "_copies", "_opening")

    def __init__(self, connection: Any, opening: str, *, copies: bool) -> None:
        self._connection = connection
        self._opening = opening
        self._copies = copies

    def __getattr__(self, name: str) -> Any:
        """What concerns no statement is the driver's."""
        return getattr(self._connection, name)

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
        """As the driver's, or by INSERT: PostgreSQL copies into no table that row-level security guards."""
        given: dict[str, Any] = {"records": records, "columns": columns, "schema_name": schema_name}
        async with self._statement():
            if self._copies:
                await self._connection.copy_records_to_table(table, **given)
            else:
                await insert_each(self._connection, table, **given)

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


class BegunPool:
    """The face of the driver's pool; `copies` is false where row-level security refuses COPY."""

    def __init__(self, pool: Any, opening: str, *, copies: bool) -> None:
        self._pool = pool
        self._opening = opening
        self._copies = copies

    async def close(self) -> None:
        await self._pool.close()

    def terminate(self) -> None:
        self._pool.terminate()

    @contextlib.asynccontextmanager
    async def acquire(self, **options: Any) -> AsyncIterator[BegunConnection]:
        async with self._pool.acquire(**options) as connection:
            yield BegunConnection(connection, self._opening, copies=self._copies)

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
