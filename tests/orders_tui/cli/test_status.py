"""`orders-tui status` and what `doctor` says of dependencies."""

from __future__ import annotations

from engine.database.connection import Database
from engine.fleet import daemons
from engine.fleet.dependencies import DependencyReport, write_states
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
