"""How one daemon works; sizes are rows per transaction, times are seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from engine.fleet import daemons
from engine.monitoring.rules import AlertRule, rules
from engine.privacy.terms import KEPT, KEY_GRACE_SECONDS, Policy
from engine.workflow.rules.forgetting import KEPT_DAYS
from sync.delivery import DeliverySettings
from sync.http.settings import HttpSettings
from sync.inventory.push import PushSettings
from sync.monitoring.settings import MonitoringSettings
from sync.tiktok.polling import PollSettings


@dataclass(frozen=True, slots=True)
class GrantTimes:
    """How often grants and the shops they reach are looked at."""

    reach_seconds: float = 2.0
    refresh_seconds: float = 5.0
    watch_seconds: float = 60.0
    paused_seconds: float = 300.0
    """How often a shop that TikTok calls inactive is asked whether it is back."""


@dataclass(frozen=True, slots=True)
class BackupSettings:
    """Backups that daemons take by themselves: none without a directory, which lies on the machine of the daemon that takes one."""

    directory: Path | None = None
    every_seconds: float = 86_400.0
    keep: int = 14
    prove: bool = True
    look_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class PrivacyTimes:
    """How long personal data is kept, and how much of its time an errand for it works."""

    kept: Policy = KEPT
    key_grace_seconds: float = KEY_GRACE_SECONDS
    """A retired data key is deleted so long after it was retired at the earliest."""
    share: float = 0.2
    look_seconds: float = 10.0
    retention_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class DaemonSettings:
    """Everything about one daemon that is not about one dependency."""

    version: str
    poll_seconds: float = 30.0
    reread_seconds: float = 60.0
    """How often some open orders of each shop are read again."""
    tracking_seconds: float = 300.0
    tracking_tick_seconds: float = 5.0
    tracking_batch: int = 1000
    inbox_batch: int = 100
    workflow_batch: int = 200
    idle_seconds: float = 1.0
    drain_seconds: float = 10.0
    seal_seconds: float = 60.0
    rule_run_days: int = KEPT_DAYS
    """How long it is kept what rules did to orders."""
    beat_seconds: float = daemons.BEAT_SECONDS
    """The same for all daemons of a database: whoever misses three of these beats is dead to the others."""
    http: HttpSettings = field(default_factory=HttpSettings)
    monitoring: MonitoringSettings = field(default_factory=MonitoringSettings)
    alerts: tuple[AlertRule, ...] = field(default_factory=rules)
    poll: PollSettings = field(default_factory=PollSettings)
    mirror_seconds: float = 30.0
    grants: GrantTimes = field(default_factory=GrantTimes)
    backup: BackupSettings = field(default_factory=BackupSettings)
    push: PushSettings = field(default_factory=PushSettings)
    privacy: PrivacyTimes = field(default_factory=PrivacyTimes)
    delivery: DeliverySettings = field(default_factory=DeliverySettings)

    @property
    def dead_after_seconds(self) -> float:
        """After so long without a beat another daemon is dead."""
        return self.beat_seconds * daemons.MISSED_BEATS
