"""A rule fires once for an order and an occurrence, however often its transaction is tried and whoever else is at it."""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import Any

import asyncpg

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.identifiers import OrderId
from engine.orders import intake
from engine.orders.intake_new import Pace
from engine.workflow import runner
from tests.engine.facts import an_order
from tests.engine.house import House
from tests.engine.workflow.rules.ruled import a_rule, runs, save
from tests.factories import opened

COUNTING = a_rule(
    "count",
    "order.created",
    do='{ action = "tag", tags = ["new"] }, { action = "notify", audience = "creator", text = "New." }',
)


async def assert_each_ruled_once(store: Database, orders: int) -> None:
    counts = await store.pool.fetch("SELECT order_id, count(*) AS runs FROM rule_runs GROUP BY order_id")
    assert {row["runs"] for row in counts} == {1}
    assert len(counts) == orders
    assert await store.pool.fetchval("SELECT count(*) FROM effects WHERE request ->> 'template' = 'rule'") == orders


async def test_a_transaction_that_lost_a_race_is_tried_again_and_rules_fire_once(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    await save(store, COUNTING)
    # Another session holds the very stock level the order wants, beyond the lock timeout: a real loss, then a second try.
    blocker: Any = await asyncpg.connect(**database.dsn_parameters(), server_settings={"search_path": "orders"})
    tried: list[str] = []
    try:
        await blocker.execute("BEGIN")
        await blocker.execute("SELECT FROM stock_levels FOR UPDATE")
        arriving = asyncio.create_task(house.arrive(*(an_order(house.shop_id, str(n)) for n in range(3))))
        while not await _waits_for_a_lock(store):
            await asyncio.sleep(0.05)
        while await _waits_for_a_lock(store):
            await asyncio.sleep(0.05)
        tried.append("once")
        await blocker.execute("ROLLBACK")
        ids = await arriving
    finally:
        await blocker.close()
    assert tried == ["once"]
    await assert_each_ruled_once(store, 3)
    for order_id in ids:
        assert await runs(store, order_id) == [("count", "order.created", ["tagged new", "told creator"])]
    await house.assert_balanced()


async def arrive_undecided(house: House, number: str) -> OrderId:
    """An order that is written and left to the runner, as when deciding at once broke."""
    fact = an_order(house.shop_id, number)
    result = await house.store.run(lambda c: intake._apply(c, house.store.vault, [fact], Pace.LATER))
    return result.order_ids[number]


async def _waits_for_a_lock(store: Database) -> bool:
    return bool(
        await store.pool.fetchval(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND pid <> pg_backend_pid())"
        )
    )


async def test_the_same_facts_told_to_two_daemons_at_once_rule_each_order_once(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    chance = random.Random(20260302)
    await house.receive("MUG-BLU", 40)
    await save(store, COUNTING)
    facts = [an_order(house.shop_id, f"{n:03}") for n in range(24)]
    async with opened(database) as other:
        for _ in range(4):
            batches = chance.sample(facts, 12), chance.sample(facts, 12)
            await asyncio.gather(intake.apply(store, batches[0]), intake.apply(other, batches[1]))
        await intake.apply(store, facts)
    await assert_each_ruled_once(store, 24)
    await house.assert_balanced()


async def test_what_is_left_to_the_runners_is_ruled_once_by_whichever_takes_it(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    await house.receive("MUG-BLU", 40)
    await save(
        store, COUNTING, a_rule("valid", "order.validated", do='{ action = "tag", tags = ["ok"] }', enabled=False)
    )
    ids = [await arrive_undecided(house, str(n)) for n in range(20)]
    assert await store.pool.fetchval("SELECT count(*) FROM rule_runs") == 0
    async with opened(database) as other:
        await asyncio.gather(*(runner.run_batch(each, 7) for each in (store, other, store, other)))
    await house.run()
    await assert_each_ruled_once(store, 20)
    assert {(await house.standing(order_id)).state for order_id in ids} == {"inventory_reserved"}
    assert await store.pool.fetchval("SELECT count(*) FROM work WHERE happened <> '{}'") == 0
    await house.run()
    await assert_each_ruled_once(store, 20)
    await house.assert_balanced()


async def test_a_transaction_that_is_rolled_back_leaves_no_trace_of_its_rules(house: House, store: Database) -> None:
    await save(store, COUNTING)

    class Cut(Exception):
        pass

    async def cut(connection: Any) -> None:
        await intake._apply(connection, store.vault, [an_order(house.shop_id, "1")], Pace.FAST)
        assert await connection.fetchval("SELECT count(*) FROM rule_runs") == 1
        raise Cut

    before = await house.row_counts()
    with contextlib.suppress(Cut):
        await store.run(cut)
    assert await house.row_counts() == before
    await house.arrive(an_order(house.shop_id, "1"))
    await assert_each_ruled_once(store, 1)
