"""`orders-tui status` and what `doctor` says of dependencies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engine.database.connection import Database
from engine.fleet import daemons
from engine.fleet.dependencies import DependencyReport, write_states
from engine.monitoring.alerts import judge
from engine.monitoring.rules import rules
from tests.orders_tui.cli.saying import Command

WELL = DependencyReport("tiktok", calls=12, success_ago=1.0, p95_seconds=0.2, skew_seconds=4.0)
BROKEN = DependencyReport("carrier", calls=5, failures=5, failure_ago=1.0, failing_for=9.0, failure_code="carrier.no_answer",
                          failure="EasyPost gave no answer.", p95_seconds=1.0, left_alone_seconds=50.0)  # fmt: skip


async def test_each_dependency_is_one_line_in_words(command: Command, store: Database) -> None:
    daemon_id = await daemons.register(store, "test")
    await write_states(store, daemon_id, [WELL, DependencyReport("notices")])
    said = await command("status")
    assert (said.code, said.lines) == (
        0,
        [
            "database     ok",
            "notices      not asked yet",
            "tiktok       ok; 12 calls, 95 of 100 within 200 ms; our clock is 4 s ahead",
            "inventory    not set up",
            "redis        not set up",
        ],
    )


async def test_what_fails_is_told_and_the_exit_code_with_it(command: Command, store: Database) -> None:
    daemon_id = await daemons.register(store, "test")
    await write_states(store, daemon_id, [WELL, BROKEN])
    said = await command("status", "--json")
    assert said.code == 1
    carrier, tiktok = said.documents
    assert (carrier["dependency"], carrier["condition"], carrier["failures"]) == ("carrier", "left_alone", 5)
    assert carrier["sentence"].endswith("EasyPost gave no answer.")
    assert (tiktok["condition"], tiktok["p95_ms"]) == ("ok", 200.0)
    doctor = await command("doctor")
    [line] = [line for line in doctor.lines if "- carrier" in line]
    assert line.startswith("MEND")
    assert "left alone for" in line


async def test_without_a_daemon_nobody_knows(command: Command, store: Database) -> None:
    said = await command("status")
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("No daemon is at work")
    assert await store.pool.fetchval("SELECT count(*) FROM dependency_states") == 0


async def test_what_fires_is_listed_with_its_mend_and_the_rules_follow_the_settings(
    command: Command, store: Database, configured: Path
) -> None:
    assert (await command("alerts", "list")).code == 0
    await judge(store, [replace(rule, for_seconds=0) for rule in rules()], {"workflow.queue.depth": 1500.0})
    said = await command("alerts", "list")
    assert said.code == 1
    assert [line.partition(": ")[0] for line in said.lines] == ["WARNING   workflow_queue"]
    assert "1,500 orders wait to be decided. Start another daemon" in said.out
    [document] = (await command("alerts", "list", "--json")).documents
    assert (document["name"], document["state"], document["value"]) == ("workflow_queue", "firing", 1500.0)
    configured.write_text('[alerts]\noff = ["disk_full"]\n[alerts.thresholds]\nworkflow_queue = 25\n')
    every = await command("alerts", "list", "--all")
    assert len(every.lines) == len(rules()) - 1
    written = await command("alerts", "rules")
    assert 'max(orders_house_queue_depth{queue=\\"workflow\\"}) > 25"' in written.out
    assert "OrdersDiskFull" not in written.out
    configured.write_text("[alerts.thresholds]\nqueue = 25\n")
    refused = await command("alerts", "list")
    assert (refused.code, refused.out) == (2, "")
    assert "'queue', which is no alert" in refused.err
