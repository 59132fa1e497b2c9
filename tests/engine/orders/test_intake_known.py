"""Facts about orders that are known: what is new is written, what is the same, older or masked is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import orjson
import pytest

from engine.database.connection import Database
from engine.orders import intake
from engine.orders.correction import correct_address
from engine.orders.intake import Applied
from engine.orders.personal import Sealed
from engine.ports.facts import OrderFact
from engine.words import ChannelStatus, EffectKind
from tests.engine.facts import (
    INES,
    MASKED_INES,
    MASKED_QUAY,
    NOON,
    QUAY,
    a_unit,
    an_order,
    later,
)
from tests.engine.house import MIRA, House, Standing

PERSONAL = tuple(Sealed.__slots__)


async def applied(store: Database, fact: OrderFact) -> Applied:
    return (await intake.apply(store, [fact])).applied[fact.tiktok_order_id]


async def customer(store: Database) -> tuple[str, str, str, str]:
    """Name, e-mail, phone and street as they are stored."""
    row = await store.pool.fetchrow(
        "SELECT id, customer_name, customer_email, customer_phone, shipping_address FROM orders"
    )
    texts = [store.vault.open_text(f"orders.{name}", row["id"], row[name]) for name in list(row.keys())[1:4]]
    address = store.vault.open("orders.shipping_address", row["id"], row["shipping_address"])
    return texts[0], texts[1], texts[2], orjson.loads(address or b"{}").get("line1", "")


async def test_the_same_fact_again_writes_no_row_in_any_table(house: House, store: Database) -> None:
    fact = an_order(house.shop_id)
    [order_id] = await house.arrive(fact)
    counts, version = await house.row_counts(), await house.version(order_id)
    assert await applied(store, fact) is Applied.UNCHANGED
    assert await applied(store, replace(fact)) is Applied.UNCHANGED
    assert await house.row_counts() == counts
    assert await house.version(order_id) == version


async def test_an_older_fact_changes_nothing(house: House, store: Database) -> None:
    newer = an_order(house.shop_id, minute=5)
    [order_id] = await house.arrive(newer)
    counts, version = await house.row_counts(), await house.version(order_id)
    assert await applied(store, later(newer, ChannelStatus.CANCELLED, minute=4)) is Applied.STALE
    assert await house.row_counts() == counts
    assert await house.version(order_id) == version
    assert (await house.standing(order_id)).execution == "running"


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)])
async def test_facts_in_any_order_end_in_the_newest(house: House, order: tuple[int, ...]) -> None:
    facts = [
        an_order(house.shop_id, "1", ChannelStatus.UNPAID),
        an_order(house.shop_id, "1", ChannelStatus.AWAITING_SHIPMENT, minute=1),
        an_order(house.shop_id, "1", ChannelStatus.CANCELLED, minute=2),
    ]
    arrived = [await house.arrive(facts[place]) for place in order]
    [order_id] = arrived[0]
    standing = await house.standing(order_id)
    assert (standing.status, standing.execution) == ("cancelled", "cancelled")
    assert await house.level() == (10, 0)
    await house.assert_balanced()


async def test_payment_sets_an_unpaid_order_going(house: House) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, "1", ChannelStatus.UNPAID))
    await house.arrive(an_order(house.shop_id, "1", minute=1))
    assert await house.standing(order_id) == Standing("inventory_reserved", "processing", "running", "label")
    assert await house.history(order_id) == ["pending", "confirmed", "processing"]
    assert await house.steps(order_id) == ["arrive", "validate", "reserve_inventory"]


async def test_masked_values_never_overwrite_clear_ones(house: House, store: Database) -> None:
    clear = an_order(house.shop_id)
    await house.arrive(clear)
    masked = replace(
        later(clear, ChannelStatus.AWAITING_COLLECTION, minute=1),
        customer=MASKED_INES,
        address=MASKED_QUAY,
        masked=True,
    )
    assert await applied(store, masked) is Applied.UPDATED
    assert await customer(store) == ("Ines Falk", "ines.falk@example.test", "+1 555 0100", "7 Quay Street")
    assert await store.pool.fetchval("SELECT masked FROM orders") is False
    assert await store.pool.fetchval("SELECT channel_status FROM orders") == "AWAITING_COLLECTION"


async def test_clear_values_replace_masked_ones(house: House, store: Database) -> None:
    masked = an_order(house.shop_id, "1", ChannelStatus.ON_HOLD, customer=MASKED_INES, address=MASKED_QUAY, masked=True)
    await house.arrive(masked)
    assert await store.pool.fetchval("SELECT count(*) FROM order_search_words") == 0
    await house.arrive(an_order(house.shop_id, "1", minute=1))
    assert await customer(store) == ("Ines Falk", "ines.falk@example.test", "+1 555 0100", "7 Quay Street")
    assert await store.pool.fetchval("SELECT masked FROM orders") is False
    assert await store.pool.fetchval("SELECT count(*) FROM order_search_words") == 5


async def test_a_fact_without_customer_or_address_leaves_what_is_known(house: House, store: Database) -> None:
    await house.arrive(an_order(house.shop_id))
    bare = an_order(house.shop_id, minute=1, customer=replace(INES, name="", email="", phone=""), address=None)
    assert await applied(store, bare) is Applied.UPDATED
    assert await customer(store) == ("Ines Falk", "ines.falk@example.test", "+1 555 0100", "7 Quay Street")


async def test_cancelled_units_are_counted_on_their_line(house: House, store: Database) -> None:
    units = (a_unit("1"), a_unit("2"))
    unpaid = an_order(house.shop_id, "1", ChannelStatus.UNPAID, units=units)
    await house.arrive(unpaid)
    one_less = (a_unit("1"), a_unit("2", status=ChannelStatus.CANCELLED))
    await house.arrive(an_order(house.shop_id, "1", minute=1, units=one_less))
    assert tuple(await store.pool.fetchrow("SELECT quantity, cancelled_quantity FROM order_items")) == (2, 1)
    assert await house.level() == (10, 1)
    await house.assert_balanced()


async def test_an_order_put_on_hold_by_tiktok_waits_until_tiktok_lifts_it(house: House, store: Database) -> None:
    held = an_order(house.shop_id, "1", ChannelStatus.ON_HOLD)
    [order_id] = await house.arrive(held)
    assert await store.pool.fetchval("SELECT reason FROM holds WHERE released_at IS NULL") == "cooling-off"
    await house.arrive(later(held, ChannelStatus.ON_HOLD, minute=1))
    assert await store.pool.fetchval("SELECT count(*) FROM holds") == 1
    assert (await house.standing(order_id)).waiting_for == "hold"
    await house.arrive(later(held, ChannelStatus.AWAITING_SHIPMENT, minute=2))
    row = await store.pool.fetchrow("SELECT released_by, released_at IS NOT NULL AS released FROM holds")
    assert tuple(row) == ("tiktok_shop", True)
    assert (await house.standing(order_id)).state == "inventory_reserved"


async def test_a_person_s_hold_is_not_lifted_by_tiktok(house: House, store: Database) -> None:
    unpaid = an_order(house.shop_id, "1", ChannelStatus.UNPAID)
    [order_id] = await house.arrive(unpaid)
    await store.pool.execute("INSERT INTO holds (order_id, reason, placed_by) VALUES ($1, 'fraud', 'mira')", order_id)
    await house.arrive(an_order(house.shop_id, "1", minute=1))
    assert await house.standing(order_id) == Standing("new", "pending", "running", "hold")
    assert await house.level() == (10, 0)


async def test_a_later_deadline_moves_the_work(house: House, store: Database) -> None:
    fact = an_order(house.shop_id, ship_by=NOON + timedelta(days=1))
    await house.arrive(fact)
    await house.arrive(replace(fact, ship_by=NOON + timedelta(days=2), update_time=NOON + timedelta(minutes=1)))
    assert await store.pool.fetchval("SELECT ship_by FROM work") == NOON + timedelta(days=2)
    await house.arrive(replace(fact, ship_by=None, update_time=NOON + timedelta(minutes=2)))
    assert await store.pool.fetchval("SELECT ship_by FROM work") == NOON + timedelta(days=2)


async def test_an_order_shipped_elsewhere_while_it_was_worked_here_stops_for_a_person(house: House) -> None:
    fact = an_order(house.shop_id)
    [order_id] = await house.arrive(fact)
    await house.arrive(later(fact, ChannelStatus.AWAITING_COLLECTION, minute=1))
    failure = await house.failure(order_id)
    assert (failure["code"], failure["failed_from"], failure["cause"]) == (
        "shipped_elsewhere",
        "inventory_reserved",
        "TikTok shows a shipment for this order that was not arranged here.",
    )
    claim = await house.claim_one(EffectKind.BUY_LABEL)
    assert not await house.checkpoint(claim), "no label is bought for it"
    assert await house.standing(order_id) == Standing("failed", "processing", "failed", "person")
    await house.assert_balanced()


async def test_an_address_corrected_by_a_person_outlives_what_tiktok_repeats(house: House, store: Database) -> None:
    bad = replace(QUAY, postal_code="nowhere")
    fact = an_order(house.shop_id, address=bad)
    [order_id] = await house.arrive(fact)
    assert (await house.failure(order_id))["code"] == "bad_address"
    await correct_address(store, order_id, replace(QUAY, line1="9 Quay Street"), actor=MIRA)
    await house.arrive(replace(fact, buyer_message="Hello?", update_time=NOON + timedelta(minutes=1)))
    assert (await customer(store))[3] == "9 Quay Street"
    await house.assert_balanced()
