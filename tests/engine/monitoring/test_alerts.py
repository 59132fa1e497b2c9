"""Alerts: beyond a threshold for long enough fires once, back for long enough is over once, whoever judges and however often."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from engine.database.connection import Database
from engine.errors import Misconfigured
from engine.monitoring import alerts, fleet
from engine.monitoring.alerts import AWAY_SECONDS, Alert, AlertState, judge, judged, list_alerts
from engine.monitoring.measures import LEAST, MEASURES, Seen, measured, see
from engine.monitoring.readings import read
from engine.monitoring.rules import CLEAR_SECONDS, AlertChanges, AlertRule, Severity, rules
from engine.reports.overview import pulse
from tests.factories import opened

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
QUEUE = next(rule for rule in rules() if rule.name == "workflow_queue")
AT_ONCE = replace(QUEUE, for_seconds=0)
DEEP, SHALLOW = {"workflow.queue.depth": 1001.0}, {"workflow.queue.depth": 1000.0}


def story(rule: AlertRule, seen: list[tuple[int, float | None]]) -> list[tuple[AlertState, int]]:
    """Where the alert stands after each look, a value at so many seconds after noon."""
    alert: Alert | None = None
    told = []
    for seconds, value in seen:
        alert = judged(rule, alert, value, NOON + timedelta(seconds=seconds))
        told.append((alert.state, alert.episode))
    return told


WELL, PENDING, FIRING = AlertState.WELL, AlertState.PENDING, AlertState.FIRING
CLEAR, AWAY = round(CLEAR_SECONDS), round(AWAY_SECONDS)


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        ([(0, 1000.0)], [(WELL, 0)]),
        ([(0, 1001.0), (150, 1001.0), (300, 1001.0)], [(PENDING, 0)] * 3),
        ([(n, 1001.0) for n in range(0, 601, 150)], [(PENDING, 0)] * 4 + [(FIRING, 1)]),
        # One look that is well begins the wait anew.
        (
            [(0, 1001.0), (150, 9.0), (300, 1001.0), (450, 1001.0), (600, 1001.0)],
            [(PENDING, 0), (WELL, 0)] + [(PENDING, 0)] * 3,
        ),
        # What is not known proves nothing either way.
        ([(0, 1001.0), (150, None), (300, 1001.0), (450, 1001.0), (600, 1001.0)], [(PENDING, 0)] * 4 + [(FIRING, 1)]),
        # Nobody judged for an hour: what went on meanwhile is not known.
        ([(0, 1001.0), (3600, 1001.0), (3750, 1001.0)], [(PENDING, 0)] * 3),
    ],
)
def test_a_threshold_is_told_once_it_was_passed_for_long_enough(
    seen: list[tuple[int, float | None]], told: list[tuple[AlertState, int]]
) -> None:
    assert story(QUEUE, seen) == told


def test_what_flaps_is_one_alert_and_what_comes_again_is_another() -> None:
    seen = [(0, 2000.0), (15, 0.0), (30, 2000.0), (45, 0.0), (45 + CLEAR - 1, 0.0), (45 + CLEAR, 0.0), (200, 2000.0)]
    assert story(AT_ONCE, [(seconds, value) for seconds, value in seen]) == [(FIRING, 1)] * 5 + [(WELL, 1), (FIRING, 2)]
    unknown: list[tuple[int, float | None]] = [(0, 2000.0), (60, None), (2 * AWAY + 60, None)]
    assert story(AT_ONCE, unknown) == [(FIRING, 1)] * 3


async def notices(store: Database) -> list[tuple[str, str]]:
    rows = await store.pool.fetch("SELECT key, request ->> 'template' AS template FROM effects ORDER BY sequence")
    return [(row["key"], row["template"]) for row in rows]


async def test_it_fires_once_and_is_over_once_across_restarts_and_rivals(store: Database, database: object) -> None:
    assert await judge(store, [AT_ONCE], SHALLOW) == ([], [])
    assert await notices(store) == []
    async with opened(database) as other:  # type: ignore[arg-type]
        both = await asyncio.gather(*(judge(each, [AT_ONCE], DEEP) for each in (store, other, store, other)))
        assert sorted(len(fires) for fires, _ in both) == [0, 0, 0, 1]
        assert [over for _, over in both] == [[]] * 4
        [alert] = await list_alerts(other)
        assert (await pulse(other)).alerts == 1
    assert (alert.state, alert.value, alert.severity) == (FIRING, 1001.0, Severity.WARNING)
    assert alert.sentence == "1,001 orders wait to be decided."
    assert alert.mend.startswith("Start another daemon")
    # A judge who has just started finds it as it stands.
    assert await judge(store, [AT_ONCE], DEEP) == ([], [])
    assert await judge(store, [AT_ONCE], SHALLOW) == ([], [])  # not for long enough yet
    await store.pool.execute("UPDATE alerts SET clear_since = clear_since - make_interval(secs => $1)", CLEAR_SECONDS)
    fires, [over] = await judge(store, [AT_ONCE], SHALLOW)
    assert (fires, over.state, over.episode) == ([], WELL, 1)
    assert await judge(store, [AT_ONCE], SHALLOW) == ([], [])
    assert await list_alerts(store) == []
    assert [each.name for each in await list_alerts(store, all_of_them=True)] == ["workflow_queue"]
    assert await notices(store) == [
        ("notice:alert:workflow_queue:1:fired", "alert_warning"),
        ("notice:alert:workflow_queue:1:over", "alert_over"),
    ]
    assert len((await judge(store, [AT_ONCE], DEEP))[0]) == 1
    assert len(await notices(store)) == 3


async def test_a_judgement_that_breaks_tells_nothing_and_changes_nothing(
    store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alerts, "_TELL", "SELECT $1::text[], $2::jsonb[], 1 / 0")
    with pytest.raises(Exception, match="division by zero"):
        await judge(store, [AT_ONCE], DEEP)
    assert await notices(store) == []
    assert await list_alerts(store, all_of_them=True) == []


async def test_an_alert_that_is_switched_off_is_gone_and_tells_nothing(store: Database) -> None:
    await judge(store, [AT_ONCE], DEEP)
    assert await judge(store, rules(AlertChanges({}, {}, ["workflow_queue"])), {}) == ([], [])
    assert await list_alerts(store) == []
    assert len(await notices(store)) == 1


def test_settings_move_thresholds_and_a_name_that_is_none_is_refused() -> None:
    changed = {
        rule.name: rule for rule in rules(AlertChanges({"workflow_queue": 50}, {"workflow_queue": 5}, ["disk_full"]))
    }
    assert (changed["workflow_queue"].threshold, changed["workflow_queue"].for_seconds) == (50, 5)
    assert "disk_full" not in changed
    assert len(changed) == len(rules()) - 1
    with pytest.raises(Misconfigured, match="'queue', which is no alert; there are processing_failure_rate"):
        rules(AlertChanges({"queue": 50}, {}, []))


def test_the_specification_s_thresholds_are_the_defaults() -> None:
    told = {rule.metric: (rule.severity, rule.threshold, rule.for_seconds) for rule in rules()[:4]}
    assert told == {
        "order.processing.failure_rate": ("critical", 0.05, 300),
        "tiktok.sync.failure_rate": ("critical", 0.10, 600),
        "order.processing.latency.p95": ("warning", 60, 900),
        "workflow.queue.depth": ("warning", 1000, 600),
    }
    assert {rule.metric for rule in rules()} == MEASURES.keys()
    assert all(rule.is_above for rule in rules()[:4])


async def test_every_measure_is_taken_from_what_is_there_and_one_that_is_not_known_is_none(store: Database) -> None:
    idle = measured(await see(store, await read(store)))
    assert idle["fleet.daemons"] == 0
    assert {name for name, value in idle.items() if value is None} == {
        "order.processing.failure_rate",
        "tiktok.sync.failure_rate",
        "order.processing.latency.p95",
        "fleet.loop.lag",
        "shipping.label.failure_rate",
        "order.api.error_rate",
        "database.replication.lag",
        "database.slot.retained",
        "disk.free",
        "clock.skew",
        "shop.grant.ends",
        "backup.age",
        "audit.unsealed",
        "audit.findings",
    }
    counts = {"call.tiktok.ok": 27, "call.tiktok.failed": 3, "effect.buy_label.failed": LEAST - 1, "request.all": 40}
    await fleet.add(store, "one", counts, {"disk.free": 0.5, "clock.skew": -31.0, "loop.lag": 0.1})
    await fleet.add(store, "two", {"call.tiktok.ok": 10, "request.broken": 4}, {"disk.free": 0.04, "loop.lag": 3.0})
    await fleet.tell(store, "audit.findings", 2)
    seen = await see(store, await read(store))
    told = measured(seen)
    assert told["tiktok.sync.failure_rate"] == 3 / 40
    assert told["shipping.label.failure_rate"] == 0.0  # of too few to be a share
    assert told["order.api.error_rate"] == 0.1
    assert (told["disk.free"], told["clock.skew"], told["fleet.loop.lag"]) == (0.04, 31.0, 3.0)
    assert told["audit.findings"] == 2
    await store.pool.execute("UPDATE fleet_gauges SET told_at = now() - interval '1 hour'")
    await store.pool.execute("UPDATE fleet_minutes SET minute = minute - interval '10 minutes'")
    later: Seen = await see(store, seen.readings)
    assert measured(later)["disk.free"] is None  # of daemons that tell nothing any more
    assert measured(later)["tiktok.sync.failure_rate"] is None
    assert later.quarter["call.tiktok.failed"] == 3
    assert measured(later)["audit.findings"] == 2
