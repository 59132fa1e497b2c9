"""What the workflow itself takes: its work outside, and no waiting for people, stock, holds or the failed queue."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine.database.connection import Database
from engine.identifiers import OrderId
from engine.reports.latency import Latency, error_rate, workflow_latency
from tests.engine.facts import an_order, units_of
from tests.engine.house import House

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


async def took(store: Database, order_id: OrderId, kind: str, begin: int, end: int) -> None:
    """The effect was meant and settled so many seconds after a fixed moment."""
    await store.pool.execute(
        "UPDATE effects SET created_at = $3::timestamptz + make_interval(secs => $4),"
        " settled_at = $3::timestamptz + make_interval(secs => $5) WHERE order_id = $1 AND kind = $2",
        order_id, kind, datetime(2026, 3, 2, 12, tzinfo=UTC), float(begin), float(end),
    )  # fmt: skip


async def ready(house: House, count: int = 1) -> list[OrderId]:
    await house.receive("MUG-BLU", count)
    ids = await house.arrive(*(an_order(house.shop_id, str(number)) for number in range(count)))
    await house.buy_labels()
    await house.tell_tiktok()
    for order_id in ids:
        await took(house.store, order_id, "buy_label", 0, 4)
        await took(house.store, order_id, "ship_package", 3600, 3602)
    return ids


async def test_only_the_work_outside_counts(house: House, store: Database) -> None:
    await ready(house)
    latency = await workflow_latency(store, LONG_AGO)
    assert (latency.orders, latency.median_seconds, latency.p95_seconds) == (1, 6.0, 6.0)


async def test_the_slow_tail_shows_in_the_95th_percentile(house: House, store: Database) -> None:
    ids = await ready(house, 21)
    await took(store, ids[0], "buy_label", 0, 100)
    latency = await workflow_latency(store, LONG_AGO)
    assert (latency.orders, latency.median_seconds) == (21, 6.0)
    assert latency.p95_seconds == pytest.approx(6.0)
    await took(store, ids[1], "buy_label", 0, 100)
    assert (await workflow_latency(store, LONG_AGO)).p95_seconds == pytest.approx(102.0)


_HOLD = """
INSERT INTO holds (order_id, reason, placed_by, placed_at, released_at) VALUES ($1, 'fraud', 'mira', $2, $3)
"""
_FAILURE = """
INSERT INTO failures (order_id, workflow_id, failed_from, code, error_class, fingerprint, cause, what_to_do, created_at, resolved_at)
VALUES ($1, $1, 'inventory_reserved', 'no_rates', 'business', 'no_rates', 'No.', 'Mend.', $2, $3)
"""


@pytest.mark.parametrize("stop", [_HOLD, _FAILURE], ids=["held", "failed"])
async def test_time_in_front_of_a_person_is_left_out(house: House, store: Database, stop: str) -> None:
    [order_id] = await ready(house)
    await took(store, order_id, "buy_label", 0, 1000)
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    await store.pool.execute(stop, order_id, noon.replace(second=3), noon.replace(minute=16, second=35))
    assert (await workflow_latency(store, LONG_AGO)).median_seconds == 3.0 + 5.0 + 2.0


async def test_out_of_stock_is_no_error(house: House, store: Database) -> None:
    await house.arrive(
        an_order(house.shop_id, "1"),
        an_order(house.shop_id, "2", units=units_of("NOBODY-KNOWS")),
        an_order(house.shop_id, "3", units=units_of(*["MUG-BLU"] * 20)),
    )
    errors = await error_rate(store, LONG_AGO)
    assert (errors.orders, errors.failed, errors.out_of_stock) == (3, 1, 1)
    assert errors.rate == pytest.approx(1 / 3)


async def test_no_orders_are_no_error(house: House, store: Database) -> None:
    assert (await error_rate(store, LONG_AGO)).rate == 0.0
    assert await workflow_latency(store, LONG_AGO) == Latency(0, None, None)
