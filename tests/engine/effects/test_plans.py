"""How PostgreSQL answers the claims: each walks its partial index of what is due, however much else there is."""

from __future__ import annotations

from typing import Any

import pytest

from engine.database.connection import Database
from engine.effects import ledger
from engine.workflow import runner
from tests.engine.house import House

PARKED = """
INSERT INTO orders (id, user_id, shop_id, tiktok_order_id, order_number, total_amount, order_date, channel_status,
                    channel_updated_at, channel_digest)
SELECT gen_random_uuid(), user_id, id, 'many-' || n, 'many-' || n, 1, now(), 'AWAITING_SHIPMENT', now(), '\\x00'
FROM shops, generate_series(1, 4000) n
"""
WORK = """
INSERT INTO work (order_id, workflow_id, ready, ship_by)
SELECT id, id, row_number() OVER () % 40 = 0, now() + random() * interval '3 days' FROM orders
"""
EFFECTS = """
INSERT INTO effects (key, kind, dependency, order_id, state, head)
SELECT 'label:' || id, 'buy_label', 'carrier', id,
       CASE WHEN row_number() OVER () % 40 = 0 THEN 'intent' ELSE 'done' END, row_number() OVER () % 40 = 0
FROM orders
"""


async def plan_of(connection: Any, statement: str, *arguments: object) -> str:
    """The plan of a statement that is not carried out."""
    return "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN (COSTS OFF) {statement}", *arguments))


@pytest.fixture
async def crowded(house: House, store: Database) -> Database:
    """Four thousand open orders, of which one in forty is due."""
    for statement in (PARKED, WORK, EFFECTS, "ANALYZE"):
        await store.pool.execute(statement)
    return store


async def test_due_work_and_due_effects_are_found_by_their_partial_indexes(house: House, crowded: Database) -> None:
    async with crowded.transaction() as connection:
        work = await plan_of(connection, runner._CLAIM, 200)
        assert "Index Scan using work_ready_index" in work
        assert "Sort" not in work
        assert "Seq Scan" not in work

        effects = await plan_of(connection, ledger._CLAIM, ["buy_label"], [32], [60.0], house.daemon_id, 3.0)
        assert "Index Scan using effects_open_index on effects" in effects
        assert "Seq Scan on effects" not in effects

        sleeping = await plan_of(connection, runner._WAKE_DUE, 1000)
        assert "work_due_index" in sleeping


async def test_a_crowd_that_is_not_due_is_not_claimed(house: House, crowded: Database) -> None:
    claims = await crowded.run(lambda c: c.fetch(ledger._CLAIM, ["buy_label"], [500], [60.0], house.daemon_id, 3.0))
    assert len(claims) == 100
    async with crowded.transaction() as connection:
        assert len(await connection.fetch(runner._CLAIM, 500)) == 100
