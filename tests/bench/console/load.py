"""The engine at work in a process of its own: a hundred orders a second from created to completed, in a shop beside the measured one.

`python -m tests.bench.console.load DATA_DIRECTORY ORDERS_A_SECOND SECONDS` prints how many it worked.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from engine.database.connection import DatabaseSettings, open_database
from orders_tui.logs import configure_json_logs
from orders_tui.loop import run
from tests.bench.facts import set_up_shop
from tests.bench.lifecycle import run_lifecycle

RATE = 100
_PART = 50


@dataclass(slots=True)
class Load:
    """What was worked while it ran."""

    orders: int = 0
    seconds: float = 0.0

    @property
    def told(self) -> str:
        return f"{self.orders / self.seconds:.0f} orders/s worked beside" if self.seconds else "nothing worked beside"


@contextlib.asynccontextmanager
async def engine_at_work(data_directory: Path, seconds: float) -> AsyncIterator[Load]:
    """While open, orders are worked in another process."""
    load = Load()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.console.load", str(data_directory), str(RATE), str(seconds),
        stdout=asyncio.subprocess.PIPE, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert process.stdout is not None
    await process.stdout.readline()  # it is at work
    began = time.perf_counter()
    try:
        yield load
    finally:
        load.seconds = time.perf_counter() - began
        process.terminate()
        output, _ = await process.communicate()
        load.orders = sum(int(line) for line in output.split())


async def work(data_directory: Path, rate: int, seconds: float) -> None:
    """Work `rate` orders each second, in parts, saying how many after each."""
    database = await open_database(DatabaseSettings(data_directory=data_directory, pool_size=6), {})
    try:
        shop_id = await set_up_shop(database)
        number = 1_000_000 + int(time.time() * 1000) % 10**12
        print("at work", flush=True)
        ends = time.perf_counter() + seconds
        while time.perf_counter() < ends:
            began = time.perf_counter()
            await run_lifecycle(database, shop_id, _PART, first=number)
            number += _PART
            print(_PART, flush=True)
            await asyncio.sleep(max(0.0, _PART / rate - (time.perf_counter() - began)))
    finally:
        await database.close()


if __name__ == "__main__":
    configure_json_logs(Path(os.devnull))
    run(work(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
