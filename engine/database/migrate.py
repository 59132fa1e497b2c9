"""Bringing the database's schema to this program's, and refusing one that does not fit.

Start-up time counts, so whether there is anything to do is asked with one statement, and neither Alembic nor
SQLAlchemy is imported when there is not. `Connect` everywhere opens an asyncpg connection whose login may create in
the database.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg

from engine.access import group_roles
from engine.errors import Conflict, Misconfigured, Refused

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection

SCHEMA = "orders"
_SCRIPTS = Path(__file__).with_name("migrations")
_LOCK = 0x0DE5_0001  # any program's upgrade waits here for another's; ours alone by its unlikeliness

# Waiting for another program's upgrade is right however long it takes. Changing a table is not: it waits for the
# readers, and new readers wait for it, so it rather gives up than stops a warehouse.
_PATIENT = "SELECT set_config(s, '0', true) FROM unnest(ARRAY['lock_timeout', 'statement_timeout']) AS s"
_HURRIED = "SET LOCAL lock_timeout TO '10s'"

Connect = Callable[[], Awaitable[Any]]


def head(scripts: Path = _SCRIPTS) -> str | None:
    """The newest revision this program brings, None when there is none."""
    return max((file.name.split("_")[0] for file in (scripts / "versions").glob("[0-9]*_*.py")), default=None)


async def revision(connect: Connect) -> str | None:
    """The revision the database is at, None when it has no schema of ours."""
    connection = await connect()
    try:
        return await _revision(connection)
    finally:
        await connection.close()


async def check(connect: Connect, *, scripts: Path = _SCRIPTS) -> None:
    """Misconfigured when the schema is newer than this program, or older and to be upgraded by command."""
    at, ours = await revision(connect), head(scripts)
    _refuse_newer(at, ours)
    if at != ours:
        raise Misconfigured(
            "schema.older",
            f"The database's schema is {_named(at)} and this program needs {_named(ours)}: run orders-tui db upgrade.",
        )


async def upgrade(connect: Connect, *, scripts: Path = _SCRIPTS) -> bool:
    """Run what is missing, in one transaction, one program at a time; False when there was nothing to do."""
    at, ours = await revision(connect), head(scripts)
    _refuse_newer(at, ours)
    if at == ours:
        return False
    await _make_group_roles(connect)
    from sqlalchemy import text
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import NullPool

    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        poolclass=NullPool,
        connect_args={"prepared_statement_cache_size": 0},  # a pooler may be in between
    )
    try:
        async with engine.begin() as connection:
            await connection.execute(text(_PATIENT))
            # The transaction form: behind a pooler two sessions both get the session form.
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            await connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
            await connection.execute(text(f"SET LOCAL search_path TO {SCHEMA}"))
            await connection.execute(text(_HURRIED))
            await connection.run_sync(_run, scripts)
    except DBAPIError as error:
        if isinstance(error.orig, Exception) and getattr(error.orig, "sqlstate", "") == "55P03":
            raise Conflict(
                "schema.busy",
                "The database is too busy to be upgraded: end the other Orders TUI programs, then try again;"
                " nothing changed.",
            ) from error
        raise
    finally:
        await engine.dispose()
    return True


async def _make_group_roles(connect: Connect) -> None:
    connection = await connect()
    try:
        await group_roles.ensure(connection)
    finally:
        await connection.close()


def configuration(connection: Connection, scripts: Path = _SCRIPTS) -> Config:
    """Alembic's configuration for one connection; there is no alembic.ini."""
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    return config


def _run(connection: Connection, scripts: Path) -> None:
    from alembic import command

    command.upgrade(configuration(connection, scripts), "head")


async def _revision(connection: Any) -> str | None:
    try:
        found = await connection.fetchval(f"SELECT version_num FROM {SCHEMA}.alembic_version")  # noqa: S608  # a constant
    except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError):
        return None
    except asyncpg.InsufficientPrivilegeError as error:
        login = await connection.fetchval("SELECT session_user::text")
        raise Refused(
            "access.nobody",
            f"The login {login} is nobody here: have an admin run orders-tui user add NAME --login {login}.",
        ) from error
    return str(found) if found is not None else None


def _refuse_newer(at: str | None, ours: str | None) -> None:
    if at is not None and (ours is None or at > ours):
        raise Misconfigured(
            "schema.newer",
            f"The database's schema ({at}) is newer than this program's ({_named(ours)}): install the newer Orders TUI"
            " that upgraded it.",
        )


def _named(revision_id: str | None) -> str:
    return revision_id or "empty"
