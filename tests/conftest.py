"""One real PostgreSQL for the whole run, and for each test that asks a database, migrated and empty.

server        the bundled server, started once
database      how to reach the one database of these tests, as empty as a new one
own_database  a new one instead, for tests about databases
dsn           the address of `database`
connection    an open asyncpg connection to it
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg
import pytest

from engine.database import embedded, migrate
from engine.database.embedded import EmbeddedServer
from tests.engine import emptied
from tests.engine.emptied import TEMPLATE

FOLDER = pytest.StashKey[Path]()
NUMBERS = count(1)

# What a power cut would do to this server is of no interest, and a database a test has to be cheap to make.
QUICK_NOT_DURABLE = ("fsync = off", "full_page_writes = off", "synchronous_commit = off", "autovacuum = off")

# What was compiled once stays compiled, whatever the shell says: for the workers, and for the programs that tests start.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


def pytest_configure(config: pytest.Config) -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # Started in the background of a shell: the programs under test would inherit deafness to Ctrl-C.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    folder = Path(tempfile.mkdtemp(prefix="orders-tui-tests-"))
    folder.chmod(0o711)  # as root the server's own account has to pass through
    config.stash[FOLDER] = folder


def pytest_report_header(config: pytest.Config) -> str:
    return f"database: {config.stash[FOLDER]}"


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(config.stash[FOLDER], ignore_errors=True)


@pytest.fixture(scope="session")
def server(pytestconfig: pytest.Config) -> Iterator[EmbeddedServer]:
    session = asyncio.run(embedded.start(pytestconfig.stash[FOLDER] / "data"))
    try:
        asyncio.run(_make_template(session.server))
        yield session.server
    finally:
        asyncio.run(session.leave())


@pytest.fixture(scope="session")
def shared(server: EmbeddedServer) -> EmbeddedServer:
    return asyncio.run(emptied.make(server))


@pytest.fixture
async def database(shared: EmbeddedServer) -> EmbeddedServer:
    await emptied.empty(shared)
    return shared


@pytest.fixture
async def own_database(server: EmbeddedServer) -> AsyncIterator[EmbeddedServer]:
    own = replace(server, database=f"test_{next(NUMBERS)}")
    administrator = await asyncpg.connect(**server.dsn_parameters())
    try:
        # Copying files is three times quicker here than copying pages through the log.
        await administrator.execute(f"CREATE DATABASE {own.database} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")
        yield own
        await administrator.execute(f"DROP DATABASE {own.database} WITH (FORCE)")
    finally:
        await administrator.close()


@pytest.fixture
def dsn(database: EmbeddedServer) -> str:
    password = quote(database.password.reveal(), safe="")
    host = quote(str(database.socket_directory), safe="")
    return f"postgresql://{database.user}:{password}@/{database.database}?host={host}&port={database.port}"


@pytest.fixture
async def connection(database: EmbeddedServer) -> AsyncIterator[Any]:
    opened = await asyncpg.connect(**database.dsn_parameters())
    try:
        yield opened
    finally:
        await opened.close()


async def _make_template(server: EmbeddedServer) -> None:
    async def connect() -> Any:
        return await asyncpg.connect(**replace(server, database=TEMPLATE).dsn_parameters())

    administrator = await asyncpg.connect(**server.dsn_parameters())
    try:
        for setting in QUICK_NOT_DURABLE:
            await administrator.execute(f"ALTER SYSTEM SET {setting}")
        await administrator.execute("SELECT pg_reload_conf()")
        await administrator.execute(f"CREATE DATABASE {TEMPLATE}")
        await migrate.upgrade(connect)
    finally:
        await administrator.close()
