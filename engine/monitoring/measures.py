"""What alerts are judged by: each measure as the fleet's judge takes it from the readings, and as PromQL asks for it.

A measure that is not known (no standby, nothing worked, nobody told) is None, and leaves its alert as it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, assert_never

from engine.monitoring import fleet
from engine.monitoring.readings import SHARE_SECONDS, Readings

if TYPE_CHECKING:
    from engine.database.connection import Database

LEAST: Final = 20
"""A share of fewer is no share: one order of three that fails at night wakes nobody."""
LABEL_SECONDS: Final = 900.0


class Unit(StrEnum):
    """How a value is spoken."""

    SHARE = "share"
    SECONDS = "seconds"
    COUNT = "count"
    BYTES = "bytes"


@dataclass(frozen=True, slots=True)
class Seen:
    """What one judgement looks at."""

    readings: Readings
    minutes: Mapping[str, int] = field(default_factory=dict)
    """What the fleet counted in `SHARE_SECONDS`."""
    quarter: Mapping[str, int] = field(default_factory=dict)
    """The same in `LABEL_SECONDS`."""
    told: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """The least and the most of what daemons told of themselves."""


@dataclass(frozen=True, slots=True)
class Measure:
    """`promql` holds where {beyond} stands, a comparison with the threshold."""

    unit: Unit
    value: Callable[[Seen], float | None]
    promql: str

    def spoken(self, value: float) -> str:
        """The value in words."""
        match self.unit:
            case Unit.SHARE:
                return f"{value:.1%}"
            case Unit.COUNT:
                return f"{value:,.0f}"
            case Unit.BYTES:
                return f"{value / 1024**3:,.1f} GiB"
            case Unit.SECONDS:
                return _span(value)
            case _:
                assert_never(self.unit)

    @property
    def template(self) -> str:
        """The value in words, as Prometheus writes it into an annotation."""
        function = {Unit.SHARE: "humanizePercentage", Unit.BYTES: "humanize1024", Unit.SECONDS: "humanizeDuration"}
        return f"{{{{ $value | {function.get(self.unit, 'humanize')} }}}}"


def _share(bad: float, all_of_them: float) -> float | None:
    return bad / all_of_them if all_of_them >= LEAST else 0.0 if all_of_them else None


def _processing(seen: Seen) -> float | None:
    return _share(seen.readings.shares.failed, seen.readings.shares.worked)


def _tiktok(seen: Seen) -> float | None:
    failed = seen.minutes.get("call.tiktok.failed", 0)
    return _share(failed, failed + seen.minutes.get("call.tiktok.ok", 0))


def _labels(seen: Seen) -> float | None:
    failed = seen.quarter.get("effect.buy_label.failed", 0)
    return _share(failed, failed + seen.quarter.get("effect.buy_label.done", 0))


def _api(seen: Seen) -> float | None:
    return _share(seen.minutes.get("request.broken", 0), seen.minutes.get("request.all", 0))


def _failing(seen: Seen) -> float:
    since = [each.failing_since for each in seen.readings.dependencies if each.failing_since is not None]
    return max(((seen.readings.at - moment).total_seconds() for moment in since), default=0.0)


def _oldest_effect(seen: Seen) -> float:
    return seen.readings.queues["effects"].oldest_seconds or 0.0


def _connections(seen: Seen) -> float:
    return seen.readings.server.connections / max(seen.readings.server.most_connections, 1)


def _skew(seen: Seen) -> float | None:
    skews = [abs(each.skew_seconds) for each in seen.readings.dependencies if each.skew_seconds is not None]
    skews += [abs(end) for end in seen.told.get("clock.skew", ())]
    return max(skews, default=None)


def _most(gauge: str) -> Callable[[Seen], float | None]:
    return lambda seen: seen.told[gauge][1] if gauge in seen.told else None


def _least(gauge: str) -> Callable[[Seen], float | None]:
    return lambda seen: seen.told[gauge][0] if gauge in seen.told else None


def _rate(name: str, bad: str, of_all: str, minutes: int) -> str:
    """PromQL: the share of a counter's rise, where it rose enough to be one; its own braces are doubled."""
    upper, lower = (
        f"sum(increase({name}{{{{{bad}}}}}[{minutes}m]))",
        f"sum(increase({name}{{{{{of_all}}}}}[{minutes}m]))",
    )
    return f"{upper} / {lower} {{beyond}} and {lower} >= {LEAST}"


