"""Inbox to engine: what is understood is applied once, and what is not never harms its neighbours."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import asyncpg
import orjson
import pytest
import structlog

from engine.database.loss import is_lost
from engine.orders import inbox
from engine.orders.inbox import Arrival
from sync import intake
from tests.sync.connected import Connected

LONG_AGO, FAR_AHEAD = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
SEE = "fetch it again or look at it in the seller centre."
NONSENSE = {
    b"{not json": f"Order unknown from TikTok is malformed: the payload is not JSON; {SEE}",
    b"[1, 2]": f"Order unknown from TikTok is malformed: the field the payload cannot be read; {SEE}",
    b'{"id": "5760000000000000001", "status": "AWAITING_SHIPMENT"}': (
        f"Order 5760000000000000001 from TikTok is malformed: it has neither create_time nor update_time; {SEE}"
    ),
    b'{"id": "5760000000000000002", "update_time": 1767225660, "payment": {"currency": "USD", "total_amount": "x"}}': (
        f"Order 5760000000000000002 from TikTok is malformed: payment.total_amount is not an amount of money; {SEE}"
    ),
}
TEXTS = ("\x00", "\x1b[2J", "\U0001f600" * 300, "\u202eabc", "=cmd()")


@pytest.fixture
def shop(still_shop: Connected) -> Connected:
    return still_shop


async def arrive(shop: Connected, *arrivals: Arrival) -> None:
    await inbox.store(shop.database, shop.shop.shop_id, shop.shop.user_id, "poll", arrivals)


async def drain(shop: Connected) -> list[int]:
    """How many payloads each round took, until none is left."""
    daemon_id, rounds = await shop.daemon(), []
    while taken := await intake.drain(shop.database, daemon_id, 10):
        rounds.append(taken)
    return rounds


async def poll(shop: Connected) -> None:
    async with shop.outside() as outside:
        await shop.poll(outside)


async def test_every_stored_order_is_applied_once_in_batches(shop: Connected) -> None:
    await poll(shop)
    assert await drain(shop) == [10, 10, 4]
    assert await shop.count("orders") == 24
    assert await shop.count("inbox WHERE state = 'done' AND event = 'order.created'") == 24


async def test_the_same_change_delivered_twice_is_one_change(shop: Connected) -> None:
    await poll(shop)
    await drain(shop)
    before = await shop.database.pool.fetch("SELECT id, version, audit_sequence FROM orders ORDER BY id")
    await shop.database.pool.execute("UPDATE inbox SET state = 'new', due_at = now(), settled_at = NULL")
    assert await drain(shop) == [10, 10, 4]
    assert await shop.database.pool.fetch("SELECT id, version, audit_sequence FROM orders ORDER BY id") == before


async def test_payloads_that_make_no_sense_fail_with_their_sentences_and_their_neighbours_are_applied(
    shop: Connected,
) -> None:
    await arrive(shop, *(Arrival(intake.ORDER, payload) for payload in NONSENSE))
    await poll(shop)
    await drain(shop)
    failed = await shop.database.pool.fetch("SELECT outcome FROM inbox WHERE state = 'failed'")
    assert sorted(row["outcome"] for row in failed) == sorted(NONSENSE.values())
    assert await shop.count("orders") == await shop.count("inbox WHERE state = 'done'") == 24
    assert await drain(shop) == []


async def test_what_nobody_handles_is_ignored_and_kept(shop: Connected) -> None:
    await arrive(shop, Arrival("webhook.99", b"{}"))
    assert await drain(shop) == [1]
    assert await shop.count("inbox WHERE state = 'ignored' AND outcome = 'nothing here handles webhook.99'") == 1


async def test_a_payload_that_breaks_the_intake_is_put_back_and_its_neighbours_are_applied(shop: Connected) -> None:
    await poll(shop)
    poisoned = await a_raw_order(shop)
    await shop.database.pool.execute(
        f"ALTER TABLE orders ADD CONSTRAINT poison CHECK (tiktok_order_id <> '{poisoned}')"
    )
    with structlog.testing.capture_logs() as told:
        await drain(shop)
    assert await shop.count("orders") == 23
    assert await shop.count("inbox WHERE state = 'done'") == 23
    assert await shop.count("inbox WHERE state = 'new' AND due_at > now() AND lease_token IS NULL") == 1
    assert [event["event"] for event in told if event["log_level"] == "error"] == ["payload_breaks_intake"]

    await shop.database.pool.execute("ALTER TABLE orders DROP CONSTRAINT poison")
    await shop.database.pool.execute("UPDATE inbox SET due_at = now() WHERE state = 'new'")
    assert await drain(shop) == [1]
    assert await shop.count("orders WHERE tiktok_order_id = $1", poisoned) == 1


async def test_what_a_dead_daemon_had_claimed_is_understood_by_another(shop: Connected) -> None:
    await poll(shop)
    dead = await shop.daemon()
    assert len(await inbox.claim(shop.database, 100, 3600.0, dead, 3.0)) == 24
    assert await drain(shop) == []
    await shop.database.pool.execute("UPDATE daemons SET beat_at = now() - interval '4 seconds' WHERE id = $1", dead)
    assert sum(await drain(shop)) == 24
    assert await shop.count("orders") == 24


async def test_what_a_daemon_claimed_without_hearing_of_it_it_claims_again_at_once(shop: Connected) -> None:
    await poll(shop)
    daemon_id = await shop.daemon()
    assert len(await inbox.claim(shop.database, 100, 30.0, daemon_id, 3.0)) == 24
    other = await shop.daemon()
    assert await intake.drain(shop.database, other, 100) == 0
    assert await intake.drain(shop.database, daemon_id, 100) == 24
    assert await shop.count("orders") == 24


async def test_a_database_that_goes_away_is_no_fault_of_any_payload(shop: Connected) -> None:
    await poll(shop)
    await shop.database.pool.execute(
        "CREATE FUNCTION go_away() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END'"
    )
    await shop.database.pool.execute("CREATE TRIGGER go_away BEFORE INSERT ON orders EXECUTE FUNCTION go_away()")
    daemon_id = await shop.daemon()
    with pytest.raises((asyncpg.AdminShutdownError, asyncpg.InterfaceError)) as away:
        await intake.drain(shop.database, daemon_id, 100)
    assert is_lost(away.value)
    assert await shop.count("inbox WHERE state = 'new' AND due_at <= now() AND attempt = 1") == 24
    await shop.database.pool.execute("DROP TRIGGER go_away ON orders")
    assert await intake.drain(shop.database, daemon_id, 100) == 24
    assert await shop.count("orders") == 24


async def test_orders_with_any_text_in_them_are_taken_in(shop: Connected) -> None:
    raw = await a_whole_order(shop)
    for number, text in enumerate(TEXTS):
        line = raw["line_items"][0] | {"id": f"57800000000000000{number}", "product_name": f"Mug {text}"}
        odd = raw | {"id": f"57600000000000001{number}", "buyer_message": f"please {text} wrap", "line_items": [line]}
        await arrive(shop, Arrival(intake.ORDER, orjson.dumps(odd)))
    await drain(shop)
    assert await shop.count("orders") == await shop.count("inbox WHERE state = 'done'") == len(TEXTS)


async def a_raw_order(shop: Connected) -> str:
    return str((await a_whole_order(shop))["id"])


async def a_whole_order(shop: Connected) -> dict[str, Any]:
    async with shop.outside() as outside:
        orders = (await outside.shop(shop.shop.shop_id)).orders
        async for page in orders.search(update_time_ge=LONG_AGO, update_time_lt=FAR_AHEAD):
            return next(order for order in page.rows if order["status"] == "AWAITING_SHIPMENT")
    raise AssertionError("the shop has no orders")
