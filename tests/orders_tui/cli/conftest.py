"""A database of the test's own, and the command line over it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from orders_tui.cli.app import run
from tests.factories import Factory, environment_for, opened
from tests.orders_tui.cli.saying import Command, Said


@pytest.fixture
async def store(database: EmbeddedServer) -> AsyncIterator[Database]:
    async with opened(database) as store:
        yield store


@pytest.fixture
async def factory(store: Database) -> Factory:
    return Factory(store)


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "config.toml"
    path.write_text("")
    monkeypatch.setenv("ORDERS_TUI_CONFIG", str(path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return path


@pytest.fixture
def command(
    configured: Path, database: EmbeddedServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    for name, value in environment_for(database).items():
        monkeypatch.setenv(name, value)

    async def call(*arguments: str) -> Said:
        code = await asyncio.to_thread(run, arguments)
        captured = capsys.readouterr()
        return Said(code, captured.out, captured.err)

    return call
