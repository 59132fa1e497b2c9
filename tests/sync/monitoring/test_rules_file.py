"""The rules for Prometheus: made from the alerts, and about nothing that a daemon does not show."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from engine.clock import DatabaseClock
from engine.database.connection import Database
from engine.fleet import daemons
from engine.monitoring import fleet
from engine.monitoring.gauges import gauges
from engine.monitoring.readings import read
from engine.monitoring.rules import prometheus_rules, rules
from sync.monitoring.counted import Counted
from sync.monitoring.exposition import Exposition
from sync.monitoring.vitals import Vitals

FILE = Path(__file__).parents[3] / "docs/monitoring/orders-tui.rules.yml"
OURS = frozenset(
    {"class", "dependency", "event", "kind", "method", "outcome", "place", "queue", "route", "state", "status", "table"}
)
PYTHONS = frozenset({"generation", "implementation", "le", "major", "minor", "patchlevel", "version"})
"""Each from a closed set: no id, no name, nothing that somebody sent."""
NOT_EVERYWHERE = {
    "orders_house_backup_age_seconds",
    "orders_database_replay_lag_seconds",
    "orders_database_slot_retained_bytes",
}
"""Shown where there is a standby, a slot, a backup."""


def test_the_file_is_what_the_alerts_say() -> None:
    assert FILE.read_text("utf-8") == prometheus_rules(rules()), (
        "orders-tui alerts rules > docs/monitoring/orders-tui.rules.yml"
    )


async def test_the_rules_ask_for_what_a_daemon_shows(store: Database) -> None:
    daemon_id = await daemons.register(store, "1")
    await store.pool.execute(
        "INSERT INTO grants (user_id, open_id, refresh_expires_at) SELECT id, 'x', now() FROM users LIMIT 1"
    )
    await store.pool.execute(
        "INSERT INTO dependency_states (daemon_id, dependency, calls, failures) VALUES ($1, 'tiktok', 1, 0)", daemon_id
    )
    await fleet.tell(store, "audit.findings", 0)
    counted, vitals = Counted(), Vitals({"data": Path("/")}, DatabaseClock())
    counted.call("tiktok", "ok", 0.1)
    counted.requests.add("GET", "/api/orders", "200")
    await vitals.look()
    shown, _ = Exposition(counted, about={}).render([*vitals.gauges(), *gauges(await read(store))], "")
    asked = set(re.findall(r"orders_\w+", " ".join(rule.measure.promql for rule in rules())))
    named = {line.split("{")[0].split(" ")[0] for line in shown.decode().splitlines() if not line.startswith("#")}
    families = {line.split()[2] for line in shown.decode().splitlines() if line.startswith("# TYPE")}
    # The only one without a value: nothing was worked.
    assert asked - named - families - NOT_EVERYWHERE == {"orders_house_processing_p95_seconds"}
    labels = {label for line in shown.decode().splitlines() for label in re.findall(r'(\w+)="', line)}
    assert labels <= OURS | PYTHONS


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_prometheus_takes_the_file() -> None:
    checked = subprocess.run(["promtool", "check", "rules", str(FILE)], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
