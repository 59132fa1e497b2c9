"""Alerts as data: read from `alerts.toml`, checked, changed by the settings, and written as Prometheus's rules."""

from __future__ import annotations

import functools
import json
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from importlib import resources
from typing import Any

from engine.errors import Misconfigured
from engine.monitoring.measures import MEASURES, Measure

CLEAR_SECONDS = 60.0
"""An alert is over once its value has been back for so long: what flaps is one alert, not ten."""


class Severity(StrEnum):
    """How soon somebody should look."""

    CRITICAL = "critical"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class AlertRule:
    """One thing to be told of. Its threshold lies above or below what is well."""

    name: str
    metric: str
    severity: Severity
    threshold: float
    is_above: bool
    for_seconds: float
    says: str
    mend: str

    @property
    def measure(self) -> Measure:
        return MEASURES[self.metric]

    def breached_by(self, value: float) -> bool:
        """Whether this value is beyond the threshold."""
        return value > self.threshold if self.is_above else value < self.threshold

    def sentence(self, value: float) -> str:
        """What is wrong, in words."""
        return self.says.format(value=self.measure.spoken(value))


@dataclass(frozen=True, slots=True)
class AlertChanges:
    """What an installation wants otherwise: other thresholds, other durations, some not at all."""

    thresholds: Mapping[str, float]
    for_seconds: Mapping[str, float]
    off: Collection[str]


NO_CHANGES = AlertChanges({}, {}, ())


def rules(changes: AlertChanges = NO_CHANGES) -> tuple[AlertRule, ...]:
    """The rules in force. Raises Misconfigured for a name that is none."""
    known = {rule.name: rule for rule in _built_in()}
    named = {*changes.thresholds, *changes.for_seconds, *changes.off}
    if unknown := sorted(named - known.keys()):
        have = ", ".join(known)
        raise Misconfigured("alerts.unknown", f"[alerts] names {unknown[0]!r}, which is no alert; there are {have}.")
    return tuple(
        replace(
            rule,
            threshold=changes.thresholds.get(rule.name, rule.threshold),
            for_seconds=changes.for_seconds.get(rule.name, rule.for_seconds),
        )
        for rule in known.values()
        if rule.name not in changes.off
    )


@functools.cache
def _built_in() -> tuple[AlertRule, ...]:
    text = resources.files("engine.monitoring").joinpath("alerts.toml").read_text(encoding="utf-8")
    return tuple(_rule(name, entry) for name, entry in tomllib.loads(text).items())


def _rule(name: str, entry: Mapping[str, Any]) -> AlertRule:
    is_above = "above" in entry
    return AlertRule(
        name=name,
        metric=entry["metric"],
        severity=Severity(entry["severity"]),
        threshold=float(entry["above" if is_above else "below"]),
        is_above=is_above,
        for_seconds=float(entry["for_seconds"]),
        says=entry["says"],
        mend=entry["mend"],
    )


def prometheus_rules(given: Collection[AlertRule]) -> str:
    """The same alerts for a Prometheus server, as the text of a rules file."""
    return "\n".join(_lines(given)) + "\n"


def _lines(given: Collection[AlertRule]) -> Iterator[str]:
    yield "# Made by: orders-tui alerts rules. Change engine/monitoring/alerts.toml or the [alerts] settings, and make it again."
    yield "groups:"
    yield "  - name: orders-tui"
    yield "    rules:"
    for rule in given:
        sign = ">" if rule.is_above else "<"
        expression = rule.measure.promql.format(beyond=f"{sign} {rule.threshold:.10g}")
        yield f"      - alert: {''.join(word.capitalize() for word in ('orders', *rule.name.split('_')))}"
        yield f"        expr: {json.dumps(expression)}"
        yield f"        for: {rule.for_seconds:.0f}s"
        yield f"        keep_firing_for: {CLEAR_SECONDS:.0f}s"
        yield f"        labels: {{severity: {rule.severity}}}"
        yield "        annotations:"
        yield f"          summary: {json.dumps(rule.says.format(value=rule.measure.template))}"
        yield f"          description: {json.dumps(rule.mend)}"
