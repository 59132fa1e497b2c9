"""The figures of the whole house at one moment: read in a handful of statements, each bounded whatever the number of orders.

Counts of queues stop at `QUEUE_CAP`, and shares are taken from the newest steps: a scrape may not cost more as the house grows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from engine.fleet.daemons import DEAD_AFTER_SECONDS
from engine.fleet.dependencies import DependencyState, alive, read_states
from engine.monitoring.server import ServerReading, read_server
from engine.orders.piles import SHIP_BY, UNSHIPPED
from engine.reports.latency import NOT_ERRORS, Latency, workflow_latency
from engine.reports.tallies import tallies
from engine.reports.waiting import open_failures
from engine.words import EffectKind, ErrorClass, OrderStatus, WorkflowState

if TYPE_CHECKING:
    from engine.database.connection import Database

QUEUE_CAP: Final = 50_000
"""A queue is counted up to here; longer ones are as long as this."""
AT_RISK: Final = timedelta(hours=4)
"""An order that has to leave within this time and has not is at risk."""
SHARE_SECONDS: Final = 300.0
"""Shares are of what was done in so long."""
SAMPLED_STEPS: Final = 5000
LATENCY_ORDERS: Final = 400
LOST_SECONDS: Final = 600.0
"""For so long a daemon that ended without saying so counts as lost."""

FINAL_STATUSES: Final = frozenset({OrderStatus.DELIVERED, OrderStatus.CANCELLED, OrderStatus.RETURNED})

# Indexes: work_ready_index, effects_open_index, inbox_open_index, inbox_asking_index, notice_sends_open_index.
_QUEUES = f"""
SELECT 'workflow' AS queue, count(*) AS waiting, NULL::timestamptz AS oldest
  FROM (SELECT FROM work WHERE ready LIMIT {QUEUE_CAP}) w
UNION ALL
SELECT 'effects', sum(k.due)::bigint, min(k.oldest) FROM (
    SELECT (SELECT count(*) FROM (SELECT FROM effects e WHERE e.head AND e.kind = n.kind AND e.due_at <= now() LIMIT {QUEUE_CAP}) d) AS due,
           (SELECT e.due_at FROM effects e WHERE e.head AND e.kind = n.kind AND e.due_at <= now() ORDER BY e.due_at LIMIT 1) AS oldest
    FROM unnest($1::text[]) AS n(kind)) k
UNION ALL
SELECT 'inbox', (SELECT count(*) FROM (SELECT FROM inbox WHERE state = 'new' AND kind NOT IN ('webhook', 'cancellation', 'return')
                                          AND due_at <= now() LIMIT {QUEUE_CAP}) i),
       (SELECT due_at FROM inbox WHERE state = 'new' AND kind NOT IN ('webhook', 'cancellation', 'return') AND due_at <= now()
         ORDER BY due_at, id LIMIT 1)
UNION ALL
SELECT 'hints', (SELECT count(*) FROM (SELECT FROM inbox WHERE state = 'new' AND kind IN ('webhook', 'cancellation', 'return')
                                          AND due_at <= now() LIMIT {QUEUE_CAP}) i),
       (SELECT due_at FROM inbox WHERE state = 'new' AND kind IN ('webhook', 'cancellation', 'return') AND due_at <= now()
         ORDER BY due_at, id LIMIT 1)
UNION ALL
SELECT 'notices', (SELECT count(*) FROM (SELECT FROM notice_sends WHERE state IN ('queued', 'sending', 'failed') AND due_at <= now()
                                            LIMIT {QUEUE_CAP}) s),
       (SELECT due_at FROM notice_sends WHERE state IN ('queued', 'sending', 'failed') AND due_at <= now() ORDER BY due_at LIMIT 1)
"""  # noqa: S608

# Index: orders_due_index.
_SHIP_BY = f"""
SELECT (SELECT count(*) FROM (SELECT FROM orders o WHERE {UNSHIPPED} AND {SHIP_BY} < $1 LIMIT {QUEUE_CAP}) l) AS late,
       (SELECT count(*) FROM (SELECT FROM orders o WHERE {UNSHIPPED} AND {SHIP_BY} >= $1 AND {SHIP_BY} < $2 LIMIT {QUEUE_CAP}) r) AS at_risk
"""  # noqa: S608

# Indexes: order_workflow_steps_pkey backwards (its keys ascend with time); failures_order_index for those that failed.
_STEPS = f"""
WITH newest AS MATERIALIZED (
    SELECT s.id, s.order_id, s.from_state, s.to_state, s.created_at FROM (
        SELECT id, order_id, from_state, to_state, created_at FROM order_workflow_steps ORDER BY id DESC LIMIT {SAMPLED_STEPS}) s
    WHERE s.created_at > $1
), failed AS (
    SELECT n.order_id, n.from_state, EXISTS (
               SELECT FROM failures f WHERE f.order_id = n.order_id AND f.created_at = n.created_at AND f.code = ANY($2::text[])) AS short
    FROM newest n WHERE n.to_state = 'failed'
)
SELECT (SELECT count(DISTINCT order_id) FROM newest) AS worked,
       (SELECT count(DISTINCT order_id) FROM failed WHERE NOT short) AS failed,
       (SELECT count(*) FROM newest WHERE to_state = 'inventory_reserved' AND from_state = 'validated') AS reserved,
       (SELECT count(*) FROM failed WHERE short AND from_state = 'validated') AS short,
       (SELECT count(*) FROM newest WHERE to_state = 'completed') AS completed,
       (SELECT order_id FROM order_workflow_steps ORDER BY id DESC LIMIT 1) AS last_order
