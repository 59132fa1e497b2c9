"""Measure the console: `python -m tests.bench.console [--rows N] [--directory DIR]`. Figures on stdout, narration on stderr."""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
from pathlib import Path

# Read by Textual and Rich when they are imported: a terminal of 24-bit colour.
os.environ |= {"TERM": "xterm-256color", "COLORTERM": "truecolor"}

from engine.actors import Actor
from engine.database.connection import Database, DatabaseSettings, open_database
from engine.orders.views import OrderFilter
from engine.words import ChangeSource
from orders_tui.logs import configure_json_logs
from orders_tui.services import Services
from orders_tui.state import ConsoleOptions
from tests.bench.console.figures import Figures, narrate, p95
from tests.bench.console.keys import busy_key_times, measure_keys
from tests.bench.console.live import measure_live
from tests.bench.console.load import engine_at_work
from tests.bench.console.memory import measure_memory
from tests.bench.console.reads import measure_reads
from tests.bench.console.slow_line import measure_slow_line
from tests.bench.console.starting import measure_start
from tests.bench.console.terminal import WIDE, MeasuredApp
from tests.bench.console.warehouse import directory_for, make_warehouse

FEW = 1_000
BUSY_SECONDS = 40.0
PARTS = ("start", "reads", "keys", "busy", "live", "slow", "memory")


async def measure(figures: Figures, directory: Path, few: Path, rows: int, parts: set[str]) -> None:
    data = directory / "data"
    database = await open_database(DatabaseSettings(data_directory=data, pool_size=6), {})
    services = Services(database, Actor("bench", ChangeSource.USER))
    try:
        newest = (await services.page(OrderFilter(), limit=1)).rows[0].order_number
        if "start" in parts:
            await asyncio.to_thread(measure_start, figures, data, newest)
        if "reads" in parts:
            await measure_reads(figures, database, services)
        if parts & {"keys", "busy", "live"}:
            await _measure_session(figures, database, services, data, parts)
        if "live" in parts:
            app = MeasuredApp(services, options=ConsoleOptions(slow_line=True))
            async with app.run_test(headless=False, size=WIDE):
                await measure_live(figures, "console.live_slow_line_p95_ms", app, database, 500)
        if "slow" in parts:
            await measure_slow_line(figures, database, data)
        if "memory" in parts:
            await measure_memory(figures, few / "data", data, rows)
    finally:
        await services.close()
        await database.close()


async def _measure_session(
    figures: Figures, database: Database, services: Services, data: Path, parts: set[str]
) -> None:
    """One console: what keys cost, what others change, and keys again while the engine works."""
    app = MeasuredApp(services, options=ConsoleOptions())
    async with app.run_test(headless=False, size=WIDE):
        if "keys" in parts:
            await measure_keys(figures, app)
        if "live" in parts:
            await measure_live(figures, "console.live_p95_ms", app, database, 300)
        if "busy" in parts:
            await app.do_go("orders")
            async with engine_at_work(data, BUSY_SECONDS) as load:
                await asyncio.sleep(2)
                times = await busy_key_times(app)
            beside = f"median {statistics.median(times):.1f}; {load.told}"
            figures.limited("console.key_busy_p95_ms", p95(times), "ms", 16, beside)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.console", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="orders in the database (default %(default)s)")
    parser.add_argument("--directory", type=Path, help="use the database made here, whatever it was made by")
    parser.add_argument("--only", default=",".join(PARTS), help=f"some of {', '.join(PARTS)}")
    asked = parser.parse_args()
    configure_json_logs(Path(os.devnull))
    directory, few = asked.directory or directory_for(asked.rows), directory_for(FEW)
    figures = Figures()
    asyncio.run(make_warehouse(few, FEW))
    if asked.directory is None:
        asyncio.run(make_warehouse(directory, asked.rows))
    narrate(f"{asked.rows:,} orders in {directory}")
    asyncio.run(measure(figures, directory, few, asked.rows, set(asked.only.split(","))))
    return figures.summed_up()


if __name__ == "__main__":
    sys.exit(main())
