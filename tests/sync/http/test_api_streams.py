"""What is told as it happens, and what is told without an end: events that are gone on with, files that hold nothing open."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import io
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest

from engine.access.roles import Role
from engine.database.connection import Database
from engine.database.notify import CHANGED
from engine.identifiers import new_id
from engine.orders.records.feed import Change, place_text, read_place
from engine.orders.records.values import OrderRecord
from sync.http.api import events, exports, following
from sync.http.api.shapes.orders import OrderShape
from tests.factories import NOON, Factory
from tests.sync.http.api_calling import Api, serving


@pytest.fixture
async def factory(store: Database) -> Factory:
    return Factory(store)


@pytest.fixture
async def api(store: Database) -> AsyncIterator[Api]:
    async with serving(store) as api:
        yield api


class Heard:
    """One who follows: its events, as (name, data, id)."""

    def __init__(self, answer: httpx.Response) -> None:
        self._lines = answer.aiter_lines()
        self.last_id = ""

    async def next(self) -> tuple[str, Any]:
        name, data = "", None
        async with asyncio.timeout(20):
            async for line in self._lines:
                kind, _, value = line.partition(": ")
                if kind == "event":
                    name = value
                elif kind == "data":
                    data = orjson.loads(value)
                elif kind == "id":
                    self.last_id = value
                elif line.startswith(":"):
                    return "silence", None
                elif not line and name:
                    return name, data
        return "", None

    async def until(self, order_id: UUID, version: int, *, only: UUID | None = None) -> Any:
        """The event that tells of this version, whatever is told before; `only` orders that are this one."""
        while True:
            name, data = await self.next()
            assert name, "the stream ended"
            assert only is None or name != "order.changed" or data["id"] == str(only)
            if name == "order.changed" and data["id"] == str(order_id) and data["version"] == version:
                return data


@contextlib.asynccontextmanager
async def follow(api: Api, role: Role, last_id: str = "") -> AsyncIterator[Heard]:
    headers = {"authorization": f"Bearer {api.tokens[role]}"} | ({"last-event-id": last_id} if last_id else {})
    async with api.http.stream("GET", f"{api.url}/api/orders/events", headers=headers, timeout=None) as answer:
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, "text/event-stream")
        yield Heard(answer)


async def bump(store: Database, *order_ids: UUID, status: str = "processing") -> None:
    await store.pool.execute(
        "UPDATE orders SET version = version + 1, updated_at = now(), order_status = $2::order_status_enum WHERE id = ANY($1::uuid[])",
        list(order_ids),
        status,
    )
    await store.pool.execute(f"NOTIFY {CHANGED}")


async def test_changes_are_told_to_all_who_may_see_them_and_gone_on_with(
    api: Api, factory: Factory, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_SECONDS", 0.2)
    mine, other = await factory.order(number="1"), await factory.order(number="2")
    await store.pool.execute("UPDATE orders SET user_id = $1 WHERE id = $2", api.users[Role.CREATOR], mine)
    async with follow(api, Role.VIEWER) as everybody, follow(api, Role.CREATOR) as creator:
        assert (await everybody.next(), await creator.next()) == (("orders.ready", {}), ("orders.ready", {}))
        ears, listening = (
            0,
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE $1",
        )
        async with asyncio.timeout(20):
            while not ears:
                await asyncio.sleep(0.01)
                ears = await store.pool.fetchval(listening, "LISTEN %")
        assert ears == 1, "one of them listens for all"
        await bump(store, other)
        await bump(store, mine)
        told = await everybody.until(other, 2)
        assert set(told) == {"id", "user_id", "version", "order_status", "workflow_status", "updated_at"}
        assert (await everybody.until(mine, 2))["order_status"] == "processing"
        await creator.until(mine, 2, only=mine)
        # A transaction that began before what was told, and ends after it, is not missed.
        slow = await store.connect()
        await slow.execute("BEGIN")
        await slow.execute("SELECT now()")
        await bump(store, mine)
        await everybody.until(mine, 3)
        await slow.execute("UPDATE orders SET version = version + 1, updated_at = now() WHERE id = $1", other)
        await slow.execute("COMMIT")
        await slow.close()
        await everybody.until(other, 3)
        reached = everybody.last_id
        assert read_place(reached) is not None
    # Away meanwhile; nothing is missed, and the creator is told of its own alone.
    await bump(store, mine, other)
    async with follow(api, Role.VIEWER, reached) as back, follow(api, Role.CREATOR, reached) as creator:
        await back.until(mine, 4)
        await creator.until(mine, 4)
        heard = [await creator.next()]
        while heard[-1][0] != "silence":  # which is told, too
            heard.append(await creator.next())
        assert {data["id"] for name, data in heard if name == "order.changed"} <= {str(mine)}
    for nonsense in ("yesterday", "9" * 18):
        async with follow(api, Role.VIEWER, nonsense) as lost:
            assert await lost.next() == ("orders.reset", {})
    # More than is told one by one.
    monkeypatch.setattr(events, "MOST_MISSED", 1)
    async with follow(api, Role.VIEWER, place_text(NOON)) as lost:
        assert (await lost.next())[0] == "orders.reset"
    monkeypatch.setattr(following, "MOST_FOLLOWERS", 0)
    full = await api.ask("/api/orders/events", role=Role.VIEWER)
    assert (full.status_code, full.json()["code"]) == (503, "events.full")


async def test_streams_end_with_the_daemon_and_with_the_token(
    factory: Factory, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_SECONDS", 0.2)
    async with serving(store) as api, follow(api, Role.OPERATOR) as heard:
        assert (await heard.next())[0] == "orders.ready"
        await store.pool.execute("UPDATE users SET disabled_at = now() WHERE id = $1", api.users[Role.OPERATOR])
        while (told := await heard.next())[0] == "silence":
            pass
        assert told == ("", None)
    follows = asyncio.Event()

    async def listen(url: str, token: str) -> None:
        headers = {"authorization": f"Bearer {token}"}
        async with (
            httpx.AsyncClient() as own,
            own.stream("GET", f"{url}/api/orders/events", headers=headers, timeout=None) as answer,
        ):
            heard = Heard(answer)
            assert (await heard.next())[0] == "orders.ready"
            follows.set()
            while (told := await heard.next())[0] == "silence":
                pass
            assert told == ("", None), "the stream ends by itself, not by being cut off"

    async with serving(store) as api:
        listening = asyncio.create_task(listen(api.url, api.tokens[Role.VIEWER]))
        await follows.wait()
    await listening


def test_one_who_does_not_listen_costs_no_more_than_its_room() -> None:
    follower = following.Follower(None, NOON)
    first, second = new_id(), new_id()
    follower.tell([Change(first, first, version, "pending", "new", NOON) for version in range(1, 500)], NOON)
    follower.tell([Change(second, first, 1, "pending", "new", NOON)], NOON)
    assert [(each.order_id, each.version) for each in follower.take()[0]] == [(first, 499), (second, 1)]
    follower.tell([Change(new_id(), first, 1, "pending", "new", NOON) for _ in range(5000)], NOON)
    assert (follower.take(), follower.take()) == (([], True), ([], False))


async def test_a_file_is_as_long_as_the_list(
    api: Api, factory: Factory, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "_PAGE", 7)
    await factory.many(23)
    await factory.order(number="odd", customer='=HYPERLINK("x")', ordered_at=NOON, tags=["gift", "blue"])
    answer = await api.ask("/api/orders/export?format=ndjson&sort_order=asc", role=Role.VIEWER)
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.headers["content-disposition"].endswith('.ndjson"')
    lines = [orjson.loads(line) for line in answer.content.splitlines()]
    assert len(lines) == 24
    for line in lines:
        assert set(line) == set(OrderShape.model_validate(line).model_dump())
    sheet = await api.ask("/api/orders/export?sort_order=asc", role=Role.VIEWER)
    rows = list(csv.DictReader(io.StringIO(sheet.text)))
    assert [row["order_number"] for row in rows] == [line["order_number"] for line in lines]
    odd = rows[-1]
    assert (odd["customer_name"], odd["tags"], odd["total_amount"]) == ('\'=HYPERLINK("x")', "gift blue", "12.50")
    assert (odd["shipping_city"], odd["order_date"]) == ("Port Alder", "2026-03-02T12:00:00Z")
    assert {field for field in odd if not field.startswith("shipping_")} < set(OrderRecord.__slots__)
    narrowed = await api.ask("/api/orders/export?format=ndjson&status=pending", role=Role.VIEWER)
    assert [orjson.loads(line)["order_number"] for line in narrowed.content.splitlines()] == ["odd"]
    for query, status in (("?filter=ship-by:soon", 409), ("?format=pdf", 422)):
        assert (await api.ask(f"/api/orders/export{query}", role=Role.VIEWER)).status_code == status
    # A reader who takes one page and then his time holds no transaction.
    headers = {"authorization": f"Bearer {api.tokens[Role.VIEWER]}"}
    async with api.http.stream("GET", f"{api.url}/api/orders/export?format=ndjson", headers=headers) as slow:
        await anext(slow.aiter_raw())
        open_ones = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'orders-tui http' AND xact_start IS NOT NULL"
        for _ in range(200):
            if await store.pool.fetchval(open_ones) == 0:
                break
            await asyncio.sleep(0.01)
        assert await store.pool.fetchval(open_ones) == 0
