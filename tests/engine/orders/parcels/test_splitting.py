"""One order in several parcels: each has its own label, telling, handover and stock; the order ships with the last."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.errors import NotFound, OrdersError, Refused
from engine.identifiers import ItemId, OrderId, PackageId, new_id
from engine.orders.cancelling import cancel
from engine.orders.notes import add_note
from engine.orders.parcels.handover import hand_over
from engine.orders.parcels.packages import record_tracking, ship_requests
from engine.orders.parcels.splitting import ship_what_is_there, split
from engine.ports.facts import TrackingFact
from engine.ports.outcomes import Done, LabelVoided
from engine.words import CancelReason, EffectKind, TrackingStatus
from engine.workflow.facts import Backorder, LabelOn, Picking, ShipOn
from tests.engine.facts import NOON, a_unit, an_order
from tests.engine.house import MIRA, WORKING, House, Standing, a_label
from tests.factories import opened


async def three_mugs(house: House, number: str = "577001") -> OrderId:
    [order_id] = await house.arrive(an_order(house.shop_id, number, units=[a_unit(str(line)) for line in (1, 2, 3)]))
    return order_id


async def item_of(house: House, order_id: OrderId, sku: str = "MUG-BLU") -> ItemId:
    return ItemId(
        await house.store.pool.fetchval(
            "SELECT id FROM order_items WHERE order_id = $1 AND product_sku = $2", order_id, sku
        )
    )


async def parcels(house: House, order_id: OrderId) -> list[tuple[str, int]]:
    """State and units of each package of the order, in the order they were planned."""
    rows = await house.store.pool.fetch(
        "SELECT p.state, sum(c.quantity)::int AS units FROM packages p JOIN package_items c ON c.package_id = p.id"
        " WHERE c.order_id = $1 GROUP BY p.id ORDER BY p.id",
        order_id,
    )
    return [(row["state"], row["units"]) for row in rows]


async def package_ids(house: House, order_id: OrderId) -> list[PackageId]:
    rows = await house.store.pool.fetch(
        "SELECT DISTINCT package_id FROM package_items WHERE order_id = $1 ORDER BY package_id", order_id
    )
    return [PackageId(row["package_id"]) for row in rows]


async def off(house: House, order_id: OrderId, quantity: int = 1) -> PackageId:
    return await split(
        house.store, order_id, [(await item_of(house, order_id), quantity)], actor=MIRA, reason="fragile"
    )


async def scan(house: House, package_id: PackageId, status: TrackingStatus, minute: int = 60) -> None:
    number = await house.store.pool.fetchval("SELECT tracking_number FROM packages WHERE id = $1", package_id)
    assert await record_tracking(
        house.store, [TrackingFact(package_id, number, status, NOON.replace(minute=minute % 60))]
    )


async def shipped(house: House, order_id: OrderId) -> list[tuple[int, int, str]]:
    rows = await house.store.pool.fetch(
        "SELECT quantity, shipped_quantity, fulfillment_status FROM order_items WHERE order_id = $1 ORDER BY id",
        order_id,
    )
    return [tuple(row) for row in rows]


async def test_a_split_order_gets_a_label_for_each_parcel_and_tells_each_of_its_own_units(house: House) -> None:
    order_id = await three_mugs(house)
    await off(house, order_id)
    assert await parcels(house, order_id) == [("planned", 2), ("planned", 1)]
    assert await house.effects(order_id) == [("buy_label", "intent")] * 2
    bought = await house.buy_labels()
    bought += await house.buy_labels()
    assert len({claim.key for claim in bought}) == 2
    assert (await house.standing(order_id)).state == "ready_to_ship"
    claims = await house.claim(EffectKind.SHIP_PACKAGE)
    first = await ship_requests(house.store, claims)
    assert [len(request.tiktok_line_ids) for request in first.values()] == [2]
    told = {claim.package_id: first[claim.effect_id].tiktok_line_ids for claim in claims}
    assert await house.store.pool.fetchval("SELECT sum(weight_grams) FROM packages") == 1200
    assert list(told.values()) == [("1", "2")]
    await house.assert_balanced()


async def test_each_parcel_ships_what_is_in_it_and_the_order_ships_with_the_last(house: House) -> None:
    await house.set_policies(replace(WORKING, ship_on=ShipOn.HANDOVER))
    order_id = await three_mugs(house)
    await off(house, order_id)
    for _ in range(2):
        await house.buy_labels()
        await house.tell_tiktok()
    first, second = await package_ids(house, order_id)
    await hand_over(house.store, [second], actor=MIRA)
    assert await house.standing(order_id) == Standing("ready_to_ship", "processing", "running", "handover")
    assert await house.level() == (9, 2)
    assert await shipped(house, order_id) == [(3, 1, "reserved")]
    assert "part_shipped" in await house.steps(order_id)
    await house.assert_balanced()
    await hand_over(house.store, [first], actor=MIRA)
    assert (await house.standing(order_id)).state == "shipped"
    assert await house.level() == (7, 0)
    assert await shipped(house, order_id) == [(3, 3, "shipped")]
    assert (await house.history(order_id)).count("shipped") == 1
    await scan(house, first, TrackingStatus.DELIVERED, 40)
    assert (await house.standing(order_id)).state == "shipped", "one parcel is still on its way"
    await scan(house, second, TrackingStatus.DELIVERED, 41)
    assert (await house.standing(order_id)).state == "completed"
    await house.assert_balanced()


async def test_no_parcel_leaves_while_a_note_waits_to_be_acknowledged(house: House) -> None:
    await house.set_policies(replace(WORKING, ship_on=ShipOn.HANDOVER))
    order_id = await three_mugs(house)
    await off(house, order_id)
    for _ in range(2):
        await house.buy_labels()
        await house.tell_tiktok()
    first, _ = await package_ids(house, order_id)
    store = house.store
    await store.run(lambda c: add_note(c, store.vault, [order_id], "wrap it twice", actor=MIRA, must_acknowledge=True))
    before, counts = await house.standing(order_id), await house.row_counts()
    with pytest.raises(Refused, match="a note on it must be acknowledged first"):
        await hand_over(store, [first], actor=MIRA)
    assert (await house.standing(order_id), await house.row_counts()) == (before, counts)
    assert await shipped(house, order_id) == [(3, 0, "reserved")]


async def test_a_parcel_leaves_while_the_other_has_no_label_yet(house: House) -> None:
    order_id = await three_mugs(house)
    await off(house, order_id)
    await house.buy_labels()
    assert (await house.standing(order_id)).state == "inventory_reserved"
    assert ("ship_package", "intent") in await house.effects(order_id), "TikTok is told of each parcel by itself"
    first, _ = await package_ids(house, order_id)
    await scan(house, first, TrackingStatus.IN_TRANSIT)
    assert await house.level() == (8, 1)
    assert await shipped(house, order_id) == [(3, 2, "reserved")]
    await house.assert_balanced()
    await house.buy_labels()
    assert (await house.standing(order_id)).state == "ready_to_ship"
    _, second = await package_ids(house, order_id)
    await scan(house, second, TrackingStatus.IN_TRANSIT)
    assert (await house.standing(order_id)).state == "shipped"
    assert await house.level() == (7, 0)
    await house.assert_balanced()


async def test_two_different_items_are_shipped_item_by_item(house: House) -> None:
    await house.stock("BOWL-LG", 4)
    [order_id] = await house.arrive(an_order(house.shop_id, units=(a_unit("1"), a_unit("2", "BOWL-LG"))))
    bowl = await item_of(house, order_id, "BOWL-LG")
    second = await split(house.store, order_id, [(bowl, 1)], actor=MIRA)
    for _ in range(2):
        await house.buy_labels()
    await scan(house, second, TrackingStatus.IN_TRANSIT)
    assert await shipped(house, order_id) == [(1, 0, "reserved"), (1, 1, "shipped")]
    assert (await house.level("BOWL-LG"), await house.level()) == ((3, 0), (10, 1))
    await house.assert_balanced()


async def refused(house: House, order_id: OrderId, parts: Sequence[tuple[ItemId, int]], code: str) -> OrdersError:
    counts, before = await house.row_counts(), await parcels(house, order_id)
    with pytest.raises((Refused, NotFound)) as caught:
        await split(house.store, order_id, parts, actor=MIRA)
    assert caught.value.code == code
    assert (await house.row_counts(), await parcels(house, order_id)) == (counts, before)
    return caught.value


async def test_a_split_that_cannot_be_changes_nothing(house: House) -> None:
    order_id = await three_mugs(house)
    mug = await item_of(house, order_id)
    await refused(house, order_id, [(mug, 3)], "split.everything")
    await refused(house, order_id, [(mug, 4)], "split.not_together")
    await refused(house, order_id, [(mug, 0)], "split.quantity")
    await refused(house, order_id, [], "split.nothing")
    await refused(house, order_id, [(ItemId(new_id()), 1)], "split.unknown_item")
    await house.claim_one(EffectKind.BUY_LABEL)
    await refused(house, order_id, [(mug, 1)], "parcel.label_under_way")


async def test_a_labelled_parcel_is_not_split(house: House) -> None:
    order_id = await three_mugs(house)
    await house.buy_labels()
    error = await refused(house, order_id, [(await item_of(house, order_id), 1)], "parcel.label_bought")
    assert error.sentence == "The parcel of order 577001 has its label: void it first, then split it."


async def test_an_order_that_is_not_reserved_or_closed_is_not_split(house: House) -> None:
    order_id = (await house.arrive(an_order(house.shop_id, units=[a_unit(str(line)) for line in range(11)])))[0]
    await refused(house, order_id, [(await item_of(house, order_id), 1)], "split.state")
    await cancel(house.store, [order_id], because=CancelReason.WRONG_PRICE, actor=MIRA)
    await refused(house, order_id, [(await item_of(house, order_id), 1)], "order.closed")


async def test_an_order_without_a_package_yet_is_split_and_labelled_when_picked(house: House) -> None:
    await house.set_policies(replace(WORKING, label_on=LabelOn.PICK, pick=Picking.CONFIRM))
    order_id = await three_mugs(house)
    await off(house, order_id)
    assert await parcels(house, order_id) == [("planned", 2), ("planned", 1)]
    assert await house.effects(order_id) == []
    assert (await house.standing(order_id)).waiting_for == "pick"
    await house.store.pool.execute("UPDATE order_items SET fulfillment_status = 'picked'")
    await house.store.pool.execute("UPDATE work SET ready = true")
    await house.run()
    assert await house.effects(order_id) == [("buy_label", "intent")] * 2
    await house.assert_balanced()


async def test_a_cancelled_split_order_voids_every_label_it_has(house: House) -> None:
    order_id = await three_mugs(house)
    await off(house, order_id)
    await house.buy_labels()
    late = await house.claim_one(EffectKind.BUY_LABEL)
    assert await house.checkpoint(late, "shp_9")
    await cancel(house.store, [order_id], because=CancelReason.BUYER_ASKED, actor=MIRA)
    assert await house.settle(late, Done(a_label(late)))
    assert [state for state, _ in await parcels(house, order_id)] == ["voiding", "voiding"]
    for _ in range(2):
        claim = await house.claim_one(EffectKind.VOID_LABEL)
        assert await house.checkpoint(claim, claim.provider_reference)
        assert await house.settle(claim, Done(LabelVoided(refunded=True)))
    assert [state for state, _ in await parcels(house, order_id)] == ["voided", "voided"]
    assert await house.level() == (10, 0)
    await house.assert_balanced()


async def test_a_split_order_is_not_cancelled_once_one_parcel_has_left(house: House) -> None:
    order_id = await three_mugs(house)
    await off(house, order_id)
    await house.buy_labels()
    [first, _] = await package_ids(house, order_id)
    await scan(house, first, TrackingStatus.IN_TRANSIT)
    [outcome] = await cancel(house.store, [order_id], because=CancelReason.BUYER_ASKED, actor=MIRA)
    assert outcome.code == "workflow.refused"
    assert await house.level() == (8, 1)


@pytest.mark.parametrize("backorder", [Backorder.FAIL, Backorder.WAIT])
async def test_what_is_there_ships_and_the_rest_waits_for_its_stock(house: House, backorder: Backorder) -> None:
    await house.set_policies(replace(WORKING, backorder=backorder))
    [order_id] = await house.arrive(an_order(house.shop_id, units=[a_unit(str(line)) for line in range(12)]))
    waiting = await ship_what_is_there(house.store, order_id, actor=MIRA)
    assert await house.standing(order_id) == Standing("inventory_reserved", "processing", "running", "stock")
    assert await house.failure(order_id) is None
    assert await parcels(house, order_id) == [("planned", 10), ("planned", 2)]
    assert await house.level() == (10, 10)
    assert await house.effects(order_id) == [("buy_label", "intent")]
    await house.buy_labels()
    [first, second] = await package_ids(house, order_id)
    assert second == waiting
    await scan(house, first, TrackingStatus.IN_TRANSIT)
    assert await shipped(house, order_id) == [(12, 10, "reserved")]
    assert await house.level() == (0, 0)
    await house.assert_balanced()
    await house.receive("MUG-BLU", 1)
    await house.run()
    assert await house.level() == (1, 0), "one is not enough"
    await house.receive("MUG-BLU", 4)
    await house.run()
    assert await house.level() == (5, 2)
    await house.buy_labels()
    assert (await house.standing(order_id)).state == "ready_to_ship"
    await scan(house, second, TrackingStatus.IN_TRANSIT)
    assert (await house.standing(order_id)).state == "shipped"
    assert await house.level() == (3, 0)
    assert await shipped(house, order_id) == [(12, 12, "shipped")]
    await house.assert_balanced()


async def test_an_order_short_of_nothing_or_of_everything_is_not_put_off(house: House) -> None:
    order_id = await three_mugs(house)
    with pytest.raises(Refused) as caught:
        await ship_what_is_there(house.store, order_id, actor=MIRA)
    assert caught.value.code == "split.not_short"
    await house.stock("BOWL-LG", 0)
    [bare] = await house.arrive(an_order(house.shop_id, "2", units=(a_unit(sku="BOWL-LG"),)))
    counts = await house.row_counts()
    with pytest.raises(Refused) as caught:
        await ship_what_is_there(house.store, bare, actor=MIRA)
    assert caught.value.code == "split.nothing_there"
    assert await house.row_counts() == counts


async def test_two_people_who_split_at_once_split_off_no_more_than_there_is(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    order_id = await three_mugs(house)
    async with opened(database) as other:
        rival = House(other, house.shop_id, house.daemon_id)
        done = await asyncio.gather(off(house, order_id, 2), off(rival, order_id, 2), return_exceptions=True)
    assert sorted(isinstance(each, Refused) for each in done) == [False, True]
    assert sorted(await parcels(house, order_id)) == [("planned", 1), ("planned", 2)]
    await house.assert_balanced()
