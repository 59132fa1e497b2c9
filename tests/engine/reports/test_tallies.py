"""The counters are what `count(*)` says, whatever happened: random histories, rollbacks, killed sessions, folds in between."""

# ruff: noqa: S608 - statements of a seeded test
from __future__ import annotations

import asyncio
import random
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from engine.database.connection import Database
from engine.reports import tallies
from engine.reports.accounts import account
from engine.reports.series import Span, series
from engine.words import ChannelStatus, OrderStatus, TrackingStatus, WorkflowState
from tests.engine.facts import an_order
from tests.engine.house import House
from tests.factories import Factory

SEED = 20260302
ROUNDS = 20


async def differences(store: Database) -> int:
    async with store.pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
        return await tallies.wrong_tallies(connection)


async def noted(store: Database) -> int:
    found: int = await store.pool.fetchval("SELECT count(*) FROM order_moves")
    return found


async def test_counters_equal_counts_after_any_history(store: Database, factory: Factory) -> None:
    sys.stdout.write(f"seed {SEED}\n")
    chance = random.Random(SEED)
    await factory.many(120)
    ended: Counter[str] = Counter()

    async def act(connection: object) -> None:
        """One statement on some orders; the session may be ended in the middle of it, or take it all back."""
        assert isinstance(connection, asyncpg.Connection)
        bounds = sorted(chance.sample(range(20_000), 2))
        some = "abs(hashtext(order_number)) % 20000 BETWEEN $1 AND $2"
        status, state = chance.choice(list(OrderStatus)), chance.choice(list(WorkflowState))
        currency = chance.choice(("USD", "EUR"))
        copied = f"jsonb_build_object('id', gen_random_uuid(), 'tiktok_order_id', gen_random_uuid(), 'workflow_status', '{state}')"
        statement = chance.choice(
            (
                f"UPDATE orders SET order_status = '{status}' WHERE {some}",
                f"UPDATE orders SET workflow_status = '{state}', order_status = '{status}' WHERE {some}",
                f"UPDATE orders SET version = version + 1 WHERE {some}",
                f"UPDATE orders SET total_amount = total_amount + 1.25, currency = '{currency}' WHERE {some}",
                f"INSERT INTO orders SELECT (jsonb_populate_record(o, {copied})).* FROM orders o WHERE {some} LIMIT 9",
                f"DELETE FROM orders WHERE id IN (SELECT id FROM orders WHERE {some} LIMIT 3)",
            )
        )
        ending = chance.choice(("commit", "commit", "commit", "roll back", "kill"))
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(statement, *bounds)
        if ending == "commit":
            await transaction.commit()
        elif ending == "roll back":
            await transaction.rollback()
        else:
            await store.pool.execute("SELECT pg_terminate_backend($1)", connection.get_server_pid())
            await connection.close(timeout=2)
        ended[ending] += 1

    async def actor(rounds: int) -> None:
        connection = await store.connect()
        for _ in range(rounds):
            if connection.is_closed():
                connection = await store.connect()
            try:
                await act(connection)
            except (
                asyncpg.DeadlockDetectedError,
                asyncpg.LockNotAvailableError,
            ) as error:  # one of two in each other's way is rolled back
                ended[type(error).__name__] += 1
                await connection.execute("ROLLBACK")
        await connection.close()

    async def bookkeeper() -> None:
        for turn in range(ROUNDS // 2):
            assert await differences(store) == 0
            if turn % 7 == 3:
                await tallies.recount(store)
            else:
                await tallies.fold(store, limit=chance.choice((1, 5, 1000)))
            await asyncio.sleep(0)

    await asyncio.gather(actor(ROUNDS), actor(ROUNDS), bookkeeper(), bookkeeper())
    assert {"commit", "roll back", "kill"} <= ended.keys()
    assert await differences(store) == 0
    while await tallies.fold(store):
        pass
    assert (await noted(store), await differences(store)) == (0, 0)
    told = await tallies.tallies(store)
    orders = await store.pool.fetchval("SELECT count(*) FROM orders")
    assert sum(tally.orders for tally in told) == orders
    async with store.transaction() as connection:
        shipped = await connection.fetchval("SELECT count(*) FROM orders WHERE order_status = 'shipped'")
        assert await tallies.orders_in(connection, statuses={OrderStatus.SHIPPED}) == shipped
        assert await tallies.orders_in(connection, states={WorkflowState.FAILED}, shops={factory.shop_id}) == sum(
            tally.orders for tally in told if tally.state is WorkflowState.FAILED
        )
    # A damaged counter is seen by the accounts and mended by counting anew.
    for damage in ("orders = orders + 1", "amount = amount + 0.01"):
        await store.pool.execute(f"UPDATE order_counts SET {damage}")
        assert (await account(store)).wrong_tallies > 0
        await tallies.recount(store)
        assert (await account(store)).wrong_tallies == 0


@pytest.mark.parametrize("folded", [False, True])
async def test_the_minutes_tell_what_the_workflow_did(house: House, store: Database, folded: bool) -> None:
    began = datetime.now(UTC)
    one, two, *_ = await house.arrive(
        *(an_order(house.shop_id, str(number)) for number in range(4)),
        an_order(house.shop_id, "9", ChannelStatus.CANCELLED),
    )
    await house.buy_labels()
    await house.tell_tiktok()
    for order_id, statuses in (
        (one, (TrackingStatus.IN_TRANSIT, TrackingStatus.DELIVERED)),
        (two, (TrackingStatus.IN_TRANSIT,)),
    ):
        for status in statuses:
            await house.track(order_id, status)
    if folded:
        assert await tallies.fold(store) > 0
        assert await noted(store) == 0
    spans = await series(store, began, datetime.now(UTC) + timedelta(minutes=1), step=timedelta(hours=1))
    expected = {"created": 5, "shipped": 2, "completed": 1, "failed": 0, "cancelled": 1}
    assert {name: sum(getattr(span, name) for span in spans) for name in expected} == expected
    quiet = began - timedelta(days=1)
    assert await series(store, quiet, quiet + timedelta(minutes=2), step=timedelta(minutes=2)) == [
        Span(quiet.replace(second=0, microsecond=0)),
        Span(quiet.replace(second=0, microsecond=0) + timedelta(minutes=2)),
    ]


async def test_old_minutes_are_forgotten(store: Database, factory: Factory) -> None:
    await factory.order()
    await store.pool.execute("UPDATE order_moves SET moved_at = now() - interval '16 days'")
    await factory.order()
    await tallies.fold(store)
    await tallies.forget_minutes(store)
    kept = await store.pool.fetch("SELECT minute > now() - interval '1 hour' AS recent, created FROM order_minutes")
    assert [tuple(row) for row in kept] == [(True, 1)]
    assert await differences(store) == 0
