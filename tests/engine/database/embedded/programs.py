"""Other programs that use the server, and what is seen of the server from outside."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import psutil

from engine.database.embedded import Session, postmaster

ROOT = os.geteuid() == 0
PROJECT = Path(__file__).parents[4]

PROGRAM = """
import asyncio, sys
from pathlib import Path
from engine.database.embedded import serve

async def main():
    async with serve(Path(sys.argv[1])):
        print("in", flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
"""


def stop(data: Path) -> None:
    """Only after a test that failed half way is there anything to stop."""
    if running := postmaster.read(data / "cluster"):
        running.ask_to_stop()
        while running.is_alive():
            pass


@asynccontextmanager
async def connected(session: Session) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(**session.server.dsn_parameters())
    try:
        yield connection
    finally:
        await connection.close()


def join(data: Path) -> subprocess.Popen[str]:
    """Another program, using the server of `data` until its input ends."""
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(data)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "in\n"
    return program


def kill(program: subprocess.Popen[str]) -> None:
    program.kill()
    program.communicate()


def end(program: subprocess.Popen[str]) -> None:
    program.communicate("")
    assert program.returncode == 0


def server_process(data: Path) -> int:
    found = postmaster.read(data / "cluster")
    assert found is not None
    assert found.answers()
    return found.process_id


def kill_server(data: Path) -> int:
    """kill -9, as the out-of-memory killer does; returns when the process is dead."""
    process = psutil.Process(server_process(data))
    process.kill()
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        pass
    return process.pid


def child(data: Path, title: str) -> psutil.Process:
    processes = psutil.Process(server_process(data)).children()
    return next(process for process in processes if title in " ".join(process.cmdline()))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
