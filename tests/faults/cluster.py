"""A PostgreSQL of a conductor's own, with a migrated template, that may be killed: what it has committed survives that."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import psutil

from engine.database import embedded, migrate
from engine.database.embedded import EmbeddedServer, postmaster

# No power is cut here, only processes are killed: what was handed to the operating system is kept, so fsync may be off. A commit is
# still written before it is answered.
_SETTINGS = (
    "fsync = off",
    "full_page_writes = off",
    "synchronous_commit = on",
    "autovacuum = off",
    "max_connections = 60",
)
_TEMPLATE = "migrated"


class Cluster:
    """Databases by the dozen, each a copy of the template."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count(1)
        self._server: EmbeddedServer
        self._session: embedded.Session

    async def start(self) -> None:
        self._session = await embedded.start(self._folder)
        self._server = self._session.server
        administrator = await self._administrator()
        for setting in _SETTINGS:
            await administrator.execute(f"ALTER SYSTEM SET {setting}")
        await administrator.execute(f"CREATE DATABASE {_TEMPLATE}")
        await administrator.close()

        async def connect() -> Any:
            return await asyncpg.connect(**replace(self._server, database=_TEMPLATE).dsn_parameters())

        await migrate.upgrade(connect)
        await self.restart()

    async def stop(self) -> None:
        await self._session.leave()

    @contextlib.asynccontextmanager
    async def database(self) -> AsyncIterator[EmbeddedServer]:
        """A migrated, empty database for one run."""
        own = replace(self._server, database=f"run_{next(self._numbers)}")
        await self._order(f"CREATE DATABASE {own.database} TEMPLATE {_TEMPLATE} STRATEGY FILE_COPY")
        try:
            yield own
        finally:
            await self._order(f"DROP DATABASE {own.database} WITH (FORCE)")

    async def crash(self) -> int:
        """Kill one server process with -9: PostgreSQL ends all its sessions, forgets its memory and recovers. Answers the kills."""
        found = postmaster.read(self._folder / "cluster")
        assert found is not None
        children = psutil.Process(found.process_id).children()
        sessions = [child for child in children if any("run_" in word for word in child.cmdline())]
        (sessions or children)[0].send_signal(signal.SIGKILL)
        return 1

    async def restart(self) -> int:
        """Stop the server as a power cut of its process would, without a last checkpoint, and start it again. Answers the kills."""
        found = postmaster.read(self._folder / "cluster")
        assert found is not None
        os.kill(found.process_id, signal.SIGQUIT)
        while found.is_alive():
            await asyncio.sleep(0.02)
        before = self._session
        self._session = await embedded.start(self._folder)
        await before.leave()
        return 1

    async def _administrator(self) -> Any:
        while True:
            try:
                return await asyncpg.connect(**self._server.dsn_parameters())
            except (OSError, asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError):
                await asyncio.sleep(0.05)

    async def _order(self, command: str) -> None:
        administrator = await self._administrator()
        try:
            await administrator.execute(command)
        finally:
            await administrator.close()
