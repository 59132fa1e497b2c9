"""What is told of the house to whoever watches it: this daemon's counts and figures, alerts, and whether the audit holds."""

from __future__ import annotations

import structlog

from engine.audit.verify import verify
from engine.errors import Unreachable
from engine.fleet import leases
from engine.monitoring import alerts, fleet
from engine.monitoring.measures import measured, see
from sync.monitoring.counted import Counted
from sync.monitoring.vitals import Vitals
from sync.monitoring.watch import Watch
from sync.rounds.post import Post
from sync.schedule import Tick

_TELL_SECONDS = 10.0
_JUDGE_SECONDS = 15.0
_FORGET_SECONDS = 3600.0
_AUDIT_LEASE = "audit_check"
_AUDIT_SECONDS, _AUDIT_LOOK_SECONDS = 86_400.0, 3_600.0
_log = structlog.get_logger(__name__)


class Monitoring:
    """The rounds of one daemon."""

    def __init__(self, post: Post, counted: Counted, vitals: Vitals, watch: Watch) -> None:
        self._post = post
        self._counted = counted
        self._vitals = vitals
        self._watch = watch
        self._told: dict[str, int] = {}

    def ticks(self) -> list[Tick]:
        """The rounds of this file."""
        return [
            Tick("tell_fleet", _TELL_SECONDS, self.tell_fleet, _TELL_SECONDS / 10),
            Tick("judge_alerts", _JUDGE_SECONDS, self.judge, 1.0),
            Tick("forget_counts", _FORGET_SECONDS, self.forget, 60.0),
            Tick("check_audit", _AUDIT_LOOK_SECONDS, self.check_audit, 300.0),
        ]

    async def tell_fleet(self) -> None:
        """Add what was counted since the last time; what could not be told is told the next time."""
        post, counts = self._post, self._counted.for_fleet()
        risen = {name: count - self._told.get(name, 0) for name, count in counts.items()}
        gauges = await self._vitals.look()
        await fleet.add(
            post.database, str(post.daemon_id), {name: rise for name, rise in sorted(risen.items()) if rise}, gauges
        )
        self._told = counts

    async def judge(self) -> None:
        """Judge the alerts, by one daemon, and tell what fires and what is over."""
        post = self._post
        if not await leases.take(post.database, alerts.LEASE, post.daemon_id, 4 * _JUDGE_SECONDS):
            return
        try:
            readings = await self._watch.readings()
        except Unreachable:
            return
        values = measured(await see(post.database, readings))
        fires, over = await alerts.judge(post.database, post.settings.alerts, values)
        for alert in fires:
            _log.error("alert_fires", alert=alert.name, severity=alert.severity.value, sentence=alert.sentence)
        for alert in over:
            _log.info("alert_over", alert=alert.name, severity=alert.severity.value)
        if fires or over:
            post.bell.ring()

    async def forget(self) -> None:
        """Let go of what nobody asks about any more."""
        await fleet.forget(self._post.database)

    async def check_audit(self) -> None:
        """Once a day, whichever daemon comes first: verify what changed since, and tell how many findings there are."""
        post = self._post
        if not await leases.take_turn(post.database, _AUDIT_LEASE, post.daemon_id, _AUDIT_SECONDS):
            return
        since = await post.database.pool.fetchval("SELECT now() - interval '2 days'")
        verified = await verify(
            post.database,
            lambda finding, _: _log.error("audit_finding", kind=finding.kind.value, sentence=finding.sentence),
            since=since,
        )
        await fleet.tell(post.database, "audit.findings", verified.findings)
