"""An opened database and a factory of rows for the engine's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from tests.factories import Factory, opened


@pytest.fixture
async def store(database: EmbeddedServer) -> AsyncIterator[Database]:
    async with opened(database) as store:
        yield store


@pytest.fixture
async def factory(store: Database) -> Factory:
    return Factory(store)
