"""A shop that sells in a simulator, over a database of the test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.database.embedded import EmbeddedServer
from tests.sync.connected import Connected, connected


@pytest.fixture
async def shop(database: EmbeddedServer, tmp_path: Path) -> AsyncIterator[Connected]:
    """Twenty-four orders, all there, nothing goes wrong outside."""
    async with connected(database, tmp_path) as shop:
        yield shop
