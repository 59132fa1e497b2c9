"""recovery.seconds: kill -9 of a daemon under load, until what it held moves again."""

from __future__ import annotations

import asyncio
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from engine.database import embedded, migrate
from sync.simulator.scenario import Timings
from tests.orders_tui.cli.programs import launch
from tests.orders_tui.cli.test_daemon import daemon_environment
from tests.sync.connected import Connected, connected

_SLOW_SHARE = 0.3
"""Of the purchases so many take a second or more, so that a daemon holds some whenever it is killed."""

_HELD = """
SELECT e.id FROM effects e JOIN daemons d ON d.id = e.daemon_id
WHERE d.process_id = $1 AND e.lease_until > now() AND e.state IN ('intent', 'sent', 'ambiguous') AND e.kind = 'buy_label'
"""
_MOVED = """
SELECT EXISTS (SELECT FROM effects e JOIN daemons d ON d.id = e.daemon_id
               WHERE e.id = ANY($1::uuid[]) AND d.process_id <> $2)
"""


async def measure_recovery(directory: Path, orders: int = 600) -> float:
    """Kill a daemon beside which another works, then that one, for which a fresh one is started. Answers the longer wait."""
    directory.mkdir(mode=0o711)
    session = await embedded.start(directory / "data")
    try:
        server = replace(session.server, database="recovery")
        administrator = await asyncpg.connect(**session.server.dsn_parameters())
        await administrator.execute("CREATE DATABASE recovery")
        await administrator.close()

        async def connect() -> Any:
            return await asyncpg.connect(**server.dsn_parameters())

        await migrate.upgrade(connect)
        timings = Timings(0, 0, 3600, 3600, 3600)
        async with connected(server, directory, orders=orders, seed=7, timings=timings) as shop:
            await shop.world._http.post("/admin/faults", json={"slow_buy": _SLOW_SHARE})
            environment = daemon_environment(shop, server, directory)
            running = [launch("daemon", env=environment) for _ in range(2)]
            try:
                beside = await _killed(shop, running.pop(0))
                # The last one dies, and somebody notices at once.
                last = running.pop(0)
                fresh = await _killed(shop, last, start=lambda: running.append(launch("daemon", env=environment)))
            finally:
                for process in running:
                    process.kill()
                    process.communicate()
        return max(beside, fresh)
    finally:
        await session.leave()


async def _killed(shop: Connected, victim: subprocess.Popen[str], start: Any = lambda: None) -> float:
    """Seconds from the kill until another daemon has taken up what the victim held."""
    held: list[UUID] = []
    async with asyncio.timeout(120):
        while not held:
            held = [row["id"] for row in await shop.database.pool.fetch(_HELD, victim.pid)]
            await asyncio.sleep(0.01)
        victim.kill()
        killed = time.monotonic()
        start()
        while not await shop.database.pool.fetchval(_MOVED, held, victim.pid):
            await asyncio.sleep(0.01)
        seconds = time.monotonic() - killed
    victim.communicate()
    return seconds
