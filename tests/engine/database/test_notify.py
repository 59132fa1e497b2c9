"""Wake-ups between processes: hints reach who listens, many become one, and a cut connection is made again."""

from __future__ import annotations

import asyncio

import pytest

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.database.notify import Announcer, listen
from tests.factories import opened


async def until(happened: list[str], count: int) -> None:
    async with asyncio.timeout(10):
        while len(happened) < count:  # it happens in another session
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("cut", [False, True])
async def test_many_hints_are_one_and_whoever_listens_hears_it(database: EmbeddedServer, *, cut: bool) -> None:
    heard: list[str] = []
    stopping = asyncio.Event()
    async with opened(database) as store:
        listening = asyncio.create_task(listen(store, lambda: heard.append("hint"), stopping))
        await until(heard, 1)  # what was missed before it listened counts as one
        if cut:
            await _cut_listeners(store)
            await until(heard, 2)
        before = len(heard)
        announcer = Announcer(store)
        for _ in range(50):
            announcer.announce()
        await announcer.flush()
        await until(heard, before + 1)
        await asyncio.sleep(0.1)
        assert len(heard) == before + 1
        stopping.set()
        await listening


async def _cut_listeners(store: Database) -> None:
    await store.pool.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()"
    )
