"""sync.out_p95_ms: from a person's decision here until TikTok's order shows it, over HTTP, a daemon between the two."""

from __future__ import annotations

import asyncio
import statistics
import time
from pathlib import Path

from engine.actors import Actor
from engine.database.connection import Database, DatabaseSettings, open_database
from engine.database.notify import Announcer
from engine.errors import Terminal
from engine.identifiers import OrderId
from engine.orders.cancelling import cancel
from engine.shops import shops
from engine.words import CancelReason, ChangeSource
from orders_tui.assembly import build_daemon, open_outside
from orders_tui.demo.plan import DemoFiles
from orders_tui.demo.preparation import demo_settings, prepare
from orders_tui.demo.world import World
from orders_tui.settings import Settings
from sync.http_client import open_http_client
from sync.simulator.scenario import Arrival, Scenario, Timings
from sync.simulator.server import serve
from sync.tiktok.calls.orders import OrderCalls

ORDERS = 120
SAMPLES = 60
LOOK_SECONDS = 0.005
PATIENCE_SECONDS = 60.0
_LEAD = Actor("bench", ChangeSource.USER)


async def measure_outward(directory: Path) -> float:
    """What nineteen of twenty cancellations took at most, in milliseconds. Raises Terminal when one does not arrive."""
    scenario = Scenario(seed=3, orders=ORDERS, arrival=Arrival.IMMEDIATE, timings=Timings(0, 0, 3600, 3600, 3600))
    files = DemoFiles(directory)
    files.make()
    database = await open_database(DatabaseSettings(data_directory=directory / "data"), {})
    try:
        async with serve(scenario, faults="none") as simulator, open_http_client(simulator.url) as http:
            app_key = await prepare(database, World(simulator.url, http))
            settings = demo_settings(files, simulator.url, app_key)
            return await _measure(database, settings)
    finally:
        await database.close()


async def _measure(database: Database, settings: Settings) -> float:
    (shop,) = await shops.list_shops(database)
    stopping, announcer = asyncio.Event(), Announcer(database)
    daemon = asyncio.create_task(build_daemon(settings, database).run(stopping))
    try:
        async with open_outside(settings, database) as outside:
            calls = (await outside.shop(shop.shop_id)).orders
            waiting = await _until_told(database)
            taken = [await _cancel(database, announcer, calls, *each) for each in waiting[:SAMPLES]]
    finally:
        stopping.set()
        await daemon
    return statistics.quantiles(taken, n=20)[-1]


async def _until_told(database: Database) -> list[tuple[OrderId, str]]:
    """Orders that the daemon has done everything for that it can: TikTok knows their parcels, a person would hand them over."""
    rows = []
    for _ in range(int(PATIENCE_SECONDS / 0.1)):
        rows = await database.pool.fetch(
            "SELECT o.id, o.tiktok_order_id FROM orders o JOIN work w ON w.order_id = o.id"
            " WHERE o.workflow_status = 'ready_to_ship' AND w.waiting_for = 'handover' ORDER BY o.id"
        )
        if len(rows) >= SAMPLES:
            return [(OrderId(row["id"]), row["tiktok_order_id"]) for row in rows]
        await asyncio.sleep(0.1)
    raise Terminal("bench.unaccounted", f"Only {len(rows)} orders are told to TikTok after {PATIENCE_SECONDS} s.")


async def _cancel(database: Database, announcer: Announcer, calls: OrderCalls, order_id: OrderId, number: str) -> float:
    started = time.perf_counter()
    [outcome] = await cancel(database, [order_id], because=CancelReason.OUT_OF_STOCK, actor=_LEAD)
    announcer.announce()
    if outcome.code:
        raise Terminal("bench.unaccounted", f"An order could not be cancelled: {outcome.sentence}")
    while time.perf_counter() - started < PATIENCE_SECONDS:
        [order] = await calls.by_id([number])
        if order["status"] == "CANCELLED":
            return (time.perf_counter() - started) * 1000
        await asyncio.sleep(LOOK_SECONDS)
    raise Terminal("bench.unaccounted", f"TikTok did not hear of the cancellation of {number}.")
