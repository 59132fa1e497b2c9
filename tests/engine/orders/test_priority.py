"""Priority: what the deadline says, unless a person says otherwise; and the internal target it goes by."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.errors import NotFound, Refused
from engine.identifiers import OrderId
from engine.inventory.locations import list_locations, set_calendar
from engine.orders.priority import derived_level, prioritise, rise_with_time
from engine.words import ChannelStatus
from tests.engine.facts import an_order
from tests.engine.house import MIRA, House
from tests.factories import opened

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "level"), [(None, 1), (24.1, 1), (24, 2), (4.1, 2), (4, 3), (0.1, 3), (0, 4), (-30, 4)]
)
def test_a_deadline_means_a_level(hours: float | None, level: int) -> None:
    ship_by = None if hours is None else NOW + timedelta(hours=hours)
    assert derived_level(ship_by, NOW) == level


async def due_in(house: House, store: Database, *hours: float) -> list[OrderId]:
    """Orders due in so many hours of the database's clock."""
    now = await store.pool.fetchval("SELECT now()")
    return await house.arrive(
        *(
            an_order(house.shop_id, f"{number}", ship_by=now + timedelta(hours=each))
            for number, each in enumerate(hours, 1)
        )
    )


async def levels(store: Database) -> list[tuple[int, int]]:
    """Each order's priority, as it is shown and as it is worked."""
    rows = await store.pool.fetch(
        "SELECT o.priority_level, k.priority FROM orders o JOIN work k ON k.order_id = o.id ORDER BY o.order_number"
    )
    return [tuple(row) for row in rows]


async def pass_time(store: Database, hours: float) -> None:
    """So many hours pass: every deadline is that much nearer."""
    passed = timedelta(hours=hours)
    await store.pool.execute("UPDATE work SET ship_by = ship_by - $1::interval", passed)
    await store.pool.execute(
        "UPDATE orders SET expected_ship_date = expected_ship_date - $1::interval,"
        " target_ship_by = target_ship_by - $1::interval",
        passed,
    )


async def set_priority(store: Database, *order_ids: OrderId, level: int | None, **more: Any) -> Any:
    return await store.run(lambda connection: prioritise(connection, store.vault, order_ids, level, actor=MIRA, **more))


async def test_an_order_arrives_with_the_priority_of_its_deadline(house: House, store: Database) -> None:
    await due_in(house, store, 72, 23, 3, -1)
    assert await levels(store) == [(1, 1), (2, 2), (3, 3), (4, 4)]


async def test_priority_rises_as_time_passes_and_only_where_it_changes(house: House, store: Database) -> None:
    order_ids = await due_in(house, store, 100, 30, 26, 5)
    versions = [await house.version(each) for each in order_ids]
    assert await rise_with_time(store) == 0
    await pass_time(store, 23)
    assert await rise_with_time(store, limit=2) == 2
    assert await rise_with_time(store, limit=2) == 1
    assert await rise_with_time(store) == 0
    assert await levels(store) == [(1, 1), (2, 2), (3, 3), (4, 4)]
    assert [await house.version(each) for each in order_ids] == versions
    await house.assert_balanced()


async def test_a_person_s_priority_stands_until_it_is_taken_back(house: House, store: Database) -> None:
    first, second = await due_in(house, store, 30, 30)
    [outcome] = await set_priority(store, first, level=0)
    assert not outcome.refused
    await pass_time(store, 28)
    await rise_with_time(store)
    assert await levels(store) == [(0, 0), (3, 3)]
    await set_priority(store, first, level=None)
    assert await levels(store) == [(3, 3), (3, 3)]
    await set_priority(store, second, level=5)
    assert await levels(store) == [(3, 3), (5, 5)]
    await house.assert_balanced()


