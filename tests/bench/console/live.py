"""console.live_p95_ms: an order changed and committed in another session, with the hint that every program of ours sends, until painted."""

from __future__ import annotations

import asyncio
import statistics
import time
from functools import partial

from engine.database.connection import Database
from engine.database.notify import CHANGED, Announcer
from orders_tui.console import OrdersApp
from tests.bench.console.figures import Figures, p95
from tests.bench.console.terminal import MeteredDriver, settle_workers, until

CHANGES = 40
_PAUSE_SECONDS = 0.37
"""Not a multiple of any refresh."""

# Each of the twenty orders is changed twice, and is then what it was.
_CHANGE = """
UPDATE orders SET version = version + 1, updated_at = now(),
    order_status = CASE WHEN order_status = 'delivered' THEN 'returned' ELSE 'delivered' END::order_status_enum
WHERE id = $1
"""


async def live_times(app: OrdersApp, database: Database) -> list[float]:
    """Milliseconds from the commit of each change to the frame that shows it."""
    await app.do_go("orders")
    await settle_workers(app)
    await until(lambda: app.session.hearing)
    announcer = Announcer(database, CHANGED)
    times = []
    for turn in range(CHANGES):
        row = app.orders.table.rows_on_screen()[turn % 20]
        await asyncio.sleep(_PAUSE_SECONDS)
        await database.pool.execute(_CHANGE, row.order_id)
        committed = time.perf_counter()
        announcer.announce()

        def seen(order_id: object = row.order_id, version: int = row.version) -> bool:
            number = app.orders.table.cache.number_of(order_id) if app.orders.table.cache else None
            now = app.orders.table.row_at(number) if number is not None else None
            return now is not None and now.version > version

        await until(seen)
        times.append((await until(partial(_written_since, committed)) - committed) * 1000)
    return times


def _written_since(moment: float) -> bool:
    return MeteredDriver.written_at > moment


async def measure_live(figures: Figures, name: str, app: OrdersApp, database: Database, limit: float) -> None:
    """Measure and print."""
    times = await live_times(app, database)
    figures.limited(name, p95(times), "ms", limit, f"median {statistics.median(times):.0f}, over {len(times)} changes")
