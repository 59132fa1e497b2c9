"""A shop that sells in a simulator, over a database of the test's own."""

from __future__ import annotations

import time
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


@pytest.fixture
async def still_shop(database: EmbeddedServer, tmp_path: Path) -> AsyncIterator[Connected]:
    """The same orders, and no time passes in their world: whoever looks twice sees the same."""
    now = time.time()
    async with connected(database, tmp_path, clock=lambda: now) as shop:
        yield shop
