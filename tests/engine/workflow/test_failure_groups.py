"""Failures with one fingerprint are one group, however many orders are in it."""

from __future__ import annotations

from datetime import timedelta

from engine.database.connection import Database
from engine.words import ErrorClass
from engine.workflow.failure_groups import failure_groups, failures_of_group
from tests.factories import NOON, Factory


async def test_groups_come_nearest_ship_by_first_with_their_newest_failures(store: Database, factory: Factory) -> None:
    await factory.failed(about="BOWL-LG")
    for hours in (9, 3, 6, 12):
        await factory.failed(
            about="MUG-BLU", ship_by=NOON + timedelta(hours=hours), failed_at=NOON + timedelta(minutes=hours)
        )
    mug, bowl = await failure_groups(store)
    assert (mug.fingerprint, mug.orders, mug.code, mug.error_class) == (
        "out_of_stock:MUG-BLU",
        4,
        "out_of_stock",
        ErrorClass.BUSINESS,
    )
    assert (mug.oldest_at, mug.newest_at) == (NOON + timedelta(minutes=3), NOON + timedelta(minutes=12))
    assert mug.nearest_ship_by == NOON + timedelta(hours=3)
    assert [view.created_at for view in mug.sample] == [NOON + timedelta(minutes=minute) for minute in (12, 9, 6)]
    assert (mug.cause, mug.what_to_do) == ("MUG-BLU is out of stock.", "Receive MUG-BLU, then retry.")
    assert (bowl.fingerprint, bowl.orders, bowl.nearest_ship_by) == ("out_of_stock:BOWL-LG", 1, None)


async def test_a_group_opens_nearest_ship_by_first_up_to_the_limit(store: Database, factory: Factory) -> None:
    made = {hours: await factory.failed(ship_by=NOON + timedelta(hours=hours)) for hours in (9, 3, 6)}
    await factory.failed(about="BOWL-LG")
    views = await failures_of_group(store, "out_of_stock:MUG-BLU", limit=2)
    assert [view.order_id for view in views] == [made[3], made[6]]
    assert views[0].evidence == {"sku": "MUG-BLU"}


async def test_a_resolved_failure_leaves_its_group(store: Database, factory: Factory) -> None:
    order_id = await factory.failed()
    await store.pool.execute("UPDATE failures SET resolved_at = now() WHERE order_id = $1", order_id)
    assert await failure_groups(store) == []
    assert await failures_of_group(store, "out_of_stock:MUG-BLU", limit=9) == []
