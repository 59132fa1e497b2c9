"""Some units of an order are cancelled, or shipped elsewhere: what was made ready shrinks with them, in the same transaction."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.identifiers import OrderId
from engine.orders.parcels.packages import parcel_requests, ship_requests
from engine.orders.parcels.splitting import split
from engine.ports.facts import OrderFact, UnitFact
from engine.ports.outcomes import Done, LabelVoided
from engine.words import ChannelStatus, EffectKind, TrackingStatus
from engine.workflow.facts import Picking
from tests.engine.facts import a_unit, an_order
from tests.engine.house import MIRA, WORKING, House, Standing, a_label


def units(*statuses: ChannelStatus) -> tuple[UnitFact, ...]:
    return tuple(a_unit(str(line), status=status) for line, status in enumerate(statuses, 1))


OPEN, GONE, ARRANGED = (
    ChannelStatus.AWAITING_SHIPMENT,
    ChannelStatus.CANCELLED,
    ChannelStatus.AWAITING_COLLECTION,
)


def order_of(
    house: House, *statuses: ChannelStatus, minute: int = 0, channel: ChannelStatus = ChannelStatus.AWAITING_SHIPMENT
) -> OrderFact:
    return an_order(house.shop_id, status=channel, minute=minute, units=units(*statuses))


async def made_ready(house: House, order_id: OrderId) -> dict[str, object]:
    """What is kept for the order: reserved, to be picked, packed."""
    row = await house.store.pool.fetchrow(
        """
        SELECT (SELECT coalesce(sum(quantity), 0)::int FROM stock_reservations WHERE order_id = $1 AND state = 'active') AS reserved,
               (SELECT array_agg(quantity || ' ' || state) FROM pick_lines WHERE order_id = $1) AS picks,
               (SELECT array_agg(c.quantity || ' ' || p.state ORDER BY p.id) FROM package_items c JOIN packages p ON p.id = c.package_id
                WHERE c.order_id = $1) AS packed,
               (SELECT sum(weight_grams)::int FROM packages p WHERE p.state NOT IN ('voided', 'voiding')) AS grams
        """,
        order_id,
    )
    return dict(row)


async def test_what_was_reserved_picked_and_packed_shrinks_to_what_is_left(house: House) -> None:
    await house.set_policies(replace(WORKING, pick=Picking.CONFIRM))
    [order_id] = await house.arrive(order_of(house, OPEN, OPEN, OPEN))
    await house.arrive(order_of(house, OPEN, GONE, OPEN, minute=1))
    assert await made_ready(house, order_id) == {
        "reserved": 2, "picks": ["2 open"], "packed": ["2 planned"], "grams": 800,
    }  # fmt: skip
    assert await house.level() == (10, 2)
    await house.assert_balanced()
    await house.arrive(order_of(house, OPEN, GONE, GONE, minute=2))
    assert await house.level() == (10, 1)
    await house.arrive(order_of(house, OPEN, GONE, GONE, minute=3))
    assert await house.level() == (10, 1), "said twice, given back once"
    await house.assert_balanced()


async def test_a_bought_label_stays_good_for_what_is_left(house: House) -> None:
    [order_id] = await house.arrive(order_of(house, OPEN, OPEN))
    await house.buy_labels()
    await house.arrive(order_of(house, OPEN, GONE, minute=1))
    assert (await house.package(order_id))["state"] == "labelled"
    claims = await house.claim(EffectKind.SHIP_PACKAGE)
    [request] = (await ship_requests(house.store, claims)).values()
    assert request.tiktok_line_ids == ("1",)
    await house.track(order_id, TrackingStatus.IN_TRANSIT)
    assert await house.level() == (9, 0)
    await house.assert_balanced()


async def test_a_parcel_in_which_nothing_is_left_gives_its_label_back(house: House) -> None:
    await house.stock("BOWL-LG", 5)
    bowl = a_unit("2", "BOWL-LG")
    fact = an_order(house.shop_id, units=(a_unit("1"), bowl))
    [order_id] = await house.arrive(fact)
    item = await house.store.pool.fetchval("SELECT id FROM order_items WHERE product_sku = 'BOWL-LG'")
    emptied = await split(house.store, order_id, [(item, 1)], actor=MIRA)
    for _ in range(2):
        await house.buy_labels()
    assert (await house.standing(order_id)).state == "ready_to_ship"
    left = an_order(house.shop_id, minute=1, units=(a_unit("1"), replace(bowl, channel_status=GONE)))
    await house.arrive(left)
    assert await house.store.pool.fetchval("SELECT state FROM packages WHERE id = $1", emptied) == "voiding"
    [voiding] = await house.claim(EffectKind.VOID_LABEL)
    assert voiding.package_id == emptied
    assert await house.settle(voiding, Done(LabelVoided(refunded=True)))
    assert await house.store.pool.fetchval("SELECT state FROM packages WHERE id = $1", emptied) == "voided"
    assert (await house.level(), await house.level("BOWL-LG")) == ((10, 1), (5, 0))
    await house.tell_tiktok()
    other = await house.store.pool.fetchrow("SELECT id, tracking_number FROM packages WHERE state = 'told'")
    assert other is not None
    await house.store.pool.execute(
        "UPDATE packages SET first_scan_at = now(), state = 'in_transit' WHERE id = $1", other["id"]
    )
    await house.store.pool.execute("UPDATE work SET ready = true")
    await house.run()
    assert (await house.standing(order_id)).state == "shipped"
    await house.assert_balanced()


async def test_a_label_bought_for_a_parcel_that_was_emptied_meanwhile_goes_back(house: House) -> None:
    await house.stock("BOWL-LG", 5)
    bowl = a_unit("2", "BOWL-LG")
    [order_id] = await house.arrive(an_order(house.shop_id, units=(a_unit("1"), bowl)))
    item = await house.store.pool.fetchval("SELECT id FROM order_items WHERE product_sku = 'MUG-BLU'")
    await split(house.store, order_id, [(item, 1)], actor=MIRA)
    claim = await house.claim_one(EffectKind.BUY_LABEL)
    assert await house.checkpoint(claim, "shp_9")
    await house.arrive(an_order(house.shop_id, minute=1, units=(a_unit("1"), replace(bowl, channel_status=GONE))))
    assert await house.settle(claim, Done(a_label(claim)))
    state = await house.store.pool.fetchval("SELECT state FROM packages WHERE id = $1", claim.package_id)
    assert state == "voiding"
    await house.buy_labels()
    assert (await house.standing(order_id)).state == "ready_to_ship"
    assert len(await house.claim(EffectKind.VOID_LABEL)) == 1
    await house.assert_balanced()


async def test_a_new_order_that_is_partly_shipped_works_only_the_rest(house: House) -> None:
    [order_id] = await house.arrive(order_of(house, ARRANGED, OPEN, OPEN, channel=ChannelStatus.PARTIALLY_SHIPPING))
    assert (await house.standing(order_id)).state == "inventory_reserved"
    assert await house.level() == (10, 2)
    assert (await made_ready(house, order_id))["packed"] == ["2 planned"]
    await house.buy_labels()
    claims = await house.claim(EffectKind.SHIP_PACKAGE)
    [request] = (await ship_requests(house.store, claims)).values()
    assert request.tiktok_line_ids == ("2", "3")
    await house.track(order_id, TrackingStatus.IN_TRANSIT)
    assert (await house.standing(order_id)).state == "shipped"
    assert await house.level() == (8, 0)
    row = await house.store.pool.fetchrow("SELECT shipped_quantity, fulfillment_status FROM order_items")
    assert tuple(row) == (3, "shipped")
    await house.assert_balanced()


@pytest.mark.parametrize("before", [ChannelStatus.UNPAID, ChannelStatus.AWAITING_SHIPMENT])
async def test_units_that_somebody_ships_elsewhere_are_not_worked_here(house: House, before: ChannelStatus) -> None:
    [order_id] = await house.arrive(order_of(house, OPEN, OPEN, OPEN, channel=before))
    await house.arrive(order_of(house, ARRANGED, OPEN, OPEN, minute=1, channel=ChannelStatus.PARTIALLY_SHIPPING))
    assert await house.level() == (10, 2)
    assert (await made_ready(house, order_id))["packed"] == ["2 planned"]
    await house.arrive(order_of(house, ARRANGED, OPEN, OPEN, minute=2, channel=ChannelStatus.PARTIALLY_SHIPPING))
    assert await house.level() == (10, 2)
    await house.assert_balanced()


async def test_units_that_this_program_told_tiktok_of_stay_its_own(house: House) -> None:
    [order_id] = await house.arrive(order_of(house, OPEN, OPEN))
    item = await house.store.pool.fetchval("SELECT id FROM order_items")
    await split(house.store, order_id, [(item, 1)], actor=MIRA)
    await house.buy_labels()
    await house.tell_tiktok()
    await house.arrive(order_of(house, ARRANGED, OPEN, minute=1, channel=ChannelStatus.PARTIALLY_SHIPPING))
    assert await house.level() == (10, 2)
    assert await house.standing(order_id) == Standing("inventory_reserved", "processing", "running", "label")
    assert await parcel_requests(house.store, []) == {}
    await house.assert_balanced()
