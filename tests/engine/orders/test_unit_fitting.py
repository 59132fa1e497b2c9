"""Orders that a file told of first: TikTok's own word takes the place of its placeholders, and no unit is there twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from engine.database.connection import Database
from engine.identifiers import OrderId
from engine.orders import intake
from engine.orders.intake import Applied
from engine.orders.unit_fitting import placeholder_line_id
from engine.ports.facts import OrderFact, UnitFact
from engine.words import ChannelStatus
from tests.engine.facts import MASKED_INES, MASKED_QUAY, NOON, a_unit, an_order
from tests.engine.house import House

CANCELLED = ChannelStatus.CANCELLED


def filed(
    house: House, *skus: str, minute: int = 0, status: ChannelStatus = ChannelStatus.AWAITING_SHIPMENT
) -> OrderFact:
    """The order as a seller-centre file has it: no product ids, no line ids."""
    counted: dict[str, int] = {}
    units: list[UnitFact] = []
    for sku in skus:
        counted[sku] = counted.get(sku, 0) + 1
        line = placeholder_line_id(f"s-{sku}", counted[sku])
        units.append(replace(a_unit(line, sku, price=Decimal("9.99"), status=status), tiktok_product_id=""))
    fact = an_order(house.shop_id, status=status, minute=minute, units=units)
    return replace(fact, imported=True, delivery_option_id="", warehouse_id="")


async def applied(store: Database, fact: OrderFact) -> Applied:
    return (await intake.apply(store, [fact])).applied[fact.tiktok_order_id]


async def lines(store: Database, order_id: OrderId) -> list[tuple[str, str, str]]:
    rows = await store.pool.fetch(
        "SELECT u.tiktok_line_id, i.product_sku, u.channel_status FROM order_item_units u JOIN order_items i"
        " ON i.id = u.order_item_id WHERE u.order_id = $1 ORDER BY 2, length(u.tiktok_line_id), 1",
        order_id,
    )
    return [tuple(row) for row in rows]


async def items(store: Database, order_id: OrderId) -> list[Any]:
    rows = await store.pool.fetch(
        "SELECT product_sku, quantity, cancelled_quantity, tiktok_product_id, total_price FROM order_items WHERE order_id = $1"
        " ORDER BY 1",
        order_id,
    )
    return [tuple(row) for row in rows]


async def source(store: Database, order_id: OrderId) -> Any:
    return await store.pool.fetchval("SELECT order_source FROM orders WHERE id = $1", order_id)


async def test_an_order_from_a_file_that_tiktok_tells_of_is_one_order_with_its_units(
    house: House, store: Database
) -> None:
    await house.stock("BOWL-LG", 10)
    [order_id] = await house.arrive(filed(house, "MUG-BLU", "MUG-BLU", "BOWL-LG"))
    assert await source(store, order_id) == "import"
    assert await house.level("MUG-BLU") == (10, 2)
    told = an_order(house.shop_id, units=[a_unit("901", "BOWL-LG"), a_unit("902", "MUG-BLU"), a_unit("903", "MUG-BLU")])
    assert await applied(store, told) is Applied.UPDATED
    assert await lines(store, order_id) == [
        ("901", "BOWL-LG", "AWAITING_SHIPMENT"),
        ("902", "MUG-BLU", "AWAITING_SHIPMENT"),
        ("903", "MUG-BLU", "AWAITING_SHIPMENT"),
    ]
    assert await items(store, order_id) == [
        ("BOWL-LG", 1, 0, "p-BOWL-LG", Decimal("31.00")),
        ("MUG-BLU", 2, 0, "p-MUG-BLU", Decimal("25.00")),
    ]
    assert await store.pool.fetchval("SELECT count(*) FROM orders") == 1
    assert await source(store, order_id) == "tiktok_shop"
    assert await house.level("MUG-BLU") == (10, 2)
    assert await applied(store, told) is Applied.UNCHANGED
    await house.assert_balanced()


async def test_tiktok_s_word_stands_above_a_file_s_times(house: House, store: Database) -> None:
    [order_id] = await house.arrive(filed(house, "MUG-BLU", minute=30))
    earlier = an_order(house.shop_id, minute=5, units=[a_unit("901")])
    assert await applied(store, earlier) is Applied.UPDATED
    assert [line for line, _, _ in await lines(store, order_id)] == ["901"]


async def test_what_tiktok_shows_as_less_far_than_the_file_is_older(house: House, store: Database) -> None:
    [order_id] = await house.arrive(filed(house, "MUG-BLU", minute=30, status=ChannelStatus.IN_TRANSIT))
    assert await applied(store, an_order(house.shop_id, minute=5, units=[a_unit("901")])) is Applied.STALE
    assert [line for line, _, _ in await lines(store, order_id)] == ["import:s-MUG-BLU:1"]


async def test_a_file_never_takes_an_order_back_that_tiktok_told_of(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, minute=10, units=[a_unit("901"), a_unit("902")]))
    version = await house.version(order_id)
    assert await applied(store, filed(house, "MUG-BLU", "MUG-BLU", minute=5)) is Applied.STALE
    assert await applied(store, filed(house, "MUG-BLU", "MUG-BLU", minute=10)) is Applied.UNCHANGED
    assert await house.version(order_id) == version


async def test_a_newer_file_moves_the_units_it_means_and_erases_nothing(house: House, store: Database) -> None:
    first = replace(
        an_order(house.shop_id, units=[a_unit("901"), a_unit("902")]), delivery_option_id="opt-1", warehouse_id="w-1"
    )
    [order_id] = await house.arrive(replace(first, cancel_requested=True))
    newer = filed(house, "MUG-BLU", "MUG-BLU", minute=20, status=ChannelStatus.IN_TRANSIT)
    masked = replace(newer, customer=MASKED_INES, address=MASKED_QUAY, masked=True)
    assert await applied(store, masked) is Applied.UPDATED
    assert await lines(store, order_id) == [("901", "MUG-BLU", "IN_TRANSIT"), ("902", "MUG-BLU", "IN_TRANSIT")]
    row = await store.pool.fetchrow(
        "SELECT delivery_option_id, warehouse_id, cancel_requested, masked, customer_name, id, order_source FROM orders"
    )
    assert (row["delivery_option_id"], row["warehouse_id"], row["cancel_requested"]) == ("opt-1", "w-1", True)
    assert (row["masked"], row["order_source"]) == (False, "tiktok_shop")
    assert store.vault.open_text("orders.customer_name", row["id"], row["customer_name"]) == "Ines Falk"


async def test_units_the_file_had_too_many_of_are_cancelled_and_their_stock_is_given_back(
    house: House, store: Database
) -> None:
    [order_id] = await house.arrive(filed(house, "MUG-BLU", "MUG-BLU", "MUG-BLU"))
    assert await house.level() == (10, 3)
    assert await applied(store, an_order(house.shop_id, units=[a_unit("901"), a_unit("902")])) is Applied.UPDATED
    assert [(line, status) for line, _, status in await lines(store, order_id)] == [
        ("901", "AWAITING_SHIPMENT"),
        ("902", "AWAITING_SHIPMENT"),
        ("import:s-MUG-BLU:3", "CANCELLED"),
    ]
    assert await house.level() == (10, 2)
    await house.assert_balanced()


async def test_units_the_file_did_not_have_are_added_and_what_was_reserved_for_fewer_waits_for_a_person(
    house: House, store: Database
) -> None:
    [order_id] = await house.arrive(filed(house, "MUG-BLU"))
    told = an_order(
        house.shop_id,
        units=[a_unit("901"), a_unit("902"), a_unit("903", status=CANCELLED), a_unit("904", "BOWL-LG")],
    )
    assert await applied(store, told) is Applied.UPDATED
    assert [(line, sku) for line, sku, _ in await lines(store, order_id)] == [
        ("904", "BOWL-LG"),
        ("901", "MUG-BLU"),
        ("902", "MUG-BLU"),
        ("903", "MUG-BLU"),
    ]
    assert [row[:3] for row in await items(store, order_id)] == [("BOWL-LG", 1, 0), ("MUG-BLU", 3, 1)]
    held = await store.pool.fetchval(
        "SELECT count(*) FROM holds WHERE order_id = $1 AND reason = 'other' AND released_at IS NULL", order_id
    )
    assert held == 1


async def test_a_later_file_with_fewer_units_cancels_the_rest(house: House, store: Database) -> None:
    [order_id] = await house.arrive(filed(house, "MUG-BLU", "MUG-BLU"))
    assert await applied(store, filed(house, "MUG-BLU", minute=9)) is Applied.UPDATED
    assert [status for _, _, status in await lines(store, order_id)] == ["AWAITING_SHIPMENT", "CANCELLED"]
    assert await house.level() == (10, 1)
    older = replace(filed(house, "MUG-BLU", "MUG-BLU"), update_time=NOON - timedelta(days=1))
    assert await applied(store, older) is Applied.STALE
    await house.assert_balanced()
