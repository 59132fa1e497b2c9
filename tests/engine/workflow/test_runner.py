"""The runner: urgent work first, a poison order alone in front of a person, two daemons at once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.database.loss import is_lost
from engine.identifiers import OrderId
from engine.orders.correction import correct_address
from engine.words import ChannelStatus
from engine.workflow import advance as advancing
from engine.workflow import conditions, runner
from engine.workflow.facts import OrderFacts
from engine.workflow.failures import retry
from tests.engine.facts import NOON, QUAY, an_order
from tests.engine.house import MIRA, House, Standing
from tests.factories import opened


async def unpaid_then_paid_but_not_looked_at(house: House, count: int) -> list[OrderId]:
    """Orders that are ready to go, parked without having been decided."""
    ids = await house.arrive(
        *(
            an_order(house.shop_id, f"{place:03}", ChannelStatus.UNPAID, ship_by=NOON + timedelta(days=place))
            for place in range(count)
        )
    )
    facts = [an_order(house.shop_id, f"{place:03}") for place in range(count)]
    address = facts[0].address
    assert address is not None
    for order_id in ids:
        await correct_address(house.store, order_id, address, actor=MIRA)
    await house.store.pool.execute("UPDATE orders SET channel_status = 'AWAITING_SHIPMENT', payment_status = 'paid'")
    await house.store.pool.execute("UPDATE work SET ready = true")
    return ids


async def test_a_poison_order_ends_alone_in_front_of_a_person_and_its_neighbours_move(
    house: House, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = await unpaid_then_paid_but_not_looked_at(house, 7)
    poison = ids[4]
    whole = conditions.data_problems

    def broken(order: OrderFacts) -> Any:
        if order.order_id == poison:
            raise ZeroDivisionError
        return whole(order)

    with monkeypatch.context() as patched:
        patched.setattr(conditions, "data_problems", broken)
        assert await runner.run_batch(store, 100) == 7
    for order_id in ids:
        standing = await house.standing(order_id)
        assert standing.state == ("failed" if order_id == poison else "inventory_reserved")
    failure = await house.failure(poison)
    assert (failure["code"], failure["error_class"], failure["failed_from"], failure["cause"], failure["evidence"]) == (
        "internal_error",
        "system",
        "new",
        "Deciding this order broke (ZeroDivisionError).",
        {"error": "ZeroDivisionError"},
    )
    assert await house.run() == 0
    await retry(store, [poison], actor=MIRA)
    assert (await house.standing(poison)).state == "inventory_reserved"
    await house.assert_balanced()


async def test_a_database_that_goes_away_is_no_fault_of_any_order(house: House, store: Database) -> None:
    ids = await unpaid_then_paid_but_not_looked_at(house, 3)
    await store.pool.execute(
        "CREATE FUNCTION go_away() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END'"
    )
    try:
        await store.pool.execute(
            "CREATE TRIGGER go_away BEFORE INSERT ON order_workflow_steps EXECUTE FUNCTION go_away()"
        )
        with pytest.raises((asyncpg.AdminShutdownError, asyncpg.InterfaceError)) as away:
            await runner.run_batch(store, 100)
        assert is_lost(away.value)
        assert [(await house.standing(order_id)).state for order_id in ids] == ["new"] * 3
        assert [await house.failure(order_id) for order_id in ids] == [None] * 3
    finally:
        await store.pool.execute("DROP FUNCTION go_away CASCADE")
    assert await runner.run_batch(store, 100) == 3
    assert [(await house.standing(order_id)).state for order_id in ids] == ["inventory_reserved"] * 3
    await house.assert_balanced()


async def test_an_order_that_cannot_even_fail_is_parked_for_a_while(
    house: House, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = await unpaid_then_paid_but_not_looked_at(house, 3)
    poison = ids[0]
    whole = advancing.decide

    def broken(machine: Any, order: OrderFacts, push: Any) -> Any:
        if order.order_id == poison:
            raise ZeroDivisionError
        return whole(machine, order, push)

    with monkeypatch.context() as patched:
        patched.setattr(advancing, "decide", broken)
        assert await runner.run_batch(store, 100) == 3
        assert await house.run() == 0
    assert [(await house.standing(each)).state for each in ids] == ["new", "inventory_reserved", "inventory_reserved"]
    parked = await store.pool.fetchrow(
        "SELECT ready, waiting_for, due_at > now() + interval '9 minutes' AS later FROM work WHERE order_id = $1",
        poison,
    )
    assert tuple(parked) == (False, "person", True)


async def test_a_forged_address_stops_its_own_order_only_and_can_be_mended(house: House, store: Database) -> None:
    forged, other = await unpaid_then_paid_but_not_looked_at(house, 2)
    await store.pool.execute(
        "UPDATE orders SET shipping_address = (SELECT shipping_address FROM orders WHERE id = $2) WHERE id = $1",
        forged,
        other,
    )
    await house.run()
    assert (await house.standing(other)).state == "inventory_reserved"
    assert (await house.failure(forged))["cause"] == "The order has no shipping address."
    await correct_address(store, forged, QUAY, actor=MIRA)
    await retry(store, [forged], actor=MIRA)
    assert (await house.standing(forged)).state == "inventory_reserved"
    await house.assert_balanced()


async def test_two_runners_share_the_work_and_decide_each_order_once(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    await house.receive("MUG-BLU", 30)
    ids = await unpaid_then_paid_but_not_looked_at(house, 20)
    async with opened(database) as other:
        looked_at = await asyncio.gather(*(runner.run_batch(each, 7) for each in (store, other, store, other)))
    assert sum(looked_at) <= 20
    await house.run()
    assert {(await house.standing(order_id)).state for order_id in ids} == {"inventory_reserved"}
    assert await house.level() == (40, 20)
    assert await store.pool.fetchval("SELECT count(*) FROM effects WHERE kind = 'buy_label'") == 20
    assert await store.pool.fetchval("SELECT count(*) FROM order_workflow_steps WHERE trigger = 'validate'") == 20
    await house.assert_balanced()


async def test_the_most_urgent_orders_are_taken_first(house: House, store: Database) -> None:
    ids = await unpaid_then_paid_but_not_looked_at(house, 4)
    await store.pool.execute("UPDATE work SET priority = 5 WHERE order_id = $1", ids[3])
    assert await runner.run_batch(store, 2) == 2
    states = [(await house.standing(order_id)).state for order_id in ids]
    assert states == ["inventory_reserved", "new", "new", "inventory_reserved"]


async def test_an_order_another_daemon_is_deciding_is_left_alone(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    first, second = await unpaid_then_paid_but_not_looked_at(house, 2)
    async with opened(database) as other, other.transaction() as connection:
        await connection.fetch("SELECT 1 FROM work WHERE order_id = $1 FOR UPDATE", first)
        assert await runner.run_batch(store, 10) == 1
        assert (await house.standing(second)).state == "inventory_reserved"
    assert await runner.run_batch(store, 10) == 1
    assert await house.standing(first) == Standing("inventory_reserved", "processing", "running", "label")


async def test_nothing_is_decided_on_an_empty_queue(house: House, store: Database) -> None:
    assert await runner.run_batch(store, 10) == 0
