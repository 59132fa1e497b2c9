"""console.rss_growth_mib: how much a console grows while it is used, at a thousand rows and at all of them."""

from __future__ import annotations

import asyncio
import resource
import sys
from pathlib import Path

from engine.actors import Actor
from engine.database.connection import DatabaseSettings, open_database
from engine.errors import Terminal
from engine.words import ChangeSource
from orders_tui.console import OrdersApp
from orders_tui.services import Services
from orders_tui.state import ConsoleOptions
from tests.bench.console.figures import Figures
from tests.bench.console.terminal import WIDE, MeasuredApp, press, rest, settle_workers

MIB = 2**20


async def measure_memory(figures: Figures, few: Path, many: Path, rows: int) -> None:
    """Use a console on each database in a process of its own, as `python -m tests.bench.console.memory DATA_DIRECTORY`."""
    grown = {}
    for name, directory in (("1,000", few), (f"{rows:,}", many)):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.bench.console.memory", str(directory), stdout=asyncio.subprocess.PIPE
        )
        output, _ = await process.communicate()
        if process.returncode:
            raise Terminal("bench.memory", "The console whose memory is measured ended with an error.")
        grown[name] = float(output.split()[-1])
    own = await asyncio.to_thread(_own_table)
    told = ", ".join(f"{name} rows {size:.1f}" for name, size in grown.items())
    figures.limited(
        "console.rss_growth_mib", max(grown.values()), "MiB", 25, f"{told}; Textual's table of 10,000 rows: {own:.1f}"
    )


def _own_table() -> float:
    import subprocess

    code = (
        "import asyncio, sys; from tests.bench.console.keys import own_table; from tests.bench.console.memory import rss_mib; "
        "asyncio.run(own_table(1)); before = rss_mib(); asyncio.run(own_table()); print(rss_mib() - before, file=sys.__stdout__)"
    )
    return float(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()[-1]
    )


def rss_mib() -> float:
    """This process's resident size."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / MIB


async def use(data_directory: Path) -> float:
    """Open the orders, then page through, jump to both ends, sort, search and come back; MiB grown since the first rows were there."""
    database = await open_database(DatabaseSettings(data_directory=data_directory), {})
    services = Services(database, Actor("bench", ChangeSource.USER))
    try:
        app: OrdersApp = MeasuredApp(services, options=ConsoleOptions())
        async with app.run_test(headless=False, size=WIDE):
            await app.do_go("orders")
            await settle_workers(app)
            await rest(app, 1.5, 20)  # everything that is loaded later is loaded
            before = rss_mib()
            for keys in (
                ["pagedown"] * 150,
                ["end"],
                ["pageup"] * 100,
                ["home"],
                ["s"],
                ["end", "home"],
                ["s"],
                ["end"],
                ["down"] * 100,
            ):
                for key in keys:
                    press(app, key)
                    await asyncio.sleep(0.03)
                await settle_workers(app)
            return rss_mib() - before
    finally:
        await services.close()
        await database.close()


if __name__ == "__main__":
    print(asyncio.run(use(Path(sys.argv[1]))), file=sys.__stdout__)
