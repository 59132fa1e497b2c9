"""Packing confirms who and where, or stops with what to do with the goods; a short pick corrects the ledger and sends orders their way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable
from dataclasses import replace
from datetime import timedelta

import pytest

from engine.errors import OrdersError
from engine.identifiers import OrderId, PackageId
from engine.inventory.ledger import receive
from engine.inventory.locations import put_location
from engine.orders.cancelling import cancel
from engine.orders.parcels.handover import hand_over
from engine.orders.picking.confirming import confirm_units
from engine.orders.picking.lines import Scope
from engine.orders.picking.packing import pack, unpack
from engine.orders.picking.parcels import parcel_at_hand
from engine.orders.picking.putting_back import going_back, put_back
from engine.orders.picking.short import short_pick
from engine.orders.timeline import timeline
from engine.orders.views import TimelineKind
from engine.words import CancelReason, ChannelStatus
from engine.workflow.facts import Backorder, LabelOn
from tests.engine.facts import NOON, QUAY, an_order, later, units_of
from tests.engine.house import MIRA, House
from tests.engine.orders.picking.walking import (
    BOWL_CODE,
    CONFIRM,
    INES,
    MUG_CODE,
    hold,
    items,
    links,
    order,
    product,
    release,
    scan,
    shelves,
    stops,
    wave,
)


async def refused(call: Awaitable[object], code: str) -> str:
    with pytest.raises(OrdersError) as caught:
        await call
    assert caught.value.code == code, caught.value
    return caught.value.sentence


async def picked(house: House, number: str, *skus: str) -> OrderId:
    """An order with its label, picked by Ines."""
    order_id = await order(house, number, *skus)
    await house.buy_labels()
    for sku in dict.fromkeys(skus):
        await confirm_units(house.store, Scope(order_id=order_id), await product(house, sku), actor=INES)
    return order_id


async def package_of(house: House, order_id: OrderId) -> PackageId:
    return PackageId((await house.package(order_id))["id"])


async def test_a_parcel_is_packed_by_somebody_at_a_station_once(house: House) -> None:
    await shelves(house)
    order_id = await order(house, "1", "MUG-BLU", "MUG-BLU", "BOWL-LG")
    await house.buy_labels()
    package_id = await package_of(house, order_id)
    number = (await house.package(order_id))["tracking_number"]
    early = await parcel_at_hand(house.store, "1")
    assert (early.code, early.alarm) == ("not_picked", False)
    assert early.stop == "The parcel of order 1 is not picked whole: 1 BOWL-LG, 2 MUG-BLU missing."
    version = await house.version(order_id)
    await refused(pack(house.store, package_id, actor=MIRA), "pack.not_picked")
    assert await house.version(order_id) == version
    made = await wave(house)
    for code in (MUG_CODE, BOWL_CODE, MUG_CODE):
        await scan(house, made.wave_id, code, INES)
    ready = await parcel_at_hand(house.store, number)
    assert (ready.package_id, ready.stop, ready.label, ready.picked_by) == (package_id, "", number, ("Ines Falk",))
    assert [(part.sku, part.quantity, part.barcodes) for part in ready.parts] == [
        ("BOWL-LG", 1, (BOWL_CODE,)),
        ("MUG-BLU", 2, (MUG_CODE,)),
    ]
    done = await pack(house.store, package_id, actor=MIRA, station="Bench 2")
    assert (done.packed_by, done.station, done.packed_at is not None) == ("mira", "Bench 2", True)
    assert {status for _, status in await items(house, order_id)} == {"packed"}
    assert await refused(pack(house.store, package_id, actor=INES), "pack.already") == (
        "The parcel is packed already, by mira at Bench 2."
    )
    assert (await links(house, order_id))[-1] == ("parcel.packed", "mira")
    async with house.store.pool.acquire() as connection:
        told = await timeline(connection, house.store.vault, order_id, [TimelineKind.AUDIT])
    assert told[-1].text == "Packed 1 BOWL-LG, 2 MUG-BLU at Bench 2"
    await unpack(house.store, package_id, actor=MIRA)
    assert {status for _, status in await items(house, order_id)} == {"picked"}
    await refused(unpack(house.store, package_id, actor=MIRA), "pack.not_packed")
    await pack(house.store, package_id, actor=MIRA)
    await house.tell_tiktok()
    await hand_over(house.store, [package_id], actor=MIRA)
    assert {status for _, status in await items(house, order_id)} == {"shipped"}
    assert (await parcel_at_hand(house.store, number)).code == "shipped"
    await house.assert_balanced()


async def test_a_parcel_packed_before_its_label_is_there_waits_for_it(house: House) -> None:
    await shelves(house)
    await house.set_policies(replace(CONFIRM, label_on=LabelOn.PICK))
    order_id = await order(house, "1", "MUG-BLU")
    assert (await parcel_at_hand(house.store, "1")).stop == "Order 1 is not picked yet: it has no parcel."
    await confirm_units(house.store, Scope(order_id=order_id), await product(house, "MUG-BLU"), actor=MIRA)
    parcel = await pack(house.store, await package_of(house, order_id), actor=MIRA)
    assert (parcel.label, parcel.label_wanted) == ("", True)
    await house.buy_labels()
    assert (await parcel_at_hand(house.store, "1")).label
    assert (await house.standing(order_id)).state == "ready_to_ship"


async def test_an_order_cancelled_after_picking_stops_at_packing_and_its_goods_go_back(house: House) -> None:
    await shelves(house)
    order_id = await picked(house, "1", "MUG-BLU", "MUG-BLU", "BOWL-LG")
    package_id, number = await package_of(house, order_id), (await house.package(order_id))["tracking_number"]
    assert await house.level() == (10, 2)
    await house.arrive(
        later(
            an_order(house.shop_id, "1", units=units_of("MUG-BLU", "MUG-BLU", "BOWL-LG")),
            ChannelStatus.CANCELLED,
            minute=9,
        )
    )
    assert await house.level() == (10, 0), "given back to the ledger at once"
    for code in ("1", number):
        parcel = await parcel_at_hand(house.store, code)
        assert (parcel.code, parcel.alarm) == ("cancelled", True)
        assert parcel.stop == "Order 1 is CANCELLED: do not ship it. Put its goods back."
        assert [(each.bin, each.sku, each.units) for each in parcel.going_back] == [
            ("A-2", "BOWL-LG", 1),
            ("A-10", "MUG-BLU", 2),
        ]
    await refused(pack(house.store, package_id, actor=MIRA), "pack.cancelled")
    await refused(hand_over(house.store, [package_id], actor=MIRA), "order.closed")
    assert [(each.sku, each.units, each.picked_by, each.why) for each in await going_back(house.store, "MAIN")] == [
        ("BOWL-LG", 1, "Ines Falk", "cancelled"),
        ("MUG-BLU", 2, "Ines Falk", "cancelled"),
    ]
    before = await house.row_counts()
    await refused(put_back(house.store, order_id, actor=MIRA, damaged=Counter({"MUG-BLU": 3})), "pick.damaged")
    assert await house.row_counts() == before
    await put_back(house.store, order_id, actor=MIRA, damaged=Counter({"MUG-BLU": 1}))
    assert await going_back(house.store) == []
    assert await house.level() == (9, 0)
    await refused(put_back(house.store, order_id, actor=MIRA), "pick.nothing_back")
    assert set(await house.store.pool.fetch("SELECT DISTINCT state FROM pick_lines")) == {("cancelled",)}
    await house.assert_balanced()


async def test_held_asked_to_cancel_and_readdressed_parcels_stop_until_somebody_decides(house: House) -> None:
    await shelves(house)
    held, asked, moved = [await picked(house, number, "MUG-BLU") for number in ("1", "2", "3")]
    await hold(house, held)
    fact = an_order(house.shop_id, "2", units=units_of("MUG-BLU"))
    await house.arrive(replace(later(fact, ChannelStatus.AWAITING_SHIPMENT, minute=9), cancel_requested=True))
    there = replace(QUAY, line1="9 Harbour Road")
    fact = an_order(house.shop_id, "3", units=units_of("MUG-BLU"))
    await house.arrive(replace(later(fact, ChannelStatus.AWAITING_SHIPMENT, minute=8), address=QUAY))
    assert (await parcel_at_hand(house.store, "3")).stop == "", "the same address told again"
    await house.arrive(replace(later(fact, ChannelStatus.AWAITING_SHIPMENT, minute=9), address=there))
    for order_id, number, code, words in (
        (held, "1", "held", "ON HOLD"),
        (asked, "2", "cancel_requested", "asks to CANCEL"),
        (moved, "3", "address_changed", "CHANGED after its label was bought"),
    ):
        parcel = await parcel_at_hand(house.store, number)
        assert (parcel.code, parcel.alarm) == (code, True)
        assert words in parcel.stop
        assert [(each.bin, each.units) for each in parcel.going_back] == [("A-10", 1)]
        await refused(pack(house.store, await package_of(house, order_id), actor=MIRA), f"pack.{code}")
    await refused(put_back(house.store, moved, actor=MIRA), "pick.not_stopped")
    # Put back while it is held, it is to be picked anew once it is released.
    await put_back(house.store, held, actor=MIRA)
    assert await items(house, held) == [("MUG-BLU", "reserved")]
    await release(house, held)
    assert (await parcel_at_hand(house.store, "1")).code == "not_picked"
    assert (await wave(house)).orders == 1
    # Left aside, it goes on as it was.
    await house.arrive(
        later(an_order(house.shop_id, "2", units=units_of("MUG-BLU")), ChannelStatus.AWAITING_SHIPMENT, minute=20)
    )
    assert (await pack(house.store, await package_of(house, asked), actor=MIRA)).packed_by == "mira"
    await house.assert_balanced()


async def test_a_short_pick_fails_those_that_leave_last_and_writes_off_what_is_missing(house: House) -> None:
    await shelves(house)
    orders = [
        await order(house, str(n), "MUG-BLU", "MUG-BLU", "MUG-BLU", ship_by=NOON + timedelta(hours=n))
        for n in (1, 2, 3)
    ]
    made = await wave(house)
    scope, mugs = Scope(made.wave_id), await product(house, "MUG-BLU")
    await scan(house, made.wave_id, MUG_CODE)
    version = await house.version(orders[2])
    await refused(short_pick(house.store, scope, mugs, 8, actor=MIRA), "pick.not_short")
    assert await house.version(orders[2]) == version
    # Ten on the ledger, nine promised, one picked: of the other eight only three are there.
    short = await short_pick(house.store, scope, mugs, 3, actor=INES)
    assert (short.sku, short.there, short.missing) == ("MUG-BLU", 3, 5)
    assert [(each.order_number, each.missing) for each in short.orders] == [("2", 2), ("3", 3)]
    assert "fails as out of stock" in short.orders[0].outcome
    assert await items(house, orders[0]) == [("MUG-BLU", "picked")]
    failure = await house.failure(orders[1])
    assert (failure["code"], failure["cause"]) == (
        "out_of_stock",
        "MUG-BLU was promised and is not there: 2 short.",
    )
    assert await house.level() == (5, 3)
    movement = await house.store.pool.fetchrow("SELECT * FROM stock_movements WHERE reason = 'short pick'")
    assert (movement["delta_on_hand"], movement["actor"]) == (-5, "Ines Falk")
    assert [(each.order_number, each.units) for each in await going_back(house.store)] == [("2", 1)]
    assert await stops(house, scope) == [("A-10", "MUG-BLU", 3, 3)]
    await house.receive("MUG-BLU", 6)
    await house.run()
    assert (await house.standing(orders[2])).state == "inventory_reserved", "it comes back with the stock"
    assert (await wave(house)).orders == 2
    await house.assert_balanced()


async def test_a_short_order_may_wait_ship_what_is_there_or_be_fetched_for(house: House) -> None:
    await shelves(house)
    await house.set_policies(replace(CONFIRM, backorder=Backorder.WAIT, label_on=LabelOn.PICK))
    await put_location(house.store, "ANNEX", name="Annex", address=None, actor=MIRA)
    await receive(house.store, "BOWL-LG", 4, actor=MIRA, location_code="ANNEX")
    waits = await order(house, "1", *["MUG-BLU"] * 4)
    ships = await order(house, "2", *["MUG-BLU"] * 5, "BOWL-LG")
    mugs, bowls = await product(house, "MUG-BLU"), await product(house, "BOWL-LG")
    await short_pick(house.store, Scope(order_id=waits), mugs, 0, actor=MIRA)
    assert (await house.standing(waits)).waiting_for == "stock"
    assert await house.failure(waits) is None
    assert await house.level() == (6, 5)
    # Three of five are found, and go; what was picked of it before stays picked.
    await confirm_units(house.store, Scope(order_id=ships), mugs, 1, actor=MIRA)
    short = await short_pick(house.store, Scope(order_id=ships), mugs, 2, actor=INES, ship=True)
    assert "ships what is there" in short.orders[0].outcome
    assert await house.level() == (4, 4), "the ledger had one free that is not missing"
    scope = Scope(order_id=ships)
    assert await stops(house, scope) == [("A-2", "BOWL-LG", 0, 1), ("A-10", "MUG-BLU", 3, 4)]
    # The bowl is in the annex.
    await refused(short_pick(house.store, scope, bowls, 0, actor=MIRA, carry_from="MAIN"), "stock.same_location")
    await refused(short_pick(house.store, scope, bowls, 0, actor=MIRA, carry_from="NOWHERE"), "location.unknown")
    fetched = await short_pick(house.store, scope, bowls, 0, actor=MIRA, carry_from="ANNEX")
    assert fetched.orders[0].outcome == "1 of BOWL-LG come from ANNEX; it is picked on."
    assert await house.store.pool.fetch(
        "SELECT l.code, s.on_hand, s.reserved FROM stock_levels s JOIN locations l ON l.id = s.location_id"
        " WHERE s.product_id = $1 ORDER BY 1",
        bowls,
    ) == [("ANNEX", 3, 0), ("MAIN", 10, 1)]
    # With more of it on the ledger here, the order keeps what is promised to it.
    kept = await short_pick(house.store, scope, bowls, 0, actor=MIRA)
    assert (kept.still_here, kept.elsewhere) == (8, (("ANNEX", 3),))
    assert "in another bin" in kept.orders[0].outcome
    await cancel(house.store, [ships], because=CancelReason.OUT_OF_STOCK, actor=MIRA)
    await house.assert_balanced()


async def test_units_cancelled_after_picking_leave_the_line_whole_and_the_rest_goes_back(house: House) -> None:
    await shelves(house)
    half = await order(house, "1", "MUG-BLU", "MUG-BLU", "MUG-BLU")
    whole = await picked(house, "2", "MUG-BLU", "MUG-BLU")
    await pack(house.store, await package_of(house, whole), actor=MIRA)
    await confirm_units(house.store, Scope(order_id=half), await product(house, "MUG-BLU"), 2, actor=INES)
    for number, units in (("1", 3), ("2", 2)):
        fact = an_order(house.shop_id, number, units=units_of(*["MUG-BLU"] * units))
        fewer = (*fact.units[:-1], replace(fact.units[-1], channel_status=ChannelStatus.CANCELLED))
        await house.arrive(replace(later(fact, ChannelStatus.AWAITING_SHIPMENT, minute=9), units=fewer))
    assert (await house.standing(half)).state == "ready_to_ship", "two of two are in hand"
    assert await items(house, whole) == [("MUG-BLU", "picked")]
    assert (await parcel_at_hand(house.store, "2")).packed_by == "", "it holds something else than was packed"
    assert [(each.order_number, each.units, each.why) for each in await going_back(house.store)] == [
        ("2", 1, "fewer units")
    ]
    await put_back(house.store, whole, actor=MIRA)
    assert await going_back(house.store) == []
    assert (await pack(house.store, await package_of(house, whole), actor=MIRA)).packed_by == "mira"
    await house.assert_balanced()
