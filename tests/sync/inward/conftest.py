"""The engine's house and its one database, beside a TikTok that shows what it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from tests.engine import emptied
from tests.engine.conftest import database, house, store
from tests.engine.house import House
from tests.sync.inward.told import TIKTOK_SHOP, Told, told

__all__ = ["database", "house", "shared", "store", "tiktok"]


@pytest.fixture(scope="session")
def shared(server: EmbeddedServer) -> EmbeddedServer:
    return asyncio.run(emptied.make(server, "emptied_inward"))


@pytest.fixture
async def tiktok(store: Database, house: House) -> AsyncIterator[Told]:
    await store.pool.execute("UPDATE shops SET tiktok_shop_id = $1", TIKTOK_SHOP)
    async with told(store, house.daemon_id) as world:
        yield world
