"""Stock under many hands: nothing is promised twice, nothing goes missing, and the ledger says so."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.errors import NotFound, Refused
from engine.identifiers import OrderId
from engine.inventory.ledger import receive
from engine.orders import intake
from engine.orders.intake_new import Pace
from engine.words import ChannelStatus, TrackingStatus
from engine.workflow import writing_stock
from engine.workflow.runner import run_batch
from tests.engine.facts import a_unit, an_order, later, units_of
from tests.engine.house import MIRA, House
from tests.factories import opened


async def in_all_states(house: House, ids: list[OrderId]) -> dict[str, int]:
    states = [(await house.standing(order_id)).state for order_id in ids]
    return {state: states.count(state) for state in sorted(set(states))}


async def test_many_workers_on_the_last_unit_promise_it_once(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    await house.receive("MUG-BLU", -9)
    facts = [an_order(house.shop_id, str(place)) for place in range(12)]
    async with opened(database) as other:
        results = await asyncio.gather(
            *(intake.apply(session, [fact]) for fact, session in zip(facts, (store, other) * 6, strict=True))
        )
    ids = [order_id for result in results for order_id in result.order_ids.values()]
    assert await in_all_states(house, ids) == {"failed": 11, "inventory_reserved": 1}
    assert await house.level() == (1, 1)
    await house.assert_balanced()


async def test_orders_that_list_two_products_in_opposite_order_wait_for_each_other_never_in_a_circle(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    await house.stock("BOWL-LG", 10)
    there, back = units_of("MUG-BLU", "BOWL-LG"), units_of("BOWL-LG", "MUG-BLU")
    facts = [an_order(house.shop_id, f"{place:02}", units=(there, back)[place % 2]) for place in range(16)]
    before = await store.pool.fetchval("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    async with opened(database) as other:
        await asyncio.gather(
            *(intake.apply(session, [fact]) for fact, session in zip(facts, (store, other) * 8, strict=True))
        )
    ids = [row["id"] for row in await store.pool.fetch("SELECT id FROM orders")]
    assert await in_all_states(house, ids) == {"failed": 6, "inventory_reserved": 10}
    assert (await house.level("MUG-BLU"), await house.level("BOWL-LG")) == ((10, 10), (10, 10))
    await store.pool.execute("SELECT pg_stat_force_next_flush()")
    after = await store.pool.fetchval("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    assert after == before
    await house.assert_balanced()


async def test_an_order_is_promised_all_of_it_or_nothing(house: House, store: Database) -> None:
    await house.stock("BOWL-LG", 0)
    [order_id] = await house.arrive(an_order(house.shop_id, units=units_of("MUG-BLU", "BOWL-LG")))
    assert await house.level("MUG-BLU") == (10, 0)
    assert (await house.failure(order_id))["cause"] == "BOWL-LG is out of stock: 1 short."
    assert await store.pool.fetchval("SELECT count(*) FROM stock_reservations") == 0


async def test_two_lines_of_one_product_are_counted_together(house: House) -> None:
    alike = [a_unit(str(line), is_gift=line % 2 == 1) for line in range(11)]
    [order_id] = await house.arrive(an_order(house.shop_id, units=alike))
    assert (await house.failure(order_id))["cause"] == "MUG-BLU is out of stock: 1 short."
    assert await house.level() == (10, 0)


async def test_an_order_short_within_a_batch_takes_nothing_from_the_next(house: House) -> None:
    await house.arrive(
        an_order(house.shop_id, "1", units=[a_unit(str(line)) for line in range(11)]),
        an_order(house.shop_id, "2", units=[a_unit(str(line)) for line in range(10)]),
    )
    assert await house.level() == (10, 10)
    await house.assert_balanced()


@pytest.mark.parametrize("name", ["release", "consume"])
async def test_doing_it_twice_changes_stock_once(
    house: House, store: Database, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plan is written a second time, as a repeated transaction of another worker would."""
    fact = an_order(house.shop_id)
    [order_id] = await house.arrive(fact)
    await house.buy_labels()
    await house.tell_tiktok()
    plans: list[Any] = []
    write = writing_stock.write_stock

    async def remembered(connection: Any, written: Any) -> Any:
        plans.extend(written)
        return await write(connection, written)

    with monkeypatch.context() as patched:
        patched.setattr(writing_stock, "write_stock", remembered)
        if name == "release":
            await house.arrive(later(fact, ChannelStatus.CANCELLED, minute=1))
        else:
            await house.track(order_id, TrackingStatus.IN_TRANSIT)
    assert any(getattr(plan, name) for plan in plans)
    level, movements = await house.level(), await store.pool.fetchval("SELECT count(*) FROM stock_movements")
    assert level == ((10, 0) if name == "release" else (9, 0))

    async def again(connection: Any) -> None:
        await writing_stock.move_levels(connection, await write(connection, plans))

    await store.run(again)
    assert await house.level() == level
    assert await store.pool.fetchval("SELECT count(*) FROM stock_movements") == movements
    await house.assert_balanced()


