"""Alerts that stand: judged by one daemon, kept in a table, so that each fires once and is over once whoever judges next.

A judgement is one transaction: it locks the rows, compares, and writes the notices with the change they tell of. Moments are the
database's. What is not known leaves its alert as it is; a judge who was away for long begins to wait anew.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from engine.monitoring.rules import CLEAR_SECONDS, AlertRule, Severity

if TYPE_CHECKING:
    from engine.database.connection import Database

LEASE: Final = "alerts"
AWAY_SECONDS: Final = 180.0
"""Nobody has judged for so long: what went on meanwhile is not known, and waiting begins anew."""

_ROWS = "SELECT * FROM alerts ORDER BY name FOR UPDATE"
_PUT = """
INSERT INTO alerts (name, severity, state, since, clear_since, fired_at, over_at, episode, value, sentence, mend, seen_at)
SELECT d.*, now() FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[],
                              $7::timestamptz[], $8::bigint[], $9::float8[], $10::text[], $11::text[]) AS d
ON CONFLICT (name) DO UPDATE
SET severity = excluded.severity, state = excluded.state, since = excluded.since, clear_since = excluded.clear_since,
    fired_at = excluded.fired_at, over_at = excluded.over_at, episode = excluded.episode, value = excluded.value,
    sentence = excluded.sentence, mend = excluded.mend, seen_at = excluded.seen_at
"""
_FORGET = "DELETE FROM alerts WHERE name <> ALL($1::text[])"

# Each change of an episode is told under a key of its own, which is unique for ever.
_TELL = """
INSERT INTO effects (id, key, kind, dependency, shop_id, request)
SELECT gen_random_uuid(), d.key, 'notice', 'notices', NULL, d.request FROM unnest($1::text[], $2::jsonb[]) AS d(key, request)
ON CONFLICT (key) DO NOTHING
"""
_STANDING = "SELECT * FROM alerts WHERE state = 'firing' OR $1 ORDER BY state = 'firing' DESC, severity, fired_at, name"


class AlertState(StrEnum):
    """Where an alert stands."""

    WELL = "well"
    PENDING = "pending"
    FIRING = "firing"


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert as it stands. `since` is when its value went beyond the threshold, `fired_at` when that had lasted long enough."""

    name: str
    severity: Severity
    state: AlertState = AlertState.WELL
    since: datetime | None = None
    clear_since: datetime | None = None
    fired_at: datetime | None = None
    over_at: datetime | None = None
    episode: int = 0
    value: float | None = None
    sentence: str = ""
    mend: str = ""
    seen_at: datetime | None = None


def judged(rule: AlertRule, known: Alert | None, value: float | None, now: datetime) -> Alert:
    """Where the alert stands once this value has been seen."""
    alert = known or Alert(rule.name, rule.severity)
    away = alert.seen_at is not None and (now - alert.seen_at).total_seconds() > AWAY_SECONDS
    alert = replace(alert, severity=rule.severity, mend=rule.mend, seen_at=now)
    if value is None:
        return alert
    alert = replace(alert, value=value)
    firing = alert.state is AlertState.FIRING
    if rule.breached_by(value):
        since = now if alert.since is None or (away and not firing) else alert.since
        alert = replace(alert, since=since, clear_since=None, sentence=rule.sentence(value))
        if firing:
            return alert
        if (now - since).total_seconds() >= rule.for_seconds:
            return replace(alert, state=AlertState.FIRING, fired_at=now, over_at=None, episode=alert.episode + 1)
        return replace(alert, state=AlertState.PENDING)
    if firing:
        clear_since = alert.clear_since or now
        if (now - clear_since).total_seconds() < CLEAR_SECONDS:
            return replace(alert, clear_since=clear_since)
        return replace(alert, state=AlertState.WELL, since=None, clear_since=None, over_at=now)
    return replace(alert, state=AlertState.WELL, since=None)


async def judge(
    database: Database, rules: Collection[AlertRule], values: Mapping[str, float | None]
) -> tuple[list[Alert], list[Alert]]:
    """Judge every rule by the measures. Answers what fires now and what is over now; both have been told to support."""

    async def write(connection: Any) -> tuple[list[Alert], list[Alert]]:
        now: datetime = await connection.fetchval("SELECT now()")
        known = {row["name"]: _alert(row) for row in await connection.fetch(_ROWS)}
        alerts = [judged(rule, known.get(rule.name), values.get(rule.metric), now) for rule in rules]
        fires, over = [], []
        for alert in alerts:
            was = known[alert.name].state if alert.name in known else AlertState.WELL
            if alert.state is AlertState.FIRING and was is not AlertState.FIRING:
                fires.append(alert)
            elif was is AlertState.FIRING and alert.state is AlertState.WELL:
                over.append(alert)
        await connection.execute(_FORGET, [rule.name for rule in rules])
        await _put(connection, alerts)
        told = [(f"notice:alert:{each.name}:{each.episode}:fired", _fired(each)) for each in fires]
        told += [(f"notice:alert:{each.name}:{each.episode}:over", _over(each)) for each in over]
        if told:
            await connection.execute(_TELL, [key for key, _ in told], [request for _, request in told])
        return fires, over

    return await database.run(write)


async def list_alerts(database: Database, *, all_of_them: bool = False) -> list[Alert]:
    """What fires, the critical first; with `all_of_them` also what is well or pending."""
    return [_alert(row) for row in await database.pool.fetch(_STANDING, all_of_them)]


async def _put(connection: Any, alerts: Sequence[Alert]) -> None:
    alerts = sorted(alerts, key=lambda alert: alert.name)
    await connection.execute(
        _PUT,
        [alert.name for alert in alerts],
        [alert.severity.value for alert in alerts],
        [alert.state.value for alert in alerts],
        [alert.since for alert in alerts],
        [alert.clear_since for alert in alerts],
        [alert.fired_at for alert in alerts],
        [alert.over_at for alert in alerts],
        [alert.episode for alert in alerts],
        [alert.value for alert in alerts],
        [alert.sentence for alert in alerts],
        [alert.mend for alert in alerts],
    )


def _fired(alert: Alert) -> dict[str, str]:
    return {
        "template": f"alert_{alert.severity}",
        "audience": "support",
        "alert": _spoken(alert.name),
        "sentence": alert.sentence,
        "mend": alert.mend,
        "since": _moment(alert.since),
    }


def _over(alert: Alert) -> dict[str, str]:
    return {
        "template": "alert_over",
        "audience": "support",
        "alert": _spoken(alert.name),
        "sentence": alert.sentence,
        "fired": _moment(alert.fired_at),
        "over": _moment(alert.over_at),
    }


def _spoken(name: str) -> str:
    return name.replace("_", " ")


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment is not None else ""


def _alert(row: Any) -> Alert:
    return Alert(
        name=row["name"],
        severity=Severity(row["severity"]),
        state=AlertState(row["state"]),
        since=row["since"],
        clear_since=row["clear_since"],
        fired_at=row["fired_at"],
        over_at=row["over_at"],
        episode=row["episode"],
        value=row["value"],
        sentence=row["sentence"],
        mend=row["mend"],
        seen_at=row["seen_at"],
    )
