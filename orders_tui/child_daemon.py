"""The console's own daemon: with none about, one console of the machine runs one as a child process.

A lease elects the console; when it ends, another takes over within seconds. Never for a shared database, which has daemons of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg

from engine.fleet import daemons, leases
from engine.identifiers import DaemonId, new_id
from engine.orders.plain_text import plain
from orders_tui.own_daemon import OwnDaemon

if TYPE_CHECKING:
    from engine.database.connection import Database

_LEASE = "child_daemon"
_LEASE_SECONDS = 6.0
_LOOK_SECONDS = 1.0
_FIRST_LOOK_SECONDS = 2.0
_LONGEST_PAUSE_SECONDS = 60.0
_STOP_SECONDS = 12.0
_LAST_WORDS_BYTES = 4096
_LONGEST_REASON = 300
_LOST = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


@contextlib.asynccontextmanager
async def child_daemon(database: Database, environment: Mapping[str, str] | None = None) -> AsyncIterator[OwnDaemon]:
    """While open, see to it that a daemon works on this embedded database; a shared one is left alone."""
    if database.data_directory is None:
        yield OwnDaemon()
        return
    async with kept_daemon(database, environment or os.environ, database.data_directory) as own_daemon:
        yield own_daemon


@contextlib.asynccontextmanager
async def kept_daemon(database: Database, environment: Mapping[str, str], folder: Path) -> AsyncIterator[OwnDaemon]:
    """The same for a database that no daemon of another machine works on; the daemon writes its log into `folder`."""
    keeper = _Keeper(database, environment, folder / "daemon.log")
    keeping = asyncio.create_task(keeper.run())
    try:
        yield OwnDaemon(keeper.runs, keeper.refusal, keeper.log)
    finally:
        keeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeping
        await keeper.stop()


class _Keeper:
    def __init__(self, database: Database, environment: Mapping[str, str], log: Path) -> None:
        self._database = database
        self._environment = dict(environment)
        self.log = log
        self._log_began = 0
        self._refusal = ""
        self._console_id = DaemonId(new_id())
        self._child: asyncio.subprocess.Process | None = None
        self._pause_seconds = _LOOK_SECONDS

    def runs(self) -> bool:
        """Whether the daemon is a living child of this console."""
        return self._child is not None and self._child.returncode is None

    def refusal(self) -> str:
        """Why it ended by itself when it ran last; empty once one works."""
        return self._refusal

    async def run(self) -> None:
        # A daemon that starts takes half the machine: the console's first screen goes before.
        await asyncio.sleep(_FIRST_LOOK_SECONDS)
        while True:
            with contextlib.suppress(*_LOST):
                await self._look()
            await asyncio.sleep(self._pause_seconds)

    async def _look(self) -> None:
        if self._child is not None and self._child.returncode is not None:
            # It ended by itself: its log says why. Try again, more and more slowly.
            self._refusal = self._last_words(self._child.returncode)
            self._child = None
            self._pause_seconds = min(self._pause_seconds * 2, _LONGEST_PAUSE_SECONDS)
        mine = await leases.take(self._database, _LEASE, self._console_id, _LEASE_SECONDS)
        wanted = mine and self._child is None
        if not wanted and not self._refusal:
            return
        if await daemons.any_alive(self._database):
            self._refusal = ""
        elif wanted:
            self._child = await self._start()

    async def _start(self) -> asyncio.subprocess.Process:
        descriptor = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._log_began = os.fstat(descriptor).st_size
        try:
            return await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "orders_tui",
                "daemon",
                "--stdin-lifeline",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=descriptor,
                env=self._environment,
                start_new_session=True,
            )
        finally:
            os.close(descriptor)

    def _last_words(self, code: int) -> str:
        """The last sentence the child wrote before it ended; what its log has as JSON, or as a traceback, is for the log's reader."""
        ended = f"It was ended by signal {-code}." if code < 0 else f"It ended with exit code {code}."
        try:
            with self.log.open("rb") as log:
                log.seek(max(self._log_began, os.fstat(log.fileno()).st_size - _LAST_WORDS_BYTES))
                lines = log.read().decode(errors="replace").splitlines()
        except OSError:
            return ended
        sentences = [plain(line) for line in lines if line[:1] not in {"", " ", "{"}]
        return sentences[-1][:_LONGEST_REASON] if code > 0 and sentences else ended

    async def stop(self) -> None:
        """Let the child finish what is under way, and let another console take its turn."""
        if self._child is not None and self._child.returncode is None:
            await self._end(self._child)
        with contextlib.suppress(*_LOST):
            await leases.leave(self._database, _LEASE, self._console_id)

    @staticmethod
    async def _end(child: asyncio.subprocess.Process) -> None:
        assert child.stdin is not None
        child.stdin.close()
        try:
            await asyncio.wait_for(child.wait(), _STOP_SECONDS)
        except TimeoutError:
            child.kill()
            await child.wait()
