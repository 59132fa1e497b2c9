"""Whoever keeps a transaction open that holds a snapshot is named, with how to end it."""

from __future__ import annotations

from engine.database.connection import Database
from engine.database.snapshots import oldest_snapshot


async def test_an_idle_transaction_with_a_snapshot_is_named_until_it_ends(store: Database) -> None:
    assert await oldest_snapshot(store, 0.0) is None
    forgotten = await store.connect()
    try:
        await forgotten.execute("SET application_name = 'a report'")
        await forgotten.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        assert await oldest_snapshot(store, 0.0) is None, "it has read nothing yet, so it holds nothing back"
        await forgotten.fetchval("SELECT count(*) FROM orders")
        found = await oldest_snapshot(store, 0.0)
        assert found is not None
        assert (found.program, found.state) == ("a report", "idle in transaction")
        assert found.process_id == forgotten.get_server_pid()
        assert f"SELECT pg_terminate_backend({found.process_id})" in found.sentence
        assert await oldest_snapshot(store, 3600.0) is None, "young ones are everyday life"
        await forgotten.execute("ROLLBACK")
        assert await oldest_snapshot(store, 0.0) is None
    finally:
        await forgotten.close()
