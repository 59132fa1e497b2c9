"""From settings to services: open the database, learn who is asking, close everything again."""

from __future__ import annotations

import contextlib
import getpass
import os
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

from engine.actors import Actor
from engine.database.connection import Database, DatabaseSettings, open_database
from engine.identifiers import UserId
from engine.words import ChangeSource
from orders_tui.mistakes import keep_events_off_the_terminal
from orders_tui.printing.printers import PrintSettings
from orders_tui.services import Services

if TYPE_CHECKING:
    from orders_tui.settings import Settings


@contextlib.asynccontextmanager
async def open_services(settings: Settings, *, on_wait: Callable[[str], None] | None = None) -> AsyncIterator[Services]:
    """The services over an open database; the end waits for running writes. Raises Misconfigured, Unreachable."""
    keep_events_off_the_terminal()
    opening = open_services_at(settings.database.for_engine(), settings.printing.for_printers(), on_wait=on_wait)
    async with opening as services:
        yield services


@contextlib.asynccontextmanager
async def open_services_at(
    place: DatabaseSettings, printing: PrintSettings, *, on_wait: Callable[[str], None] | None = None
) -> AsyncIterator[Services]:
    """The same over the database at `place`."""
    database = await open_database(place, os.environ, on_wait=on_wait)
    try:
        services = Services(database, await actor_of(database, embedded=not place.url), print_settings=printing)
        try:
            yield services
        finally:
            await services.close()
    finally:
        await database.close()


async def actor_of(database: Database, *, embedded: bool) -> Actor:
    """The person: the database login; for the embedded database, which has one login only, the system's login name."""
    login = system_login() if embedded else await database.pool.fetchval("SELECT session_user::text")
    known = await database.pool.fetchrow("SELECT id, display_name FROM users WHERE login_role = $1", login)
    if known is None:
        return Actor(login, ChangeSource.USER)
    return Actor(known["display_name"], ChangeSource.USER, UserId(known["id"]))


def system_login() -> str:
    """The login name of the person at the keyboard, as the system knows it."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's uid need not have a name
        return f"uid {os.getuid()}"
