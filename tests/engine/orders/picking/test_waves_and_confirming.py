"""Orders are put into waves, walked by bin and confirmed unit by unit or line by line; the last unit sends an order on."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from engine.database.embedded import EmbeddedServer
from engine.errors import NotFound, OrdersError, Refused
from engine.orders.cancelling import cancel
from engine.orders.picking.confirming import confirm_scan, confirm_units, hold_line, take_back
from engine.orders.picking.lines import Scope
from engine.orders.picking.walk import bin_key, waiting_for_wave
from engine.orders.picking.waves import close_wave, find_wave, give_wave, list_waves, make_wave
from engine.orders.timeline import timeline
from engine.orders.views import OrderFilter, OrderSort, TimelineKind
from engine.words import CancelReason, OrderStatus
from engine.workflow.executions import skip
from engine.workflow.facts import LabelOn, Picking
from tests.engine.facts import NOON
from tests.engine.house import MIRA, House
from tests.engine.orders.picking.walking import (
    BOWL_CODE,
    CONFIRM,
    INES,
    MUG_CODE,
    hold,
    items,
    kit,
    links,
    order,
    product,
    scan,
    shelves,
    stops,
    wave,
)
from tests.factories import opened


async def refused(call: object, code: str) -> str:
    with pytest.raises(OrdersError) as caught:
        await call  # type: ignore[misc]
    assert caught.value.code == code, caught.value
    return caught.value.sentence


async def test_a_wave_is_walked_by_bin_and_scanned_until_its_orders_go_on(house: House) -> None:
    await shelves(house)
    late = await order(house, "1", "MUG-BLU", "BOWL-LG", ship_by=NOON + timedelta(hours=9))
    soon = await order(house, "2", "MUG-BLU", "MUG-BLU", ship_by=NOON + timedelta(hours=1))
    assert (await house.standing(soon)).waiting_for == "label"
    await house.buy_labels()
    assert (await house.standing(soon)).waiting_for == "pick"
    assert [(each.location, each.orders, each.units) for each in await waiting_for_wave(house.store.pool)] == [
        ("MAIN", 2, 4)
    ]
    version = await house.version(late)
    made = await wave(house, name="Morning", picker="Tomas")
    assert (made.orders, made.units, made.picked, made.state, made.picker) == (2, 4, 0, "open", "Tomas")
    assert await house.version(late) == version + 1
    assert await waiting_for_wave(house.store.pool) == []
    scope = Scope(made.wave_id)
    assert await stops(house, scope) == [("A-2", "BOWL-LG", 0, 1), ("A-10", "MUG-BLU", 0, 3)]

    first = await scan(house, made.wave_id, MUG_CODE, INES)
    assert (first.sku, first.orders, first.left_of_it, first.left, first.finished) == ("MUG-BLU", ("2",), 2, 3, ())
    assert await items(house, soon) == [("MUG-BLU", "reserved")]
    second = await scan(house, made.wave_id, "mug-blu", INES)
    assert (second.orders, second.finished) == (("2",), ("2",))
    assert await items(house, soon) == [("MUG-BLU", "picked")]
    assert (await house.standing(soon)).state == "ready_to_ship", "its label is there: it goes on at once"
    assert (await scan(house, made.wave_id, MUG_CODE)).orders == ("1",)
    # A scanner that leaves out the zero, or adds it, reads the same code.
    last = await scan(house, made.wave_id, f"0{BOWL_CODE}")
    assert (last.sku, last.finished, last.left) == ("BOWL-LG", ("1",), 0)
    assert (await house.standing(late)).state == "ready_to_ship"
    assert await list_waves(house.store) == []
    [done] = await list_waves(house.store, done=True)
    assert (done.state, done.picked, done.at_it) == ("done", 4, ("Ines Falk", "mira"))
    assert await links(house, soon) == [("pick.wave", "mira"), *[("pick.confirmed", "Ines Falk")] * 2]
    async with house.store.pool.acquire() as connection:
        told = await timeline(connection, house.store.vault, soon, [TimelineKind.AUDIT])
    assert [each.text for each in told[-2:]] == ["Picked 1 MUG-BLU by scan"] * 2
    assert await house.level() == (10, 3), "what is picked is still reserved until it ships"
    await house.assert_balanced()


async def test_what_is_not_wanted_is_refused_with_what_it_is_and_where_it_belongs(house: House) -> None:
    await shelves(house)
    await kit(house)
    await house.stock("PLATE-S", 5)
    await house.store.pool.execute("UPDATE products SET bin = 'C-3' WHERE sku = 'PLATE-S'")
    await house.store.pool.execute(
        "INSERT INTO product_aliases (user_id, sku, product_sku) SELECT user_id, 'TELLER', sku FROM products WHERE sku = 'PLATE-S'"
    )
    mine = await order(house, "1", "MUG-BLU")
    made = await wave(house)
    rows, version = await house.row_counts(), await house.version(mine)
    for text, code, sentence in (
        ("nonsense", "pick.unknown_code", "'nonsense' is no SKU and no barcode"),
        ("TELLER", "pick.wrong_item", "WRONG ITEM: PLATE-S (The PLATE-S) is not wanted in wave"),
        (BOWL_CODE, "pick.wrong_item", "It belongs in bin A-2."),
        ("SET-1", "pick.kit", "SET-1 is a kit of 2 MUG-BLU, 1 BOWL-LG: scan these one by one."),
    ):
        assert sentence in await refused(scan(house, made.wave_id, text), code)
    assert await house.row_counts() == rows
    assert await house.version(mine) == version
    await scan(house, made.wave_id, MUG_CODE)
    before = await house.version(mine)
    sentence = await refused(scan(house, made.wave_id, MUG_CODE), "pick.too_many")
    assert sentence.startswith("TOO MANY: all 1 of MUG-BLU are picked in wave")
    assert await house.version(mine) == before
    with pytest.raises(NotFound):
        await find_wave(house.store, 10_000_000)


async def test_a_kit_is_picked_by_its_components_each_in_its_own_bin(house: House) -> None:
    await shelves(house)
    await kit(house)
    order_id = await order(house, "1", "SET-1")
    scope = Scope(order_id=order_id)
    assert await stops(house, scope) == [("A-2", "BOWL-LG", 0, 1), ("A-10", "MUG-BLU", 0, 2)]
    done = await confirm_units(house.store, scope, await product(house, "MUG-BLU"), actor=MIRA)
    assert (done.units, done.finished) == (2, ())
    assert await items(house, order_id) == [("SET-1", "reserved")]
    assert (await confirm_scan(house.store, scope, BOWL_CODE, actor=MIRA)).finished == ("1",)
    assert await items(house, order_id) == [("SET-1", "picked")]


async def test_confirmed_units_are_taken_back_until_their_parcel_is_packed(house: House) -> None:
    await shelves(house)
    order_id = await order(house, "1", "MUG-BLU", "MUG-BLU", "BOWL-LG")
    await house.buy_labels()
    made = await wave(house)
    scope, mugs = Scope(made.wave_id), await product(house, "MUG-BLU")
    await confirm_units(house.store, scope, mugs, 1, actor=MIRA)
    await refused(confirm_units(house.store, scope, mugs, 2, actor=MIRA), "pick.too_many")
    back = await take_back(house.store, scope, mugs, actor=INES)
    assert (back.units, back.left_of_it, back.left) == (1, 2, 3)
    await refused(take_back(house.store, scope, mugs, actor=MIRA), "pick.not_picked")
    await confirm_units(house.store, scope, mugs, actor=MIRA)
    await scan(house, made.wave_id, BOWL_CODE)
    assert (await house.standing(order_id)).state == "ready_to_ship"
    assert [each.state for each in await list_waves(house.store, done=True)] == ["done"]
    # Also once the order has gone on: it is open again, and its wave with it.
    await take_back(house.store, scope, mugs, 0, actor=MIRA)
    assert await stops(house, scope) == [("A-2", "BOWL-LG", 1, 1), ("A-10", "MUG-BLU", 0, 2)]
    assert await items(house, order_id) == [("BOWL-LG", "picked"), ("MUG-BLU", "reserved")]
    assert [each.state for each in await list_waves(house.store)] == ["picking"]
    await confirm_units(house.store, scope, mugs, actor=MIRA)
    await house.store.pool.execute("UPDATE packages SET packed_at = now()")
    assert "unpacked first" in await refused(take_back(house.store, scope, mugs, actor=MIRA), "pick.not_picked")
    await house.assert_balanced()


async def test_a_wave_takes_what_it_is_asked_for_and_says_what_it_leaves_out(house: House) -> None:
    await shelves(house)
    free = [await order(house, str(number), "MUG-BLU") for number in range(1, 6)]
    await hold(house, free[1])
    taken = await wave(house, order_ids=[free[0]])
    made = await make_wave(house.store, actor=MIRA, order_ids=free, most=2)
    assert made.wave.orders == 2
    assert [sentence for _, sentence in made.left_out] == [
        f"Order 1 is in wave {taken.number} already.",
        "Order 2: on hold.",
        "Order 5 is one too many: the wave takes 2.",
    ]
    filtered = OrderFilter(statuses=frozenset({OrderStatus.PROCESSING}), sort=OrderSort.ORDER_DATE)
    assert (await wave(house, order_filter=filtered)).orders == 1, "the held one is passed over, the others have a wave"
    sentence = await refused(make_wave(house.store, actor=MIRA, order_ids=free[:2]), "pick.nothing")
    assert sentence == f"None of that waits to be picked at MAIN. Order 1 is in wave {taken.number} already."
    await refused(make_wave(house.store, actor=MIRA, most=500), "pick.size")
    # An order that is cancelled leaves its wave, and one without orders is done; what is not picked is free again.
    await cancel(house.store, free[2:4], because=CancelReason.OUT_OF_STOCK, actor=MIRA)
    assert [each.orders for each in await list_waves(house.store)] == [1, 0, 1]
    assert (await give_wave(house.store, taken.wave_id, "Juno")).picker == "Juno"
    assert await close_wave(house.store, taken.wave_id, actor=MIRA) == 1
    await refused(close_wave(house.store, taken.wave_id, actor=MIRA), "pick.wave_done")
    assert (await wave(house)).orders == 1
    assert [each.orders for each in await list_waves(house.store)] == [1, 1], "the empty one is swept away"
    await house.assert_balanced()


async def test_a_shop_may_want_every_unit_scanned_and_an_order_that_stops_is_not_picked_on(house: House) -> None:
    await shelves(house)
    await house.set_policies(replace(CONFIRM, pick=Picking.SCAN, label_on=LabelOn.PICK))
    first, second = await order(house, "1", "MUG-BLU"), await order(house, "2", "MUG-BLU")
    made = await wave(house)
    scope, mugs = Scope(made.wave_id), await product(house, "MUG-BLU")
    assert "wants every unit scanned" in await refused(
        confirm_units(house.store, scope, mugs, actor=MIRA), "pick.scan_wanted"
    )
    await hold(house, first)
    assert await stops(house, scope) == [("A-10", "MUG-BLU", 0, 1)]
    assert (await scan(house, made.wave_id, MUG_CODE)).orders == ("2",)
    assert await house.effects(second) == [("buy_label", "intent")], "its label is wanted as soon as it is picked"
    assert "wanted by order 1 only, which is held" in await refused(scan(house, made.wave_id, MUG_CODE), "pick.stopped")
    assert await items(house, first) == [("MUG-BLU", "reserved")]
    await hold_line(house.store, scope, mugs, actor=INES)
    await house.assert_balanced()


async def test_whoever_skips_the_picking_has_all_of_it_in_hand(house: House) -> None:
    await shelves(house)
    order_id = await order(house, "1", "MUG-BLU", "BOWL-LG")
    await house.buy_labels()
    made = await wave(house)
    [outcome] = await skip(house.store, [order_id], reason="picked from the sample shelf", actor=INES)
    assert outcome.code == ""
    assert (await house.standing(order_id)).state == "ready_to_ship"
    assert await items(house, order_id) == [("BOWL-LG", "picked"), ("MUG-BLU", "picked")]
    assert await stops(house, Scope(made.wave_id)) == [("A-2", "BOWL-LG", 1, 1), ("A-10", "MUG-BLU", 1, 1)]
    assert await house.store.pool.fetchval("SELECT bool_and(picked_by = 'Ines Falk') FROM stock_reservations")
    await house.assert_balanced()


async def test_two_people_at_one_line_get_what_there_is_and_no_more(house: House, database: EmbeddedServer) -> None:
    await shelves(house)
    for number in ("1", "2", "3"):
        await order(house, number, "MUG-BLU", "MUG-BLU", "BOWL-LG")
    made = await wave(house)
    scope, bowls = Scope(made.wave_id), await product(house, "BOWL-LG")
    async with opened(database) as other:
        calls = [
            confirm_scan(store, scope, MUG_CODE, actor=actor)
            for store, actor in ((house.store, MIRA), (other, INES))
            for _ in range(4)
        ] + [confirm_units(store, scope, bowls, 1, actor=MIRA) for store in (house.store, other) for _ in range(2)]
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
    refusals = [each for each in outcomes if isinstance(each, BaseException)]
    assert all(isinstance(each, Refused) and each.code in {"pick.too_many", "pick.busy"} for each in refusals), refusals
    picked = sum(each.units for each in outcomes if not isinstance(each, BaseException))
    assert picked == sum(done for _, _, done, _ in await stops(house, scope))
    for _ in range(6 - next(done for _, sku, done, _ in await stops(house, scope) if sku == "MUG-BLU")):
        await confirm_scan(house.store, scope, MUG_CODE, actor=MIRA)
    await refused(confirm_scan(house.store, scope, MUG_CODE, actor=MIRA), "pick.too_many")
    assert [line for line in await stops(house, scope) if line[1] == "MUG-BLU"] == [("A-10", "MUG-BLU", 6, 6)]
    await house.assert_balanced()


def test_bins_follow_each_other_as_people_count() -> None:
    bins = ["A-10", "", "a-2", "B1", "A-2-11", "10"]
    assert sorted(bins, key=bin_key) == ["10", "a-2", "A-2-11", "A-10", "B1", ""]
