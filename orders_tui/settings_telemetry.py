"""What may be set of being watched: who may read metrics and health."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field, IPvAnyNetwork, PositiveFloat

from orders_tui.settings_outside import Section

if TYPE_CHECKING:
    from sync.monitoring.settings import MonitoringSettings


class TelemetrySection(Section):
    """Who may look, beside this machine. Secret: `metrics_token`, which lets whoever shows it look from anywhere."""

    networks: list[IPvAnyNetwork] = Field(default_factory=list)
    """Such as 10.20.0.0/16, where Prometheus runs."""
    fresh_seconds: PositiveFloat = 5.0
    """The database is asked at most so often, however many scrape."""

    def for_daemon(self, token: str) -> MonitoringSettings:
        from sync.monitoring.settings import THIS_MACHINE, MonitoringSettings

        return MonitoringSettings((*THIS_MACHINE, *self.networks), token, self.fresh_seconds)
