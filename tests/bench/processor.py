"""Processor seconds of this program and of its PostgreSQL: what is left of a measurement when the machine is shared."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import psutil

from engine.database.connection import Database


@dataclass(slots=True)
class Spent:
    """Processor seconds spent while something was measured."""

    program: float = 0.0
    postgres: float = 0.0


@contextlib.asynccontextmanager
async def measuring(database: Database) -> AsyncIterator[Spent]:
    """Fill in what was spent when the block ends."""
    spent = Spent()
    session = psutil.Process(await database.pool.fetchval("SELECT pg_backend_pid()"))
    server = session.parent()
    assert server is not None, "a session's parent is its server"
    program, postgres = time.process_time(), _seconds_of(server)
    yield spent
    spent.program = time.process_time() - program
    spent.postgres = _seconds_of(server) - postgres


def _seconds_of(server: psutil.Process) -> float:
    """Of the server and its processes, those that have ended included."""
    times = server.cpu_times()
    seconds = times.user + times.system + times.children_user + times.children_system
    for child in server.children():
        with contextlib.suppress(psutil.NoSuchProcess):
            each = child.cpu_times()
            seconds += each.user + each.system
    return float(seconds)
