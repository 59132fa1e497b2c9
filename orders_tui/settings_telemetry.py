"""What may be set of being watched: who may read metrics and health, and what somebody is told of."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field, FiniteFloat, IPvAnyNetwork, NonNegativeFloat, PositiveFloat

from orders_tui.settings_outside import Section

if TYPE_CHECKING:
    from engine.monitoring.rules import AlertRule
    from sync.monitoring.settings import MonitoringSettings


class TelemetrySection(Section):
    """Who may look, beside this machine. Secret: `metrics_token`, which lets whoever shows it look from anywhere."""

    networks: list[IPvAnyNetwork] = Field(default_factory=list)
    """Such as 10.20.0.0/16, where Prometheus runs."""
    fresh_seconds: PositiveFloat = 5.0
    """The database is asked at most so often, however many scrape."""

    def for_daemon(self, token: str, places: Mapping[str, Path]) -> MonitoringSettings:
        from sync.monitoring.settings import THIS_MACHINE, MonitoringSettings

        return MonitoringSettings((*THIS_MACHINE, *self.networks), token, places, self.fresh_seconds)


class AlertsSection(Section):
    """What differs from the alerts that ship with the program, by an alert's name: orders-tui alerts list shows them."""

    off: list[str] = Field(default_factory=list)
    thresholds: dict[str, FiniteFloat] = Field(default_factory=dict)
    for_seconds: dict[str, NonNegativeFloat] = Field(default_factory=dict)

    def for_daemon(self) -> tuple[AlertRule, ...]:
        """Raises Misconfigured for a name that is none."""
        from engine.monitoring.rules import AlertChanges, rules

        return rules(AlertChanges(self.thresholds, self.for_seconds, self.off))
