"""Kits take their components off the shelf, items come from their product's location, and every sum stays right."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from engine.database.connection import Database
from engine.identifiers import OrderId
from engine.inventory.ledger import receive
from engine.inventory.product_card import Component, ProductChange
from engine.inventory.product_master import set_product
from engine.orders.detail import detail
from engine.ports.facts import UnitFact
from engine.words import ChannelStatus, TrackingStatus
from engine.workflow.facts import Backorder
from engine.workflow.runner import run_batch
from tests.engine.facts import a_unit, an_order, later, units_of
from tests.engine.house import MIRA, WORKING, House


@pytest.fixture
async def kits(house: House, store: Database) -> House:
    """Beside the ten mugs: nine spoons, and sets of two mugs and three spoons."""
    await house.stock("SPOON", 9, weight_grams=40)
    parts = (Component("MUG-BLU", 2), Component("SPOON", 3))
    await set_product(store, "SET", ProductChange(components=parts), actor=MIRA)
    return house


async def reservations(store: Database, order_id: OrderId) -> list[tuple[str, int, int, str]]:
    rows = await store.pool.fetch(
        "SELECT p.sku, r.quantity, r.per_unit, r.state FROM stock_reservations r JOIN products p ON p.id = r.product_id"
        " WHERE r.order_id = $1 ORDER BY p.sku, r.state",
        order_id,
    )
    return [tuple(row) for row in rows]


async def ship(house: House, order_id: OrderId) -> None:
    await house.buy_labels()
    await house.tell_tiktok()
    await house.track(order_id, TrackingStatus.IN_TRANSIT)


async def test_a_kit_reserves_and_consumes_its_components(kits: House, store: Database) -> None:
    [order_id] = await kits.arrive(an_order(kits.shop_id, units=units_of("SET", "SET", "MUG-BLU")))
    assert sorted(await reservations(store, order_id)) == [
        ("MUG-BLU", 1, 1, "active"),
        ("MUG-BLU", 4, 2, "active"),
        ("SPOON", 6, 3, "active"),
    ]
    assert (await kits.level("MUG-BLU"), await kits.level("SPOON")) == ((10, 5), (9, 6))
    assert (await kits.package(order_id))["weight_grams"] == 2 * (2 * 400 + 3 * 40) + 400
    await ship(kits, order_id)
    assert (await kits.level("MUG-BLU"), await kits.level("SPOON")) == ((5, 0), (3, 0))
    await kits.assert_balanced()


async def test_a_cancelled_kit_gives_its_components_back_once(kits: House, store: Database) -> None:
    fact = an_order(kits.shop_id, units=units_of("SET"))
    await kits.arrive(fact)
    for minute in (5, 6):
        await kits.arrive(later(fact, ChannelStatus.CANCELLED, minute=minute))
    assert (await kits.level("MUG-BLU"), await kits.level("SPOON")) == ((10, 0), (9, 0))
    await kits.assert_balanced()


def one_cancelled(units: tuple[UnitFact, ...]) -> tuple[UnitFact, ...]:
    return (replace(units[0], channel_status=ChannelStatus.CANCELLED), *units[1:])


async def test_of_a_kit_cancelled_in_part_only_what_ships_leaves_the_shelf(kits: House, store: Database) -> None:
    fact = an_order(kits.shop_id, units=units_of("SET", "SET", "SET"))
    [order_id] = await kits.arrive(fact)
    assert (await kits.level("MUG-BLU"), await kits.level("SPOON")) == ((10, 6), (9, 9))
    await kits.arrive(replace(later(fact, ChannelStatus.AWAITING_SHIPMENT, minute=5), units=one_cancelled(fact.units)))
    await ship(kits, order_id)
    assert (await kits.level("MUG-BLU"), await kits.level("SPOON")) == ((6, 0), (3, 0))
    await kits.assert_balanced()


async def test_a_kit_changed_after_it_was_reserved_gives_back_what_was_taken_for_it(
    kits: House, store: Database
) -> None:
    fact = an_order(kits.shop_id, units=units_of("SET"))
    await kits.arrive(fact)
    await set_product(store, "SET", ProductChange(components=(Component("SPOON", 1),)), actor=MIRA)
    await kits.arrive(later(fact, ChannelStatus.CANCELLED, minute=5))
    assert (await kits.level("MUG-BLU"), await kits.level("SPOON")) == ((10, 0), (9, 0))
    await kits.assert_balanced()


async def test_a_short_kit_names_the_component_and_goes_on_when_it_arrives(kits: House, store: Database) -> None:
    first, short = await kits.arrive(
        an_order(kits.shop_id, "1", units=units_of("SET", "SET", "SET")),
        an_order(kits.shop_id, "2", units=units_of("SET", "SPOON")),
    )
    failure = await kits.failure(short)
    assert (failure["fingerprint"], failure["cause"]) == ("out_of_stock:SPOON", "SPOON is out of stock: 4 short.")
    assert (await detail(store, short)).failure is not None
    assert (await kits.standing(first)).state == "inventory_reserved"
    await kits.receive("SPOON", 3)
    await kits.run()
    assert (await kits.standing(short)).state == "failed"
    await kits.receive("SPOON", 1)
    await kits.run()
    assert (await kits.standing(short)).state == "inventory_reserved"
    assert (await kits.level("MUG-BLU"), await kits.level("SPOON")) == ((10, 8), (13, 13))
    await kits.assert_balanced()


async def test_a_waiting_kit_says_what_it_is_short_of(kits: House, store: Database) -> None:
    await kits.set_policies(replace(WORKING, backorder=Backorder.WAIT))
    [order_id] = await kits.arrive(an_order(kits.shop_id, units=units_of(*["SET"] * 4)))
    assert (await detail(store, order_id)).why == "Waits for stock: SPOON, 3 short."
    # A kit of fewer spoons can be served at once.
    fewer = (Component("MUG-BLU", 2), Component("SPOON", 2))
    await set_product(store, "SET", ProductChange(components=fewer), actor=MIRA)
    await kits.run()
    assert (await kits.standing(order_id)).state == "inventory_reserved"
    assert (await kits.level("MUG-BLU"), await kits.level("SPOON")) == ((10, 8), (9, 8))


async def test_kits_and_their_components_ordered_at_once_are_never_promised_twice(kits: House, store: Database) -> None:
    await kits.set_policies(replace(WORKING, backorder=Backorder.WAIT))
    facts = [
        an_order(kits.shop_id, f"{number:02}", units=units_of("SET" if number % 2 else "MUG-BLU", "SPOON"))
        for number in range(12)
    ]
    await asyncio.gather(*(kits.arrive(fact) for fact in facts))
    await asyncio.gather(*(run_batch(store, 5) for _ in range(4)))
    for sku in ("MUG-BLU", "SPOON"):
        on_hand, reserved = await kits.level(sku)
        assert reserved <= on_hand
    waiting = await store.pool.fetchval("SELECT count(*) FROM work WHERE waiting_for = 'stock'")
    assert 0 < waiting < 12
    await kits.assert_balanced()


# Locations


async def level_at(store: Database, sku: str, code: str) -> tuple[int, int]:
    row = await store.pool.fetchrow(
        "SELECT on_hand, reserved FROM stock_levels s JOIN products p ON p.id = s.product_id"
        " JOIN locations l ON l.id = s.location_id WHERE p.sku = $1 AND l.code = $2",
        sku,
        code,
    )
    return row["on_hand"], row["reserved"]


@pytest.fixture
async def annex(store: Database) -> str:
    await store.pool.execute("INSERT INTO locations (code, name, address) VALUES ('ANNEX', 'The annex', '{}')")
    return "ANNEX"


async def test_an_item_ships_from_its_product_s_location(kits: House, store: Database, annex: str) -> None:
    await set_product(store, "BOWL", ProductChange(location=annex, weight_grams=800, bin="Z-1"), actor=MIRA)
    order = an_order(kits.shop_id, "1", units=units_of("BOWL", "MUG-BLU"))
    [order_id] = await kits.arrive(order)
    assert (await kits.failure(order_id))["cause"] == "BOWL is out of stock: 1 short."
    await receive(store, "BOWL", 5, actor=MIRA)
    await kits.run()
    # Bowls in the main house are no help: this product leaves from the annex.
    assert (await kits.standing(order_id)).state == "failed"
    await receive(store, "BOWL", 2, actor=MIRA, location_code=annex)
    await kits.run()
    assert (await kits.standing(order_id)).state == "inventory_reserved"
    assert await level_at(store, "BOWL", annex) == (2, 1)
    assert await level_at(store, "BOWL", "MAIN") == (5, 0)
    assert await level_at(store, "MUG-BLU", "MAIN") == (10, 1)
    picks = await store.pool.fetch(
        "SELECT l.code, k.bin FROM pick_lines k JOIN locations l ON l.id = k.location_id ORDER BY l.code"
    )
    assert [tuple(row) for row in picks] == [("ANNEX", "Z-1"), ("MAIN", "")]
    await kits.assert_balanced()


async def test_a_kit_takes_its_components_where_the_kit_ships_from(kits: House, store: Database, annex: str) -> None:
    await receive(store, "MUG-BLU", 2, actor=MIRA, location_code=annex)
    await receive(store, "SPOON", 3, actor=MIRA, location_code=annex)
    await set_product(store, "SET", ProductChange(location=annex), actor=MIRA)
    first, second = await kits.arrive(
        an_order(kits.shop_id, "1", units=(a_unit(sku="SET"),)),
        an_order(kits.shop_id, "2", units=(a_unit(sku="SET"),)),
    )
    assert (await kits.standing(first)).state == "inventory_reserved"
    assert (await kits.standing(second)).waiting_for == "stock"
    assert await level_at(store, "MUG-BLU", annex) == (2, 2)
    assert await level_at(store, "MUG-BLU", "MAIN") == (10, 0)
    await kits.assert_balanced()