MEASURES: Final[Mapping[str, Measure]] = {
    "order.processing.failure_rate": Measure(
        Unit.SHARE,
        _processing,
        f"max(orders_house_failure_ratio) {{beyond}} and max(orders_house_worked_orders) >= {LEAST}",
    ),
    "tiktok.sync.failure_rate": Measure(
        Unit.SHARE,
        _tiktok,
        _rate(
            "orders_outbound_calls_total",
            'dependency="tiktok",outcome="failed"',
            'dependency="tiktok",outcome=~"ok|failed"',
            round(SHARE_SECONDS / 60),
        ),
    ),
    "order.processing.latency.p95": Measure(
        Unit.SECONDS,
        lambda seen: seen.readings.latency.p95_seconds,
        "max(orders_house_processing_p95_seconds) {beyond}",
    ),
    "workflow.queue.depth": Measure(
        Unit.COUNT,
        lambda seen: float(seen.readings.queues["workflow"].waiting),
        'max(orders_house_queue_depth{{queue="workflow"}}) {beyond}',
    ),
    "fleet.daemons": Measure(
        Unit.COUNT,
        lambda seen: float(seen.readings.daemons),
        "max(orders_house_daemons) {beyond} or absent(orders_house_daemons)",
    ),
    "fleet.daemons.lost": Measure(
        Unit.COUNT, lambda seen: float(seen.readings.lost_daemons), "max(orders_house_lost_daemons) {beyond}"
    ),
    "fleet.loop.lag": Measure(Unit.SECONDS, _most("loop.lag"), "max(orders_loop_lag_seconds) {beyond}"),
    "effects.oldest": Measure(
        Unit.SECONDS, _oldest_effect, 'max(orders_house_queue_oldest_seconds{{queue="effects"}}) {beyond}'
    ),
    "dependency.failing": Measure(Unit.SECONDS, _failing, "max(orders_house_dependency_failing_seconds) {beyond}"),
    "shipping.label.failure_rate": Measure(
        Unit.SHARE,
        _labels,
        _rate(
            "orders_effects_total",
            'kind="buy_label",outcome="failed"',
            'kind="buy_label",outcome=~"done|failed"',
            round(LABEL_SECONDS / 60),
        ),
    ),
    "order.api.error_rate": Measure(
        Unit.SHARE,
        _api,
        _rate(
            "orders_http_requests_total",
            'route=~"/api/.*",status=~"500|504"',
            'route=~"/api/.*"',
            round(SHARE_SECONDS / 60),
        ),
    ),
    "database.transaction.oldest": Measure(
        Unit.SECONDS,
        lambda seen: seen.readings.server.oldest_transaction_seconds,
        "max(orders_database_oldest_transaction_seconds) {beyond}",
    ),
    "database.replication.lag": Measure(
        Unit.SECONDS,
        lambda seen: seen.readings.server.replay_lag_seconds,
        "max(orders_database_replay_lag_seconds) {beyond}",
    ),
    "database.slot.retained": Measure(
        Unit.BYTES, lambda seen: seen.readings.server.slot_bytes, "max(orders_database_slot_retained_bytes) {beyond}"
    ),
    "database.connections.used": Measure(
        Unit.SHARE,
        _connections,
        "max(orders_database_connections) / max(orders_database_max_connections) {beyond}",
    ),
    "database.transaction.age": Measure(
        Unit.COUNT,
        lambda seen: float(seen.readings.server.transaction_age),
        "max(orders_database_transaction_id_age) {beyond}",
    ),
    "disk.free": Measure(Unit.SHARE, _least("disk.free"), "min(orders_disk_free_ratio) {beyond}"),
    "clock.skew": Measure(
        Unit.SECONDS,
        _skew,
        "max(abs(orders_house_clock_skew_seconds)) {beyond} or max(abs(orders_clock_skew_seconds)) {beyond}",
    ),
    "shop.grant.ends": Measure(
        Unit.SECONDS, lambda seen: seen.readings.grant_ends_seconds, "min(orders_house_grant_ends_seconds) {beyond}"
    ),
    "audit.unsealed": Measure(
        Unit.SECONDS, lambda seen: seen.readings.unsealed_seconds, "max(orders_house_audit_unsealed_seconds) {beyond}"
    ),
    "backup.age": Measure(
        Unit.SECONDS, lambda seen: seen.readings.backup_age_seconds, "max(orders_house_backup_age_seconds) {beyond}"
    ),
    "audit.findings": Measure(Unit.COUNT, _most("audit.findings"), "max(orders_house_audit_findings) {beyond}"),
}
"""Every measure by its name: the specification's where it has one."""


async def see(database: Database, readings: Readings) -> Seen:
    """What the measures are taken from, now."""
    return Seen(
        readings,
        minutes=await fleet.counted(database, SHARE_SECONDS),
        quarter=await fleet.counted(database, LABEL_SECONDS),
        told=await fleet.told(database),
    )


def measured(seen: Seen) -> dict[str, float | None]:
    """Every measure by its name."""
    return {name: measure.value(seen) for name, measure in MEASURES.items()}


def _span(seconds: float) -> str:
    for name, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {name}"
    return f"{seconds:.0f} s"
