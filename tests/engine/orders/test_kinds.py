"""Kinds of order: what is given away brings no revenue, what replaces says so, what TikTok ships is followed and never touched."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from engine.identifiers import OrderId
from engine.orders.detail import detail
from engine.words import ChannelStatus, OrderKind, TrackingStatus
from engine.workflow.facts import ImportMode, ShipOn
from tests.engine.facts import an_order, later
from tests.engine.house import WORKING, House, Standing


async def complete(house: House, order_id: OrderId) -> None:
    await house.buy_labels()
    await house.tell_tiktok()
    await house.track(order_id, TrackingStatus.IN_TRANSIT)
    await house.track(order_id, TrackingStatus.DELIVERED, minute=90)
    assert (await house.standing(order_id)).state == "completed"


@pytest.mark.parametrize("kind", [kind for kind in OrderKind if kind is not OrderKind.NORMAL])
async def test_what_is_not_a_sale_is_worked_like_one_and_brings_no_revenue(house: House, kind: OrderKind) -> None:
    [order_id] = await house.arrive(replace(an_order(house.shop_id), order_kind=kind))
    await complete(house, order_id)
    row = await house.store.pool.fetchrow("SELECT orders_completed, revenue FROM creator_metrics")
    assert tuple(row) == (1, Decimal(0))
    assert (await detail(house.store, order_id)).kind is kind
    await house.assert_balanced()


async def test_a_replacement_and_what_it_replaces_tell_of_each_other(house: House) -> None:
    [first] = await house.arrive(an_order(house.shop_id, "577001"))
    second_fact = replace(an_order(house.shop_id, "577002"), order_kind=OrderKind.EXCHANGE, replaces_order_id="577001")
    [second] = await house.arrive(second_fact)
    original, exchange = await detail(house.store, first), await detail(house.store, second)
    assert (original.replaced_by, exchange.replaces) == (("577002",), "577001")
    assert "Order 577002 stands for this one (exchange)" in [entry.text for entry in original.timeline]
    assert "Stands for order 577001 (exchange)" in [entry.text for entry in exchange.timeline]


WAY = [
    (ChannelStatus.AWAITING_COLLECTION, Standing("ready_to_ship", "processing", "{}", None)),
    (ChannelStatus.IN_TRANSIT, Standing("shipped", "shipped", "{}", None)),
    (ChannelStatus.DELIVERED, Standing("completed", "delivered", "completed", None)),
]


async def test_an_order_fulfilled_by_tiktok_goes_where_tiktok_says(house: House) -> None:
    fact = an_order(house.shop_id, fulfilled_by_tiktok=True)
    [order_id] = await house.arrive(fact)
    for minute, (status, expected) in enumerate(WAY, 1):
        await house.arrive(later(fact, status, minute=minute))
        standing = await house.standing(order_id)
        assert (standing.state, standing.status) == (expected.state, expected.status)
    assert (await house.standing(order_id)).execution == "completed"
    rows = await house.store.pool.fetch("SELECT new_status, change_source FROM order_status_history ORDER BY id")
    assert [tuple(row) for row in rows] == [
        (status, "tiktok_shop") for status in ("pending", "processing", "shipped", "delivered")
    ]
    assert await house.effects(order_id) == []
    assert await house.level() == (10, 0)
    await house.assert_balanced()


async def test_an_observed_order_goes_where_tiktok_says_and_nothing_leaves(house: House) -> None:
    await house.set_policies(replace(WORKING, import_mode=ImportMode.OBSERVE))
    fact = an_order(house.shop_id)
    [order_id] = await house.arrive(fact)
    await house.arrive(later(fact, ChannelStatus.IN_TRANSIT, minute=1))
    assert await house.standing(order_id) == Standing("shipped", "shipped", "running", "observe")
    await house.arrive(later(fact, ChannelStatus.AWAITING_COLLECTION, minute=2))
    assert (await house.standing(order_id)).state == "shipped", "never back"
    await house.arrive(later(fact, ChannelStatus.COMPLETED, minute=3))
    assert await house.standing(order_id) == Standing("completed", "delivered", "completed", None)
    assert (await house.effects(order_id), await house.notices(order_id)) == ([], [])
    assert await house.level() == (10, 0)
    await house.assert_balanced()


@pytest.mark.parametrize("fulfilled_by_tiktok", [True, False])
async def test_a_shown_order_that_tiktok_cancels_is_cancelled_whatever_it_was(
    house: House, *, fulfilled_by_tiktok: bool
) -> None:
    await house.set_policies(replace(WORKING, import_mode=ImportMode.OBSERVE))
    fact = an_order(house.shop_id, fulfilled_by_tiktok=fulfilled_by_tiktok)
    [order_id] = await house.arrive(fact)
    await house.arrive(later(fact, ChannelStatus.IN_TRANSIT, minute=1))
    await house.arrive(later(fact, ChannelStatus.CANCELLED, minute=2))
    standing = await house.standing(order_id)
    assert (standing.status, standing.execution, standing.waiting_for) == ("cancelled", "cancelled", None)
    assert await house.effects(order_id) == []
    await house.assert_balanced()


async def test_a_delivered_parcel_has_been_handed_over_whatever_people_forgot(house: House) -> None:
    await house.set_policies(replace(WORKING, ship_on=ShipOn.HANDOVER))
    [order_id] = await house.arrive(an_order(house.shop_id))
    await house.buy_labels()
    await house.tell_tiktok()
    await house.track(order_id, TrackingStatus.IN_TRANSIT)
    assert (await house.standing(order_id)).state == "ready_to_ship"
    await house.track(order_id, TrackingStatus.DELIVERED, minute=90)
    assert await house.standing(order_id) == Standing("completed", "delivered", "completed", None)
    assert await house.level() == (9, 0)
    await house.assert_balanced()
