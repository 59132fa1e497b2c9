"""An opened database, a factory of rows and a house that works orders, for the engine's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from tests.conftest import database
from tests.engine.house import House
from tests.factories import Factory, opened

__all__ = ["database", "factory", "house", "store"]


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
