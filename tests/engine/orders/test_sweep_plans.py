"""How PostgreSQL answers what runs every second: each walks an index of the few rows it is about, however many orders there are."""

from __future__ import annotations

import pytest

from engine.database.connection import Database
from engine.inventory import waking
from engine.orders import holds, notes, priority
from engine.workflow import reading
from tests.engine.house import House

ORDERS = """
INSERT INTO orders (id, user_id, shop_id, tiktok_order_id, order_number, total_amount, order_date, channel_status,
                    channel_updated_at, channel_digest)
SELECT gen_random_uuid(), user_id, id, 'many-' || n, 'many-' || n, 1, now(), 'AWAITING_SHIPMENT', now(), '\\x00'
FROM shops, generate_series(1, 6000) n
"""
ITEMS = """
INSERT INTO order_items (order_id, product_name, product_sku, quantity, unit_price, total_price)
SELECT id, 'Mug', CASE WHEN row_number() OVER () % 3 = 0 THEN 'MUG-BLU' ELSE 'BOWL' END, 1, 1, 1 FROM orders
"""
WORK = """
INSERT INTO work (order_id, workflow_id, ready, priority, ship_by, waiting_for)
SELECT id, id, false, CASE WHEN n % 100 = 0 THEN 1 ELSE 4 END, now() + interval '1 day' * (n % 60),
       CASE WHEN n % 300 = 0 THEN 'stock' WHEN n % 2 = 0 THEN 'delivery' ELSE 'label' END
FROM (SELECT id, row_number() OVER () AS n FROM orders) numbered
"""
HOLDS = """
INSERT INTO holds (order_id, reason, placed_by, until, released_at)
SELECT id, 'fraud', 'mira', now() + interval '1 hour' * n, CASE WHEN n % 50 <> 0 THEN now() END
FROM (SELECT id, row_number() OVER () AS n FROM orders) numbered
"""
NOTES = """
INSERT INTO notes (order_id, body, author, must_acknowledge, acknowledged_at)
SELECT id, '\\x00', 'mira', n % 2 = 0, CASE WHEN n % 50 <> 0 THEN now() END
FROM (SELECT id, row_number() OVER () AS n FROM orders) numbered
"""


async def plan_of(store: Database, statement: str, *arguments: object) -> str:
    rows = await store.pool.fetch(f"EXPLAIN (COSTS OFF) {statement}", *arguments)
    return "\n".join(row[0] for row in rows)


@pytest.fixture
async def crowded(house: House, store: Database) -> Database:
    """Six thousand open orders, of which very few are held, noted, waiting for stock or due to rise."""
    for statement in (ORDERS, ITEMS, WORK, HOLDS, NOTES, "ANALYZE"):
        await store.pool.execute(statement)
    return store


async def test_priorities_rise_by_their_index(crowded: Database) -> None:
    plan = await plan_of(crowded, priority._RISE, 1000)
    assert "work_priority_index" in plan
    assert "Seq Scan on work" not in plan
    assert "Seq Scan on orders" not in plan


async def test_holds_that_end_are_found_by_their_index(crowded: Database) -> None:
    plan = await plan_of(crowded, holds._ENDED, 1000)
    assert "holds_until_index" in plan
    assert "Seq Scan" not in plan


async def test_what_keeps_a_batch_back_is_looked_up_by_order(crowded: Database) -> None:
    ids = [row["id"] for row in await crowded.pool.fetch("SELECT id FROM orders LIMIT 50")]
    plan = await plan_of(crowded, reading._KEPT_BACK, ids)
    assert "holds_active_key" in plan
    assert "notes_unacknowledged_index" in plan
    assert "Seq Scan" not in plan
    assert "notes_unacknowledged_index" in await plan_of(crowded, notes._OPEN, ids)


async def test_whoever_waits_for_stock_is_found_by_waiting_not_by_product(crowded: Database) -> None:
    products = [row["id"] for row in await crowded.pool.fetch("SELECT id FROM products")]
    for statement in (waking._WAKE, waking._WAKE_FREE, waking._AWAITED):
        plan = await plan_of(crowded, statement, products)
        assert "work_waiting_index" in plan
        assert "Seq Scan on work" not in plan
        assert "Seq Scan on order_items" not in plan
        assert "Seq Scan on orders" not in plan
    assert "work_waiting_index" in await plan_of(crowded, f"SELECT {waking.BACKLOG}")
