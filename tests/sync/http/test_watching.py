"""Whoever watches: what a scrape shows, who may look, and what is said while it drains or the database is away."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.routing import BaseRoute

from engine.clock import DatabaseClock
from engine.database.connection import Database
from engine.fleet import daemons
from engine.words import OrderStatus
from sync.http.reception import Reception
from sync.http.settings import HttpSettings
from sync.http.watching import STALLED_SECONDS, Standing, Watching
from sync.monitoring.counted import Counted
from sync.monitoring.settings import THIS_MACHINE, MonitoringSettings
from sync.monitoring.vitals import Vitals
from sync.monitoring.watch import Watch
from tests.factories import Factory
from tests.sync.http.calling import Called, listening

TOKEN = "look-but-do-not-touch"
ELSEWHERE = (ipaddress.ip_network("192.0.2.0/24"),)


@dataclass(slots=True)
class Watched:
    called: Called
    counted: Counted
    standing: Standing
    now: list[float]

    async def get(self, path: str, **headers: str) -> httpx.Response:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.called.http.get(f"{self.called.url}{path}", headers=given)

    async def figures(self) -> dict[tuple[str, tuple[str, ...]], float]:
        """Every figure by its name and the values of its labels, sorted by the labels' names."""
        answer = await self.get("/metrics")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/plain; version=")
        return {
            (sample.name, tuple(sample.labels.values())): sample.value
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
        }


@asynccontextmanager
async def watched(
    store: Database, settings: MonitoringSettings, http: HttpSettings | None = None
) -> AsyncIterator[Watched]:
    given = http or HttpSettings(enabled=True, port=0, calls_per_second=0)
    counted, now = Counted(), [1000.0]
    standing = Standing(lambda: now[0])
    watch = Watch(store, settings.fresh_seconds, clock=lambda: now[0])
    watching = Watching(
        settings, Reception(given), watch, standing, counted, Vitals({}, DatabaseClock()), version="1.2.3"
    )
    more: Sequence[BaseRoute] = watching.routes()
    async with listening(store, given, counted=counted, more=more) as called:
        yield Watched(called, counted, standing, now)


async def test_a_scrape_shows_the_house_and_what_this_process_did(store: Database) -> None:
    factory = Factory(store)
    await factory.failed(code="no_rates", status=OrderStatus.PENDING)
    await factory.order(status=OrderStatus.DELIVERED)
    daemon_id = await daemons.register(store, "1.2.3")
    async with watched(store, MonitoringSettings(fresh_seconds=0)) as each:
        each.counted.call("tiktok", "ok", 0.02)
        each.counted.call("tiktok", "failed", 7.0)
        each.counted.batch(40, 0.2)
        assert await each.called.tiktok(b'{"timestamp": 1767226290, "tts_notification_id": "1"}') == 200
        assert await each.called.tiktok(b'{"timestamp": 1767226290, "tts_notification_id": "1"}') == 200
        assert await each.called.tiktok(b"{}", "forged") == 401
        assert (await each.get("/wp-login.php")).status_code == 404
        found = await each.figures()
        await daemons.retire(store, daemon_id)
        later = await each.figures()
    told = {
        ("orders_build_info", ("1.2.3",)): 1,
        ("orders_house_orders", ("pending",)): 1,
        ("orders_house_orders", ("delivered",)): 1,
        ("orders_house_orders", ("returned",)): 0,
        ("orders_house_active_orders", ()): 1,
        ("orders_house_open_failures", ("business",)): 1,
        ("orders_house_queue_depth", ("hints",)): 1,
        ("orders_house_daemons", ()): 1,
        ("orders_outbound_calls_total", ("tiktok", "ok")): 1,
        ("orders_outbound_calls_total", ("tiktok", "failed")): 1,
        ("orders_outbound_call_duration_seconds_bucket", ("tiktok", "0.025")): 1,
        ("orders_outbound_call_duration_seconds_count", ("tiktok",)): 2,
        ("orders_effects_total", ("buy_label", "failed")): 0,
        ("orders_workflow_orders_total", ()): 40,
        ("orders_webhooks_total", ("new", "tiktok")): 1,
        ("orders_webhooks_total", ("known", "tiktok")): 1,
        ("orders_webhooks_total", ("forged", "tiktok")): 1,
        ("orders_webhook_lag_seconds_sum", ("tiktok",)): 20,
        ("orders_http_requests_total", ("POST", "/webhooks/tiktok", "200")): 2,
        ("orders_http_requests_total", ("GET", "none", "404")): 1,
    }
    assert {name: found.get(name) for name in told} == told
    assert found["orders_database_connections", ()] >= 1
    assert found["process_resident_memory_bytes", ()] > 0
    assert later["orders_house_daemons", ()] == 0
    assert later["orders_http_requests_total", ("GET", "/metrics", "200")] == 1
    # Whatever is scraped or asked for, the names of what is scraped stay as few.
    assert later.keys() - found.keys() <= {key for key in later if key[0].startswith("orders_http_request")}


