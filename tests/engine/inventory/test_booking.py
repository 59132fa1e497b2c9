"""Stock booked by people: what is promised stays promised, and a key is booked once."""

from __future__ import annotations

import asyncio

import pytest

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.errors import Conflict, NotFound, OrdersError, Refused
from engine.identifiers import OrderId
from engine.inventory.ledger import adjust, hold_back, release_held, set_counted, transfer
from engine.inventory.locations import put_location
from engine.words import StockReason
from tests.engine.facts import a_unit, an_order
from tests.engine.house import MIRA, House
from tests.factories import opened

LOST, DAMAGED, RETURNED = StockReason.LOST, StockReason.DAMAGED, StockReason.RETURNED


async def levels(store: Database, sku: str = "MUG-BLU") -> dict[str, tuple[int, int, int]]:
    rows = await store.pool.fetch(
        "SELECT c.code, on_hand, reserved, held FROM stock_levels l JOIN products p ON p.id = l.product_id"
        " JOIN locations c ON c.id = l.location_id WHERE p.sku = $1 ORDER BY c.code",
        sku,
    )
    return {row["code"]: tuple(row)[1:] for row in rows}


async def orders_of(house: House, *units: int) -> list[OrderId]:
    facts = [
        an_order(house.shop_id, f"57{place:02}", minute=place, units=[a_unit(str(line)) for line in range(count)])
        for place, count in enumerate(units)
    ]
    return await house.arrive(*facts)


async def test_an_adjustment_says_why_and_by_whom(house: House, store: Database) -> None:
    adjusted = await adjust(store, "MUG-BLU", -3, reason=DAMAGED, actor=MIRA)
    assert (adjusted.row.on_hand, adjusted.shortfall) == (7, ())
    row = await store.pool.fetchrow("SELECT * FROM stock_movements ORDER BY id DESC LIMIT 1")
    assert (row["kind"], row["delta_on_hand"], row["reason"], row["actor"]) == ("adjust", -3, "damaged", "mira")
    await house.assert_balanced()


