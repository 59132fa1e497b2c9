"""From settings to services: open the database, learn who is asking, close everything again."""

from __future__ import annotations

import contextlib
import getpass
import os
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

from engine.access import users
from engine.access.users import Standing
from engine.database.connection import Database, DatabaseSettings, open_database
from orders_tui.mistakes import keep_events_off_the_terminal
from orders_tui.printing.printers import PrintSettings
from orders_tui.services import Services

if TYPE_CHECKING:
    from orders_tui.settings import Settings


@contextlib.asynccontextmanager
async def open_services(settings: Settings, *, on_wait: Callable[[str], None] | None = None) -> AsyncIterator[Services]:
    """The services over an open database; the end waits for running writes. Raises Misconfigured, Refused, Unreachable."""
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
        who = await standing_of(database, embedded=not place.url)
        services = Services(database, who.actor, role=who.role, print_settings=printing)
        try:
            yield services
        finally:
            await services.close()
    finally:
        await database.close()


async def standing_of(database: Database, *, embedded: bool) -> Standing:
    """The person and what he may: by the database login; for the embedded database, which has one only, by the system's.

    Raises Refused for a login that is nobody's, or of somebody who is disabled.
    """
    return await users.of_session(database, system_login() if embedded else None)


def system_login() -> str:
    """The login name of the person at the keyboard, as the system knows it."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's uid need not have a name
        return f"uid {os.getuid()}"
