"""`orders-tui doctor`: what is out of order is named with its mend, and what is well is said to be."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from engine.database.connection import Database
from engine.fleet import daemons
from engine.identifiers import new_id
from engine.monitoring import fleet
from engine.monitoring.alerts import judge
from engine.monitoring.rules import rules
from orders_tui.cli import doctor_house
from tests.orders_tui.cli.saying import Command
from tests.sync.certificates import self_signed

HTTP = """
[http]
enabled = true
port = 8321
certificate = "{certificate}"
private_key = "{key}"
[telemetry]
networks = ["10.20.0.0/16"]
[backup]
directory = "{folder}"
"""


class Usage(NamedTuple):
    total: int
    used: int
    free: int


async def found(command: Command) -> dict[str, list[tuple[bool, str]]]:
    """Every finding by its name: whether it is fine, and its sentence."""
    told: dict[str, list[tuple[bool, str]]] = {}
    for document in (await command("doctor", "--json")).documents:
        told.setdefault(document["name"], []).append((document["fine"], document["sentence"]))
    return told


@asynccontextmanager
async def a_transaction_left_open(store: Database) -> AsyncIterator[None]:
    async with store.transaction() as connection:
        await connection.fetchval("SELECT pg_current_xact_id()")
        yield


async def test_a_house_in_order_says_so(
    command: Command, store: Database, configured: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(100 * 1024**3, 60 * 1024**3, 40 * 1024**3))
    configured.write_text(f'[backup]\ndirectory = "{tmp_path}"\n')
    await store.pool.execute(
        "INSERT INTO backups (id, taken_at, host, path, proved_at) VALUES ($1, now() - interval '1 hour', 'quay', '/b', now())",
        new_id(),
    )
    told = await found(command)
    assert {
        name: told[name][0][0] for name in ("python", "program", "disk", "connections", "backup", "audit", "listener")
    } == dict.fromkeys(("python", "program", "disk", "connections", "backup", "audit", "listener"), True)
    assert told["backup"][0][1].endswith(" UTC, restored for a try")
    assert told["listener"][0][1].startswith("off (http.enabled)")
    assert not {"alert", "versions", "transactions", "vacuum", "clock"} & told.keys()


async def test_everything_out_of_order_is_named_with_its_mend(
    command: Command, store: Database, configured: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, public = self_signed(tmp_path)
    configured.write_text(
        HTTP.format(certificate=tmp_path / "server.pem", key=tmp_path / "server.pem", folder=tmp_path)
    )
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(100 * 1024**3, 96 * 1024**3, 4 * 1024**3))
    monkeypatch.setattr(doctor_house, "OLD_SNAPSHOT_SECONDS", 0.0)
    monkeypatch.setattr(doctor_house, "OLDEST_SERVER", 999_999)
    await daemons.register(store, "0.0.1")
    await judge(store, [replace(rule, for_seconds=0) for rule in rules()], {"workflow.queue.depth": 2000.0})
    await fleet.tell(store, "audit.findings", 3)
    old = datetime.now(UTC) - timedelta(days=5)
    await store.pool.execute(
        "INSERT INTO backups (id, taken_at, host, path) VALUES ($1, $2, 'quay', '/b')", new_id(), old
    )
    async with a_transaction_left_open(store):
        told = await found(command)
    wrong = {name: sentence for name, lines in told.items() for fine, sentence in lines if not fine}
    assert wrong["server"] == "PostgreSQL is older than 15: bring the server up to date"
    assert "has kept a transaction open for" in wrong["transactions"]
    assert "pg_terminate_backend" in wrong["transactions"]
    assert "is 0.0.1, this program" in wrong["versions"]
    assert wrong["alert"].startswith("2,000 orders wait to be decided. Start another daemon")
    assert (
        wrong["backup"] == f"the newest is of {old:%Y-%m-%d %H:%M} UTC: run orders-tui backup, and see backup.directory"
    )
    assert wrong["audit"] == "3 finding(s) when it was last looked at: run orders-tui audit verify"
    assert wrong["disk"].startswith("4.0 GiB free (4%) for data, backups: it is nearly full; make room at ")
    assert wrong["certificate"].endswith(": renew it now")
    assert told["metrics"] == [(True, "for this machine and 10.20.0.0/16, and by metrics_token")]
    configured.write_text(HTTP.format(certificate=public, key=public, folder=tmp_path))
    assert "cannot be used" in (await found(command))["certificate"][0][1]
