"""New orders: where each begins, what it consists of, and what two sessions make of one fact."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.errors import NotFound
from engine.fleet import daemons
from engine.identifiers import ShopId, new_id
from engine.orders import inbox, intake, polls, queries
from engine.orders.intake import Applied
from engine.orders.polls import Reached
from engine.orders.views import OrderFilter
from engine.words import ChannelStatus, PollTopic
from engine.workflow import conditions
from tests.engine.facts import NOON, a_unit, an_order, later, units_of
from tests.engine.house import House, Standing
from tests.factories import opened

BEGINNINGS = {
    ChannelStatus.UNPAID: Standing("new", "pending", "running", "payment"),
    ChannelStatus.ON_HOLD: Standing("new", "pending", "running", "hold"),
    ChannelStatus.AWAITING_SHIPMENT: Standing("inventory_reserved", "processing", "running", "label"),
    ChannelStatus.AWAITING_COLLECTION: Standing("ready_to_ship", "processing", "running", "handover"),
    ChannelStatus.IN_TRANSIT: Standing("shipped", "shipped", "running", "delivery"),
    ChannelStatus.DELIVERED: Standing("completed", "delivered", "completed", None),
    ChannelStatus.COMPLETED: Standing("completed", "delivered", "completed", None),
    ChannelStatus.CANCELLED: Standing("new", "cancelled", "cancelled", None),
    ChannelStatus.UNKNOWN: Standing("new", "pending", "running", "payment"),
}


async def test_a_new_order_begins_where_tiktok_shows_it(house: House) -> None:
    facts = {status: an_order(house.shop_id, f"57700{place}", status) for place, status in enumerate(BEGINNINGS)}
    ids = dict(zip(facts, await house.arrive(*facts.values()), strict=True))
    assert {status: await house.standing(order_id) for status, order_id in ids.items()} == BEGINNINGS
    assert await house.run() == 0
    assert await house.level() == (10, 1), "only the order that waits for shipment reserves"
    for status, order_id in ids.items():
        wanted = [("buy_label", "intent")] if status is ChannelStatus.AWAITING_SHIPMENT else []
        assert await house.effects(order_id) == wanted, status
    await house.assert_balanced()


async def test_an_order_arranged_elsewhere_is_followed_to_its_end_without_stock_or_label(house: House) -> None:
    collected = an_order(house.shop_id, "1", ChannelStatus.AWAITING_COLLECTION)
    [order_id] = await house.arrive(collected)
    await house.arrive(later(collected, ChannelStatus.IN_TRANSIT, minute=1))
    assert (await house.standing(order_id)).state == "shipped"
    await house.arrive(later(collected, ChannelStatus.DELIVERED, minute=2))
    assert await house.standing(order_id) == Standing("completed", "delivered", "completed", None)
    assert await house.effects(order_id) == []
    assert await house.level() == (10, 0)
    assert await house.history(order_id) == ["processing", "shipped", "delivered"]
    await house.assert_balanced()


async def test_an_order_fulfilled_by_tiktok_is_shown_and_never_worked(house: House) -> None:
    fact = an_order(house.shop_id, fulfilled_by_tiktok=True)
    [order_id] = await house.arrive(fact)
    assert await house.standing(order_id) == Standing("new", "pending", "paused", None)
    await house.run()
    assert await house.effects(order_id) == []
    assert await house.level() == (10, 0)
    await house.arrive(later(fact, ChannelStatus.CANCELLED, minute=1))
    assert await house.standing(order_id) == Standing("new", "cancelled", "cancelled", None)
    await house.assert_balanced()


async def test_cash_on_delivery_counts_as_paid(house: House) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, cash_on_delivery=True))
    assert (await house.standing(order_id)).state == "inventory_reserved"


async def test_units_that_are_alike_become_one_line(house: House, store: Database) -> None:
    gift = a_unit("5", price=Decimal("0.00"), is_gift=True)
    cheaper = a_unit("4", price=Decimal("11.00"))
    cancelled = a_unit("6", status=ChannelStatus.CANCELLED)
    units = (*units_of("MUG-BLU", "BOWL-LG", "MUG-BLU"), cheaper, gift, cancelled)
    [order_id] = await house.arrive(an_order(house.shop_id, units=units))
    rows = await store.pool.fetch(
        "SELECT product_sku, quantity, cancelled_quantity, unit_price, total_price FROM order_items WHERE order_id = $1"
        " ORDER BY id",
        order_id,
    )
    assert [tuple(row) for row in rows] == [
        ("MUG-BLU", 3, 1, Decimal("12.50"), Decimal("37.50")),
        ("BOWL-LG", 1, 0, Decimal("31.00"), Decimal("31.00")),
        ("MUG-BLU", 1, 0, Decimal("11.00"), Decimal("11.00")),
        ("MUG-BLU", 1, 0, Decimal("0.00"), Decimal("0.00")),
    ]
    units_kept = await store.pool.fetch(
        "SELECT tiktok_line_id, channel_status FROM order_item_units WHERE order_id = $1 ORDER BY tiktok_line_id",
        order_id,
    )
    assert [tuple(row) for row in units_kept] == [
        *((str(line), "AWAITING_SHIPMENT") for line in range(1, 6)),
        ("6", "CANCELLED"),
    ]


async def test_cancelled_units_are_not_reserved(house: House) -> None:
    units = (a_unit("1"), a_unit("2"), a_unit("3", status=ChannelStatus.CANCELLED))
    await house.arrive(an_order(house.shop_id, units=units))
    assert await house.level() == (10, 2)
    await house.assert_balanced()


async def test_the_buyer_is_found_by_words_and_by_no_part_of_them(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    for search in ("falk", "Ines Falk", "INES.FALK@example.test", "+1 (555) 0100"):
        assert await queries.ids_matching(store, OrderFilter(search=search), limit=5) == [order_id], search
    for search in ("fal", "ines.falk", "555"):
        assert await queries.ids_matching(store, OrderFilter(search=search), limit=5) == [], search


async def test_the_deadline_and_the_newest_fact_count(house: House, store: Database) -> None:
    ship_by = NOON + timedelta(days=2)
    fact = an_order(house.shop_id, ship_by=ship_by)
    stale = later(fact, ChannelStatus.UNPAID, minute=-1)
    [order_id, _] = await house.arrive(fact, stale)
    row = await store.pool.fetchrow("SELECT channel_status, ship_by FROM orders o JOIN work w ON w.order_id = o.id")
    assert tuple(row) == ("AWAITING_SHIPMENT", ship_by)
    assert (await house.standing(order_id)).state == "inventory_reserved"


async def test_an_order_of_a_shop_nobody_connected_is_refused_and_writes_nothing(house: House) -> None:
    before = await house.row_counts()
    with pytest.raises(NotFound) as refused:
        await house.arrive(an_order(house.shop_id, "1"), an_order(ShopId(new_id()), "2"))
    assert refused.value.sentence == "An order arrived for a shop that is not connected."
    assert await house.row_counts() == before


async def test_two_sessions_that_bring_the_same_orders_at_once_make_each_once(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    facts = [an_order(house.shop_id, f"5770{place:02d}") for place in range(6)]
    async with opened(database) as other:
        results = await asyncio.gather(
            *(intake.apply(session, order) for session in (store, other) for order in (facts, facts[::-1]))
        )
    for fact in facts:
        outcomes = sorted(result.applied[fact.tiktok_order_id] for result in results)
        assert outcomes == [Applied.CREATED, *[Applied.UNCHANGED] * 3]
        assert len({result.order_ids[fact.tiktok_order_id] for result in results}) == 1
    assert await store.pool.fetchval("SELECT count(*) FROM orders") == 6
    assert await house.level() == (10, 6)
    await house.assert_balanced()


async def test_two_sessions_with_two_facts_of_one_order_keep_the_newer(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    [order_id] = await house.arrive(fact := an_order(house.shop_id, "1", ChannelStatus.UNPAID))
    paid = an_order(house.shop_id, "1", minute=1)
    cancelled = later(fact, ChannelStatus.CANCELLED, minute=2)
    async with opened(database) as other:
        await asyncio.gather(intake.apply(store, [paid]), intake.apply(other, [cancelled]))
    assert (await house.standing(order_id)).execution == "cancelled"
    assert await house.level() == (10, 0)
    await house.assert_balanced()


async def test_an_order_that_breaks_while_it_moves_is_kept_and_left_to_the_runner(
    house: House, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpaid = an_order(house.shop_id, "1", ChannelStatus.UNPAID)
    [known] = await house.arrive(unpaid)

    def broken(order: object) -> bool:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setitem(conditions.CONDITIONS, "order_data_refused", broken)
        [known, fresh] = await house.arrive(an_order(house.shop_id, "1", minute=1), an_order(house.shop_id, "2"))
        assert [(await house.standing(each)).state for each in (known, fresh)] == ["new", "new"]
    assert await house.run() == 2
    assert [(await house.standing(each)).state for each in (known, fresh)] == ["inventory_reserved"] * 2
    await house.assert_balanced()


async def test_a_payload_is_stored_once_and_settled_with_the_order_it_became(house: House, store: Database) -> None:
    owner = await store.pool.fetchval("SELECT user_id FROM shops")
    arrivals = [inbox.Arrival("order", b'{"id": "1"}'), inbox.Arrival("order", b'{"id": "2"}', "n-2")]
    cursor = datetime(2026, 3, 2, 11, tzinfo=UTC)
    await polls.begin(store, PollTopic.ORDERS)
    poll = await polls.claim(store, PollTopic.ORDERS, 30)
    assert poll is not None
    earlier = cursor - timedelta(hours=1)
    assert await inbox.store(store, house.shop_id, owner, "poll", arrivals, reached=Reached(poll, cursor)) == 2
    assert await inbox.store(store, house.shop_id, owner, "webhook", arrivals, reached=Reached(poll, earlier)) == 0
    assert await store.pool.fetchval("SELECT cursor FROM polls") == cursor
    claims = await inbox.claim(store, 10, 30, house.daemon_id, 3)
    assert [claim.payload for claim in claims] == [b'{"id": "1"}', b'{"id": "2"}']
    assert await inbox.claim(store, 10, 30, await daemons.register(store, "another"), 3) == []
    understood = [inbox.Understood(claim, "done", "applied") for claim in claims]
    await intake.apply(store, [an_order(house.shop_id, "1"), an_order(house.shop_id, "2")], understood)
    assert await store.pool.fetchval("SELECT count(*) FROM inbox WHERE state = 'done'") == 2


async def test_payloads_claimed_by_a_daemon_that_died_are_free_and_its_late_answer_counts_for_nothing(
    house: House, store: Database
) -> None:
    owner = await store.pool.fetchval("SELECT user_id FROM shops")
    await inbox.store(store, house.shop_id, owner, "poll", [inbox.Arrival("order", b"{}")])
    [lost] = await inbox.claim(store, 10, 30, house.daemon_id, 3)
    await store.pool.execute("UPDATE daemons SET beat_at = now() - interval '3.5 seconds'")
    [taken] = await inbox.claim(store, 10, 30, house.daemon_id, 3)
    assert (taken.inbox_id, taken.attempt) == (lost.inbox_id, 2)
    await intake.apply(store, [], [inbox.Understood(lost, "failed", "too late")])
    assert await store.pool.fetchval("SELECT state FROM inbox") == "new"
    await intake.apply(store, [], [inbox.Understood(taken, "done", "applied")])
    assert await store.pool.fetchval("SELECT state FROM inbox") == "done"
