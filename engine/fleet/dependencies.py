"""How each dependency is doing, as every daemon sees it: written every few seconds in one statement, read as one state of each.

Only the database's clock counts: a daemon says how long ago something was, never when.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from engine.fleet.daemons import DEAD_AFTER_SECONDS

if TYPE_CHECKING:
    from engine.database.connection import Database
    from engine.identifiers import DaemonId

_STALE_SECONDS = 60.0
"""A daemon that wrote nothing for so long is over, whatever its row says."""

# Rows of daemons that are over go with the next write of any other.
_WRITE = """
WITH over AS (
    DELETE FROM dependency_states s WHERE s.updated_at < now() - interval '1 hour' AND s.daemon_id <> $1
)
INSERT INTO dependency_states (daemon_id, dependency, calls, failures, last_success_at, last_failure_at, failing_since, failure_code,
                               failure, p95_ms, left_alone_until, limited_until, skew_seconds, note, updated_at)
SELECT $1, d.dependency, d.calls, d.failures, now() - make_interval(secs => d.success), now() - make_interval(secs => d.failed),
       now() - make_interval(secs => d.failing), d.code, d.sentence, d.p95, now() + make_interval(secs => d.alone),
       now() + make_interval(secs => d.limited), d.skew, d.note, now()
FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::float8[], $6::float8[], $7::float8[], $8::text[], $9::text[], $10::float8[],
            $11::float8[], $12::float8[], $13::float8[], $14::text[])
  AS d(dependency, calls, failures, success, failed, failing, code, sentence, p95, alone, limited, skew, note)
ON CONFLICT (daemon_id, dependency) DO UPDATE
SET calls = excluded.calls, failures = excluded.failures, last_success_at = excluded.last_success_at,
    last_failure_at = excluded.last_failure_at, failing_since = excluded.failing_since, failure_code = excluded.failure_code,
    failure = excluded.failure, p95_ms = excluded.p95_ms, left_alone_until = excluded.left_alone_until,
    limited_until = excluded.limited_until, skew_seconds = excluded.skew_seconds, note = excluded.note, updated_at = excluded.updated_at
"""

_READ = """
SELECT s.*, greatest(extract(epoch FROM s.left_alone_until - now()), 0)::float8 AS alone,
       greatest(extract(epoch FROM s.limited_until - now()), 0)::float8 AS limited
