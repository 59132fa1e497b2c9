"""`orders-tui alerts`: what fires, what is watched for, and the same as rules for a Prometheus server."""

from __future__ import annotations

from typing import Annotated

import cyclopts
from cyclopts import Parameter

from engine.monitoring.alerts import Alert, AlertState
from engine.monitoring.rules import AlertRule, prometheus_rules
from orders_tui.cli.exits import Exit
from orders_tui.cli.order_targets import Json
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.opening import open_services
from orders_tui.settings_file import read_settings

app = cyclopts.App(name="alerts", help="What somebody should know: what fires now, and what is watched for.")


@app.command(name="list")
async def list_(
    *,
    every: Annotated[bool, Parameter(name="--all", negative=(), help="Also what is well, with its threshold.")] = False,
    json: Json = False,
) -> int:
    """What fires; the exit code is 1 while anything does."""
    settings = read_settings()
    rules = settings.alerts.for_daemon()
    async with open_services(settings, on_wait=narrate) as services:
        alerts = await services.glance.alerts(every=every)
    if json:
        for alert in alerts:
            emit_json(alert)
    else:
        by_name = {alert.name: alert for alert in alerts}
        shown = rules if every else [rule for rule in rules if rule.name in by_name]
        for rule in shown:
            emit(_line(rule, by_name.get(rule.name)))
        if not shown:
            narrate("Nothing fires.")
    return Exit.REFUSED if any(alert.state is AlertState.FIRING for alert in alerts) else Exit.OK


@app.command
def rules() -> int:
    """The alerts in force as a rules file for a Prometheus server."""
    emit(prometheus_rules(read_settings().alerts.for_daemon()).rstrip("\n"))
    return Exit.OK


def _line(rule: AlertRule, alert: Alert | None) -> str:
    state = alert.state if alert is not None else AlertState.WELL
    if alert is not None and state is AlertState.FIRING:
        return f"{rule.severity.upper():<8}  {rule.name}: {alert.sentence} {alert.mend}"
    sign = "above" if rule.is_above else "below"
    span = f" for {rule.for_seconds:.0f} s" if rule.for_seconds else ""
    seen = f", now {rule.measure.spoken(alert.value)}" if alert is not None and alert.value is not None else ""
    threshold = rule.measure.spoken(rule.threshold)
    return f"{state:<8}  {rule.name}: {rule.severity} when {rule.metric} is {sign} {threshold}{span}{seen}"
