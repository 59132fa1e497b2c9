"""One process does it all: orders come in, go out and are accounted for; it stops in order, and many share the work."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import orjson
import pytest
import structlog

from engine.database.embedded import EmbeddedServer
from engine.orders import inbox
from engine.orders.inbox import Arrival
from engine.reports.accounts import account, outcomes
from engine.shops import grants, shops
from orders_tui.assembly import build_daemon
from orders_tui.demo.preparation import LEAD
from orders_tui.settings_outside import HttpSection
from sync.intake import ORDER
from sync.simulator.scenario import Timings
from tests.sync.connected import Connected, connected

QUICKLY = Timings(0, 0, 0.3, 0.6, 3600)


@asynccontextmanager
async def running(shop: Connected, daemons: int = 1, *, drain_seconds: float = 10.0) -> AsyncIterator[None]:
    """Daemons at work; leaving tells them to stop, and waits until they have."""
    section = shop.settings.daemon.model_copy(update={"drain_seconds": drain_seconds, "idle_seconds": 0.1})
    settings = shop.settings.model_copy(update={"daemon": section})
    stopping = asyncio.Event()
    tasks = [asyncio.create_task(build_daemon(settings, shop.database).run(stopping)) for _ in range(daemons)]
    try:
        async with asyncio.timeout(60):
            yield
    finally:
        stopping.set()
        await asyncio.gather(*tasks)


async def until_settled(shop: Connected) -> None:
    foretold = {name: count for name, count in shop.simulator.scenario.foretold().items() if count}
    while await outcomes(shop.database) != foretold:
        await asyncio.sleep(0.05)


async def until_a_purchase_is_under_way(shop: Connected) -> None:
    while not (await shop.state())["http_calls"].get("easypost.shipments.buy"):
        await asyncio.sleep(0.01)


async def labels(shop: Connected) -> tuple[int, int, int]:
    """Labels the carrier sold, labels we know of, packages that needed one."""
    state = await shop.state()
    known = await shop.count("packages WHERE labelled_at IS NOT NULL")
    return state["labels_bought"], known, state["packages_needing_label"]


async def test_two_daemons_bring_every_order_to_its_end_once(database: EmbeddedServer, tmp_path: Path) -> None:
    async with connected(database, tmp_path, orders=60, timings=QUICKLY, faults="default") as shop:
        async with running(shop, daemons=2):
            await until_settled(shop)
        accounts = await account(shop.database)
        assert accounts.balanced
        sold, known, needed = await labels(shop)
        assert sold == known == needed == accounts.outcomes["completed"]
        assert (await shop.state())["double_buys_refused"] == 0
        assert await shop.count("daemons") == await shop.count("daemons WHERE stopped_at IS NOT NULL") == 2


async def test_stopping_finishes_what_is_under_way(shop: Connected) -> None:
    await shop.world._http.post("/admin/faults", json={"slow_buy": 1.0})
    async with running(shop):
        await until_a_purchase_is_under_way(shop)
    assert await shop.count("effects WHERE lease_token IS NOT NULL OR state IN ('sent', 'ambiguous')") == 0
    sold, known, _ = await labels(shop)
    assert 0 < sold == known


async def test_what_a_short_drain_cuts_off_is_asked_for_and_not_bought_again(shop: Connected) -> None:
    await shop.world._http.post("/admin/faults", json={"slow_buy": 1.0})
    with structlog.testing.capture_logs() as told:
        async with running(shop, drain_seconds=0.05):
            await until_a_purchase_is_under_way(shop)
    assert [event["seconds"] for event in told if event["event"] == "drain_cut_short"] == [0.05]
    assert await shop.count("effects WHERE state = 'sent'") > 0
    await shop.world._http.post("/admin/faults", json={"slow_buy": 0.0})
    async with running(shop):
        while await shop.count("packages WHERE labelled_at IS NULL"):
            await asyncio.sleep(0.05)
    assert await labels(shop) == (23, 23, 23)


async def test_a_shop_whose_token_was_revoked_says_so_and_the_others_go_on(shop: Connected) -> None:
    later = datetime.now(UTC) + timedelta(days=300)
    grant = await grants.save_grant(
        shop.database,
        grants.Seller("open-2", "Alder Goods"),
        grants.GrantTokens("SIMA_no", later, "SIMR_no", later),
        actor=LEAD,
    )
    revoked = await shops.connect_shop(
        shop.database,
        tiktok_shop_id="7495000000000000001",
        name="Alder Goods",
        region="US",
        timezone="America/New_York",
        cipher=shop.shop.cipher,
        policies=shop.shop.policies,
        grant=grant,
        actor=LEAD,
    )
    stands_still = "shops WHERE id = $1 AND state = 'revoked'"
    async with running(shop):
        while await shop.count("orders") < 24 or not await shop.count(stands_still, revoked.shop_id):
            await asyncio.sleep(0.05)
    sentence = (await shops.find_shop(shop.database, revoked.shop_id)).state_reason
    assert sentence.startswith("TikTok refused to refresh the access token: Invalid refresh_token: it is unknown")
    assert "connect the shop again (orders-tui shop connect)" in sentence
    assert "SIM" not in sentence
    working = await shops.find_shop(shop.database, shop.shop.shop_id)
    assert (working.state, working.state_reason) == ("connected", "")
    assert await shop.count("polls WHERE shop_id = $1 AND error IS NOT NULL", shop.shop.shop_id) == 0
    assert (
        await shop.count("polls WHERE shop_id = $1 AND topic = 'orders' AND cursor IS NOT NULL", revoked.shop_id) == 0
    )
    assert await shop.count("orders WHERE shop_id = $1", revoked.shop_id) == 0


async def test_a_malformed_payload_fails_alone_and_the_daemon_goes_on(shop: Connected) -> None:
    await inbox.store(shop.database, shop.shop.shop_id, shop.shop.user_id, "webhook", [Arrival(ORDER, b"{not json")])
    async with running(shop):
        while await shop.count("inbox WHERE state <> 'new'") < 25:
            await asyncio.sleep(0.05)
    outcome = await shop.database.pool.fetchval("SELECT outcome FROM inbox WHERE state = 'failed'")
    assert outcome.startswith("Order unknown from TikTok is malformed: the payload is not JSON;")
    assert await shop.count("orders") == 24


async def test_a_daemon_whose_database_sessions_are_ended_works_on(shop: Connected) -> None:
    async with running(shop):
        await until_a_purchase_is_under_way(shop)
        await shop.database.pool.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        while await shop.count("packages WHERE labelled_at IS NULL"):
            await asyncio.sleep(0.05)
    assert await labels(shop) == (23, 23, 23)


async def test_a_daemon_takes_webhooks_until_it_stops_and_works_them_at_once(shop: Connected) -> None:
    """No poll would come before the test is over."""
    daemon_id = await shop.daemon()
    await shop.take_in(daemon_id)
    await shop.database.pool.execute("UPDATE polls SET due_at = now() + interval '1 hour'")
    sections = {
        "http": HttpSection(enabled=True, port=free_port()),
        "tiktok": shop.settings.tiktok.model_copy(update={"poll_seconds": 3600.0, "reread_seconds": 3600.0}),
    }
    settings = shop.settings.model_copy(update=sections)
    order_id = await shop.database.pool.fetchval(
        "SELECT tiktok_order_id FROM orders WHERE channel_status <> 'CANCELLED' LIMIT 1"
    )
    keys = await shop.world.ask("credentials")
    envelope = {
        "type": 3,
        "tts_notification_id": "1",
        "shop_id": shop.shop.tiktok_shop_id,
        "timestamp": int(time.time()),
        "data": {"order_id": order_id},
    }
    body = orjson.dumps(envelope)
    signature = hmac.new(keys["app_secret"].encode(), keys["app_key"].encode() + body, hashlib.sha256).hexdigest()
    url = f"http://127.0.0.1:{settings.http.port}/webhooks/tiktok"
    stopping = asyncio.Event()
    daemon = build_daemon(settings, shop.database)
    running = asyncio.create_task(daemon.run(stopping))
    try:
        async with asyncio.timeout(60), httpx.AsyncClient() as http:
            while daemon.listener is None or daemon.listener.port is None:
                await asyncio.sleep(0.01)
            assert (await http.post(url, content=body, headers={"Authorization": "0" * 64})).status_code == 401
            assert (await http.post(url, content=body, headers={"Authorization": signature})).status_code == 200
            while not await shop.count("inbox WHERE source = 'webhook' AND state = 'done'"):
                await asyncio.sleep(0.01)
            place = url.removesuffix("/webhooks/tiktok")
            answers = {
                path: await http.get(f"{place}{path}")
                for path in ("/livez", "/readyz", "/api/health/orders", "/metrics")
            }
            assert {path: answer.status_code for path, answer in answers.items()} == dict.fromkeys(answers, 200)
            figures = answers["/metrics"].text
            assert 'orders_webhooks_total{outcome="new",sender="tiktok"} 1.0' in figures
            assert 'orders_inbox_payloads_total{kind="asking"} 1.0' in figures
            assert "orders_house_daemons 2.0" in figures
            assert order_id not in figures
            strangers = {"x-forwarded-for": "198.51.100.7"}  # through a proxy that nobody vouched for
            asked = [await http.get(f"{place}{path}", headers=strangers) for path in ("/metrics", "/api/health/orders")]
            assert [answer.status_code for answer in asked] == [403, 401]
            assert asked[1].headers["content-type"] == "application/problem+json"
    finally:
        stopping.set()
        await running
    assert await shop.count("inbox WHERE source = 'webhook'") == 1
    async with httpx.AsyncClient() as http:
        with pytest.raises(httpx.ConnectError):
            await http.post(url, content=body)


async def test_a_daemon_whose_port_is_taken_goes_on_with_polling(shop: Connected) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        section = HttpSection(enabled=True, port=taken.getsockname()[1])
        stopping = asyncio.Event()
        with structlog.testing.capture_logs() as told:
            daemon = build_daemon(shop.settings.model_copy(update={"http": section}), shop.database)
            running = asyncio.create_task(daemon.run(stopping))
            try:
                async with asyncio.timeout(60):
                    while await shop.count("orders") < 24:
                        await asyncio.sleep(0.05)
            finally:
                stopping.set()
                await running
    assert [event["code"] for event in told if event["event"] == "http_not_listening"] == ["http.not_listening"]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])
