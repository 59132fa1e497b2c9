"""`orders-tui db`: path, upgrade, check, recount, share, unshare."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import cyclopts
from cyclopts import Parameter

from engine.database import migrate
from engine.database.connection import open_database
from engine.database.embedded import default_data_directory, opened
from engine.database.embedded.cluster import DATABASE
from engine.database.embedded.layout import PORT
from engine.errors import Refused
from engine.reports import tallies
from orders_tui.cli.exits import Exit
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.settings import DatabaseSection
from orders_tui.settings_file import read_settings

app = cyclopts.App(name="db", help="Where the database is, its schema, its health.")


@app.command
def path() -> int:
    """Print where the orders are kept: the embedded database's folder, or the shared database's address."""
    database = read_settings().database
    emit(database.url or str(database.data_directory or default_data_directory()))
    return Exit.OK


@app.command
def share(
    group: Annotated[str, Parameter(name="GROUP", help="A group of accounts of this machine.")],
    *,
    directory: Annotated[Path | None, Parameter(help="Where the group finds the database; made if need be.")] = None,
    json: Annotated[bool, Parameter(name="--json", negative=(), help="One JSON object.")] = False,
) -> int:
    """Let several accounts of this machine use the embedded database, each with a login of its own (orders-tui user add)."""
    database = _embedded_settings()
    door = opened.share(database.data_directory, group, directory, system_account=database.for_engine().account)
    address = f"postgresql://LOGIN@/{DATABASE}?host={door.directory}&port={PORT}"
    if json:
        emit_json({"group": door.group, "directory": door.directory, "url": address})
        return Exit.OK
    narrate(
        f"The accounts in {door.group} may come in, from the next start of the database: end every Orders TUI program once."
    )
    narrate(
        "Add each person with orders-tui user add; each then sets database.url, with their login, and their password as a secret:"
    )
    emit(address)
    return Exit.OK


@app.command
def unshare() -> int:
    """Shut the embedded database to other accounts again."""
    opened.unshare(_embedded_settings().data_directory)
    narrate("Other accounts are shut out from the next start of the database: end every Orders TUI program once.")
    return Exit.OK


def _embedded_settings() -> DatabaseSection:
    database = read_settings().database
    if database.url:
        raise Refused(
            "database.not_embedded",
            "The database is a shared one (database.url): whoever has a login there can use it already.",
        )
    return database


@app.command
async def upgrade() -> int:
    """Bring the database's schema to this program's; safe to repeat."""
    database = await open_database(read_settings().database.for_engine(), os.environ, migrated=True, on_wait=narrate)
    await database.close()
    narrate(f"The schema is {migrate.head()}.")
    return Exit.OK


@app.command
async def check() -> int:
    """Open the database as every command does, say what is in it, and whether the counters agree."""
    database = await open_database(read_settings().database.for_engine(), os.environ, on_wait=narrate)
    try:
        version = await database.pool.fetchval("SHOW server_version")
        async with (
            database.pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            orders = await connection.fetchval("SELECT count(*) FROM orders")
            wrong = await tallies.wrong_tallies(connection)
    finally:
        await database.close()
    emit(f"PostgreSQL {version}, schema {migrate.head()}, {orders} orders.")
    if wrong:
        narrate(f"The counters are wrong in {wrong} places: run orders-tui db recount.")
        return Exit.REFUSED
    return Exit.OK


@app.command
async def recount() -> int:
    """Count the orders anew for the counters that lists and Overview read; everybody may go on working meanwhile."""
    database = await open_database(read_settings().database.for_engine(), os.environ, on_wait=narrate)
    try:
        await tallies.recount(database)
        orders = sum(tally.orders for tally in await tallies.tallies(database))
    finally:
        await database.close()
    emit(f"Counted {orders} orders.")
    return Exit.OK
