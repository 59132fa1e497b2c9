"""Reports: exact numbers over a span, told apart by day, shop, creator or carrier; what is outside the span is not counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from engine.database.connection import Database
from engine.identifiers import DEFAULT_CREATOR, UserId
from engine.reports import business
from engine.reports.business import Creator, Cycle, Failure, Labels, ShipBy, Volume
from engine.reports.scope import By, Scope
from engine.words import ExecutionStatus, OrderStatus, WorkflowState
from tests.factories import NOON, Factory, Line

SPAN = Scope(NOON - timedelta(days=1), NOON + timedelta(days=2))
HOUR = timedelta(hours=1)
SHIPPED: dict[str, Any] = {"status": OrderStatus.SHIPPED, "state": WorkflowState.SHIPPED}


@pytest.fixture
async def month(factory: Factory, store: Database) -> Factory:
    """Six orders: two delivered on time and late, one overdue, one cancelled, one failed twice, one of another time."""
    on_time = await factory.order(
        **SHIPPED, number="1", lines=(Line(quantity=2),), ship_by=NOON + 10 * HOUR,
        shipped_date=NOON + 6 * HOUR, delivered_date=NOON + 30 * HOUR,
    )  # fmt: skip
    late = await factory.order(**SHIPPED, number="2", ship_by=NOON + HOUR, shipped_date=NOON + 20 * HOUR)
    await factory.order(number="3", ship_by=NOON + 2 * HOUR)
    await factory.order(
        number="4", ship_by=NOON + HOUR, status=OrderStatus.CANCELLED, execution=ExecutionStatus.CANCELLED
    )
    failed = await factory.failed(number="5", ordered_at=NOON + 13 * HOUR, code="no_rates", about="")
    await factory.order(number="6", ordered_at=NOON - timedelta(days=9), ship_by=NOON - timedelta(days=8))
    await factory.package(on_time, "1Z1", label_cost=Decimal("4.10"))
    await factory.package(late, "1Z2", carrier="UPS", service="Ground", label_cost=Decimal("9.00"))
    await factory.package(late, "1Z3", carrier="UPS", service="Ground", label_cost=Decimal("9.00"), state="voided")
    await store.pool.execute(
        """
        UPDATE order_workflow_steps SET to_state = 'ready_to_ship', created_at = $2 WHERE order_id = $1
        """,
        on_time,
        NOON + 3 * HOUR,
    )
    await store.pool.execute(
        "INSERT INTO failures (order_id, workflow_id, failed_from, code, error_class, fingerprint, cause, what_to_do, created_at,"
        " resolved_at) SELECT order_id, workflow_id, failed_from, code, error_class, fingerprint, cause, what_to_do, $2, $3"
        " FROM failures WHERE order_id = $1",
        failed,
        NOON,
        NOON + 2 * HOUR,
    )
    return factory


async def test_volume_counts_what_was_ordered_and_keeps_currencies_apart(month: Factory, store: Database) -> None:
    await month.order(number="7", currency="IDR", total_amount=Decimal("125000000.00"))
    [all_] = await business.volume(store, SPAN)
    each = Line().unit_price
    assert all_ == Volume("", "all", 6, 7, 0, 1, 0, 1, {"IDR": Decimal("125000000.00"), "USD": 5 * each})
    days = await business.volume(store, Scope(SPAN.since, SPAN.until, By.DAY))
    assert [(line.key, line.orders) for line in days] == [("2026-03-02", 5), ("2026-03-03", 1)]
    # Noon of UTC and the hours after it lie in one evening there.
    there = await business.volume(store, Scope(SPAN.since, SPAN.until, By.DAY, zone="Pacific/Kiritimati"))
    assert [(line.key, line.orders) for line in there] == [("2026-03-03", 6)]
    [creator] = await business.volume(store, Scope(SPAN.since, SPAN.until, By.CREATOR, user_id=DEFAULT_CREATOR))
    assert (creator.key, creator.orders) == (str(DEFAULT_CREATOR), 6)
    nobody = Scope(SPAN.since, SPAN.until, user_id=UserId(UUID(int=9)))
    assert await business.volume(store, nobody) == []


async def test_cycle_times_and_deadlines_by_carrier(month: Factory, store: Database) -> None:
    by_carrier = Scope(SPAN.since, SPAN.until, By.CARRIER)
    assert await business.cycle(store, by_carrier) == [
        Cycle("UPS", "UPS", 1, 0, None, None, 20.0, 20.0, None, None),
        Cycle("USPS", "USPS", 1, 1, 3.0, 3.0, 6.0, 6.0, 24.0, 24.0),
    ]
    [only] = await business.cycle(store, Scope(SPAN.since, SPAN.until, carrier="USPS"))
    assert only.shipped_median == 6.0
    assert await business.ship_by(store, SPAN) == [ShipBy("", "all", 4, 1, 1, 1, 0, 1, 1 / 3)]
    assert await business.ship_by(store, by_carrier) == [
        ShipBy("", "", 2, 0, 0, 1, 0, 1, 0.0),
        ShipBy("UPS", "UPS", 1, 0, 1, 0, 0, 0, 0.0),
        ShipBy("USPS", "USPS", 1, 1, 0, 0, 0, 0, 1.0),
    ]


async def test_failures_by_cause_and_labels_by_what_they_cost(month: Factory, store: Database) -> None:
    assert await business.failures(store, SPAN) == [Failure("", "all", "no_rates", "business", 2, 1, 1, 2.0)]
    assert await business.labels(store, SPAN) == [
        Labels("", "all", "UPS", "Ground", "USD", 1, 1, Decimal("9.00")),
        Labels("", "all", "USPS", "GroundAdvantage", "USD", 1, 0, Decimal("4.10")),
    ]
    later = Scope(NOON + HOUR, NOON + 2 * HOUR)
    assert await business.labels(store, later) == []


async def test_creators_by_day_or_in_sum(factory: Factory, store: Database) -> None:
    for day, revenue in ((2, "10.00"), (3, "5.50")):
        await store.pool.execute(
            "INSERT INTO creator_metrics (user_id, day, currency, orders_completed, units_completed, revenue, workflow_seconds)"
            " VALUES ($1, $2, 'USD', 1, 2, $3, 7200)",
            DEFAULT_CREATOR,
            datetime(2026, 3, day, tzinfo=UTC).date(),
            Decimal(revenue),
        )
    name = await store.pool.fetchval("SELECT display_name FROM users WHERE id = $1", DEFAULT_CREATOR)
    key = str(DEFAULT_CREATOR)
    march = Scope(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))
    assert await business.creators(store, march) == [Creator(key, name, "", "USD", 2, 4, Decimal("15.50"), 2.0)]
    days = await business.creators(store, Scope(march.since, march.until, By.DAY))
    assert [(line.day, line.revenue) for line in days] == [
        ("2026-03-02", Decimal("10.00")),
        ("2026-03-03", Decimal("5.50")),
    ]
