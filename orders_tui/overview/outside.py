"""What fires, how many daemons live, and how each dependency is, as they see it."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from engine.fleet.dependencies import Condition, DependencyState
from engine.monitoring.alerts import Alert
from engine.monitoring.rules import Severity
from engine.orders.plain_text import plain
from orders_tui.formatting import moment, words
from orders_tui.overview.figure import LABEL, Figure
from orders_tui.overview.flow import seconds
from orders_tui.state import Viewer

_STYLES = {
    Condition.OK: "$text-success",
    Condition.UNUSED: "$text-muted",
    Condition.LIMITED: "$text-warning",
    Condition.DEGRADED: "$text-warning",
    Condition.FAILING: "bold $text-error",
    Condition.LEFT_ALONE: "bold $text-error",
}


def dependency_figures(
    states: Sequence[DependencyState], daemons: int, viewer: Viewer, alerts: Sequence[Alert] = ()
) -> list[Figure]:
    """The alerts that fire, the daemons, then each dependency: condition, since when, rate, the last error in one sentence."""
    alive = f"{daemons} alive" if daemons else "none alive: nothing is sent or worked until one starts"
    style = "$text-success" if daemons else "bold $text-warning"
    lines = [Figure(f"alert-{alert.name}", _alert(alert, viewer)) for alert in alerts]
    lines += [Figure("daemons", Content.assemble(f"{'daemons':<{LABEL}}", (alive, style)))]
    return lines + [Figure(f"dependency-{state.dependency}", _line(state, viewer)) for state in states]


def _alert(alert: Alert, viewer: Viewer) -> Content:
    style = "bold $text-error" if alert.severity is Severity.CRITICAL else "$text-warning"
    since = f" since {moment(alert.since, viewer)}" if alert.since else ""
    words = f"{alert.sentence} {alert.mend}"
    return Content.assemble((f"{alert.severity:<{LABEL}}", style), words, (since, "$text-muted"))


def _line(state: DependencyState, viewer: Viewer) -> Content:
    return Content.assemble(
        f"{plain(state.dependency):<{LABEL}}",
        (f"{words(state.condition):<11}", _STYLES[state.condition]),
        (" · ".join(_facts(state, viewer)), "$text-muted"),
    )


def _facts(state: DependencyState, viewer: Viewer) -> list[str]:
    facts = []
    if state.condition in {Condition.FAILING, Condition.LEFT_ALONE, Condition.DEGRADED}:
        if state.failing_since is not None:
            facts.append(f"since {moment(state.failing_since, viewer)}")
        facts.append(plain(state.sentence))
    elif state.condition is Condition.LIMITED:
        facts.append(f"rate used up for {state.limited_seconds:.0f} s")
    if state.calls:
        calls = f"{state.calls:,} calls"
        facts.append(f"{calls}, p95 {seconds(state.p95_ms / 1000)}" if state.p95_ms is not None else calls)
    if state.failures:
        last = f", last {moment(state.last_failure_at, viewer)}" if state.last_failure_at else ""
        facts.append(f"{state.failures:,} failed{last}")
    return facts
