"""A daemon tells the fleet what it counted, one of them judges for all, and what fires is a letter to support, once."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from engine.clock import DatabaseClock
from engine.database.connection import Database
from engine.errors import Retryable
from engine.fleet import daemons
from engine.monitoring.alerts import list_alerts
from engine.monitoring.fleet import counted as fleet_counts
from engine.monitoring.rules import rules
from engine.words import EffectKind
from sync.daemon_settings import DaemonSettings
from sync.delivery import Deliveries, DeliverySettings
from sync.monitoring.counted import Counted
from sync.monitoring.vitals import Vitals
from sync.monitoring.watch import Watch
from sync.outside import Outside
from sync.rounds.monitoring import Monitoring
from sync.rounds.post import Post
from sync.waking import Bell
from tests.sync.connected import Connected, beating


async def a_daemon(shop: Connected, outside: Outside, counted: Counted, database: Database | None = None) -> Monitoring:
    at_once = tuple(replace(rule, for_seconds=0) for rule in rules() if rule.name == "tiktok_failure_rate")
    settings = replace(DaemonSettings("test"), alerts=at_once)
    store = database or shop.database
    post = Post(store, await beating(store), outside, DatabaseClock(), Bell(), settings)
    return Monitoring(post, counted, Vitals({"data": Path("/")}, DatabaseClock()), Watch(store, 0.0))


async def letters(shop: Connected, outside: Outside) -> list[str]:
    """What was written once everything due has been delivered."""
    handlers = {EffectKind.NOTICE: outside.notices.handler()}
    deliveries = Deliveries(shop.database, await shop.daemon(), handlers, DeliverySettings(), Bell())
    while await deliveries.run_once(EffectKind.NOTICE):
        pass
    folder = shop.settings.notices.for_folder(shop.folder).directory
    return [path.read_text("utf-8") for path in sorted(folder.rglob("*")) if path.is_file()]


async def test_calls_that_fail_fire_an_alert_which_is_one_letter_whoever_judges(still_shop: Connected) -> None:
    shop, counted = still_shop, Counted()
    settings = replace(shop.outside_settings(), tiktok_calls_per_second=0)
    async with Outside(shop.database, settings, shop.outbox(), counted=counted) as outside:
        judge = await a_daemon(shop, outside, counted)
        assert await shop.poll(outside, page_size=2) == 24
        well = counted.calls.values["tiktok", "ok"]
        assert well >= 12
        await judge.tell_fleet()
        await judge.judge()
        assert await list_alerts(shop.database) == []

        await shop.world._http.post("/admin/faults", json={"server_error": 1.0})
        for _ in range(4):
            with suppress(Retryable):
                await shop.poll(outside)
        failed = counted.calls.values["tiktok", "failed"]
        assert failed >= 4
        await judge.tell_fleet()
        told = await fleet_counts(shop.database, 300)
        well = counted.calls.values["tiktok", "ok"]
        assert (told["call.tiktok.ok"], told["call.tiktok.failed"]) == (well, failed)
        await judge.tell_fleet()  # nothing new: nothing is added
        assert await fleet_counts(shop.database, 300) == told

        await judge.judge()
        [alert] = await list_alerts(shop.database)
        other = await a_daemon(shop, outside, Counted())
        await other.judge()  # another one holds the lease
        await daemons.retire(shop.database, judge._post.daemon_id)
        await other.judge()  # and takes over what stands
        written = [letter for letter in await letters(shop, outside) if "TikTok Shop failed" in letter]
    assert alert.sentence == f"{failed / (well + failed):.1%} of the calls to TikTok Shop failed."
    assert len(written) == 1
    assert f"Subject: CRITICAL: {alert.sentence}" in written[0].replace("\n ", " ")
    assert "Run orders-tui status for the last error" in written[0].replace("=\n", "").replace("\n", " ")


async def test_counts_that_could_not_be_told_are_told_the_next_time(
    still_shop: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, counted = still_shop, Counted()
    async with shop.outside() as outside:
        rounds = await a_daemon(shop, outside, counted)
        counted.call("tiktok", "ok", 0.1)
        with monkeypatch.context() as broken:
            broken.setattr("engine.monitoring.fleet._ADD", "SELECT $1::text[], $2::bigint[], 1 / 0")
            with pytest.raises(Exception, match="division by zero"):
                await rounds.tell_fleet()
        counted.call("tiktok", "ok", 0.1)
        await rounds.tell_fleet()
    assert (await fleet_counts(shop.database, 300))["call.tiktok.ok"] == 2
    assert await shop.count("fleet_gauges WHERE gauge = 'disk.free'") == 1
