"""Tests of the database itself change its schema: each has one of its own."""

from __future__ import annotations

import pytest

from engine.database.embedded import EmbeddedServer


@pytest.fixture
def database(own_database: EmbeddedServer) -> EmbeddedServer:
    return own_database
