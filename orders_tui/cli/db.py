"""`orders-tui db`: path, upgrade, check, recount."""

from __future__ import annotations

import os

import cyclopts

from engine.database import migrate
from engine.database.connection import open_database
from engine.database.embedded import default_data_directory
from engine.reports import tallies
from orders_tui.cli.exits import Exit
from orders_tui.cli.output import emit, narrate
from orders_tui.settings_file import read_settings

app = cyclopts.App(name="db", help="Where the database is, its schema, its health.")


@app.command
def path() -> int:
    """Print where the orders are kept: the embedded database's folder, or the shared database's address."""
    database = read_settings().database
    emit(database.url or str(database.data_directory or default_data_directory()))
    return Exit.OK


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
