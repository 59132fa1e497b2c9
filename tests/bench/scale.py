"""engine.lifecycle_at_…: the same lifecycle on top of ten thousand, a hundred thousand and a million completed orders."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from engine.database.connection import DatabaseSettings, open_database
from engine.errors import Terminal
from tests.bench.facts import set_up_shop
from tests.bench.filling import fill, keep_templates
from tests.bench.latency import measure_latency
from tests.bench.lifecycle import run_lifecycle
from tests.bench.report import figure

TEMPLATES = 2000
_NAMES = {10_000: "10k", 100_000: "100k", 1_000_000: "1m"}


async def measure_scale(directory: Path, orders: int, sizes: Sequence[int]) -> None:
    """Fill a database to each size in turn, work `orders` more orders there, and measure single ones at the last size."""
    database = await open_database(DatabaseSettings(data_directory=directory, pool_size=8), {})
    try:
        shop_id = await set_up_shop(database)
        await run_lifecycle(database, shop_id, TEMPLATES)
        await keep_templates(database, "templates", "workflow_status = 'completed'", TEMPLATES)
        copies, number = 0, TEMPLATES
        for size in sizes:
            started = time.perf_counter()
            await fill(database, "templates", range(copies + 1, size // TEMPLATES + 1))
            await database.pool.execute("CHECKPOINT", timeout=600)
            copies = size // TEMPLATES
            print(f"{size} completed orders in {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
            measured = await run_lifecycle(database, shop_id, orders, first=number)
            number += orders
            name = _NAMES.get(size, str(size))
            figure(f"engine.lifecycle_at_{name}", measured.orders_per_second, "orders/s", "as with none")
            figure(f"engine.program_ms_at_{name}", measured.program_seconds * 1000, "processor-ms/order")
            figure(f"engine.postgres_ms_at_{name}", measured.postgres_seconds * 1000, "processor-ms/order")
        done = await database.pool.fetchval("SELECT count(*) FROM orders WHERE workflow_status = 'completed'")
        if done != copies * TEMPLATES + number:
            raise Terminal("bench.unaccounted", f"{done} orders are completed, not {copies * TEMPLATES + number}.")
        latency = await measure_latency(database, shop_id, first=number)
        figure("ingest.p95_ms", latency.ingest_p95, "ms", "50; the specification: 500")
        figure("status.p95_ms", latency.status_p95, "ms", "20; the specification: 200")
    finally:
        await database.close()
