"""When the database goes away the rows stay, a banner says so, and everything goes on when it is back."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from orders_tui.console import OrdersApp
from tests.factories import Factory
from tests.orders_tui.console.conftest import Watch
from tests.orders_tui.console.driving import SMALL, notices, orders_shown, press, settle, text


@pytest.fixture
async def administrator(server: EmbeddedServer) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(**server.dsn_parameters())
    yield connection
    await connection.close()


async def cut(administrator: asyncpg.Connection, name: str) -> None:
    """Nobody gets in, and who is in is thrown out."""
    await administrator.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    await administrator.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)


async def test_the_rows_stay_and_say_how_old_they_are_until_the_database_is_back(
    app: OrdersApp,
    factory: Factory,
    database: EmbeddedServer,
    administrator: asyncpg.Connection,
    watch: Watch,
) -> None:
    await factory.order(number="A")
    await factory.order(number="B")
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        await press(pilot, "2")
        await app.tick()
        watch.move(14)
        await cut(administrator, database.database)
        await app.tick()
        await settle(pilot)
        assert orders_shown(app) == ["B", "A"]
        assert "No database since 15:00; what you see is 14s old. Trying again." in text(app)
        assert "database lost" in text(app)
        await press(pilot, "s")
        assert notices(app)[-1] == "The database is out of reach; this works again as soon as it is back."
        await press(pilot, "down")
        assert app.orders.table.cursor == 1
        await administrator.execute(f"ALTER DATABASE {database.database} ALLOW_CONNECTIONS true")
        await app.tick()
        await settle(pilot)
        assert "No database" not in text(app)
        assert app.session.connected
        await press(pilot, "home", "enter")
        assert "order    B" in text(app)


async def test_a_mistake_of_ours_is_a_notice_with_a_log_and_not_the_end(
    app: OrdersApp,
    factory: Factory,
    opened: Database,
    tmp_path: object,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    await factory.order(number="A")
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        await press(pilot, "2")
        await opened.pool.execute("ALTER TABLE order_workflow_steps RENAME TO elsewhere")
        await press(pilot, "enter")
        said = notices(app)[-1]
        assert said.startswith("Something went wrong inside the console (UndefinedTableError): the details are in ")
        assert app.is_running
        await opened.pool.execute("ALTER TABLE elsewhere RENAME TO order_workflow_steps")
    from pathlib import Path

    assert "order_workflow_steps" in Path(said.rpartition(" in ")[2].rstrip(".")).read_text()


