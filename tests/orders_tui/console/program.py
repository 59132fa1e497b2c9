"""The console as a program of its own, for a test that gives it a real terminal: `python program.py ADDRESS`."""

from __future__ import annotations

import asyncio
import os
import sys

from engine.actors import Actor
from engine.database.connection import DatabaseSettings, open_database
from engine.words import ChangeSource
from orders_tui.app import run
from orders_tui.own_daemon import OwnDaemon
from orders_tui.scanner import ScannerOptions
from orders_tui.screens.triage import TriageScreen
from orders_tui.services import Services
from orders_tui.state import ConsoleOptions


def break_something() -> None:
    """A mistake of ours: opening a pile divides by zero."""

    def do_open(screen: TriageScreen) -> None:
        _ = 1 // 0

    TriageScreen.do_open = do_open  # type: ignore[method-assign, assignment]


async def main(url: str) -> int:
    database = await open_database(DatabaseSettings(url=url), os.environ, migrated=True)
    services = Services(database, Actor("mira", ChangeSource.USER))
    if os.environ.get("CRASH"):
        break_something()
    try:
        return await run(services, ConsoleOptions(slow_line=True, scanner=ScannerOptions()), OwnDaemon())
    finally:
        await services.close()
        await database.close()
        if marker := os.environ.get("FINISHED"):
            with open(marker, "w", encoding="utf-8") as file:  # noqa: ASYNC230, PTH123 - the last thing it does
                file.write("closed")


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1])))
