"""When an order will be done: the middle of what the shop's recent orders took from the same state."""

from __future__ import annotations

from datetime import timedelta

from engine.database.connection import Database
from engine.identifiers import ShopId, new_id
from engine.words import WorkflowState
from engine.workflow import estimate
from engine.workflow.estimate import estimated_completion
from tests.engine.facts import an_order
from tests.engine.house import House

_COMPLETED = """
INSERT INTO orders (id, user_id, shop_id, tiktok_order_id, order_number, workflow_status, order_status, total_amount, order_date,
                    delivered_date, channel_status, channel_updated_at, channel_digest)
SELECT $1::uuid, user_id, id, $1::uuid::text, $1::uuid::text, 'completed', 'delivered', 1, now(),
       now() - make_interval(hours => $3), 'COMPLETED', now(), ''
FROM shops WHERE id = $2
"""
_STEP = """
INSERT INTO order_workflow_steps (id, workflow_id, order_id, to_state, trigger, actor, created_at)
SELECT $1, $1, $2, $3::workflow_status_enum, 'test', 'system', delivered_date - make_interval(mins => $4) FROM orders WHERE id = $2
"""


async def completed(
    store: Database, shop_id: ShopId, minutes: int, *, hours_ago: int = 1, state: str = "shipped"
) -> None:
    """An order that took so long from the state to its completion."""
    order_id = new_id()
    await store.pool.execute(_COMPLETED, order_id, shop_id, hours_ago)
    await store.pool.execute(_STEP, new_id(), order_id, state, minutes)


async def left(store: Database, shop_id: ShopId, state: WorkflowState) -> timedelta | None:
    async with store.transaction() as connection:
        at = await estimated_completion(connection, shop_id, state)
        return None if at is None else at - await connection.fetchval("SELECT now()")


async def test_the_estimate_is_the_median_from_the_same_state(house: House, store: Database) -> None:
    for minutes in (10, 20, 30, 400, 5000):
        await completed(store, house.shop_id, minutes)
        await completed(store, house.shop_id, minutes * 2, state="validated")
    assert await left(store, house.shop_id, WorkflowState.SHIPPED) == timedelta(minutes=30)
    assert await left(store, house.shop_id, WorkflowState.VALIDATED) == timedelta(minutes=60)


async def test_too_few_orders_tell_nothing(house: House, store: Database) -> None:
    for _ in range(4):
        await completed(store, house.shop_id, 10)
    assert await left(store, house.shop_id, WorkflowState.SHIPPED) is None
    assert await left(store, house.shop_id, WorkflowState.NEW) is None
    assert await left(store, ShopId(new_id()), WorkflowState.SHIPPED) is None


async def test_only_recent_orders_count(house: House, store: Database) -> None:
    for _ in range(6):
        await completed(store, house.shop_id, 10_000, hours_ago=500)
    for _ in range(estimate.SAMPLE):
        await completed(store, house.shop_id, 60)
    assert await left(store, house.shop_id, WorkflowState.SHIPPED) == timedelta(minutes=60)


async def test_the_sample_is_found_by_its_indexes(house: House, store: Database) -> None:
    await house.arrive(an_order(house.shop_id))
    await store.pool.execute(
        """
        INSERT INTO orders (id, user_id, shop_id, tiktok_order_id, order_number, workflow_status, order_status, total_amount,
                            order_date, delivered_date, channel_status, channel_updated_at, channel_digest)
        SELECT gen_random_uuid(), user_id, id, 'm' || n, 'm' || n, 'completed', 'delivered', 1, now(),
               now() - make_interval(mins => n), 'COMPLETED', now(), ''
        FROM shops, generate_series(1, 5000) n
        """
    )
    await store.pool.execute(
        "INSERT INTO order_workflow_steps (workflow_id, order_id, to_state, trigger, actor, created_at)"
        " SELECT id, id, 'shipped', 'ship', 'system', delivered_date - interval '1 hour' FROM orders WHERE delivered_date IS NOT NULL"
    )
    await store.pool.execute("ANALYZE")
    rows = await store.pool.fetch(f"EXPLAIN (COSTS OFF) {estimate._REMAINING}", house.shop_id, "shipped")
    plan = "\n".join(row[0] for row in rows)
    assert "orders_completed_index" in plan
    assert "order_workflow_steps_order_index" in plan
    assert "Seq Scan" not in plan
    assert await left(store, house.shop_id, WorkflowState.SHIPPED) == timedelta(hours=1)
