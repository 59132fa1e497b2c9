"""A console's daemon keeper as a program of its own, for a test that kills it: prints the daemon's process id, then waits."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import psutil

from engine.database.connection import DatabaseSettings, open_database
from orders_tui.child_daemon import kept_daemon


async def main(url: str, folder: str) -> None:
    opened = await open_database(DatabaseSettings(url=url), os.environ, migrated=True)
    async with kept_daemon(opened, os.environ, Path(folder)) as own_daemon:
        while not own_daemon.runs():
            await asyncio.sleep(0.05)
        [child] = psutil.Process().children()
        sys.stdout.write(f"{child.pid}\n")
        sys.stdout.flush()
        await asyncio.sleep(600)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
