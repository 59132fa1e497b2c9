"""A webhook is a hint: what it names is read again, and only what was read is applied, once, whatever came twice, late or in disorder."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from engine.database.connection import Database
from engine.fleet import daemons
from engine.identifiers import DaemonId, new_id
from engine.orders import inbox, polls
from engine.orders.inbox import Arrival, Webhook
from engine.words import PollTopic
from sync import hints, intake
from sync.intake import ORDER as ORDER_KIND
from sync.tiktok import polling
from tests.engine.house import House
from tests.sync.inward.told import Told, raw_cancellation, raw_order
from tests.sync.scripted_server import reply

AT = 1_767_225_600
ORDER = "577000000000000001"
OTHER = "577000000000000002"
CANCEL = "4035000000000000001"


async def statuses(store: Database) -> dict[str, str]:
    rows = await store.pool.fetch("SELECT tiktok_order_id, channel_status FROM orders")
    return {row["tiktok_order_id"]: row["channel_status"] for row in rows}


async def again(store: Database) -> None:
    """The waits of what was put back are over."""
    await store.pool.execute("UPDATE inbox SET due_at = now() WHERE state = 'new'")


async def test_an_order_is_read_again_and_never_believed_from_the_webhook(store: Database, tiktok: Told) -> None:
    tiktok.orders[ORDER] = raw_order(ORDER)
    await tiktok.tell(1, {"order_id": ORDER, "order_status": "CANCEL", "update_time": AT})
    assert await tiktok.work() == 1
    assert await statuses(store) == {ORDER: "AWAITING_SHIPMENT"}
    assert await tiktok.outcomes() == [("done", f"order.created {ORDER}: AWAITING_SHIPMENT")]

    tiktok.orders[ORDER] = raw_order(ORDER, "CANCELLED", AT + 60)
    await tiktok.tell(1, {"order_id": ORDER, "order_status": "CANCEL", "update_time": AT + 60})
    await tiktok.work()
    assert await statuses(store) == {ORDER: "CANCELLED"}
    events = await store.pool.fetch("SELECT event, outcome FROM inbox ORDER BY id")
    assert [row["event"] for row in events] == ["order.created", "order.cancelled"]
    assert events[1]["outcome"] == f"order.cancelled {ORDER}: AWAITING_SHIPMENT → CANCELLED"


async def test_every_event_that_touches_orders_has_them_read_again(store: Database, tiktok: Told) -> None:
    cases: dict[int, dict[str, Any]] = {
        3: {"order_id": "5771", "update_time": AT},
        4: {
            "sc_type": "COMBINE",
            "package_list": [{"package_id": "1153", "order_id_list": ["5772", "5773"]}, {"order_id_list": ["5774"]}],
        },
        12: {"order_id": "5775", "return_id": "9", "return_status": "AWAITING_BUYER_SHIP"},
        36: {"package_id": "1153", "order_ids": ["5776", 5777], "invoice_status": "INVALID"},
        67: {"aftersales_request_id": "8", "line_items": [{"main_order_id": "5778"}, {"main_order_id": "5778"}]},
        2: {"order_id": "5779"},
    }
    for kind, data in cases.items():
        await tiktok.tell(kind, data)
    wanted = {str(number) for number in range(5771, 5780)}
    tiktok.orders = {number: raw_order(number) for number in wanted}
    assert await tiktok.work() == len(cases)
    assert set(await statuses(store)) == wanted
    assert {state for state, _ in await tiktok.outcomes()} == {"done"}
    # All that the batch named was asked for together.
    assert [path for path in tiktok.asked if path.endswith("/orders")] == ["/order/202507/orders"]


async def test_a_burst_about_many_orders_is_asked_fifty_at_a_time(store: Database, tiktok: Told) -> None:
    numbers = [f"5770{number:03d}" for number in range(90)]
    tiktok.orders = {number: raw_order(number) for number in numbers}
    await asyncio.gather(*(tiktok.tell(1, {"order_id": number, "update_time": AT}) for number in numbers))
    assert await tiktok.work() == 90
    assert len(await statuses(store)) == 90
    assert len(tiktok.asked) == 2


async def test_products_and_stock_are_polled_for_at_once(store: Database, tiktok: Told) -> None:
    for kind in (5, 15, 16, 27, 68):
        await tiktok.tell(kind, {"product_id": 1729000000000000001})
    await store.pool.execute("INSERT INTO polls (shop_id, topic, due_at) SELECT id, 'products', 'infinity' FROM shops")
    await tiktok.work()
    due = await store.pool.fetch("SELECT topic FROM polls WHERE due_at <= now() ORDER BY topic")
    assert [row["topic"] for row in due] == ["products", "stock"]
    assert tiktok.asked == []


async def test_what_concerns_nothing_here_is_kept_as_ignored(store: Database, tiktok: Told) -> None:
    await tiktok.tell(14, {"message": "hello"})
    await tiktok.tell(999, {"order_id": ORDER})
    await tiktok.tell(1, {})
    await tiktok.tell(1, {"order_id": {"not": "an id"}})
    await tiktok.tell(1, {"order_id": ORDER}, shop="7495999")
    await inbox.deliver(store, [Webhook(new_id(), Arrival("webhook", b"[1, 2"), "7495")])
    await tiktok.work()
    assert await tiktok.outcomes() == [
        ("ignored", "nothing here handles NEW_MESSAGE"),
        ("ignored", "nothing here handles event 999"),
        ("ignored", "nothing here handles ORDER_STATUS_CHANGE"),
        ("ignored", "nothing here handles ORDER_STATUS_CHANGE"),
        ("ignored", "ORDER_STATUS_CHANGE of a shop that is not connected here"),
        (
            "failed",
            "A webhook with TikTok's signature is no JSON object; nothing can be read from it, polling tells what changed.",
        ),
    ]
    assert tiktok.asked == []
    assert await statuses(store) == {}


async def test_a_webhook_that_is_ahead_of_tiktok_s_own_answer_is_asked_about_again(
    store: Database, tiktok: Told
) -> None:
    tiktok.orders[ORDER] = raw_order(ORDER, "AWAITING_SHIPMENT", AT)
    await tiktok.tell(1, {"order_id": ORDER, "order_status": "CANCEL", "update_time": AT + 60})
    await tiktok.work()
    assert await tiktok.outcomes() == [("new", "TikTok still shows what was before it")]
    assert await statuses(store) == {ORDER: "AWAITING_SHIPMENT"}
    tiktok.orders[ORDER] = raw_order(ORDER, "CANCELLED", AT + 60)
    await again(store)
    await tiktok.work()
    assert await statuses(store) == {ORDER: "CANCELLED"}
    assert [state for state, _ in await tiktok.outcomes()] == ["done"]


async def test_an_order_that_tiktok_never_shows_is_given_up_after_a_few_looks(store: Database, tiktok: Told) -> None:
    await tiktok.tell(1, {"order_id": ORDER, "update_time": AT})
    for _ in range(4):
        assert [state for state, _ in await tiktok.outcomes()] == ["new"]
        await tiktok.work()
        await again(store)
    assert await tiktok.outcomes() == [("ignored", "ORDER_STATUS_CHANGE: TikTok does not know the order")]


async def test_while_tiktok_cannot_be_asked_hints_wait_and_nothing_is_lost(store: Database, tiktok: Told) -> None:
    tiktok.orders = {ORDER: raw_order(ORDER), OTHER: raw_order(OTHER)}
    await tiktok.tell(1, {"order_id": ORDER, "update_time": AT})
    await tiktok.tell(3, {"order_id": OTHER})
    await tiktok.tell(13, {})
    tiktok.refusing = reply({"code": 36009002, "message": "too many"}, status=429, headers={"Retry-After": "77"})
    await tiktok.work()
    assert [state for state, _ in await tiktok.outcomes()] == ["new", "new", "ignored"]
    waits = await store.pool.fetch("SELECT due_at - now() AS wait, lease_token FROM inbox WHERE state = 'new'")
    assert all(70 < row["wait"].total_seconds() <= 77 and row["lease_token"] is None for row in waits)
    tiktok.refusing = None
    assert await tiktok.work() == 0
    await again(store)
    assert await tiktok.work() == 2
    assert set(await statuses(store)) == {ORDER, OTHER}


async def test_a_hint_that_was_refused_for_too_long_ends_in_front_of_a_person(store: Database, tiktok: Told) -> None:
    await tiktok.tell(3, {"order_id": ORDER})
    tiktok.refusing = reply({"code": 105005, "message": "scope missing"}, status=403)
    await store.pool.execute("UPDATE inbox SET attempt = 39")
    await tiktok.work()
    [(state, outcome)] = await tiktok.outcomes()
    assert state == "failed"
    assert outcome.endswith(".")


async def test_a_late_answer_of_a_daemon_that_lost_its_lease_settles_nothing(store: Database, tiktok: Told) -> None:
    tiktok.orders[ORDER] = raw_order(ORDER)
    await tiktok.tell(3, {"order_id": ORDER})
    other = await daemons.register(store, "another")
    [lost] = await inbox.claim(store, 10, 0.0, other, 3.0, asking=True)
    assert await tiktok.work() == 1
    assert [state for state, _ in await tiktok.outcomes()] == ["done"]
    await store.run(lambda c: inbox.settle(c, [inbox.Understood(lost, "failed", "too late")]))
    assert [state for state, _ in await tiktok.outcomes()] == ["done"]


async def test_two_daemons_share_the_hints_and_each_change_is_one_change(store: Database, tiktok: Told) -> None:
    numbers = [f"5770{number:03d}" for number in range(40)]
    tiktok.orders = {number: raw_order(number) for number in numbers}
    for number in numbers:
        await tiktok.tell(1, {"order_id": number, "update_time": AT})
        await tiktok.tell(3, {"order_id": number})
    other = await daemons.register(store, "another")

    async def all_of_it(who: DaemonId) -> int:
        taken = 0
        while part := await hints.drain(store, who, 15, tiktok.shop_of):
            taken += part
        return taken

    assert sum(await asyncio.gather(all_of_it(tiktok.daemon_id), all_of_it(other))) == 80
    assert len(await statuses(store)) == 40
    assert await store.pool.fetchval("SELECT count(*) FROM inbox WHERE state <> 'done'") == 0
    assert await store.pool.fetchval("SELECT count(*) FROM inbox WHERE event = 'order.created'") == 40
    assert await store.pool.fetchval("SELECT max(version) FROM orders") == await store.pool.fetchval(
        "SELECT min(version) FROM orders"
    )


async def test_a_broken_order_is_set_aside_alone(store: Database, tiktok: Told) -> None:
    tiktok.orders = {ORDER: raw_order(ORDER), OTHER: raw_order(OTHER)}
    await tiktok.tell(3, {"order_id": ORDER})
    await tiktok.tell(3, {"order_id": OTHER})
    await store.pool.execute(f"ALTER TABLE orders ADD CONSTRAINT poison CHECK (tiktok_order_id <> '{ORDER}')")
    try:
        await tiktok.work()
    finally:
        await store.pool.execute("ALTER TABLE orders DROP CONSTRAINT poison")
    assert set(await statuses(store)) == {OTHER}
    assert [state for state, _ in await tiktok.outcomes()] == ["new", "done"]


async def test_a_malformed_order_fails_its_own_hint_only(store: Database, tiktok: Told) -> None:
    tiktok.orders = {ORDER: raw_order(ORDER, payment={"currency": "USD", "total_amount": "x"}), OTHER: raw_order(OTHER)}
    await tiktok.tell(3, {"order_id": ORDER})
    await tiktok.tell(3, {"order_id": OTHER})
    await tiktok.work()
    assert [state for state, _ in await tiktok.outcomes()] == ["failed", "done"]


async def test_masked_data_in_a_fresh_read_leaves_the_clear_data(house: House, store: Database, tiktok: Told) -> None:
    tiktok.orders[ORDER] = raw_order(ORDER)
    await tiktok.tell(1, {"order_id": ORDER, "update_time": AT})
    await tiktok.work()
    sealed = "SELECT customer_name, shipping_address FROM orders"
    before = await store.pool.fetchrow(sealed)
    masked = {"name": "I*** F***", "phone_number": "+1*****00", "address_line1": "7 Q***", "region_code": "US"}
    tiktok.orders[ORDER] = raw_order(ORDER, "IN_TRANSIT", AT + 60, recipient_address=masked)
    await tiktok.tell(1, {"order_id": ORDER, "update_time": AT + 60})
    await tiktok.work()
    assert await statuses(store) == {ORDER: "IN_TRANSIT"}
    assert await store.pool.fetchrow(sealed) == before


async def test_a_seller_who_takes_the_grant_back_stops_that_shop(store: Database, tiktok: Told) -> None:
    await store.pool.execute(
        "WITH g AS (INSERT INTO grants (user_id, open_id, connected_at) SELECT user_id, 'o1', '2025-12-01Z' FROM shops"
        " RETURNING id) UPDATE shops SET grant_id = g.id FROM g"
    )
    await tiktok.tell(6, {"message": "removed"})
    await tiktok.work()
    assert await store.pool.fetchval("SELECT state FROM shops") == "revoked"
    assert await store.pool.fetchval("SELECT state FROM grants") == "revoked"
    assert [state for state, _ in await tiktok.outcomes()] == ["done"]


async def test_a_buyer_s_request_waits_with_its_deadline_until_it_is_answered(
    house: House, store: Database, tiktok: Told
) -> None:
    tiktok.orders[ORDER] = raw_order(ORDER)
    tiktok.cancellations[CANCEL] = raw_cancellation(CANCEL, ORDER, "CANCELLATION_REQUEST_PENDING", AT + 60)
    await tiktok.tell(11, {"order_id": ORDER, "cancel_id": CANCEL, "cancel_status": "CANCELLATION_REQUEST_PENDING"})
    await tiktok.work()
    row = await store.pool.fetchrow("SELECT * FROM cancellations")
    assert (row["tiktok_cancel_id"], row["channel_status"]) == (CANCEL, "CANCELLATION_REQUEST_PENDING")
    assert row["respond_by"] == datetime.fromtimestamp(AT + 60 + 172_800, UTC)
    assert await store.pool.fetchval("SELECT cancel_requested FROM orders") is True

    tiktok.orders[ORDER] = raw_order(ORDER, "CANCELLED", AT + 120)
    tiktok.cancellations[CANCEL] = raw_cancellation(CANCEL, ORDER, "CANCELLATION_REQUEST_COMPLETE", AT + 120)
    await tiktok.tell(11, {"order_id": ORDER, "cancel_id": CANCEL, "cancel_status": "CANCELLATION_REQUEST_COMPLETE"})
    await tiktok.work()
    assert await store.pool.fetchval("SELECT cancel_requested FROM orders") is False
    assert await store.pool.fetchval("SELECT channel_status FROM cancellations") == "CANCELLATION_REQUEST_COMPLETE"
    await house.assert_balanced()


async def test_a_polled_cancellation_of_an_order_nobody_knew_brings_the_order(store: Database, tiktok: Told) -> None:
    tiktok.orders[ORDER] = raw_order(ORDER)
    row = tiktok.cancellations[CANCEL] = raw_cancellation(CANCEL, ORDER, "CANCELLATION_REQUEST_PENDING", AT + 60)
    shop_id, owner = await store.pool.fetchrow("SELECT id, user_id FROM shops")
    await inbox.store(store, shop_id, owner, "poll", [Arrival("cancellation", orjson.dumps(row))])
    await tiktok.work()
    assert await statuses(store) == {ORDER: "AWAITING_SHIPMENT"}
    assert await store.pool.fetchval("SELECT cancel_requested FROM orders") is True


async def test_open_orders_are_read_again_in_rounds_for_what_moves_no_time_of_change(
    store: Database, tiktok: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "OPEN_AT_ONCE", 2)
    numbers = [f"5770{number}" for number in range(5)]
    tiktok.orders = {number: raw_order(number) for number in numbers}
    for number in numbers:
        await tiktok.tell(3, {"order_id": number})
    await tiktok.work()
    moved = {"name": "Ines Falk", "address_line1": "9 Quay Street", "postal_code": "98000", "region_code": "US"}
    tiktok.orders = {number: raw_order(number, recipient_address=moved) for number in numbers}
    before = await store.pool.fetchval("SELECT count(*) FROM orders WHERE version > 1")
    tiktok.asked.clear()
    await polls.begin(store, PollTopic.OPEN_ORDERS)
    for _ in range(3):
        turn = await polls.claim(store, PollTopic.OPEN_ORDERS, 0.0)
        assert turn is not None
        await polling.read_open(store, turn, ORDER_KIND, tiktok.shop.orders, datetime.now(UTC))
    assert len(tiktok.asked) == 3
    assert await intake.drain(store, tiktok.daemon_id, 100) == 5
    assert before == 0
    assert await store.pool.fetchval("SELECT count(*) FROM orders WHERE version > 1") == 5
    # The next round begins anew, and finds nothing new.
    turn = await polls.claim(store, PollTopic.OPEN_ORDERS, 0.0)
    assert turn is not None
    assert turn.position is None
    assert await polling.read_open(store, turn, ORDER_KIND, tiktok.shop.orders, datetime.now(UTC)) == 0
