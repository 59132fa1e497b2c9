"""Orders that wait for stock go on by themselves, the oldest first, and people are offered what could stand in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from engine.database.connection import Database
from engine.identifiers import OrderId
from engine.inventory.product_card import Component, ProductChange
from engine.inventory.product_master import set_product
from engine.orders.priority import prioritise
from engine.words import ChannelStatus
from engine.workflow.facts import Backorder
from tests.engine.facts import NOON, a_unit, an_order, later
from tests.engine.house import MIRA, WORKING, House

SKUS = {"a product": "CUP", "a kit": "CUPS-2"}


@pytest.fixture(params=list(Backorder), ids=lambda policy: policy.value)
async def waiting_house(request: pytest.FixtureRequest, house: House, store: Database) -> House:
    """A house without cups, and kits of two cups."""
    await house.set_policies(replace(WORKING, backorder=request.param))
    await house.stock("CUP", 0)
    await set_product(store, "CUPS-2", ProductChange(components=(Component("CUP", 2),)), actor=MIRA)
    return house


async def reserved(house: House, *order_ids: OrderId) -> list[bool]:
    return [(await house.standing(each)).state == "inventory_reserved" for each in order_ids]


@pytest.mark.parametrize("what", list(SKUS))
async def test_stock_for_two_goes_to_the_two_oldest_of_three(waiting_house: House, what: str) -> None:
    house, sku = waiting_house, SKUS[what]

    def order(number: str, minute: int) -> object:
        return replace(
            an_order(house.shop_id, number, units=(a_unit(sku=sku),)), order_time=NOON + timedelta(minutes=minute)
        )

    # Neither their numbers nor the order in which TikTok names them tell their age.
    youngest, oldest, middle = await house.arrive(order("1", 30), order("3", 10), order("2", 20))  # type: ignore[arg-type]
    assert await reserved(house, oldest, middle, youngest) == [False, False, False]
    each = 2 if what == "a kit" else 1
    await house.receive("CUP", 2 * each)
    await house.run()
    assert await reserved(house, oldest, middle, youngest) == [True, True, False]
    assert await house.level("CUP") == (2 * each, 2 * each)
    await house.receive("CUP", each)
    await house.run()
    assert await reserved(house, youngest) == [True]
    await house.assert_balanced()


async def test_a_nearer_deadline_and_a_person_s_word_go_before_age(waiting_house: House, store: Database) -> None:
    house = waiting_house
    now = await store.pool.fetchval("SELECT now()")
    cup = (a_unit(sku="CUP"),)
    old, due, chosen = await house.arrive(
        an_order(house.shop_id, "1", units=cup, ship_by=now + timedelta(days=9)),
        an_order(house.shop_id, "2", units=cup, ship_by=now + timedelta(days=3)),
        an_order(house.shop_id, "3", units=cup, ship_by=now + timedelta(days=10)),
    )
    await store.run(lambda connection: prioritise(connection, store.vault, [chosen], 5, actor=MIRA))
    for served in ([True, False, False], [True, True, False], [True, True, True]):
        await house.receive("CUP", 1)
        await house.run()
        assert await reserved(house, chosen, due, old) == served


async def test_one_at_a_time_the_oldest_is_served_although_each_is_claimed_alone(
    waiting_house: House, store: Database
) -> None:
    from engine.workflow.runner import run_batch

    house = waiting_house
    orders = [
        (await house.arrive(an_order(house.shop_id, str(number), units=(a_unit(sku="CUP"),))))[0]
        for number in (3, 1, 2)
    ]
    await house.receive("CUP", 2)
    while await run_batch(store, 1):
        pass
    assert await reserved(house, *orders) == [True, True, False]


async def test_stock_that_a_cancelled_order_gives_back_wakes_whoever_waits_for_it(waiting_house: House) -> None:
    house = waiting_house
    await house.receive("CUP", 2)
    fact = an_order(house.shop_id, "1", units=(a_unit(sku="CUPS-2"),))
    [served] = await house.arrive(fact)
    older, younger = await house.arrive(
        an_order(house.shop_id, "2", units=(a_unit(sku="CUP"),)),
        an_order(house.shop_id, "3", units=(a_unit(sku="CUPS-2"),)),
    )
    assert await reserved(house, served, older, younger) == [True, False, False]
    await house.arrive(later(fact, ChannelStatus.CANCELLED, minute=5))
    await house.run()
    assert await reserved(house, older, younger) == [True, False]
    assert await house.level("CUP") == (2, 1)
    await house.assert_balanced()


async def test_an_order_that_comes_with_the_stock_does_not_go_before_those_that_wait(
    waiting_house: House, store: Database
) -> None:
    house = waiting_house
    [waiting] = await house.arrive(an_order(house.shop_id, "1", units=(a_unit(sku="CUP"),)))
    await house.receive("CUP", 2)
    # The runner has not looked yet: newcomers for the same cup queue up, others do not.
    late, kit, other = await house.arrive(
        an_order(house.shop_id, "0", units=(a_unit(sku="CUP"),)),
        an_order(house.shop_id, "00", units=(a_unit(sku="CUPS-2"),)),
        an_order(house.shop_id, "000"),
    )
    assert [(await house.standing(each)).state for each in (late, kit)] == ["new", "new"]
    assert await reserved(house, other) == [True]
    await house.run()
    assert await reserved(house, waiting, late, kit) == [True, True, False]
    await house.receive("CUP", 2)
    await house.run()
    assert await reserved(house, waiting, late, kit) == [True, True, True]
    await house.assert_balanced()


async def test_what_could_stand_in_is_offered_where_the_item_ships_from(house: House, store: Database) -> None:
    for sku, quantity in (("TEE-S", 0), ("TEE-M", 3), ("TEE-L", 9), ("TEE-XL", 0), ("CAP-M", 9)):
        await house.stock(sku, quantity)
    await store.pool.execute("INSERT INTO locations (code, name, address) VALUES ('ANNEX', 'The annex', '{}')")
    unit = (a_unit(sku="TEE-S"),)
    [order_id] = await house.arrive(an_order(house.shop_id, "1", units=unit))
    assert (await house.failure(order_id))["evidence"] == {
        "instead of TEE-S": "TEE-L (9), TEE-M (3)",
        "short of TEE-S": "1",
    }
    # From the annex only what lies in the annex can go.
    await set_product(store, "TEE-S", ProductChange(location="ANNEX"), actor=MIRA)
    [elsewhere] = await house.arrive(an_order(house.shop_id, "2", units=unit))
    assert (await house.failure(elsewhere))["evidence"] == {"short of TEE-S": "1"}
