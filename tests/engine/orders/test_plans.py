"""How PostgreSQL answers the lists: the plan of each names its index and never sorts the whole table."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from engine.database.connection import Database
from engine.orders import queries
from engine.orders.views import OrderFilter, OrderSort, Pile
from engine.reports import overview
from engine.words import ExecutionStatus, OrderStatus
from tests.factories import Factory


class Recorder:
    """A real connection that explains each statement before it runs it."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.plans: list[str] = []

    async def _explain(self, statement: str, arguments: tuple[object, ...]) -> None:
        lines = await self.connection.fetch(f"EXPLAIN (COSTS OFF) {statement}", *arguments)
        self.plans.append("\n".join(line[0] for line in lines))

    async def fetch(self, statement: str, *arguments: object) -> Any:
        await self._explain(statement, arguments)
        return await self.connection.fetch(statement, *arguments)

    async def fetchval(self, statement: str, *arguments: object) -> Any:
        await self._explain(statement, arguments)
        return await self.connection.fetchval(statement, *arguments)

    async def fetchrow(self, statement: str, *arguments: object) -> Any:
        await self._explain(statement, arguments)
        return await self.connection.fetchrow(statement, *arguments)


class RecordingPool:
    """The pool, with every connection explaining."""

    def __init__(self, pool: Any) -> None:
        self.pool = pool
        self.plans: list[str] = []

    @contextlib.asynccontextmanager
    async def acquire(self) -> AsyncIterator[Recorder]:
        async with self.pool.acquire() as connection:
            recorder = Recorder(connection)
            recorder.plans = self.plans
            yield recorder

    async def fetch(self, statement: str, *arguments: object) -> Any:
        async with self.acquire() as recorder:
            return await recorder.fetch(statement, *arguments)

    async def fetchrow(self, statement: str, *arguments: object) -> Any:
        async with self.acquire() as recorder:
            return await recorder.fetchrow(statement, *arguments)

    async def close(self) -> None:
        await self.pool.close()


@pytest.fixture
async def plans(store: Database, factory: Factory) -> AsyncIterator[list[str]]:
    await factory.many(4000)
    for _ in range(20):
        await factory.failed()
    await store.pool.execute("ANALYZE")
    pool = store.pool
    recording = RecordingPool(pool)
    store.pool = recording
    yield recording.plans
    store.pool = pool


async def test_the_newest_orders_come_from_the_index(store: Database, plans: list[str]) -> None:
    first = await queries.page(store, OrderFilter(), limit=50)
    await queries.page(store, OrderFilter(), after=first.rows[-1].key, limit=50)
    await queries.page(store, OrderFilter(), before=first.rows[-1].key, limit=50)
    await queries.newer_than(store, OrderFilter(), first.rows[-1].key)
    assert len(plans) == 4
    for plan in plans:
        assert "orders_newest_index" in plan
        assert "Seq Scan on orders" not in plan


async def test_a_status_comes_from_its_index(store: Database, plans: list[str]) -> None:
    await queries.page(store, OrderFilter(statuses=frozenset({OrderStatus.CONFIRMED})), limit=50)
    assert "orders_status_index" in plans[0]
    assert "Seq Scan on orders" not in plans[0]


async def test_failed_orders_come_from_the_index_of_the_failed(store: Database, plans: list[str]) -> None:
    await queries.page(store, OrderFilter(executions=frozenset({ExecutionStatus.FAILED})), limit=50)
    assert "orders_failed_index" in plans[0]


async def test_a_pile_is_looked_up_from_what_puts_orders_on_it(store: Database, plans: list[str]) -> None:
    await queries.page(store, OrderFilter(pile=Pile.FAILED, sort=OrderSort.SHIP_BY, ascending=True), limit=50)
    assert "Seq Scan on orders" not in plans[0]


async def test_rows_on_screen_are_refreshed_by_key(store: Database, plans: list[str]) -> None:
    page = await queries.page(store, OrderFilter(), limit=50)
    ids = [row.order_id for row in page.rows]
    await queries.versions(store, ids)
    await queries.rows(store, ids)
    assert "orders_pkey" in plans[1]
    assert "orders_pkey" in plans[2]


async def test_a_search_walks_no_table(store: Database, plans: list[str]) -> None:
    await queries.page(store, OrderFilter(search="57600000000001"), limit=50)
    candidates, page = plans
    for index in ("orders_tiktok_order_id_key", "order_items_sku_index"):
        assert index in candidates
    assert "Seq Scan on orders" not in candidates
    assert "Seq Scan on order_items" not in candidates
    assert "orders_pkey" in page


async def test_the_piles_are_counted_without_walking_closed_orders(store: Database, plans: list[str]) -> None:
    await overview.piles(store)
    assert "Seq Scan on orders" not in plans[0]
    assert "Seq Scan on order_items" not in plans[0]
