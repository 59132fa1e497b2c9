"""Connections that explain: each statement is first carried out and rolled back under EXPLAIN, then carried out as asked."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from engine.database.connection import Database

_EXPLAINED = re.compile(r"\s*(SELECT|WITH|INSERT|UPDATE|DELETE)\b")


@dataclass(frozen=True, slots=True)
class Explained:
    """One statement as it was answered."""

    statement: str
    plan: dict[str, Any]

    @property
    def pages(self) -> int:
        """How many pages of tables and indexes were looked at."""
        return int(self.plan.get("Shared Hit Blocks", 0)) + int(self.plan.get("Shared Read Blocks", 0))

    def walked(self) -> set[str]:
        """The tables that were, or would have been, read from end to end."""
        return {node["Relation Name"] for node in _nodes(self.plan) if node["Node Type"] == "Seq Scan"}

    def indexes(self) -> set[str]:
        """The indexes that were used."""
        return {node["Index Name"] for node in _nodes(self.plan) if "Index Name" in node}


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)


class _Recorder:
    """A real connection that explains each statement before it runs it."""

    def __init__(self, connection: Any, explained: list[Explained]) -> None:
        self._connection = connection
        self._explained = explained

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def _explain(self, statement: str, arguments: tuple[object, ...]) -> None:
        if not _EXPLAINED.match(statement):
            return
        transaction = self._connection.transaction()
        await transaction.start()
        try:
            answer = await self._connection.fetchval(
                f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {statement}", *arguments
            )
        finally:
            await transaction.rollback()
        self._explained.append(Explained(" ".join(statement.split()), orjson.loads(answer)[0]["Plan"]))

    async def fetch(self, statement: str, *arguments: object) -> Any:
        await self._explain(statement, arguments)
        return await self._connection.fetch(statement, *arguments)

    async def fetchval(self, statement: str, *arguments: object) -> Any:
        await self._explain(statement, arguments)
        return await self._connection.fetchval(statement, *arguments)

    async def fetchrow(self, statement: str, *arguments: object) -> Any:
        await self._explain(statement, arguments)
        return await self._connection.fetchrow(statement, *arguments)

    async def execute(self, statement: str, *arguments: object) -> Any:
        await self._explain(statement, arguments)
        return await self._connection.execute(statement, *arguments)


class _Pool:
    """The pool, with every connection explaining."""

    def __init__(self, pool: Any, explained: list[Explained]) -> None:
        self._pool = pool
        self._explained = explained

    @contextlib.asynccontextmanager
    async def acquire(self) -> AsyncIterator[_Recorder]:
        async with self._pool.acquire() as connection:
            yield _Recorder(connection, self._explained)

    async def fetch(self, statement: str, *arguments: object) -> Any:
        async with self.acquire() as recorder:
            return await recorder.fetch(statement, *arguments)

    async def fetchval(self, statement: str, *arguments: object) -> Any:
        async with self.acquire() as recorder:
            return await recorder.fetchval(statement, *arguments)

    async def fetchrow(self, statement: str, *arguments: object) -> Any:
        async with self.acquire() as recorder:
            return await recorder.fetchrow(statement, *arguments)

    async def execute(self, statement: str, *arguments: object) -> Any:
        async with self.acquire() as recorder:
            return await recorder.execute(statement, *arguments)


@contextlib.asynccontextmanager
async def explaining(database: Database) -> AsyncIterator[list[Explained]]:
    """Gathers how every statement of the block was answered."""
    explained: list[Explained] = []
    pool = database.pool
    database.pool = _Pool(pool, explained)
    try:
        yield explained
    finally:
        database.pool = pool
