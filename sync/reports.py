"""What this process says of its dependencies: of each guard, of Redis, of whoever carries notices."""

from __future__ import annotations

import time

from engine.fleet.dependencies import DependencyReport
from sync.health import Health
from sync.rates import RedisLink
from sync.resilience import Guard

REDIS = "redis"


def guard_report(guard: Guard, *, skew_seconds: float | None = None) -> DependencyReport:
    """How the dependency behind a guard is doing."""
    return health_report(guard.name, guard.health, alone=guard.left_alone(), skew_seconds=skew_seconds)


def health_report(
    name: str, health: Health, *, alone: float | None = None, skew_seconds: float | None = None
) -> DependencyReport:
    """How a dependency is doing, from what was counted of it."""
    return DependencyReport(
        dependency=name,
        calls=health.calls,
        failures=health.failures,
        success_ago=health.ago(health.last_success),
        failure_ago=health.ago(health.last_failure),
        failing_for=health.ago(health.failing_since),
        failure_code=health.failure_code,
        failure=health.failure_sentence,
        p95_seconds=health.p95_seconds(),
        left_alone_seconds=alone,
        limited_seconds=health.limited_seconds(),
        skew_seconds=skew_seconds,
    )


def redis_report(link: RedisLink) -> DependencyReport:
    """How it stands with Redis: while it is away every daemon counts by itself."""
    return DependencyReport(
        dependency=REDIS,
        calls=link.calls or int(link.up),
        failures=link.failures,
        failure_ago=None if link.up else max(time.monotonic() - link.since, 0.0),
        failing_for=None if link.up else max(time.monotonic() - link.since, 0.0),
        failure_code="" if link.up else "redis.lost",
        failure=link.sentence,
        note=link.sentence,
    )
