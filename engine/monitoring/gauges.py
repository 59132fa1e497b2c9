"""The readings as gauges: names in base units, labels from closed sets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.monitoring.readings import Readings

Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gauge:
    """One figure, for each set of labels."""

    name: str
    says: str
    labels: Labels
    values: Mapping[Labels, float]


def gauges(readings: Readings) -> Iterator[Gauge]:
    """Everything that was read. What is not known has no value: an alert on it stays as it is."""
    yield from _orders(readings)
    yield from _fleet(readings)
    yield from _server(readings)


def _orders(readings: Readings) -> Iterator[Gauge]:
    shares = readings.shares
    yield _by("orders_house_orders", "Orders by status.", "status", readings.statuses)
    yield _by("orders_house_workflow_orders", "Orders by state of the workflow.", "state", readings.states)
    yield _one("orders_house_active_orders", "Orders neither delivered, cancelled nor returned.", readings.active)
    yield _by(
        "orders_house_last_day_orders", "What happened to orders in the last 24 hours.", "event", readings.last_day
    )
    waiting = {name: queue.waiting for name, queue in readings.queues.items()}
    yield _by("orders_house_queue_depth", "What is due and waits, by queue.", "queue", waiting)
    oldest = {name: queue.oldest_seconds or 0.0 for name, queue in readings.queues.items() if name != "workflow"}
    yield _by("orders_house_queue_oldest_seconds", "How long the first in a queue has been due.", "queue", oldest)
    yield _by(
        "orders_house_open_failures", "Orders in front of a person, by class; 5000 at most.", "class", readings.failures
    )
    yield _one("orders_house_late_orders", "Unshipped orders whose ship-by is over.", readings.late)
    yield _one(
        "orders_house_at_risk_orders", "Unshipped orders that have to leave within four hours.", readings.at_risk
    )
    yield _one(
        "orders_house_failure_ratio",
        "Of the orders worked in five minutes, the share that failed.",
        shares.failure_ratio,
    )
    yield _one("orders_house_worked_orders", "Orders worked in five minutes, of the newest 5000 steps.", shares.worked)
    yield _one(
        "orders_house_reservation_success_ratio", "Of the orders that asked for stock, the share that got it.",
        shares.reservation_ratio,
    )  # fmt: skip
    yield _one(
        "orders_house_completion_ratio",
        "Of the orders that ended in a day, the share completed.",
        readings.completion_ratio,
    )
    for name, seconds in (("median", readings.latency.median_seconds), ("p95", readings.latency.p95_seconds)):
        if seconds is not None:
            yield _one(
                f"orders_house_processing_{name}_seconds",
                "The workflow's own work an order, of the last 15 minutes.",
                seconds,
            )
    yield _one(
        "orders_house_audit_unsealed_seconds",
        "How long a change has waited for a seal.",
        readings.unsealed_seconds or 0.0,
    )
    if readings.backup_age_seconds is not None:
        yield _one("orders_house_backup_age_seconds", "Since the newest backup.", readings.backup_age_seconds)
    if readings.audit_findings is not None:
        yield _one("orders_house_audit_findings", "What the last look at the audit found.", readings.audit_findings)


def _fleet(readings: Readings) -> Iterator[Gauge]:
    states = readings.dependencies
    yield _one("orders_house_daemons", "Daemons that live.", readings.daemons)
    yield _one(
        "orders_house_lost_daemons", "Daemons that ended without saying so in ten minutes.", readings.lost_daemons
    )
    failing = {
        each.dependency: (readings.at - each.failing_since).total_seconds() if each.failing_since is not None else 0.0
        for each in states
    }
    yield _by("orders_house_dependency_failing_seconds", "Since when nobody gets through.", "dependency", failing)
    gates = {each.dependency: float(each.dependency in readings.open_gates) for each in states}
    yield _by("orders_house_breaker_open", "1 while a dependency is left alone.", "dependency", gates)
    limited = {each.dependency: each.limited_seconds for each in states}
    yield _by("orders_house_rate_limited_seconds", "For how long a rate is used up.", "dependency", limited)
    skews = {each.dependency: each.skew_seconds for each in states if each.skew_seconds is not None}
    yield _by("orders_house_clock_skew_seconds", "Our clock less the dependency's.", "dependency", skews)
    if readings.grant_ends_seconds is not None:
        yield _one(
            "orders_house_grant_ends_seconds", "Until the first authorisation ends.", readings.grant_ends_seconds
        )


def _server(readings: Readings) -> Iterator[Gauge]:
    server = readings.server
    yield _one(
        "orders_database_oldest_transaction_seconds", "The longest open transaction.", server.oldest_transaction_seconds
    )
    yield _one("orders_database_connections", "Connections of all programs.", server.connections)
    yield _one("orders_database_max_connections", "The most that the server takes.", server.most_connections)
    yield _one(
        "orders_database_transaction_id_age", "Transactions since the oldest frozen one.", server.transaction_age
    )
    yield _one("orders_database_standbys", "Standbys that follow.", server.standbys)
    if server.replay_lag_seconds is not None:
        yield _one(
            "orders_database_replay_lag_seconds", "The standby that is furthest behind.", server.replay_lag_seconds
        )
    if server.slot_bytes is not None:
        yield _one("orders_database_slot_retained_bytes", "Log that slots keep.", server.slot_bytes)
    yield _one("orders_database_idle_slots", "Replication slots that nobody reads.", server.idle_slots)
    tables = server.tables
    yield _by("orders_database_live_rows", "Row versions in use.", "table", {n: t.live_rows for n, t in tables.items()})
    yield _by(
        "orders_database_dead_rows", "Row versions to vacuum.", "table", {n: t.dead_rows for n, t in tables.items()}
    )
    ages = {
        name: table.since_vacuum_seconds for name, table in tables.items() if table.since_vacuum_seconds is not None
    }
    yield _by("orders_database_since_vacuum_seconds", "Since the last vacuum.", "table", ages)


def _one(name: str, says: str, value: float) -> Gauge:
    return Gauge(name, says, (), {(): float(value)})


def _by(name: str, says: str, label: str, values: Mapping[Any, float]) -> Gauge:
    return Gauge(name, says, (label,), {(str(key),): float(value) for key, value in values.items()})
