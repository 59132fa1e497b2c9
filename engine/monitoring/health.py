"""The specification's health: four checks and four numbers, and one word for all of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from engine.fleet.dependencies import Condition
from engine.monitoring.readings import Readings

QUEUE_DEGRADED: Final = 1000
"""The specification's threshold of the workflow's queue."""
STALE_SECONDS: Final = 60.0
"""What is due and has been for so long is not being worked."""


class Health(StrEnum):
    """How something is, in the specification's words."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"


@dataclass(frozen=True, slots=True)
class Check:
    """One part, with one sentence on what is wrong; empty while nothing is."""

    status: Health
    message: str = ""


def checks(readings: Readings) -> dict[str, Check]:
    """The four parts, by the specification's names."""
    return {
        "database": _database(readings),
        "tiktokAPI": _tiktok(readings),
        "workflowEngine": _workflow(readings),
        "messageQueue": _messages(readings),
    }


def document(readings: Readings) -> dict[str, Any]:
    """The answer of `GET /api/health/orders`."""
    parts = checks(readings)
    return {
        "status": worst(parts).value,
        "timestamp": readings.at.isoformat().replace("+00:00", "Z"),
        "checks": {name: {"status": part.status.value, "message": part.message} for name, part in parts.items()},
        "metrics": {
            "activeOrders": readings.active,
            "pendingWorkflows": readings.queues["workflow"].waiting,
            "queueDepth": sum(queue.waiting for queue in readings.queues.values()),
            "lastProcessedOrder": readings.last_order,
        },
    }


def unreachable(moment: str, sentence: str) -> dict[str, Any]:
    """The same while the database does not answer: nothing else can be known."""
    unknown = {
        "status": Health.UNHEALTHY.value,
        "message": "Nothing is known of it while the database does not answer.",
    }
    return {
        "status": Health.UNHEALTHY.value,
        "timestamp": moment,
        "checks": {
            "database": {"status": Health.UNHEALTHY.value, "message": sentence},
            "tiktokAPI": unknown,
            "workflowEngine": unknown,
            "messageQueue": unknown,
        },
        "metrics": {"activeOrders": 0, "pendingWorkflows": 0, "queueDepth": 0, "lastProcessedOrder": ""},
    }


def worst(parts: Mapping[str, Check]) -> Health:
    """One word for all: unhealthy where database or workflow is, degraded where anything is not well."""
    if any(parts[name].status is Health.UNHEALTHY for name in ("database", "workflowEngine")):
        return Health.UNHEALTHY
    return Health.HEALTHY if all(part.status is Health.HEALTHY for part in parts.values()) else Health.DEGRADED


def _database(readings: Readings) -> Check:
    seconds = readings.server.oldest_transaction_seconds
    if seconds > STALE_SECONDS:
        return Check(Health.DEGRADED, f"A transaction has been open for {seconds:.0f} s: orders-tui doctor names it.")
    return Check(Health.HEALTHY)


def _tiktok(readings: Readings) -> Check:
    state = next((each for each in readings.dependencies if each.dependency == "tiktok"), None)
    match state.condition if state is not None else Condition.UNUSED:
        case Condition.OK | Condition.UNUSED | Condition.LIMITED:
            return Check(Health.HEALTHY)
        case Condition.DEGRADED:
            return Check(Health.DEGRADED, state.sentence if state is not None else "")
        case _:
            return Check(Health.UNHEALTHY, state.sentence if state is not None else "")


def _workflow(readings: Readings) -> Check:
    if not readings.daemons:
        return Check(Health.UNHEALTHY, "No daemon is at work: start orders-tui daemon.")
    waiting = readings.queues["workflow"].waiting
    if waiting > QUEUE_DEGRADED:
        return Check(Health.DEGRADED, f"{waiting} orders wait to be decided: start another daemon, or wait.")
    return Check(Health.HEALTHY)


def _messages(readings: Readings) -> Check:
    late = [
        name for name in ("effects", "inbox", "hints") if (readings.queues[name].oldest_seconds or 0) > STALE_SECONDS
    ]
    if late:
        return Check(
            Health.DEGRADED, f"Messages have waited for a minute and more ({', '.join(late)}): orders-tui status."
        )
    return Check(Health.HEALTHY)
