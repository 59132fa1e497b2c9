"""When the database goes away the rows stay, a banner says so, and everything goes on when it is back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from orders_tui.console import OrdersApp
from tests.factories import Factory
from tests.orders_tui.console.conftest import Watch
from tests.orders_tui.console.driving import SMALL, notices, orders_shown, press, settle, text, until


class Wire:
    """A socket in front of the database that can be cut and mended."""

    def __init__(self, folder: Path, behind: EmbeddedServer) -> None:
        self.path = folder / f".s.PGSQL.{behind.port}"
        self._behind = behind.socket_directory / f".s.PGSQL.{behind.port}"
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def mend(self) -> None:
        self._server = await asyncio.start_unix_server(self._carry, self.path)

    async def cut(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in tuple(self._writers):
            writer.transport.abort()
        await self._server.wait_closed()
        self.path.unlink(missing_ok=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_unix_connection(self._behind)
        self._writers |= {writer, far_writer}
        await asyncio.gather(self._copy(reader, far_writer), self._copy(far_reader, writer))
        self._writers -= {writer, far_writer}

    @staticmethod
    async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()


@pytest.fixture
async def wire(server: EmbeddedServer, tmp_path: Path) -> AsyncIterator[Wire]:
    wire = Wire(tmp_path, server)
    await wire.mend()
    yield wire
    await wire.cut()


@pytest.fixture
def reached(database: EmbeddedServer, wire: Wire) -> EmbeddedServer:
    return replace(database, socket_directory=wire.path.parent)


async def test_the_rows_stay_and_say_how_old_they_are_until_the_database_is_back(
    app: OrdersApp, factory: Factory, wire: Wire, watch: Watch
) -> None:
    await factory.order(number="A")
    await factory.order(number="B")
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        await press(pilot, "f3")
        await app.tick()
        watch.move(14)
        await wire.cut()
        await app.tick()
        await settle(pilot)
        assert orders_shown(app) == ["B", "A"]
        assert "No database since 15:00; what you see is 14s old. Trying again." in text(app)
        assert "database lost" in text(app)
        await press(pilot, "s")
        assert notices(app)[-1] == "The database is out of reach; this works again as soon as it is back."
        await press(pilot, "down")
        assert app.orders.table.cursor == 1
        await wire.mend()
        await app.tick()
        await settle(pilot)
        assert "No database" not in text(app)
        assert app.session.connected
        await press(pilot, "home", "enter")
        assert "order    B" in text(app)


async def test_a_mistake_of_ours_is_a_notice_with_a_log_and_not_the_end(
    app: OrdersApp, factory: Factory, opened: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    await factory.order(number="A")
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        await press(pilot, "f3")
        await opened.pool.execute("ALTER TABLE order_workflow_steps RENAME COLUMN to_state TO elsewhere")
        await press(pilot, "enter")
        await until(pilot, lambda: bool(notices(app)))
        said = notices(app)[-1]
        assert said.startswith("Something went wrong inside the console (UndefinedColumnError): the details are in ")
        assert app.is_running
    assert "UndefinedColumnError" in Path(said.rpartition(" in ")[2].rstrip(".")).read_text()