async def test_health_is_the_specification_s_and_says_what_to_mend(store: Database) -> None:
    async with watched(store, MonitoringSettings(fresh_seconds=30)) as each:
        idle = await each.get("/api/health/orders")
        daemon_id = await daemons.register(store, "1.2.3")
        assert (await each.get("/api/health/orders")).json() == idle.json()  # still fresh
        each.now[0] += 30
        well = await each.get("/api/health/orders")
        await store.pool.execute(
            "INSERT INTO dependency_states (daemon_id, dependency, calls, failures, failing_since, last_failure_at, failure)"
            " VALUES ($1, 'tiktok', 5, 5, now(), now(), 'No answer in time.')",
            daemon_id,
        )
        each.now[0] += 30
        broken = await each.get("/api/health/orders")
    assert (idle.status_code, idle.json()["status"]) == (200, "unhealthy")
    assert idle.json()["checks"]["workflowEngine"]["message"] == "No daemon is at work: start orders-tui daemon."
    document = well.json()
    assert well.status_code == 200
    assert document["status"] == "healthy"
    assert document["timestamp"].endswith("Z")
    assert document["checks"] == {
        name: {"status": "healthy", "message": ""}
        for name in ("database", "tiktokAPI", "workflowEngine", "messageQueue")
    }
    assert document["metrics"] == {"activeOrders": 0, "pendingWorkflows": 0, "queueDepth": 0, "lastProcessedOrder": ""}
    assert (broken.status_code, broken.json()["status"]) == (200, "degraded")
    assert broken.json()["checks"]["tiktokAPI"]["status"] == "unhealthy"
    assert "No answer in time." in broken.json()["checks"]["tiktokAPI"]["message"]


async def test_what_drains_is_not_ready_at_once_and_what_is_stuck_does_not_live(store: Database) -> None:
    async with watched(store, MonitoringSettings()) as each:
        assert [(await each.get(path)).text for path in ("/livez", "/readyz")] == ["ok\n", "ok\n"]
        each.standing.draining = True
        assert [(await each.get(path)).status_code for path in ("/livez", "/readyz")] == [200, 503]
        each.now[0] += STALLED_SECONDS + 1
        assert (await each.get("/livez")).status_code == 503
        each.standing.lives()
        assert (await each.get("/livez")).status_code == 200


@pytest.mark.parametrize(
    ("networks", "token", "headers", "status"),
    [
        (THIS_MACHINE, "", {}, 200),
        (ELSEWHERE, "", {}, 403),
        (ELSEWHERE, TOKEN, {}, 401),
        (ELSEWHERE, TOKEN, {"authorization": f"Bearer {TOKEN}"}, 200),
        (ELSEWHERE, TOKEN, {"authorization": f"Bearer {TOKEN}x"}, 401),
        (ELSEWHERE, TOKEN, {"authorization": TOKEN}, 401),
        (ELSEWHERE, "", {"authorization": "Bearer"}, 403),
        # A proxy on this machine that nobody named brings strangers.
        (THIS_MACHINE, "", {"x_forwarded_for": "198.51.100.7"}, 403),
        (THIS_MACHINE, "", {"x_forwarded_for": "127.0.0.1"}, 403),
        (THIS_MACHINE, TOKEN, {"x_forwarded_for": "198.51.100.7", "authorization": f"bearer {TOKEN}"}, 200),
    ],
)
async def test_figures_are_for_this_machine_the_named_networks_and_the_token(
    store: Database, networks: tuple[ipaddress.IPv4Network, ...], token: str, headers: dict[str, str], status: int
) -> None:
    async with watched(store, MonitoringSettings(networks, token)) as each:
        answers = [await each.get(path, **headers) for path in ("/metrics", "/api/health/orders")]
        assert [answer.status_code in {401, 403} for answer in answers] == [status != 200] * 2
        assert answers[0].status_code == status
        for answer in answers:
            assert ("orders_" in answer.text or "checks" in answer.text) is (status == 200)
            assert TOKEN not in answer.text
        assert (await each.get("/livez", **headers)).status_code == 200


async def test_behind_a_named_proxy_the_caller_it_vouches_for_counts(store: Database) -> None:
    proxied = HttpSettings(enabled=True, port=0, calls_per_second=0, trusted_proxies=THIS_MACHINE)
    async with watched(store, MonitoringSettings(ELSEWHERE), proxied) as each:
        assert (await each.get("/metrics", x_forwarded_for="192.0.2.9")).status_code == 200
        assert (await each.get("/metrics", x_forwarded_for="198.51.100.7")).status_code == 403


async def test_while_the_database_is_away_the_process_still_tells_of_itself(store: Database) -> None:
    async with watched(store, MonitoringSettings()) as each:
        await asyncio.wait_for(store.pool.close(), 5)
        found = await each.figures()
        health = await each.get("/api/health/orders")
        ready, lives = await each.get("/readyz"), await each.get("/livez")
    assert found["orders_workflow_batches_total", ("done",)] == 0
    assert not [name for name, _ in found if name.startswith(("orders_house", "orders_database"))]
    assert (health.status_code, health.json()["status"]) == (503, "unhealthy")
    assert health.json()["checks"]["database"]["message"].startswith("The database does not answer")
    assert (ready.status_code, lives.status_code) == (503, 200)