async def test_a_cancellation_racing_the_carrier_s_scan_releases_or_ships_never_both(
    house: House, store: Database
) -> None:
    fact = an_order(house.shop_id)
    [order_id] = await house.arrive(fact)
    await house.buy_labels()
    await house.tell_tiktok()
    await asyncio.gather(
        house.arrive(later(fact, ChannelStatus.CANCELLED, minute=1)), house.track(order_id, TrackingStatus.IN_TRANSIT)
    )
    status = (await house.standing(order_id)).status
    assert (status, await house.level()) in {("cancelled", (10, 0)), ("shipped", (9, 0))}
    closed = await store.pool.fetch("SELECT state FROM stock_reservations")
    assert [row["state"] for row in closed] == ["released" if status == "cancelled" else "consumed"]
    await house.assert_balanced()


async def test_an_order_reserves_anew_after_it_failed_and_was_retried(house: House, store: Database) -> None:
    ordered = an_order(house.shop_id, units=[a_unit(str(line)) for line in range(11)])
    await house.arrive(ordered)
    await house.receive("MUG-BLU", 1)
    await house.run()
    movements = await store.pool.fetch(
        "SELECT kind, delta_on_hand, delta_reserved, actor FROM stock_movements ORDER BY id"
    )
    assert [tuple(row) for row in movements] == [
        ("adjust", 10, 0, "mira"),
        ("adjust", 1, 0, "mira"),
        ("reserve", 0, 11, "system"),
    ]
    await house.assert_balanced()


async def test_stock_that_arrives_while_an_order_is_being_found_short_wakes_it(house: House, store: Database) -> None:
    [order_id] = await house.arrive(
        unpaid := an_order(house.shop_id, "1", ChannelStatus.UNPAID, units=units_of(*["MUG-BLU"] * 11))
    )
    paid = an_order(house.shop_id, "1", minute=1, units=unpaid.units)
    async with store.transaction() as connection:
        await intake._apply(connection, store.vault, [paid], Pace.FAST)
        arriving = asyncio.create_task(house.receive("MUG-BLU", 1))
        while not await store.pool.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            await asyncio.sleep(0.01)
    assert (await arriving).on_hand == 11
    await house.run()
    assert (await house.standing(order_id)).state == "inventory_reserved"
    await house.assert_balanced()


async def test_a_delivery_booked_twice_under_one_key_counts_once(house: House, store: Database) -> None:
    for _ in range(2):
        row = await receive(store, "MUG-BLU", -10, actor=MIRA, reason="damaged", idempotency_key="count-7")
        assert (row.on_hand, row.available) == (0, 0)
    assert await store.pool.fetchval("SELECT count(*) FROM stock_movements WHERE reason = 'damaged'") == 1
    await house.assert_balanced()


async def test_what_cannot_be_booked_is_refused_in_words_and_changes_nothing(house: House, store: Database) -> None:
    await house.arrive(an_order(house.shop_id, units=[a_unit(str(line)) for line in range(4)]))
    counts = await house.row_counts()
    refusals = []
    for sku, quantity, location in (
        ("MUG-BLU", -7, None),
        ("MUG-BLU", 0, None),
        ("MUG-BLU", 1_000_001, None),
        ("NEVER-SEEN", 1, None),
        ("MUG-BLU", 1, "RENO"),
    ):
        with pytest.raises((Refused, NotFound)) as refused:
            await receive(store, sku, quantity, actor=MIRA, location_code=location)
        refusals.append((refused.value.code, refused.value.sentence))
    assert refusals == [
        ("stock.promised", "MUG-BLU cannot drop by 7: 10 are there and 4 of them are promised."),
        ("stock.quantity", "0 is no quantity to book: give a number other than 0, below a million."),
        ("stock.quantity", "1000001 is no quantity to book: give a number other than 0, below a million."),
        ("product.unknown", "There is no product with the SKU NEVER-SEEN."),
        ("location.unknown", "There is no location RENO."),
    ]
    assert await house.row_counts() == counts
    assert await house.level() == (10, 4)


async def test_an_order_that_waits_for_nothing_is_not_woken_by_stock(house: House, store: Database) -> None:
    await house.arrive(an_order(house.shop_id, "1"))
    await house.receive("MUG-BLU", 5)
    assert await run_batch(store, 10) == 0


async def test_units_cancelled_after_they_were_reserved_go_back_on_the_shelf(house: House) -> None:
    [order_id] = await house.arrive(fact := an_order(house.shop_id, units=(a_unit("1"), a_unit("2"))))
    assert await house.level() == (10, 2)
    one_less = (a_unit("1"), a_unit("2", status=ChannelStatus.CANCELLED))
    await house.arrive(an_order(house.shop_id, fact.tiktok_order_id, minute=1, units=one_less))
    await house.buy_labels()
    await house.tell_tiktok()
    await house.track(order_id, TrackingStatus.IN_TRANSIT)
    assert await house.level() == (9, 0)
    await house.assert_balanced()