async def test_the_same_key_at_once_from_two_sessions_is_booked_once(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    async with opened(database) as other:
        rows = await asyncio.gather(
            *(
                adjust(session, "MUG-BLU", -4, reason=LOST, actor=MIRA, idempotency_key="cc-88:MUG-BLU")
                for session in (store, other) * 3
            )
        )
    assert {each.row.on_hand for each in rows} == {6}
    assert await house.level() == (6, 0)
    await house.assert_balanced()


async def test_another_movement_under_a_used_key_is_a_conflict_and_changes_nothing(
    house: House, store: Database
) -> None:
    await adjust(store, "MUG-BLU", -4, reason=LOST, actor=MIRA, idempotency_key="k-1")
    counts = await house.row_counts()
    with pytest.raises(Conflict) as conflict:
        await adjust(store, "MUG-BLU", -5, reason=LOST, actor=MIRA, idempotency_key="k-1")
    assert conflict.value.code == "stock.key_used"
    assert (await house.row_counts(), await house.level()) == (counts, (6, 0))


async def test_stock_is_found_by_a_mapped_sku(house: House, store: Database) -> None:
    from engine.inventory.aliases import map_sku

    await map_sku(store, "MUG-BLUE", "MUG-BLU", actor=MIRA)
    assert (await adjust(store, "MUG-BLUE", 2, reason=RETURNED, actor=MIRA)).row.sku == "MUG-BLU"
    assert await house.level() == (12, 0)


async def test_a_forced_adjustment_takes_from_the_least_urgent_orders_and_names_them(
    house: House, store: Database
) -> None:
    first, second, third = await orders_of(house, 4, 3, 3)
    assert await house.level() == (10, 10)
    await store.pool.execute("UPDATE orders SET priority_level = 5 WHERE id = $1", third)
    with pytest.raises(Refused) as refused:
        await adjust(store, "MUG-BLU", -2, reason=LOST, actor=MIRA)
    assert refused.value.code == "stock.promised"
    adjusted = await adjust(store, "MUG-BLU", -2, reason=LOST, actor=MIRA, force=True)
    assert [(each.order_id, each.sku, each.quantity) for each in adjusted.shortfall] == [(second, "MUG-BLU", 3)]
    assert (adjusted.row.on_hand, adjusted.row.reserved) == (8, 7)
    standing = await house.standing(second)
    assert (standing.state, standing.execution, standing.waiting_for) == ("failed", "failed", "stock")
    failure = await house.failure(second)
    assert (failure["code"], failure["cause"]) == (
        "out_of_stock",
        "MUG-BLU was promised and is not there: 3 short.",
    )
    assert [(await house.standing(order_id)).state for order_id in (first, third)] == ["inventory_reserved"] * 2
    assert ("buy_label", "voided") in await house.effects(second)
    await house.assert_balanced()


async def test_an_order_that_lost_its_stock_is_reserved_anew_when_there_is_more(house: House, store: Database) -> None:
    [order_id] = await orders_of(house, 10)
    await adjust(store, "MUG-BLU", -1, reason=LOST, actor=MIRA, force=True)
    assert await house.level() == (9, 0)
    await house.run()
    assert (await house.standing(order_id)).state == "failed"
    await house.receive("MUG-BLU", 1)
    await house.run()
    assert (await house.standing(order_id)).state == "inventory_reserved"
    assert await house.level() == (10, 10)
    assert len(await house.buy_labels()) == 1
    assert (await house.standing(order_id)).state == "ready_to_ship"
    await house.assert_balanced()


async def test_parcels_with_labels_keep_their_units_whatever_is_forced(house: House, store: Database) -> None:
    await orders_of(house, 6)
    await house.buy_labels()
    counts = await house.row_counts()
    with pytest.raises(Refused) as refused:
        await adjust(store, "MUG-BLU", -7, reason=LOST, actor=MIRA, force=True)
    assert refused.value.code == "stock.in_parcels"
    assert (await house.row_counts(), await house.level()) == (counts, (10, 6))


async def test_two_forced_adjustments_at_once_take_back_no_more_than_they_need(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    await orders_of(house, *[1] * 10)
    async with opened(database) as other:
        results = await asyncio.gather(
            *(adjust(session, "MUG-BLU", -2, reason=LOST, actor=MIRA, force=True) for session in (store, other, store))
        )
    assert sum(len(each.shortfall) for each in results) == 6
    assert await house.level() == (4, 4)
    await house.assert_balanced()


async def test_held_stock_is_no_order_s_and_comes_back(house: House, store: Database) -> None:
    await hold_back(store, "MUG-BLU", 8, actor=MIRA, reason=DAMAGED)
    [order_id] = await orders_of(house, 3)
    assert (await house.failure(order_id))["cause"] == "MUG-BLU is out of stock: 1 short."
    with pytest.raises(Refused, match="3 of MUG-BLU cannot be held back: 2 are free"):
        await hold_back(store, "MUG-BLU", 3, actor=MIRA)
    with pytest.raises(Refused, match="9 of MUG-BLU are not held back: 8 are"):
        await release_held(store, "MUG-BLU", 9, actor=MIRA)
    await release_held(store, "MUG-BLU", 1, actor=MIRA)
    await house.run()
    assert (await house.standing(order_id)).state == "inventory_reserved"
    assert await levels(store) == {"MAIN": (10, 3, 7)}
    await adjust(store, "MUG-BLU", -7, reason=DAMAGED, actor=MIRA, from_held=True)
    assert await levels(store) == {"MAIN": (3, 3, 0)}
    with pytest.raises(Refused) as refused:
        await adjust(store, "MUG-BLU", -1, reason=DAMAGED, actor=MIRA, from_held=True)
    assert refused.value.code == "stock.not_held"
    await adjust(store, "MUG-BLU", 2, reason=RETURNED, actor=MIRA, from_held=True)
    assert await levels(store) == {"MAIN": (5, 3, 2)}
    await house.assert_balanced()


async def test_a_transfer_is_two_movements_and_never_takes_what_is_promised(house: House, store: Database) -> None:
    await put_location(store, "ANNEX", name="Annex", address=None, actor=MIRA)
    await orders_of(house, 7)
    counts = await house.row_counts()
    for quantity, source, target, code in (
        (4, "MAIN", "ANNEX", "stock.not_free"),
        (1, "MAIN", "MAIN", "stock.same_location"),
        (1, "MAIN", "RENO", "location.unknown"),
        (0, "MAIN", "ANNEX", "stock.quantity"),
    ):
        with pytest.raises((Refused, NotFound)) as refused:
            await transfer(store, "MUG-BLU", quantity, source=source, target=target, actor=MIRA)
        assert refused.value.code == code
    assert await house.row_counts() == counts
    for _ in range(2):
        left, arrived = await transfer(
            store, "MUG-BLU", 3, source="MAIN", target="ANNEX", actor=MIRA, idempotency_key="move-1"
        )
        assert (left.on_hand, arrived.on_hand) == (7, 3)
    assert await levels(store) == {"ANNEX": (3, 0, 0), "MAIN": (7, 7, 0)}
    await house.assert_balanced()


async def test_transfers_in_both_directions_at_once_never_wait_in_a_circle(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    await put_location(store, "ANNEX", name="Annex", address=None, actor=MIRA)
    await transfer(store, "MUG-BLU", 5, source="MAIN", target="ANNEX", actor=MIRA)
    before = await store.pool.fetchval("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    async with opened(database) as other:
        results = await asyncio.gather(
            *(
                transfer(session, "MUG-BLU", 1, source=source, target=target, actor=MIRA)
                for session, source, target in ((store, "MAIN", "ANNEX"), (other, "ANNEX", "MAIN")) * 5
            ),
            return_exceptions=True,
        )
    assert not [each for each in results if isinstance(each, BaseException) and not isinstance(each, OrdersError)]
    there = await levels(store)
    assert there["MAIN"][0] + there["ANNEX"][0] == 10
    await store.pool.execute("SELECT pg_stat_force_next_flush()")
    assert before == await store.pool.fetchval(
        "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    )
    await house.assert_balanced()


async def test_a_list_that_says_how_many_there_are_books_the_difference(house: House, store: Database) -> None:
    await orders_of(house, 4)
    assert (await set_counted(store, "MUG-BLU", 25, actor=MIRA)).row.on_hand == 25
    assert (await set_counted(store, "MUG-BLU", 25, actor=MIRA)).row.on_hand == 25
    with pytest.raises(Refused):
        await set_counted(store, "MUG-BLU", 3, actor=MIRA)
    forced = await set_counted(store, "MUG-BLU", 3, actor=MIRA, force=True)
    assert (forced.row.on_hand, forced.row.reserved, len(forced.shortfall)) == (3, 0, 1)
    rows = await store.pool.fetch("SELECT delta_on_hand FROM stock_movements WHERE reason = 'imported' ORDER BY id")
    assert [row["delta_on_hand"] for row in rows] == [15, -22]
    await house.assert_balanced()