async def test_a_priority_that_cannot_be_set_is_refused_and_nothing_changes(house: House, store: Database) -> None:
    [open_order] = await due_in(house, store, 30)
    [closed] = await house.arrive(an_order(house.shop_id, "99", ChannelStatus.COMPLETED))
    counts, version = await house.row_counts(), await house.version(open_order)
    with pytest.raises(Refused, match="9 is no priority: give 0"):
        await set_priority(store, open_order, level=9)
    outcomes = await set_priority(store, closed, open_order, level=None)
    assert [outcome.code for outcome in outcomes] == ["order.closed", "priority.unchanged"]
    assert not (await set_priority(store, open_order, level=4, write=False))[0].refused
    assert (await house.row_counts(), await house.version(open_order)) == (counts, version)
    assert await levels(store) == [(1, 1)]


async def test_two_daemons_raise_each_order_once(house: House, store: Database, database: EmbeddedServer) -> None:
    await due_in(house, store, *([30.0] * 12))
    await pass_time(store, 28)
    async with opened(database) as other:
        risen = await asyncio.gather(*(rise_with_time(each, limit=5) for each in (store, other, store, other)))
        risen.append(await rise_with_time(other))
    assert sum(risen) == 12
    assert await levels(store) == [(3, 3)] * 12


async def test_a_calendar_moves_the_targets_of_open_orders_and_of_those_that_come(
    house: House, store: Database
) -> None:
    sunday = datetime(2031, 3, 9, 12, tzinfo=UTC)
    friday = datetime(2031, 3, 7, 14, tzinfo=UTC)
    thursday = friday - timedelta(days=1)
    [before] = await house.arrive(an_order(house.shop_id, "1", ship_by=sunday))
    week = {"working_days": range(1, 6), "actor": MIRA, "timezone": "Europe/Berlin"}
    view = await set_calendar(store, "MAIN", cut_off=time(15), holidays=(), **week)  # type: ignore[arg-type]
    assert (view.cut_off, view.working_days, view.timezone) == ("15:00", (1, 2, 3, 4, 5), "Europe/Berlin")
    [after] = await house.arrive(an_order(house.shop_id, "2", ship_by=sunday))

    async def targets() -> list[tuple[datetime, datetime, datetime]]:
        rows = await store.pool.fetch(
            "SELECT o.target_ship_by, k.ship_by, o.expected_ship_date FROM orders o JOIN work k ON k.order_id = o.id"
            " WHERE o.id = ANY($1::uuid[]) ORDER BY o.id",
            [before, after],
        )
        return [tuple(row) for row in rows]

    assert await targets() == [(friday, friday, sunday)] * 2
    await set_calendar(store, "MAIN", cut_off=time(15), holidays=[date(2031, 3, 7)], **week)  # type: ignore[arg-type]
    assert await targets() == [(thursday, thursday, sunday)] * 2
    # TikTok gives the first one more time.
    await house.arrive(an_order(house.shop_id, "1", minute=6, ship_by=sunday + timedelta(days=2)))
    tuesday = datetime(2031, 3, 11, 12, tzinfo=UTC)
    assert (await targets())[0] == (datetime(2031, 3, 10, 14, tzinfo=UTC),) * 2 + (tuesday,)
    await set_calendar(store, "MAIN", cut_off=None, working_days=(), holidays=(), timezone=None, actor=MIRA)
    assert await targets() == [(tuesday,) * 3, (sunday,) * 3]
    actions = await store.pool.fetch("SELECT action FROM audit_log WHERE action LIKE 'location.%'")
    assert len(actions) == 3
    await house.assert_balanced()


async def test_a_calendar_that_cannot_be_is_refused_and_nothing_changes(house: House, store: Database) -> None:
    before, counts = await list_locations(store), await house.row_counts()
    given = {"cut_off": time(15), "holidays": (), "actor": MIRA}
    with pytest.raises(NotFound, match="no location NOWHERE"):
        await set_calendar(store, "NOWHERE", working_days=[1], timezone=None, **given)  # type: ignore[arg-type]
    with pytest.raises(Refused, match="no time zone Mars/Base"):
        await set_calendar(store, "MAIN", working_days=[1], timezone="Mars/Base", **given)  # type: ignore[arg-type]
    with pytest.raises(Refused, match="without working days"):
        await set_calendar(store, "MAIN", working_days=[], timezone=None, **given)  # type: ignore[arg-type]
    assert (await list_locations(store), await house.row_counts()) == (before, counts)
