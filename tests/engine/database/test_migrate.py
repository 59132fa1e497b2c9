"""The schema's revisions: run once, by one program at a time, never backwards; and what is refused."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from engine.database import migrate
from engine.database.embedded import EmbeddedServer
from engine.errors import Conflict, Misconfigured
from engine.workflow.definition_file import packaged_digest, packaged_text

PROJECT = Path(__file__).parents[3]

REVISION = """
from alembic import op

revision = "{number}"
down_revision = {before!r}


def upgrade() -> None:
    op.execute("{statement}")
"""


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    """A history of two revisions of its own, beside the real one's environment."""
    folder = tmp_path / "100% ours"
    shutil.copytree(PROJECT / "engine" / "database" / "migrations", folder)
    for published in (folder / "versions").glob("[0-9]*.py"):
        published.unlink()
    revise(folder, "0001", None, "CREATE TABLE parcels (number int)")
    revise(folder, "0002", "0001", "INSERT INTO orders.parcels VALUES (7)")
    return folder


def revise(scripts: Path, number: str, before: str | None, statement: str) -> None:
    text = REVISION.format(number=number, before=before, statement=statement)
    (scripts / "versions" / f"{number}_step.py").write_text(text)


@pytest.fixture
async def connect(server: EmbeddedServer, database: EmbeddedServer) -> AsyncIterator[Any]:
    """Opens connections to an empty database, with the limits of the program's own sessions."""
    empty = replace(server, database=f"{database.database}_empty")
    administrator = await asyncpg.connect(**server.dsn_parameters())
    await administrator.execute(f"CREATE DATABASE {empty.database} STRATEGY FILE_COPY")

    async def open_one() -> Any:
        return await asyncpg.connect(**empty.dsn_parameters(), server_settings={"lock_timeout": "200ms"})

    yield open_one
    await administrator.execute(f"DROP DATABASE {empty.database} WITH (FORCE)")
    await administrator.close()


async def ask(connect: Any, query: str) -> Any:
    connection = await connect()
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_an_empty_database_is_brought_to_the_head_in_our_own_schema(
    connect: migrate.Connect, scripts: Path
) -> None:
    assert await migrate.revision(connect) is None
    assert await migrate.upgrade(connect, scripts=scripts) is True
    assert await migrate.revision(connect) == "0002"
    assert await ask(connect, "SELECT number FROM orders.parcels") == 7
    assert await ask(connect, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
    await migrate.check(connect, scripts=scripts)


async def test_upgrading_again_does_nothing(connect: migrate.Connect, scripts: Path) -> None:
    await migrate.upgrade(connect, scripts=scripts)
    assert await migrate.upgrade(connect, scripts=scripts) is False
    assert await ask(connect, "SELECT count(*) FROM orders.parcels") == 1


async def test_only_what_is_missing_runs(connect: migrate.Connect, scripts: Path) -> None:
    await migrate.upgrade(connect, scripts=scripts)
    revise(scripts, "0003", "0002", "UPDATE orders.parcels SET number = number + 1")
    assert await migrate.upgrade(connect, scripts=scripts) is True
    assert await ask(connect, "SELECT array_agg(number) FROM orders.parcels") == [8]


async def test_programs_that_upgrade_at_once_do_it_once(connect: migrate.Connect, scripts: Path) -> None:
    revise(scripts, "0002", "0001", "INSERT INTO orders.parcels SELECT 7 FROM pg_sleep(0.5)")
    await asyncio.gather(*(migrate.upgrade(connect, scripts=scripts) for _ in range(3)))
    assert await ask(connect, "SELECT count(*) FROM orders.parcels") == 1


async def test_a_revision_that_fails_takes_the_whole_upgrade_back(connect: migrate.Connect, scripts: Path) -> None:
    revise(scripts, "0002", "0001", "INSERT INTO orders.no_such_table VALUES (1)")
    with pytest.raises(Exception, match="no_such_table"):
        await migrate.upgrade(connect, scripts=scripts)
    assert await migrate.revision(connect) is None
    assert await ask(connect, "SELECT to_regclass('orders.parcels')") is None


async def test_a_table_in_use_is_not_waited_for_for_ever(
    connect: migrate.Connect, scripts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "_HURRIED", "SET LOCAL lock_timeout TO '50ms'")
    await migrate.upgrade(connect, scripts=scripts)
    revise(scripts, "0003", "0002", "ALTER TABLE orders.parcels ADD note text")
    reader = await connect()
    await reader.execute("BEGIN; SELECT * FROM orders.parcels")
    with pytest.raises(Conflict) as refused:
        await migrate.upgrade(connect, scripts=scripts)
    await reader.close()
    assert refused.value.sentence == (
        "The database is too busy to be upgraded: end the other Orders TUI programs, then try again; nothing changed."
    )
    assert await migrate.revision(connect) == "0002"


@pytest.mark.parametrize("action", [migrate.check, migrate.upgrade])
async def test_a_newer_schema_is_refused(connect: migrate.Connect, scripts: Path, action: Any) -> None:
    await migrate.upgrade(connect, scripts=scripts)
    (scripts / "versions" / "0002_step.py").unlink()
    with pytest.raises(Misconfigured) as refused:
        await action(connect, scripts=scripts)
    assert refused.value.sentence == (
        "The database's schema (0002) is newer than this program's (0001): install the newer Orders TUI that"
        " upgraded it."
    )
    assert await migrate.revision(connect) == "0002"


async def test_an_older_schema_is_refused_where_upgrading_is_by_command(
    connect: migrate.Connect, scripts: Path
) -> None:
    with pytest.raises(Misconfigured) as refused:
        await migrate.check(connect, scripts=scripts)
    assert refused.value.sentence == (
        "The database's schema is empty and this program needs 0002: run orders-tui db upgrade."
    )


def test_our_revisions_are_one_line_of_numbers() -> None:
    names = sorted(path.name for path in (PROJECT / "engine/database/migrations/versions").glob("[0-9]*.py"))
    assert [name.split("_")[0] for name in names] == [f"{number:04d}" for number in range(1, len(names) + 1)]
    assert migrate.head() == (names[-1].split("_")[0] if names else None)


async def test_orders_from_before_definitions_were_stored_find_theirs(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    rows = await connection.fetch("SELECT name, version, text, digest FROM orders.workflow_definitions")
    await connection.close()
    assert [tuple(row) for row in rows] == [("order", 1, packaged_text(), packaged_digest())]


async def test_a_schema_that_is_up_to_date_costs_no_import_of_alembic_or_sqlalchemy(dsn: str) -> None:
    look = (
        "import asyncio, sys, asyncpg; from engine.database import migrate;"
        "print(asyncio.run(migrate.upgrade(lambda: asyncpg.connect(sys.argv[1]))),"
        " {'alembic', 'sqlalchemy'} & set(sys.modules))"
    )
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", look, dsn], capture_output=True, text=True, cwd=PROJECT
    )
    assert (done.stdout, done.stderr) == ("False set()\n", "")
