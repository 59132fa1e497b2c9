"""The pool: a session that ends in the middle of something is never handed out again."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest

from engine.database.connection import Connection, DatabaseSettings, open_database
from engine.database.embedded import EmbeddedServer
from engine.identifiers import new_id
from tests.factories import environment_for


async def test_a_session_that_ends_in_the_middle_of_a_copy_is_replaced(
    database: EmbeddedServer, connection: Connection
) -> None:
    environment = environment_for(database)
    settings = DatabaseSettings(url=environment["ORDERS_TUI_DATABASE__URL"], pool_size=1)
    store = await open_database(settings, environment)

    async def copy(copying: Connection) -> None:
        process_id = copying.get_server_pid()

        async def rows() -> AsyncIterator[tuple[bytes, UUID]]:
            yield os.urandom(32), new_id()
            await connection.execute("SELECT pg_terminate_backend($1, 2000)", process_id)
            yield os.urandom(32), new_id()

        await copying.copy_records_to_table(
            "inbox_keys", schema_name="orders", columns=["key", "inbox_id"], records=rows()
        )

    try:
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
            await store.run(copy)
        assert await store.pool.fetchval("SELECT count(*) FROM inbox_keys") == 0
    finally:
        await store.close()
