"""A program that is frozen in the middle of a COPY gives its locks back like one that leaves its transaction open."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import asyncpg
import pytest

from engine.database.connection import Database, DatabaseSettings, open_database
from engine.database.embedded import EmbeddedServer
from engine.database.stalled import end_stalled_sessions
from tests.factories import environment_for


@pytest.fixture
async def impatient(database: EmbeddedServer) -> AsyncIterator[Database]:
    """A program whose transactions may lie idle for a fifth of a second."""
    environment = environment_for(database)
    settings = DatabaseSettings(url=environment["ORDERS_TUI_DATABASE__URL"], idle_transaction_seconds=0.2)
    opened = await open_database(settings, environment)
    yield opened
    await opened.close()


async def test_a_session_frozen_while_it_sends_rows_is_ended_and_its_locks_are_free(impatient: Database) -> None:
    frozen = await impatient.connect()

    async def rows() -> AsyncIterator[bytes]:
        yield b"left\\n"
        await asyncio.sleep(3600)

    await frozen.execute("CREATE TABLE IF NOT EXISTS parcels (state text)")
    await frozen.execute("INSERT INTO parcels VALUES ('planned')")
    await frozen.execute("BEGIN")
    await frozen.execute("SELECT state FROM parcels FOR UPDATE")
    sending = asyncio.create_task(frozen.copy_to_table("parcels", source=rows()))
    try:
        with pytest.raises(asyncpg.LockNotAvailableError):
            await impatient.pool.execute("SELECT state FROM parcels FOR UPDATE NOWAIT")
        ended = 0
        while not ended:
            await asyncio.sleep(0.05)
            ended = await end_stalled_sessions(impatient)
        assert ended == 1
        assert await impatient.pool.fetchval("SELECT count(*) FROM parcels WHERE state = 'left'") == 0
        await impatient.pool.execute("SELECT state FROM parcels FOR UPDATE")
        assert await end_stalled_sessions(impatient) == 0
    finally:
        sending.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await sending
        frozen.terminate()


async def test_whoever_waits_for_nothing_of_the_kind_is_left_alone(impatient: Database) -> None:
    at_work = await impatient.connect()
    working = asyncio.create_task(at_work.fetchval("SELECT pg_sleep(0.6)"))
    await asyncio.sleep(0.4)
    assert await end_stalled_sessions(impatient) == 0
    await working  # it raises if its session was ended
    await at_work.close()
