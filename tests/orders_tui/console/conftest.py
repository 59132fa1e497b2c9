"""The console on real services over a real database, at a fixed moment, refreshed by hand."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest

from engine.actors import Actor
from engine.database.connection import Database, DatabaseSettings, open_database
from engine.database.embedded import EmbeddedServer
from engine.words import ChangeSource
from orders_tui import warming
from orders_tui.console import OrdersApp
from orders_tui.services import Services
from orders_tui.state import ConsoleOptions
from tests.factories import NOON, Factory, environment_for
from tests.orders_tui.console import idle

NOW = NOON + timedelta(hours=3)


class Watch:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture(scope="session", autouse=True)
def _waits_no_longer_than_needed() -> None:
    idle.hasten()


@pytest.fixture(scope="session", autouse=True)
def _loaded_before() -> None:
    """What a console loads when it is first asked for, or soon after its start: tests look sooner than a person does."""
    for name in warming.modules():
        importlib.import_module(name)


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def reached(database: EmbeddedServer) -> EmbeddedServer:
    """The test's own database as the console reaches it."""
    return database


@pytest.fixture
async def opened(reached: EmbeddedServer) -> AsyncIterator[Database]:
    environment = environment_for(reached)
    settings = DatabaseSettings(url=environment["ORDERS_TUI_DATABASE__URL"])
    opened = await open_database(settings, environment, migrated=True)
    yield opened
    await opened.close()


@pytest.fixture
async def factory(opened: Database) -> Factory:
    factory = Factory(opened)
    await factory.shop()
    await opened.pool.execute("UPDATE shops SET policies = $1", {"import_mode": "work"})
    return factory


@pytest.fixture
async def services(opened: Database) -> AsyncIterator[Services]:
    services = Services(opened, Actor("mira", ChangeSource.USER))
    yield services
    await services.close()


@pytest.fixture
def new_app(services: Services, watch: Watch) -> Callable[..., OrdersApp]:
    """Makes consoles that are refreshed by hand, in UTC."""

    def make(**options: object) -> OrdersApp:
        settled = ConsoleOptions(zone=UTC, slow_line=True, **options)  # type: ignore[arg-type]
        return OrdersApp(services, options=settled, clock=watch, auto_refresh=False)

    return make


@pytest.fixture
def app(new_app: Callable[..., OrdersApp]) -> OrdersApp:
    return new_app()
