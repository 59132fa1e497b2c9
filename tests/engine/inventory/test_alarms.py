"""Alarms are raised once, told once, and end by themselves; the nightly check names what does not add up and mends nothing."""

from __future__ import annotations

from typing import Any

from engine.database.connection import Database
from engine.inventory.alarms import list_alarms, look_over
from engine.inventory.availability import check_availability
from engine.inventory.checking import check_stock
from engine.inventory.ledger import adjust
from engine.inventory.product_card import Component, ProductChange
from engine.inventory.product_master import set_product
from engine.words import ChannelStatus, EffectKind, StockReason
from tests.engine.facts import a_unit, an_order, later
from tests.engine.house import MIRA, House


async def said(house: House) -> list[Any]:
    await house.store.pool.execute("UPDATE effects SET due_at = now() WHERE kind = 'notice'")
    claims = [
        claim
        for claim in await house.claim(EffectKind.NOTICE)
        if claim.request.get("template") in {"low_stock", "oversold"}
    ]
    return list((await house.notice_requests(claims)).values())


async def test_low_stock_is_told_once_until_it_is_over(house: House, store: Database) -> None:
    await set_product(store, "MUG-BLU", ProductChange(low_stock=3), actor=MIRA)
    assert await look_over(store) == (0, 0)
    await house.arrive(an_order(house.shop_id, units=[a_unit(str(n)) for n in range(7)]))
    assert [await look_over(store) for _ in range(3)] == [(1, 0), (0, 0), (0, 0)]
    [notice] = await said(house)
    assert notice.template == "low_stock"
    assert "MUG-BLU" in notice.values["items"]
    assert "3 left; the alarm is at 3" in notice.values["items"]
    await adjust(store, "MUG-BLU", -1, reason=StockReason.LOST, actor=MIRA)
    assert await look_over(store) == (0, 0)
    [alarm] = await list_alarms(store)
    assert (alarm.kind, alarm.sku, dict(alarm.detail)) == ("low_stock", "MUG-BLU", {"available": 2, "threshold": 3})
    await house.receive("MUG-BLU", 5)
    assert await look_over(store) == (0, 1)
    assert await list_alarms(store) == []
    assert [each.cleared_at is not None for each in await list_alarms(store, cleared=True)] == [True]


async def test_what_is_sold_and_not_there_is_an_alarm_with_its_shortfall(house: House, store: Database) -> None:
    unpaid = an_order(house.shop_id, "1", ChannelStatus.UNPAID, units=[a_unit(str(n)) for n in range(6)])
    await house.arrive(unpaid, an_order(house.shop_id, "2", units=[a_unit(str(n)) for n in range(6)]))
    assert await look_over(store) == (1, 0)
    [alarm] = await list_alarms(store)
    assert (alarm.kind, dict(alarm.detail)) == ("oversold", {"short": 2, "wanted": 6})
    await house.arrive(later(unpaid, ChannelStatus.CANCELLED, minute=1))
    assert await look_over(store) == (0, 1)


async def test_the_check_names_what_does_not_add_up_and_leaves_it(house: House, store: Database) -> None:
    await house.arrive(an_order(house.shop_id))
    assert await check_stock(store) == []
    await store.pool.execute("UPDATE stock_levels SET on_hand = on_hand + 2, reserved = reserved + 1")
    [found] = await check_stock(store)
    assert (found.sku, found.location, found.on_hand, found.moved_on_hand) == ("MUG-BLU", "MAIN", 12, 10)
    assert (found.reserved, found.moved_reserved, found.active) == (2, 1, 1)
    assert await house.level() == (12, 2)


async def test_availability_is_answered_as_specified(house: House, store: Database) -> None:
    await house.stock("BOWL-LG", 3)
    await set_product(
        store, "SET", ProductChange(components=(Component("MUG-BLU", 2), Component("BOWL-LG", 1))), actor=MIRA
    )
    result = await check_availability(
        store, [("MUG-BLU", 4), ("BOWL-LG", 5), ("SET", 4), ("NEVER-SEEN", 1), ("MUG-BLU", 6)]
    )
    assert not result.available
    assert [(item.requested_quantity, item.available_quantity, item.status.value) for item in result.items] == [
        (10, 10, "available"),
        (5, 3, "partial"),
        (4, 3, "partial"),
        (1, 0, "unavailable"),
    ]
    assert result.items[3].product_id == "NEVER-SEEN"
    by_id = await check_availability(store, [(result.items[0].product_id, 10)])
    assert by_id.available
    assert by_id.items[0] == result.items[0]
