"""sync.in_p95_ms and sync.webhook_to_screen_p95_ms: a change at TikTok, told by webhook, until it is applied here and seen on a screen."""

from __future__ import annotations

import asyncio
import socket
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

from textual.pilot import Pilot

from engine.actors import Actor
from engine.database.connection import Database, DatabaseSettings, open_database
from engine.errors import Terminal
from engine.privacy.secrets import Secrets
from engine.words import ChangeSource
from orders_tui.assembly import build_daemon
from orders_tui.console import OrdersApp
from orders_tui.demo.plan import DemoFiles
from orders_tui.demo.preparation import demo_settings, prepare
from orders_tui.demo.world import World
from orders_tui.services import Services
from orders_tui.settings_outside import HttpSection
from sync.http_client import open_http_client
from sync.simulator.scenario import Arrival, Scenario, Timings
from sync.simulator.server import serve

ORDERS = 60
CHANGES = 40
_PATIENCE_SECONDS = 20.0
_LOOK_SECONDS = 0.002

_APPLIED = "SELECT extract(epoch FROM updated_at)::float8 FROM orders WHERE tiktok_order_id = $1 AND cancel_requested"
_RECEIVED = """
SELECT extract(epoch FROM min(received_at))::float8 FROM inbox WHERE source = 'webhook' AND received_at >= to_timestamp($1)
"""


@dataclass(frozen=True, slots=True)
class Way:
    """What nineteen of twenty changes took at most, in milliseconds."""

    in_p95: float
    to_screen_p95: float


async def measure_webhooks(directory: Path) -> Way:
    """Let buyers ask to cancel, one after the other, beside a daemon and a console that shows their orders. Raises Terminal."""
    directory.mkdir(parents=True, exist_ok=True)
    scenario = Scenario(seed=7, orders=ORDERS, arrival=Arrival.IMMEDIATE, timings=Timings(0, 0, 3600, 3600, 3600))
    database = await open_database(DatabaseSettings(data_directory=directory, pool_size=6), {})
    try:
        async with serve(scenario, faults="none") as simulator, open_http_client(simulator.url) as http:
            world = World(simulator.url, http)
            database.secrets = Secrets({}, data_directory=directory)
            app_key = await prepare(database, world)
            # The orders wait to be picked, so that nothing else moves while it is measured.
            await database.pool.execute("UPDATE shops SET policies = jsonb_set(policies, '{pick}', '\"confirm\"')")
            port = _free_port()
            settings = demo_settings(DemoFiles(directory), simulator.url, app_key)
            settings = settings.model_copy(update={"http": HttpSection(enabled=True, port=port)})
            url = f"http://127.0.0.1:{port}/webhooks/tiktok"
            (await http.post("/admin/webhooks", json={"tiktok": url})).raise_for_status()
            stopping = asyncio.Event()
            running = asyncio.create_task(build_daemon(settings, database).run(stopping))
            try:
                await _until_quiet(database)
                return await _measure(database, http)
            finally:
                stopping.set()
                await running
    finally:
        await database.close()


async def _measure(database: Database, http: object) -> Way:
    services = Services(database, Actor("bench", ChangeSource.USER))
    app = OrdersApp(services)
    applied: list[float] = []
    seen: list[float] = []
    try:
        async with app.run_test(size=(160, 60)) as pilot:
            await app.do_go("orders")
            await _until_shown(pilot, app)
            for row in app.orders.table.rows_on_screen()[:CHANGES]:
                began = time.time()
                answer = await http.post("/admin/buyer/cancel", json={"order_id": row.order_number})  # type: ignore[attr-defined]
                if answer.status_code == 409:  # one that a person has to mend first does not wait for shipment
                    continue
                shown = await _until_moved(app, row.order_number, row.version)
                applied_at = await database.pool.fetchval(_APPLIED, row.order_number)
                received_at = await database.pool.fetchval(_RECEIVED, began - 0.001)
                if applied_at is None or received_at is None:
                    raise Terminal(
                        "bench.unaccounted", f"The request of order {row.order_number} was not applied by webhook."
                    )
                applied.append((applied_at - began) * 1000)
                seen.append((shown - received_at) * 1000)
    finally:
        await services.close()
    if len(seen) < CHANGES // 2:
        raise Terminal("bench.unaccounted", f"Only {len(seen)} of {CHANGES} changes could be measured.")
    return Way(statistics.quantiles(applied, n=20)[-1], statistics.quantiles(seen, n=20)[-1])


async def _until_quiet(database: Database) -> None:
    """Every order has come in, and its label is bought."""
    quiet = """
    SELECT (SELECT count(*) FROM orders) = $1
       AND NOT EXISTS (SELECT 1 FROM effects WHERE kind = 'buy_label' AND state <> 'done')
       AND NOT EXISTS (SELECT 1 FROM inbox WHERE state = 'new')
    """
    patience = time.monotonic() + 60
    while not await database.pool.fetchval(quiet, ORDERS):
        if time.monotonic() > patience:
            raise Terminal("bench.unaccounted", "The orders did not come to rest.")
        await asyncio.sleep(0.1)


async def _until_shown(pilot: Pilot[int], app: OrdersApp) -> None:
    patience = time.monotonic() + _PATIENCE_SECONDS
    while len(app.orders.table.rows_on_screen()) < CHANGES:
        if time.monotonic() > patience:
            raise Terminal("bench.unaccounted", "The console does not show the orders.")
        await pilot.pause(0.05)


async def _until_moved(app: OrdersApp, order_number: str, version: int) -> float:
    patience = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < patience:
        if any(row.order_number == order_number and row.version > version for row in app.orders.table.rows_on_screen()):
            return time.time()
        await asyncio.sleep(_LOOK_SECONDS)
    raise Terminal("bench.unaccounted", f"The change of order {order_number} never came on screen.")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])
