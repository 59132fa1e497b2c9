"""An opened database, a factory of rows and a house that works orders, for the engine's tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from tests.engine import emptied
from tests.engine.house import House
from tests.factories import Factory, opened


@pytest.fixture(scope="session")
def shared(server: EmbeddedServer) -> EmbeddedServer:
    return asyncio.run(emptied.make(server))


@pytest.fixture
async def database(shared: EmbeddedServer) -> EmbeddedServer:
    """The one database of these tests, as empty as a new one."""
    await emptied.empty(shared)
    return shared


@pytest.fixture
async def store(database: EmbeddedServer) -> AsyncIterator[Database]:
    async with opened(database) as store:
        yield store


@pytest.fixture
async def factory(store: Database) -> Factory:
    return Factory(store)


@pytest.fixture
async def house(store: Database) -> House:
    """A working shop with ten blue mugs on the shelf."""
    house = await House.open(store)
    await house.stock("MUG-BLU", 10)
    return house
