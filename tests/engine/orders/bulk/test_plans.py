"""How PostgreSQL answers a bulk change's own questions once many have been made: by an index, never by a walk over all of them."""

from __future__ import annotations

from typing import Any

import pytest

from engine.database.connection import Database
from engine.orders import status
from engine.orders.bulk import batches, journal, undoing
from tests.factories import Factory

_FILL = """
INSERT INTO batches (id, kind, actor, request, total, created_at)
SELECT gen_random_uuid(), 'tag', CASE WHEN n % 50 = 0 THEN 'mira' ELSE 'noor' END, '{}', 1, now() - n * interval '1 minute'
FROM generate_series(1, 10000) n;
INSERT INTO batch_parts (batch_id, first, order_ids) SELECT id, p * 500, '{}' FROM batches, generate_series(0, 1) p;
INSERT INTO journal (id, batch_id, order_id, before, version_after, expires_at)
SELECT gen_random_uuid(), b.id, o.id, '\\x00', 2, b.created_at + interval '1 day'
FROM batches b, (SELECT id FROM orders ORDER BY id LIMIT 3) o;
ANALYZE batches, batch_parts, journal, orders, order_workflows;
"""


@pytest.fixture
async def many(store: Database, factory: Factory) -> list[Any]:
    """Some orders, and the ids of two of ten thousand batches."""
    await factory.many(5000)
    await store.pool.execute(_FILL)
    return [row["id"] for row in await store.pool.fetch("SELECT id FROM batches ORDER BY created_at LIMIT 2")]


async def plan(store: Database, statement: str, *arguments: object) -> str:
    return "\n".join(row[0] for row in await store.pool.fetch(f"EXPLAIN (COSTS OFF) {statement}", *arguments))


async def test_each_question_goes_by_its_index(store: Database, many: list[Any]) -> None:
    batch_id = many[0]
    some = [row["id"] for row in await store.pool.fetch("SELECT id FROM orders LIMIT 500")]
    asked = {
        "batch_parts_pkey": await plan(store, batches._CLAIM, batch_id),
        "batches_recent_index": await plan(
            store, f"{batches._BATCHES} FROM batches b ORDER BY b.created_at DESC, b.id DESC LIMIT $1", 50
        ),
        "journal_batch_index": await plan(store, journal._READ, batch_id, some[:3]),
        "journal_expiry_index": await plan(store, journal._SWEEP, 100),
        "order_workflows_running_key": await plan(store, status._AS_THEY_ARE, some[:50]),
    }
    for index, found in asked.items():
        assert index in found, found
        for table in ("batches", "batch_parts", "journal", "orders"):
            assert f"Seq Scan on {table} " not in f"{found}\n".replace("\n", " \n"), found
    latest = await plan(store, undoing._LATEST, "mira")
    assert "batches_recent_index" in latest, latest