"""  # noqa: S608

# Index: order_minutes_pkey.
_DAY = """
SELECT coalesce(sum(created), 0)::bigint AS created, coalesce(sum(shipped), 0)::bigint AS shipped,
       coalesce(sum(completed), 0)::bigint AS completed, coalesce(sum(failed), 0)::bigint AS failed,
       coalesce(sum(cancelled), 0)::bigint AS cancelled
FROM order_minutes WHERE minute > now() - interval '1 day'
"""

# A few rows each. Index: audit_log_created_index.
_UPKEEP = """
SELECT (SELECT count(*) FROM daemons WHERE stopped_at IS NULL AND beat_at <= now() - make_interval(secs => $1)
           AND beat_at > now() - make_interval(secs => $2)) AS lost,
       (SELECT extract(epoch FROM min(refresh_expires_at) - now())::float8 FROM grants WHERE state = 'active') AS grant_ends,
       (SELECT extract(epoch FROM now() - min(a.created_at))::float8 FROM audit_log a
         WHERE a.created_at >= coalesce((SELECT horizon FROM audit_seals ORDER BY number DESC LIMIT 1), '-infinity')) AS unsealed,
       (SELECT extract(epoch FROM now() - max(taken_at))::float8 FROM backups WHERE path <> '') AS backup_age,
       (SELECT value FROM fleet_gauges WHERE gauge = 'audit.findings' AND source = '') AS audit_findings,
       (SELECT array_agg(dependency ORDER BY dependency) FROM gates WHERE opened_until IS NOT NULL) AS open_gates
"""


@dataclass(frozen=True, slots=True)
class Queue:
    """How much waits now, and since when the first of it has been due; None where nothing waits or nobody keeps it."""

    waiting: int
    oldest_seconds: float | None


@dataclass(frozen=True, slots=True)
class Shares:
    """Of the orders worked in the last `SHARE_SECONDS`: how many, and how many went wrong. Out of stock is no error."""

    worked: int
    failed: int
    reserved: int
    out_of_stock: int
    completed: int

    @property
    def failure_ratio(self) -> float:
        return self.failed / self.worked if self.worked else 0.0

    @property
    def reservation_ratio(self) -> float:
        """Of the orders whose stock was asked for, the share that got it; 1 where none asked."""
        asked = self.reserved + self.out_of_stock
        return self.reserved / asked if asked else 1.0


@dataclass(frozen=True, slots=True)
class Readings:
    """Everything, as of `at` by the database's clock."""

    at: datetime
    statuses: Mapping[OrderStatus, int]
    states: Mapping[WorkflowState, int]
    active: int
    queues: Mapping[str, Queue]
    failures: Mapping[ErrorClass, int]
    late: int
    at_risk: int
    last_day: Mapping[str, int]
    shares: Shares
    latency: Latency
    daemons: int
    lost_daemons: int
    dependencies: tuple[DependencyState, ...]
    open_gates: tuple[str, ...]
    grant_ends_seconds: float | None
    unsealed_seconds: float | None
    """How long the first change has waited that no seal covers yet; None where all are covered."""
    audit_findings: float | None
    """What the last look at the audit found; None before the first."""
    backup_age_seconds: float | None
    """Since the newest backup that is on a disk; None before the first."""
    last_order: str
    server: ServerReading

    @property
    def completion_ratio(self) -> float:
        """Of the orders that ended in the last day, the share that was completed and had not failed; 1 where none ended."""
        ended = self.last_day["completed"] + self.last_day["failed"]
        return self.last_day["completed"] / ended if ended else 1.0


async def read(database: Database) -> Readings:
    """The house now."""
    pool = database.pool
    now: datetime = await pool.fetchval("SELECT now()")
    statuses: Counter[OrderStatus] = Counter()
    states: Counter[WorkflowState] = Counter()
    active = 0
    for tally in await tallies(database):
        statuses[tally.status] += tally.orders
        states[tally.state] += tally.orders
        active += tally.orders if tally.status not in FINAL_STATUSES else 0
    queues = {row["queue"]: row for row in await pool.fetch(_QUEUES, [kind.value for kind in EffectKind])}
    failures: Counter[ErrorClass] = Counter()
    for failure in await open_failures(database):
        failures[failure.error_class] += failure.orders
    ship_by = await pool.fetchrow(_SHIP_BY, now, now + AT_RISK)
    steps = await pool.fetchrow(_STEPS, now - timedelta(seconds=SHARE_SECONDS), list(NOT_ERRORS))
    day = await pool.fetchrow(_DAY)
    upkeep = await pool.fetchrow(_UPKEEP, DEAD_AFTER_SECONDS, LOST_SECONDS)
    return Readings(
        at=now,
        statuses={status: statuses[status] for status in OrderStatus},
        states={state: states[state] for state in WorkflowState},
        active=active,
        queues={name: Queue(row["waiting"], _ago(now, row["oldest"])) for name, row in queues.items()},
        failures={each: failures[each] for each in ErrorClass},
        late=ship_by["late"],
        at_risk=ship_by["at_risk"],
        last_day=dict(day),
        shares=Shares(steps["worked"], steps["failed"], steps["reserved"], steps["short"], steps["completed"]),
        latency=await workflow_latency(database, now - timedelta(minutes=15), most=LATENCY_ORDERS),
        daemons=await alive(database),
        lost_daemons=upkeep["lost"],
        dependencies=tuple(await read_states(database)),
        open_gates=tuple(upkeep["open_gates"] or ()),
        grant_ends_seconds=upkeep["grant_ends"],
        unsealed_seconds=upkeep["unsealed"],
        audit_findings=upkeep["audit_findings"],
        backup_age_seconds=upkeep["backup_age"],
        last_order=str(steps["last_order"] or ""),
        server=await read_server(database),
    )


def _ago(now: datetime, moment: datetime | None) -> float | None:
    return None if moment is None else max((now - moment).total_seconds(), 0.0)