FROM dependency_states s JOIN daemons d ON d.id = s.daemon_id
WHERE d.stopped_at IS NULL AND d.beat_at > now() - make_interval(secs => $1) AND s.updated_at > now() - make_interval(secs => $2)
ORDER BY s.dependency, s.daemon_id
"""

_ALIVE = "SELECT count(*) FROM daemons WHERE stopped_at IS NULL AND beat_at > now() - make_interval(secs => $1)"


class Condition(StrEnum):
    """How a dependency is, in one word."""

    OK = "ok"
    UNUSED = "unused"
    """Nothing was asked of it yet."""
    LIMITED = "limited"
    FAILING = "failing"
    LEFT_ALONE = "left_alone"
    DEGRADED = "degraded"
    """It works with less: what is missing is in the sentence."""


@dataclass(frozen=True, slots=True)
class DependencyReport:
    """What one daemon says of one dependency; seconds are ago, or from now."""

    dependency: str
    calls: int = 0
    failures: int = 0
    success_ago: float | None = None
    failure_ago: float | None = None
    failing_for: float | None = None
    failure_code: str = ""
    failure: str = ""
    p95_seconds: float | None = None
    left_alone_seconds: float | None = None
    limited_seconds: float = 0.0
    skew_seconds: float | None = None
    note: str = ""
    """What it works without, as a sentence; empty when nothing is missing."""


@dataclass(frozen=True, slots=True)
class DependencyState:
    """One dependency as the whole fleet sees it."""

    dependency: str
    condition: Condition
    sentence: str
    calls: int
    failures: int
    last_success_at: datetime | None
    last_failure_at: datetime | None
    failing_since: datetime | None
    failure_code: str
    p95_ms: float | None
    left_alone_seconds: float
    limited_seconds: float
    skew_seconds: float | None
    daemons: int


async def alive(database: Database) -> int:
    """How many daemons live."""
    count: int = await database.pool.fetchval(_ALIVE, DEAD_AFTER_SECONDS)
    return count


async def write_states(database: Database, daemon_id: DaemonId, reports: Sequence[DependencyReport]) -> None:
    """Write how this daemon sees its dependencies."""
    await database.pool.execute(
        _WRITE,
        daemon_id,
        [report.dependency for report in reports],
        [report.calls for report in reports],
        [report.failures for report in reports],
        [report.success_ago for report in reports],
        [report.failure_ago for report in reports],
        [report.failing_for for report in reports],
        [report.failure_code for report in reports],
        [report.failure for report in reports],
        [None if report.p95_seconds is None else report.p95_seconds * 1000 for report in reports],
        [report.left_alone_seconds for report in reports],
        [report.limited_seconds or None for report in reports],
        [report.skew_seconds for report in reports],
        [report.note for report in reports],
    )


async def read_states(database: Database) -> list[DependencyState]:
    """Each dependency as the daemons that live see it now, by name; empty when none lives."""
    seen: dict[str, list[Any]] = defaultdict(list)
    for row in await database.pool.fetch(_READ, DEAD_AFTER_SECONDS * 2, _STALE_SECONDS):
        seen[row["dependency"]].append(row)
    return [_state(name, rows) for name, rows in seen.items()]


def _state(name: str, rows: Sequence[Any]) -> DependencyState:
    failing = [row for row in rows if row["failing_since"] is not None]
    latest = max(
        rows, key=lambda row: (row["last_failure_at"] is not None, row["last_failure_at"] or row["updated_at"])
    )
    alone = max((row["alone"] for row in rows if row["left_alone_until"] is not None), default=None)
    limited = max((row["limited"] or 0.0 for row in rows), default=0.0)
    calls = sum(row["calls"] for row in rows)
    latencies = [row["p95_ms"] for row in rows if row["p95_ms"] is not None]
    skews = [row["skew_seconds"] for row in rows if row["skew_seconds"] is not None]
    # One daemon's outage is an outage only while none of them has got through since.
    since = (
        min(row["failing_since"] for row in failing)
        if len(failing) == len([r for r in rows if r["calls"]]) and failing
        else None
    )
    note = next((row["note"] for row in rows if row["note"]), "")
    condition, sentence = _words(alone, since, latest, limited, calls, note)
    return DependencyState(
        dependency=name,
        condition=condition,
        sentence=sentence,
        calls=calls,
        failures=sum(row["failures"] for row in rows),
        last_success_at=max((row["last_success_at"] for row in rows if row["last_success_at"]), default=None),
        last_failure_at=latest["last_failure_at"],
        failing_since=since,
        failure_code=latest["failure_code"],
        p95_ms=max(latencies) if latencies else None,
        left_alone_seconds=alone or 0.0,
        limited_seconds=limited,
        skew_seconds=max(skews, key=abs) if skews else None,
        daemons=len(rows),
    )


def _words(
    alone: float | None, since: datetime | None, latest: Any, limited: float, calls: int, note: str
) -> tuple[Condition, str]:
    if alone is not None:
        wait = f"left alone for {alone:.0f} s" if alone >= 1 else "about to be tried again"
        return Condition.LEFT_ALONE, f"{wait}: {latest['failure']}" if latest["failure"] else wait
    if note:
        return Condition.DEGRADED, note
    if since is not None:
        return Condition.FAILING, f"failing since {since:%Y-%m-%d %H:%M:%S} UTC: {latest['failure']}"
    if limited >= 1:
        return Condition.LIMITED, f"its rate is used up for {limited:.0f} s"
    return (Condition.OK, "ok") if calls else (Condition.UNUSED, "not asked yet")
