"""With no daemon about one console of the machine runs one, another takes over, and none is left behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import psutil
import pytest

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.fleet import daemons
from orders_tui.child_daemon import child_daemon, kept_daemon
from orders_tui.console import OrdersApp
from orders_tui.panes.status_line import Banner
from tests.factories import environment_for, opened
from tests.orders_tui.cli import programs
from tests.orders_tui.console.driving import SMALL, press, settle, text

PROGRAM = Path(__file__).with_name("keeper.py")


async def until(true: Callable[[], bool], seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.05)


async def beats(database: Database) -> None:
    """Wait until a daemon works."""
    async with asyncio.timeout(60):
        while not await daemons.any_alive(database):
            await asyncio.sleep(0.05)


@pytest.fixture
def surroundings(database: EmbeddedServer, tmp_path: Path) -> Mapping[str, str]:
    app = {
        "ORDERS_TUI_TIKTOK__APP_KEY": "6demo4oms9k1",
        "ORDERS_TUI_TIKTOK_APP_SECRET": "app-secret-5f0c",
        "ORDERS_TUI_EASYPOST_API_KEY": "EZTK-key-77d1",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    return programs.environment(tmp_path, {**environment_for(database), **app})


@pytest.fixture
async def own(database: EmbeddedServer) -> AsyncIterator[Database]:
    async with opened(database) as mine:
        yield mine


def daemons_of(pid: int | None = None) -> list[psutil.Process]:
    return [child for child in psutil.Process(pid).children() if is_daemon(child)]


def is_daemon(child: psutil.Process) -> bool:
    try:
        return "daemon" in child.cmdline()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):  # killed, and not yet buried
        return False


async def test_one_console_of_two_runs_the_daemon_and_the_other_takes_over_when_it_ends(
    own: Database, surroundings: Mapping[str, str], tmp_path: Path
) -> None:
    async with contextlib.AsyncExitStack() as first_console, contextlib.AsyncExitStack() as second_console:
        first = await first_console.enter_async_context(kept_daemon(own, surroundings, tmp_path))
        await until(first.runs)
        second = await second_console.enter_async_context(kept_daemon(own, surroundings, tmp_path))
        await beats(own)
        await asyncio.sleep(1.5)
        assert first.runs()
        assert not second.runs()
        assert len(daemons_of()) == 1
        await first_console.aclose()
        assert not first.runs()
        await until(second.runs)
        assert len(daemons_of()) == 1
        [daemon] = daemons_of()
        daemon.kill()  # one that dies is begun again
        await until(lambda: second.runs() and daemons_of() not in ([], [daemon]))
    assert daemons_of() == []


async def test_a_daemon_that_refuses_to_start_says_why_on_every_screen_until_it_is_mended(
    app: OrdersApp, own: Database, surroundings: Mapping[str, str], tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    given = {name: value for name, value in surroundings.items() if name != "ORDERS_TUI_TIKTOK_APP_SECRET"}
    given["ORDERS_TUI_TIKTOK_APP_SECRET_FILE"] = str(secret)
    (tmp_path / "daemon.log").write_text("What an earlier one said.\n")
    async with kept_daemon(own, given, tmp_path) as daemon, app.run_test(size=SMALL) as pilot:
        app.session.own_daemon = daemon
        await until(lambda: bool(daemon.refusal()))
        assert str(secret) in daemon.refusal()
        assert (tmp_path / "daemon.log").read_text().splitlines()[-1] == daemon.refusal()
        for screen in ("f2", "f4", "f5"):
            await press(pilot, screen)
            await app.tick()
            await settle(pilot)
            said = app.screen.query_one(Banner).content
            assert str(said) == (
                f"No order is worked, since this console's daemon does not stay up: {daemon.refusal()}"
                f" Its log: {tmp_path / 'daemon.log'}"
            )
            assert "No order is worked, since this console's daemon" in text(app)
        secret.write_text("app-secret-5f0c")
        secret.chmod(0o600)
        await until(lambda: daemon.runs() and not daemon.refusal())
        await beats(own)
        app.session.pulse = await app.session.services.pulse()
        app.screen.query_one(Banner).redraw()
        await settle(pilot)
        assert "No order is worked" not in text(app)


async def test_a_console_that_is_killed_leaves_no_daemon_behind(
    own: Database, database: EmbeddedServer, surroundings: Mapping[str, str], tmp_path: Path
) -> None:
    url = environment_for(database)["ORDERS_TUI_DATABASE__URL"]
    console = await asyncio.to_thread(
        subprocess.Popen,
        [sys.executable, str(PROGRAM), url, str(tmp_path)],
        env=dict(surroundings),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert console.stdout is not None
    daemon = psutil.Process(int(await asyncio.to_thread(console.stdout.readline)))
    await beats(own)
    console.send_signal(signal.SIGKILL)
    console.wait()
    console.stdout.close()
    await until(lambda: not daemon.is_running() or daemon.status() == psutil.STATUS_ZOMBIE)
    assert await own.pool.fetchval("SELECT count(*) FROM daemons WHERE stopped_at IS NULL") == 0, (
        "it ended in good order"
    )


async def test_a_shared_database_has_daemons_of_its_own(own: Database, surroundings: Mapping[str, str]) -> None:
    async with child_daemon(own, surroundings) as own_daemon:
        assert not own_daemon.runs()
        assert await own.pool.fetchval("SELECT count(*) FROM leases WHERE name = 'child_daemon'") == 0
