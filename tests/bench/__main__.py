"""Run the measurements: `python -m tests.bench [--orders N]`. One line a figure on stdout, narration on stderr."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg

from engine.database.connection import Database, DatabaseSettings, open_database
from engine.errors import Terminal
from engine.reports.accounts import account
from orders_tui.logs import configure_json_logs
from orders_tui.loop import run
from tests.bench.bound import PER_ORDER, row_writes, run_bound
from tests.bench.bulk import measure_bulk
from tests.bench.facts import set_up_shop
from tests.bench.lifecycle import run_lifecycle
from tests.bench.loop import run_loop
from tests.bench.outward import measure_outward
from tests.bench.recovery import measure_recovery
from tests.bench.report import figure
from tests.bench.scale import measure_scale
from tests.bench.webhooks import measure_webhooks


async def measure_engine(directory: Path, orders: int) -> None:
    database = await open_database(DatabaseSettings(data_directory=directory, pool_size=8), {})
    try:
        for setting in ("fsync", "synchronous_commit"):
            figure(f"postgres.{setting}", await database.pool.fetchval(f"SHOW {setting}"), "setting")
        shop_id = await set_up_shop(database)
        before = await _writes(database)
        lifecycle = await run_lifecycle(database, shop_id, orders)
        await _check(database, orders)
        written = _difference(await _writes(database), before)
        bound, bound_written = await _measure_bound(database)
        for name in sorted(PER_ORDER):
            _print_writes(name, written.get(name, (0, 0, 0)), bound_written.get(name, (0, 0, 0)), orders)
        figure("engine.bound", bound, "orders/s", "what PostgreSQL can do; there is no target")
        half = f"{bound / 2:.0f}, half of the bound"
        figure("engine.lifecycle", lifecycle.orders_per_second, "orders/s", half)
        figure("engine.ratio", lifecycle.orders_per_second / bound, "of-bound", "0.5")
        figure("engine.program_ms", lifecycle.program_seconds * 1000, "processor-ms/order")
        figure("engine.postgres_ms", lifecycle.postgres_seconds * 1000, "processor-ms/order")
        async with _pinned(database):
            pinned = await run_lifecycle(database, shop_id, orders, first=orders)
        await _check(database, 2 * orders)
        figure("engine.lifecycle_pinned", pinned.orders_per_second, "orders/s", "1000, an idle old snapshot held")
        figure("engine.postgres_ms_pinned", pinned.postgres_seconds * 1000, "processor-ms/order")
    finally:
        await database.close()


async def _check(database: Database, orders: int) -> None:
    accounts = await account(database)
    if not accounts.balanced or accounts.outcomes != {"completed": orders}:
        raise Terminal("bench.unaccounted", f"The measured orders are not accounted for: {accounts}")


@asynccontextmanager
async def _pinned(database: Database) -> AsyncIterator[None]:
    """A transaction that has read once and then idles: no row version that dies meanwhile can be cleared away."""
    idle = await asyncpg.connect(**database.server_parameters())
    try:
        await idle.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        await idle.fetchval("SELECT count(*) FROM orders.orders")
        yield
    finally:
        await idle.close()


async def _measure_bound(database: Database) -> tuple[float, dict[str, tuple[int, int, int]]]:
    await database.pool.execute("CREATE DATABASE bound")
    parameters = database.server_parameters() | {"database": "bound"}

    async def connect() -> Any:
        return await asyncpg.connect(**parameters)

    async with database.pool.acquire() as source:
        bound = await run_bound(source, connect)
    await asyncio.sleep(1.5)
    connection = await connect()
    written = await row_writes(connection)
    await connection.close()
    return bound, written


async def _writes(database: Database) -> dict[str, tuple[int, int, int]]:
    # Each session reports its own writes, and only when asked to at once.
    async with AsyncExitStack() as stack:
        connections = [
            await stack.enter_async_context(database.pool.acquire()) for _ in range(database.pool.get_size())
        ]
        for connection in connections:
            await connection.execute("SELECT pg_stat_force_next_flush()")
        return await row_writes(connections[0])


def _difference(
    after: dict[str, tuple[int, int, int]], before: dict[str, tuple[int, int, int]]
) -> dict[str, tuple[int, int, int]]:
    nothing = (0, 0, 0)
    return {
        name: (now[0] - then[0], now[1] - then[1], now[2] - then[2])
        for name, now in after.items()
        for then in (before.get(name, nothing),)
    }


def _print_writes(name: str, engine: tuple[int, int, int], bound: tuple[int, int, int], orders: int) -> None:
    verdict = "equal" if engine == bound else "DIFFERENT"
    shown = "/".join(f"{count / orders:.2f}" for count in engine)
    other = "/".join(f"{count / orders:.2f}" for count in bound)
    figure(f"rows.{name}", f"{shown}={other}", f"inserted/updated/deleted-per-order {verdict}")


async def measure_bulk_change(directory: Path) -> None:
    database = await open_database(DatabaseSettings(data_directory=directory), {})
    try:
        measured = await measure_bulk(database, await set_up_shop(database))
    finally:
        await database.close()
    figure("bulk.10k_seconds", measured.seconds, "seconds", "3")
    figure("bulk.10k_preview_seconds", measured.preview_seconds, "seconds")
    figure("bulk.10k_program", measured.program_seconds, "processor-seconds")
    figure("bulk.10k_postgres", measured.postgres_seconds, "processor-seconds")


async def measure_loop(directory: Path, orders: int) -> None:
    summary = (await run_loop(orders, directory)).document()
    figure("loop.http_calls_per_order", float(summary["http_calls_per_order"]), "calls/order")
    figure("loop.labels", str(summary["labels_bought"]), "labels")
    figure("loop.http", float(summary["orders_per_second"]), "orders/s", "300; the specification: 100")


async def measure_way_in(directory: Path) -> None:
    way = await measure_webhooks(directory)
    figure("sync.in_p95_ms", way.in_p95, "ms", "1000; the specification: 5000")
    figure("sync.webhook_to_screen_p95_ms", way.to_screen_p95, "ms", "500; the specification: 5000")


async def _measure(directory: Path, asked: argparse.Namespace) -> None:
    await measure_engine(directory / "engine", asked.orders)
    await measure_bulk_change(directory / "bulk")
    await measure_loop(directory / "loop", asked.loop_orders)
    await measure_way_in(directory / "webhooks")
    figure("sync.out_p95_ms", await measure_outward(directory / "outward"), "ms", "1000; the specification: 5000")
    figure("recovery.seconds", await measure_recovery(directory / "recovery"), "s", "5; the specification: 300")
    await measure_scale(directory / "scale", asked.orders, [int(size) for size in asked.sizes.split(",")])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--orders", type=int, default=5000, help="orders through the engine (default %(default)s)")
    parser.add_argument("--loop-orders", type=int, default=3000, help="orders through the loop (default %(default)s)")
    parser.add_argument(
        "--sizes", default="10000,100000,1000000", help="completed orders beneath (default %(default)s)"
    )
    asked = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="orders-tui-bench-"))
    directory.chmod(0o711)  # as root the server's own account has to pass through
    configure_json_logs(directory / "bench.log")
    try:
        run(_measure(directory, asked))
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
