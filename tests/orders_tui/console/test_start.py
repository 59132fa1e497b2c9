"""What a console loads before its first rows are drawn, and what it starts with."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from engine.database.embedded import EmbeddedServer
from engine.errors import Misconfigured
from orders_tui import app as entry
from orders_tui.settings_path import settings_cache
from orders_tui.start_settings import recall
from tests.factories import Factory, environment_for

# Each costs more than it does for the first screen; together they were two thirds of the start.
UNNEEDED = (
    "pydantic",
    "pydantic_settings",
    "cyclopts",
    "sqlalchemy",
    "alembic",
    "structlog",
    "httpx",
    "aiohttp",
    "transitions",
    "sync",
)
LATER = (
    "orders_tui.screens.failed",
    "orders_tui.modals.status_change",
    "engine.workflow.machine",
    "engine.orders.detail",
)

PROGRAM = """
import asyncio, json, sys
from dataclasses import replace
import orders_tui.__main__
from orders_tui.app import start_settings
from orders_tui.cli.exits import guarded
start = start_settings()
from orders_tui.opening import open_services_at
from orders_tui.console import OrdersApp

async def main():
    loaded = {}
    async with open_services_at(start.database, start.printing) as services:
        app = OrdersApp(services, options=replace(start.console, memory_file=None), auto_refresh=False)
        async with app.run_test(size=(120, 40)) as pilot, asyncio.timeout(60):
            while not app.screen.query("LineList") or not app.screen.lines.option_count:
                await pilot.pause(0.01)
            loaded["piles"] = sorted(sys.modules)
            await app.do_go("orders")
            while not app.orders.table.rows_on_screen():
                await pilot.pause(0.01)
            loaded["orders"] = sorted(sys.modules)
    print(json.dumps(loaded), file=sys.__stdout__)

asyncio.run(main())
"""


async def test_the_first_rows_need_little(factory: Factory, reached: EmbeddedServer, tmp_path: Path) -> None:
    await factory.order()
    environment = dict(environment_for(reached)) | {
        "HOME": str(tmp_path),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(sys.path),
        "LANG": "C.UTF-8",
    }

    async def start() -> dict[str, set[str]]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", PROGRAM, env=environment, stdout=asyncio.subprocess.PIPE
        )
        output, _ = await process.communicate()
        assert process.returncode == 0
        return {name: set(modules) for name, modules in json.loads(output).items()}

    assert "pydantic" in (await start())["piles"]  # the settings are read and kept
    loaded = await start()
    assert sorted(loaded["piles"] & {*UNNEEDED, *LATER}) == []
    assert sorted(loaded["orders"] & {*UNNEEDED, *LATER}) == []


def test_what_is_kept_is_what_is_read_until_something_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "ORDERS_TUI_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    config, cache = tmp_path / "orders.toml", settings_cache()
    monkeypatch.setenv("ORDERS_TUI_CONFIG", str(config))
    config.write_text(
        '[database]\ndata_directory = "~/orders"\n[console]\nread_only = true\nkeys = {"go.help" = "f12"}\n'
    )
    first = entry.start_settings()
    assert first.console.read_only
    assert first.database.data_directory == tmp_path / "orders"
    assert recall(config, cache) == first
    assert cache.stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv("ORDERS_TUI_CONSOLE__THEME", "orders-light")
    assert recall(config, cache) is None
    assert entry.start_settings().console.theme == "orders-light"
    monkeypatch.setenv("ORDERS_TUI_DATABASE_PASSWORD", "not-to-be-kept")
    assert recall(config, cache) is None
    entry.start_settings()
    assert b"not-to-be-kept" not in cache.read_bytes()
    config.write_text("[console]\nread_only = 7\n")
    with pytest.raises(Misconfigured, match="read_only"):
        entry.start_settings()
    cache.write_text("{damaged")
    assert recall(config, cache) is None
