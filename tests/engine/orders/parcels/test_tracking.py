"""What carriers say of parcels: news moves the order, hearsay and yesterday's news do not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.database.connection import Database
from engine.identifiers import OrderId, PackageId
from engine.orders.parcels.packages import claim_open_parcels, record_tracking
from engine.ports.facts import TrackingFact
from engine.words import ChannelStatus, TrackingStatus
from tests.engine.facts import NOON, an_order, later
from tests.engine.house import House


@pytest.fixture
async def told(house: House) -> OrderId:
    """An order whose parcel TikTok knows."""
    [order_id] = await house.arrive(an_order(house.shop_id))
    await house.buy_labels()
    await house.tell_tiktok()
    return order_id


async def test_the_first_scan_is_kept_and_a_delivered_parcel_is_never_moved_back(house: House, told: OrderId) -> None:
    for minute, status in enumerate(
        (TrackingStatus.IN_TRANSIT, TrackingStatus.OUT_FOR_DELIVERY, TrackingStatus.DELIVERED), 60
    ):
        assert await house.track(told, status, minute=minute) == 1
    assert await house.track(told, TrackingStatus.RETURNING, minute=90) == 0
    package = await house.package(told)
    assert (package["state"], package["tracking_status"]) == ("delivered", "delivered")
    assert package["first_scan_at"] == NOON + timedelta(minutes=60)
    assert package["delivered_at"] == NOON + timedelta(minutes=62)
    assert package["track_due_at"] is None


async def test_of_several_facts_about_one_parcel_the_latest_counts(
    house: House, store: Database, told: OrderId
) -> None:
    row = await house.package(told)
    facts = [
        TrackingFact(PackageId(row["id"]), row["tracking_number"], status, NOON + timedelta(minutes=minute))
        for status, minute in ((TrackingStatus.DELIVERED, 2), (TrackingStatus.IN_TRANSIT, 1))
    ]
    assert await record_tracking(store, facts) == 1
    assert (await house.standing(told)).state == "completed"
    assert await store.pool.fetchval("SELECT shipped_quantity FROM order_items") == 1


async def test_a_number_that_is_not_the_parcel_s_says_nothing_of_it(
    house: House, store: Database, told: OrderId
) -> None:
    row = await house.package(told)
    assert await record_tracking(store, []) == 0
    stranger = TrackingFact(PackageId(row["id"]), "9400999", TrackingStatus.DELIVERED, NOON)
    assert await record_tracking(store, [stranger]) == 0
    assert (await house.standing(told)).state == "ready_to_ship"


async def test_a_parcel_without_a_label_cannot_be_tracked(house: House) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    assert await house.track(order_id, TrackingStatus.DELIVERED) == 0
    assert (await house.package(order_id))["state"] == "planned"


async def test_parcels_are_read_by_one_daemon_at_a_time_and_closed_ones_no_more(house: House, store: Database) -> None:
    fact = an_order(house.shop_id)
    [order_id] = await house.arrive(fact)
    assert await claim_open_parcels(store, 10, 60) == []
    await house.buy_labels()
    [parcel] = await claim_open_parcels(store, 10, 60)
    assert (parcel.order_id, parcel.carrier) == (order_id, "USPS")
    assert await claim_open_parcels(store, 10, 60) == []
    await house.arrive(later(fact, ChannelStatus.CANCELLED, minute=1))
    await store.pool.execute("UPDATE packages SET track_due_at = now() WHERE track_due_at IS NOT NULL")
    assert await claim_open_parcels(store, 10, 60) == []
