"""What may be set of being watched: who may read metrics and health, and what somebody is told of."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, FiniteFloat, IPvAnyNetwork, NonNegativeFloat, PositiveFloat

from orders_tui.settings_outside import Section

if TYPE_CHECKING:
    from engine.monitoring.rules import AlertRule
    from sync.monitoring.settings import MonitoringSettings


def _collector(url: str) -> str:
    parts = urlsplit(url)
    near = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if url and not (parts.scheme == "https" or (parts.scheme == "http" and near)):
        raise ValueError("must begin with https://, or with http:// on this machine")
    return url


class TelemetrySection(Section):
    """Who may look, beside this machine. Secret: `metrics_token`, which lets whoever shows it look from anywhere."""

    networks: list[IPvAnyNetwork] = Field(default_factory=list)
    """Such as 10.20.0.0/16, where Prometheus runs."""
    fresh_seconds: PositiveFloat = 5.0
    """The database is asked at most so often, however many scrape."""

    traces_url: Annotated[str, AfterValidator(_collector)] = ""
    """A collector of traces (OTLP over HTTP), such as https://collector.example/v1/traces. Secret: `traces_token`, if it asks for one."""
    traces_share: Annotated[float, Field(ge=0.0, le=1.0)] = 1.0

    def for_daemon(self, token: str, places: Mapping[str, Path], traces_token: str = "") -> MonitoringSettings:
        from sync.monitoring.settings import THIS_MACHINE, MonitoringSettings

        return MonitoringSettings(
            networks=(*THIS_MACHINE, *self.networks),
            token=token,
            places=places,
            traces_url=self.traces_url,
            traces_share=self.traces_share,
            traces_token=traces_token,
            fresh_seconds=self.fresh_seconds,
        )


class AlertsSection(Section):
    """What differs from the alerts that ship with the program, by an alert's name: orders-tui alerts list shows them."""

    off: list[str] = Field(default_factory=list)
    thresholds: dict[str, FiniteFloat] = Field(default_factory=dict)
    for_seconds: dict[str, NonNegativeFloat] = Field(default_factory=dict)

    def for_daemon(self) -> tuple[AlertRule, ...]:
        """Raises Misconfigured for a name that is none."""
        from engine.monitoring.rules import AlertChanges, rules

        return rules(AlertChanges(self.thresholds, self.for_seconds, self.off))
