"""Several orders in one parcel: one label moves them all, each keeps its own record, and each can be taken out again."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, replace

import pytest

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.errors import NotFound, Refused
from engine.identifiers import OrderId, PackageId, new_id
from engine.orders import status
from engine.orders.cancelling import cancel
from engine.orders.detail import detail
from engine.orders.parcels.combining import Combination, combine, uncombine
from engine.orders.parcels.handover import hand_over
from engine.orders.parcels.packages import parcel_requests, record_tracking, ship_requests
from engine.orders.parcels.voiding import void_label
from engine.ports.facts import OrderFact, TrackingFact
from engine.ports.outcomes import Done, LabelVoided, PackageShipped
from engine.words import CancelReason, ChannelStatus, EffectKind, OrderStatus, TrackingStatus
from engine.workflow.facts import LabelOn, Picking, ShipOn
from tests.engine.facts import NOON, QUAY, a_unit, an_order, later
from tests.engine.house import MIRA, WORKING, House, a_label
from tests.factories import opened


async def pair(house: House, *numbers: str) -> list[OrderId]:
    facts = [an_order(house.shop_id, number, units=(a_unit(f"{number}-1"),)) for number in numbers or ("1", "2")]
    return await house.arrive(*facts)


async def combined(house: House, orders: list[OrderId]) -> PackageId:
    result = await combine(house.store, orders, actor=MIRA)
    assert result.package_id is not None, result.verdicts
    return result.package_id


async def packages(house: House, order_id: OrderId) -> list[tuple[str, bool]]:
    """State of each package of the order, and whether it is the combined one."""
    rows = await house.store.pool.fetch(
        "SELECT p.state, (SELECT count(DISTINCT x.order_id) FROM package_items x WHERE x.package_id = p.id) > 1 AS shared"
        " FROM packages p WHERE p.id IN (SELECT package_id FROM package_items WHERE order_id = $1) ORDER BY p.id",
        order_id,
    )
    return [tuple(row) for row in rows]


async def states(house: House, orders: list[OrderId]) -> list[str]:
    return [(await house.standing(order_id)).state for order_id in orders]


async def buy(house: House) -> None:
    claim = await house.claim_one(EffectKind.BUY_LABEL)
    assert await house.checkpoint(claim, "shp_c")
    assert await house.settle(claim, Done(a_label(claim)))


async def tell(house: House) -> int:
    claims = await house.claim(EffectKind.SHIP_PACKAGE)
    for claim in claims:
        assert await house.checkpoint(claim, "")
        assert await house.settle(claim, Done(PackageShipped(f"tt-{claim.token}")))
    return len(claims)


async def track(house: House, package_id: PackageId, status: TrackingStatus, minute: int = 50) -> None:
    number = await house.store.pool.fetchval("SELECT tracking_number FROM packages WHERE id = $1", package_id)
    assert await record_tracking(house.store, [TrackingFact(package_id, number, status, NOON.replace(minute=minute))])


async def test_one_label_moves_every_order_of_the_parcel(house: House) -> None:
    orders = await pair(house, "1", "2", "3")
    package_id = await combined(house, orders)
    for order_id in orders:
        assert await packages(house, order_id) == [("combined", False), ("planned", True)]
    [own, shared] = (await detail(house.store, orders[0])).packages
    assert (own.contents, own.shared_with) == ((("MUG-BLU", 1),), ())
    assert (shared.contents, shared.shared_with) == ((("MUG-BLU", 1),), ("2", "3"))
    await house.store.pool.execute("UPDATE locations SET address = $1", asdict(QUAY))
    request = (await parcel_requests(house.store, [package_id]))[package_id]
    assert (request.weight_grams, sum(item.quantity for item in request.items)) == (1200, 3)
    await buy(house)
    assert await house.claim(EffectKind.BUY_LABEL) == [], "one label for all"
    assert await states(house, orders) == ["ready_to_ship"] * 3
    claims = await house.claim(EffectKind.SHIP_PACKAGE)
    told = await ship_requests(house.store, claims)
    assert sorted(request.tiktok_line_ids for request in told.values()) == [("1-1",), ("2-1",), ("3-1",)]
    assert len({request.tracking_number for request in told.values()}) == 1
    for claim in claims:
        state = await house.store.pool.fetchval("SELECT state FROM packages WHERE id = $1", package_id)
        assert state == "labelled", "told once TikTok knows it for each order"
        assert await house.checkpoint(claim, "")
        assert await house.settle(claim, Done(PackageShipped("tt")))
    assert await house.store.pool.fetchval("SELECT state FROM packages WHERE id = $1", package_id) == "told"
    await track(house, package_id, TrackingStatus.IN_TRANSIT)
    assert await states(house, orders) == ["shipped"] * 3
    assert await house.level() == (7, 0)
    await track(house, package_id, TrackingStatus.DELIVERED, 51)
    assert await states(house, orders) == ["completed"] * 3
    await house.assert_balanced()


async def test_a_combined_parcel_handed_over_ships_all_its_orders(house: House) -> None:
    await house.set_policies(replace(WORKING, ship_on=ShipOn.HANDOVER))
    orders = await pair(house)
    package_id = await combined(house, orders)
    await buy(house)
    await hand_over(house.store, [package_id], actor=MIRA)
    assert await states(house, orders) == ["shipped"] * 2
    assert await house.level() == (8, 0)
    await house.assert_balanced()


async def test_shipping_one_order_by_hand_ships_those_that_travel_with_it(house: House) -> None:
    await house.set_policies(replace(WORKING, ship_on=ShipOn.HANDOVER))
    orders = await pair(house)
    await combined(house, orders)
    await buy(house)
    [outcome] = await status.change(house.store, orders[1:], OrderStatus.SHIPPED, actor=MIRA, reason="van left")
    assert outcome.code == ""
    assert await states(house, orders) == ["shipped"] * 2
    await house.assert_balanced()


async def test_uncombined_orders_have_their_own_packages_and_labels_again(house: House) -> None:
    orders = await pair(house)
    package_id = await combined(house, orders)
    assert await uncombine(house.store, package_id, actor=MIRA) == sorted(orders)
    for order_id in orders:
        assert await packages(house, order_id) == [("planned", False), ("voided", True)]
    bought = await house.buy_labels()
    assert {claim.order_id for claim in bought} == set(orders)
    assert all(claim.key.endswith(":1") and claim.package_id != package_id for claim in bought)
    assert await states(house, orders) == ["ready_to_ship"] * 2
    await house.assert_balanced()


async def test_a_bought_combined_label_is_voided_before_it_is_taken_apart(house: House) -> None:
    orders = await pair(house)
    package_id = await combined(house, orders)
    claim = await house.claim_one(EffectKind.BUY_LABEL)
    counts = await house.row_counts()
    with pytest.raises(Refused) as caught:
        await uncombine(house.store, package_id, actor=MIRA)
    assert (caught.value.code, await house.row_counts()) == ("parcel.label_under_way", counts)
    assert await house.checkpoint(claim, "shp_c")
    assert await house.settle(claim, Done(a_label(claim)))
    with pytest.raises(Refused) as caught:
        await uncombine(house.store, package_id, actor=MIRA)
    assert caught.value.code == "parcel.label_bought"
    await void_label(house.store, package_id, actor=MIRA, reason="apart")
    voiding = await house.claim_one(EffectKind.VOID_LABEL)
    assert await house.settle(voiding, Done(LabelVoided(refunded=True)))
    await uncombine(house.store, package_id, actor=MIRA)
    assert len(await house.buy_labels()) == 2
    await house.assert_balanced()


async def test_an_order_cancelled_before_the_label_is_taken_out_and_the_others_stay(house: House) -> None:
    orders = await pair(house, "1", "2", "3")
    package_id = await combined(house, orders)
    lead = min(orders)
    await cancel(house.store, [lead], because=CancelReason.BUYER_ASKED, actor=MIRA)
    await house.run()
    rest = [order_id for order_id in orders if order_id != lead]
    inside = await house.store.pool.fetch("SELECT order_id FROM package_items WHERE package_id = $1", package_id)
    assert {row["order_id"] for row in inside} == set(rest)
    assert await house.store.pool.fetchval("SELECT weight_grams FROM packages WHERE id = $1", package_id) == 800
    await buy(house)
    assert await states(house, rest) == ["ready_to_ship"] * 2
    assert (await house.standing(lead)).status == "cancelled"
    assert await house.level() == (10, 2)
    await house.assert_balanced()


@pytest.mark.parametrize("by_tiktok", [False, True])
async def test_an_order_cancelled_after_the_label_sends_it_back_and_each_other_gets_its_own(
    house: House, *, by_tiktok: bool
) -> None:
    facts: list[OrderFact] = [
        an_order(house.shop_id, number, units=(a_unit(f"{number}-1"),)) for number in ("1", "2", "3")
    ]
    orders = await house.arrive(*facts)
    package_id = await combined(house, orders)
    await buy(house)
    assert await tell(house) == 3
    if by_tiktok:
        await house.arrive(later(facts[1], ChannelStatus.CANCELLED, minute=9))
    else:
        await cancel(house.store, [orders[1]], because=CancelReason.BUYER_ASKED, actor=MIRA)
    await house.run()
    assert await house.store.pool.fetchval("SELECT state FROM packages WHERE id = $1", package_id) == "voiding"
    rest = [orders[0], orders[2]]
    bought = await house.buy_labels()
    assert {claim.order_id for claim in bought} == set(rest)
    corrections = await house.claim(EffectKind.UPDATE_TRACKING)
    assert {claim.order_id for claim in corrections} == set(rest), "TikTok knows the old number"
    [voiding] = await house.claim(EffectKind.VOID_LABEL)
    assert await house.settle(voiding, Done(LabelVoided(refunded=True)))
    assert await house.store.pool.fetchval("SELECT state FROM packages WHERE id = $1", package_id) == "voided"
    assert await house.level() == (10, 2)
    await house.assert_balanced()


async def test_an_order_cancelled_while_the_combined_label_is_bought_sends_the_late_label_back(house: House) -> None:
    orders = await pair(house)
    package_id = await combined(house, orders)
    claim = await house.claim_one(EffectKind.BUY_LABEL)
    assert await house.checkpoint(claim, "shp_c")
    await cancel(house.store, [orders[1]], because=CancelReason.BUYER_ASKED, actor=MIRA)
    await house.run()
    assert await house.settle(claim, Done(a_label(claim)))
    assert await house.store.pool.fetchval("SELECT state FROM packages WHERE id = $1", package_id) == "voiding"
    [own] = await house.buy_labels()
    assert own.order_id == orders[0]
    assert len(await house.claim(EffectKind.VOID_LABEL)) == 1
    assert (await house.standing(orders[0])).state == "ready_to_ship"
    await house.assert_balanced()


async def test_every_reason_why_an_order_cannot_share_a_parcel_is_said(house: House) -> None:
    await house.set_policies(replace(WORKING, label_on=LabelOn.PICK, pick=Picking.CONFIRM))
    other_street = replace(QUAY, line1="8 Quay Street")
    facts = [
        an_order(house.shop_id, "1"),
        an_order(house.shop_id, "2", address=other_street),
        replace(an_order(house.shop_id, "3"), delivery_option_id="d-2"),
        replace(an_order(house.shop_id, "4"), cancel_requested=True),
        an_order(house.shop_id, "5", ChannelStatus.UNPAID),
        an_order(house.shop_id, "6", fulfilled_by_tiktok=True),
        an_order(house.shop_id, "7"),
    ]
    orders = await house.arrive(*facts)
    counts = await house.row_counts()
    for write in (False, True):
        result: Combination = await combine(house.store, [*orders, OrderId(new_id())], actor=MIRA, write=write)
        assert result.package_id is None
        assert [verdict.code for verdict in result.verdicts] == [
            "",
            "combine.other_address",
            "combine.other_delivery",
            "combine.cancel_requested",
            "combine.state",
            "order.not_worked",
            "",
            "order.closed",
        ]
        assert result.verdicts[1].sentence == "Order 2 goes to another buyer or address than 1."
        assert await house.row_counts() == counts
    preview = await combine(house.store, [orders[0], orders[6]], actor=MIRA, write=False)
    assert (preview.package_id, preview.refused) == (None, False)
    assert await house.row_counts() == counts


async def test_one_order_alone_or_too_many_are_not_combined(house: House) -> None:
    orders = await pair(house)
    with pytest.raises(Refused, match="two or more"):
        await combine(house.store, orders[:1], actor=MIRA)
    with pytest.raises(Refused, match="at most 20"):
        await combine(house.store, [OrderId(new_id()) for _ in range(21)], actor=MIRA)
    with pytest.raises(NotFound):
        await uncombine(house.store, PackageId(new_id()), actor=MIRA)


async def test_orders_without_a_package_yet_are_combined_too(house: House) -> None:
    await house.set_policies(replace(WORKING, label_on=LabelOn.PICK, pick=Picking.CONFIRM))
    orders = await pair(house)
    package_id = await combined(house, orders)
    assert await house.claim(EffectKind.BUY_LABEL) == []
    await uncombine(house.store, package_id, actor=MIRA)
    for order_id in orders:
        assert await packages(house, order_id) == [("planned", False), ("voided", True)] or await packages(
            house, order_id
        ) == [("voided", True), ("planned", False)]
    await house.assert_balanced()


async def test_an_order_is_combined_once_when_two_people_ask(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    orders = await pair(house, "1", "2", "3")
    async with opened(database) as other:
        results = await asyncio.gather(combine(store, orders[:2], actor=MIRA), combine(other, orders[1:], actor=MIRA))
    assert sorted(result.package_id is None for result in results) == [False, True]
    [refused] = [result for result in results if result.refused]
    assert "combine.already" in {verdict.code for verdict in refused.verdicts}
    await house.assert_balanced()
