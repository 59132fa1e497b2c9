"""One database for these tests, as empty as a new one, with one shop in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from tests.engine import emptied
from tests.engine.conftest import database
from tests.factories import Factory, opened

__all__ = ["database", "shared", "store"]


@pytest.fixture(scope="session")
def shared(server: EmbeddedServer) -> EmbeddedServer:
    return asyncio.run(emptied.make(server, "emptied_monitoring"))


@pytest.fixture
async def store(database: EmbeddedServer) -> AsyncIterator[Database]:
    async with opened(database) as store:
        await Factory(store).shop()
        await store.pool.execute("UPDATE shops SET tiktok_shop_id = '7495000000000000001'")
        yield store
