"""kill -9 in the middle of the whole job: the same command goes on, and nothing is lost and nothing doubled."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from engine.database.connection import DatabaseSettings, open_database
from engine.database.embedded import EmbeddedServer
from engine.reports.accounts import account, outcomes
from orders_tui.cli.exits import Exit
from sync.simulator.scenario import Scenario, Timings
from tests.faults.killing import Demo, kill, until
from tests.orders_tui.cli.programs import Ended, launch
from tests.orders_tui.cli.test_daemon import daemon_environment
from tests.sync.connected import connected

ORDERS = 150
RECOVERY_SECONDS = 60.0
"""Far above what is wanted, since a busy machine is no failure; the number seen stands in the summary."""

Summarise = Callable[[str], None]


def foretold(seed: int, orders: int = ORDERS) -> dict[str, int]:
    return {name: count for name, count in Scenario(seed=seed, orders=orders).foretold().items() if count}


def nothing_lost_nothing_doubled(ended: Ended, seed: int) -> dict[str, Any]:
    """The second run's summary, after it was looked at."""
    assert ended.code == Exit.OK, ended.err
    summary = ended.document
    assert summary["complaints"] == []
    assert summary["outcomes"] == foretold(seed)
    assert summary["labels_bought"] == summary["packages_needing_label"] == summary["outcomes"]["completed"]
    return summary


def recovered(summary: dict[str, Any]) -> float:
    seconds = float(summary["recovery_seconds"])
    assert 0 < seconds < RECOVERY_SECONDS
    return seconds


async def books_balance(data: Path) -> None:
    database = await open_database(DatabaseSettings(data_directory=data), {})
    try:
        found = await account(database)
    finally:
        await database.close()
    assert found.balanced
    assert found.orders == ORDERS


async def test_everything_is_killed_at_once(data: Path, tmp_path: Path, summarise: Summarise) -> None:
    demo = Demo(data, tmp_path, orders=ORDERS, seed=7)
    with demo.half_way(3) as process:
        everything = [psutil.Process(process.pid), *demo.simulators(process), *demo.servers()]
        assert len(everything) >= 5
        kill(*everything)
    summary = nothing_lost_nothing_doubled(demo.run(), 7)
    seconds = recovered(summary)
    await books_balance(data)
    summarise(f"kill -9 of everything: {ORDERS} of {ORDERS} accounted for, recovery.seconds {seconds}")


async def test_it_is_killed_three_times_in_a_harsh_world(data: Path, tmp_path: Path, summarise: Summarise) -> None:
    demo = Demo(data, tmp_path, orders=ORDERS, seed=31, faults="harsh")
    for tenths in (1, 4, 6):
        with demo.half_way(tenths) as process:
            kill(psutil.Process(process.pid), *demo.simulators(process), *demo.servers())
    summary = nothing_lost_nothing_doubled(demo.run(), 31)
    seconds = recovered(summary)
    await books_balance(data)
    summarise(f"kill -9 three times, harsh faults: {ORDERS} of {ORDERS} accounted for, recovery.seconds {seconds}")


async def test_only_the_demo_is_killed_and_its_database_outlives_it(
    data: Path, tmp_path: Path, summarise: Summarise
) -> None:
    demo = Demo(data, tmp_path, orders=ORDERS, seed=7)
    with demo.half_way(3) as process:
        simulators, server = demo.simulators(process), demo.servers()[0]
        kill(psutil.Process(process.pid))
        until(lambda: not any(simulator.is_running() for simulator in simulators))
        assert server.is_running()
    summary = nothing_lost_nothing_doubled(demo.run(), 7)
    summarise(f"kill -9 of the program alone: recovery.seconds {recovered(summary)}")
    until(lambda: not server.is_running())


async def test_only_the_database_is_killed(data: Path, tmp_path: Path, summarise: Summarise) -> None:
    demo = Demo(data, tmp_path, orders=ORDERS, seed=7)
    with demo.half_way(3) as process:
        kill(*demo.servers())
        out, err = await asyncio.to_thread(process.communicate, None, 200)
        first = Ended(process.returncode, out, err)
    if first.code == Exit.OK:
        nothing_lost_nothing_doubled(first, 7)
        summarise("kill -9 of PostgreSQL: the running program recovered by itself")
        return
    assert first.code == Exit.UNREACHABLE, first.err
    assert first.last_words == (
        "The database stopped in the middle of the demo: run the same command again, and it goes on where it was."
    )
    summary = nothing_lost_nothing_doubled(demo.run(), 7)
    await books_balance(data)
    summarise(f"kill -9 of PostgreSQL: it ends in one sentence; started again, recovery.seconds {recovered(summary)}")


async def test_only_a_daemon_is_killed_and_another_takes_over(
    database: EmbeddedServer, tmp_path: Path, summarise: Summarise
) -> None:
    timings = Timings(0, 0, 0.5, 1.0, 3600)
    async with connected(database, tmp_path, orders=ORDERS, seed=7, timings=timings, faults="default") as shop:
        environment = daemon_environment(shop, database, tmp_path)
        await shop.world._http.post("/admin/faults", json={"slow_buy": 0.2})
        first = await asyncio.to_thread(launch, "daemon", env=environment)
        while await shop.count("packages WHERE labelled_at IS NOT NULL") < 10:
            await asyncio.sleep(0.02)
        first.kill()
        first.communicate()
        held = await shop.count("effects WHERE lease_token IS NOT NULL")
        assert (await outcomes(shop.database)).get("open", 0) > 0
        opened_at = await shop.database.pool.fetchval("SELECT now()")
        second, started = await asyncio.to_thread(launch, "daemon", env=environment), time.monotonic()
        try:
            while not await shop.count("orders WHERE updated_at > $1", opened_at):
                await asyncio.sleep(0.02)
            seconds = time.monotonic() - started
            while await outcomes(shop.database) != foretold(7):
                await asyncio.sleep(0.1)
        finally:
            ended = await asyncio.to_thread(stop, second)
        assert ended == Exit.OK
        assert (await account(shop.database)).balanced
        state = await shop.state()
        assert state["labels_bought"] == await shop.count("packages WHERE labelled_at IS NOT NULL")
        assert state["labels_bought"] == state["packages_needing_label"] == foretold(7)["completed"]
        assert state["orders_with_two_labels"] == 0
        assert await shop.count("daemons") == 2
        summarise(f"kill -9 of a daemon holding {held} effects: another took over, recovery.seconds {seconds:.2f}")


def stop(process: subprocess.Popen[str]) -> int:
    process.terminate()
    process.communicate(timeout=60)
    return process.returncode
