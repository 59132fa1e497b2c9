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

    def __init__(self, connection: Any, explained: list[Explained], *, generic: bool) -> None:
        self._connection = connection
        self._explained = explained
        self._generic = generic

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
        told = " ".join(statement.split())
        self._explained.append(Explained(told, orjson.loads(answer)[0]["Plan"]))
        if self._generic:
            plan = await self._connection.fetchval(
                "SELECT public.planned($1)", f"EXPLAIN (GENERIC_PLAN, FORMAT JSON) {statement}"
            )
            self._explained.append(Explained(f"whatever its values: {told}", orjson.loads(plan)[0]["Plan"]))

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

    def __init__(self, pool: Any, explained: list[Explained], *, generic: bool) -> None:
        self._pool = pool
        self._explained = explained
        self._generic = generic

    @contextlib.asynccontextmanager
    async def acquire(self) -> AsyncIterator[_Recorder]:
        async with self._pool.acquire() as connection:
            yield _Recorder(connection, self._explained, generic=self._generic)

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
async def explaining(database: Database, *, generic: bool = False) -> AsyncIterator[list[Explained]]:
    """Gathers how every statement of the block was answered; with `generic` also how it is when its values are not looked at."""
    explained: list[Explained] = []
    pool = database.pool
    if generic:
        await pool.execute(_PLANNED)
    database.pool = _Pool(pool, explained, generic=generic)
    try:
        yield explained
    finally:
        database.pool = pool
        if generic:
            await pool.execute("DROP FUNCTION public.planned")


# A plan without values can only be asked for by a text that has none, which no driver sends and gets an answer.
_PLANNED = """
CREATE FUNCTION public.planned(explained text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN EXECUTE explained INTO answer; RETURN answer; END $$
"""
