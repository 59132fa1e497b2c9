"""Buyers who ask to cancel: what TikTok says last counts, and the order says so until they are answered."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.identifiers import OrderId
from engine.orders.cancellations import CancellationsResult, apply_cancellations
from engine.orders.detail import detail
from engine.orders.intake import Applied
from engine.ports.facts import CancellationFact, ReturnedUnit
from tests.engine.facts import NOON, an_order
from tests.engine.house import House
from tests.factories import opened

ASKED = CancellationFact(
    tiktok_cancel_id="4035",
    tiktok_order_id="1",
    cancel_type="BUYER_CANCEL",
    channel_status="CANCELLATION_REQUEST_PENDING",
    update_time=NOON,
    role="BUYER",
    reason="no_longer_needed",
    respond_by=NOON + timedelta(hours=48),
    lines=(ReturnedUnit("11", "MUG-BLU"),),
)
ANSWERED = replace(
    ASKED, channel_status="CANCELLATION_REQUEST_CANCELLED", update_time=NOON + timedelta(minutes=5), respond_by=None
)


async def apply(store: Database, *facts: CancellationFact) -> CancellationsResult:
    return await store.run(lambda connection: apply_cancellations(connection, store.vault, facts))


async def standing(store: Database, order_id: OrderId) -> tuple[Any, ...]:
    """Whether the order is asked for, its version, and how its cancellations stand."""
    row = await store.pool.fetchrow("SELECT cancel_requested, version FROM orders WHERE id = $1", order_id)
    statuses = await store.pool.fetch("SELECT channel_status FROM cancellations ORDER BY tiktok_cancel_id")
    return row["cancel_requested"], row["version"], [each["channel_status"] for each in statuses]


async def test_a_request_shows_on_its_order_with_its_deadline_until_it_is_answered(
    house: House, store: Database
) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    before = await house.version(order_id)
    assert (await apply(store, ASKED)).applied == {"4035": Applied.CREATED}
    assert (await standing(store, order_id))[0] is True
    assert await house.version(order_id) > before
    shown = (await detail(store, order_id)).cancel_request
    assert shown is not None
    assert (shown.cancel_id, shown.reason, shown.respond_by) == ("4035", "no_longer_needed", ASKED.respond_by)

    assert (await apply(store, ANSWERED)).applied == {"4035": Applied.UPDATED}
    assert (await standing(store, order_id))[0] is False
    assert (await detail(store, order_id)).cancel_request is None
    actions = await store.pool.fetch("SELECT action FROM audit_log WHERE subject = $1 ORDER BY sequence", order_id)
    assert [row["action"] for row in actions].count("order.cancellation_updated") == 2
    await house.assert_balanced()


async def test_the_same_again_and_what_is_older_change_nothing(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    await apply(store, ANSWERED)
    known = await standing(store, order_id)
    rows = await house.row_counts()
    assert (await apply(store, ANSWERED)).applied == {"4035": Applied.UNCHANGED}
    assert (await apply(store, ASKED)).applied == {"4035": Applied.STALE}
    within_the_second = replace(ASKED, update_time=ANSWERED.update_time)
    assert (await apply(store, within_the_second)).applied == {"4035": Applied.STALE}
    assert await standing(store, order_id) == known
    assert await house.row_counts() == rows


async def test_of_several_in_one_batch_the_latest_counts(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    await apply(store, ANSWERED, ASKED)
    assert (await standing(store, order_id))[::2] == (False, ["CANCELLATION_REQUEST_CANCELLED"])


async def test_an_order_is_asked_for_while_any_of_its_requests_waits(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    second = replace(ASKED, tiktok_cancel_id="4036")
    await apply(store, ASKED, second)
    await apply(store, ANSWERED)
    assert (await standing(store, order_id))[0] is True
    await apply(store, replace(ANSWERED, tiktok_cancel_id="4036"))
    assert (await standing(store, order_id))[0] is False


async def test_the_seller_s_own_cancellation_asks_nobody(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    await apply(store, replace(ASKED, role="SELLER", cancel_type="CANCEL"))
    assert (await standing(store, order_id))[0] is False


async def test_a_request_for_an_order_nobody_knows_is_told_and_not_written(house: House, store: Database) -> None:
    result = await apply(store, ASKED)
    assert (result.applied, result.unknown) == ({}, ("4035",))
    assert await store.pool.fetchval("SELECT count(*) FROM cancellations") == 0


async def test_two_daemons_that_tell_of_one_request_write_it_once(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    async with opened(database) as other:
        results = await asyncio.gather(*(apply(who, ASKED) for who in (store, other, store, other)))
    told = sorted(result.applied["4035"] for result in results)
    assert told == [Applied.CREATED, Applied.UNCHANGED, Applied.UNCHANGED, Applied.UNCHANGED]
    assert (await standing(store, order_id))[::2] == (True, ["CANCELLATION_REQUEST_PENDING"])
    await house.assert_balanced()
