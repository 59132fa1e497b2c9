"""A scenario's stage: a database, the simulated outside, and real daemons as processes that are started and stopped."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.inventory.ledger import receive
from engine.privacy.secrets import Secrets
from engine.reports.accounts import outcomes
from orders_tui.demo.preparation import LEAD, prepare
from orders_tui.demo.world import World
from sync.http_client import open_http_client
from sync.simulator.scenario import Scenario
from sync.simulator.server import Simulator, serve
from tests.factories import environment_for, opened
from tests.faults.cluster import Cluster
from tests.orders_tui.cli.programs import PROJECT, environment
from tests.scenarios.checker import stock_differences

LOOK_SECONDS = 0.1

UNDER_WAY = """
SELECT count(*) FROM effects WHERE state IN ('intent', 'sent', 'ambiguous')
   AND (kind <> 'notice' OR (head AND due_at <= now()) OR lease_until IS NOT NULL)
"""

# What lives in our database by the clock follows when time is made to pass: whatever was due then is due now.
PASS_TIME = (
    "UPDATE effects SET due_at = due_at - $1 WHERE state IN ('intent', 'sent', 'ambiguous') AND due_at > now()",
    "UPDATE work SET due_at = due_at - $1 WHERE due_at > now() AND due_at < 'infinity'",
    "UPDATE inbox SET due_at = due_at - $1 WHERE due_at > now() AND due_at < 'infinity'",
    "UPDATE packages SET track_due_at = track_due_at - $1 WHERE track_due_at > now()",
    "UPDATE gates SET opened_until = opened_until - $1 WHERE opened_until > now()",
    "UPDATE polls SET due_at = least(due_at, now())",
)


class Stuck(Exception):
    """What was waited for did not come."""


@dataclass(slots=True)
class Daemon:
    """A daemon as an operator starts it, and its log."""

    process: subprocess.Popen[bytes]
    log: Path

    def events(self) -> Counter[str]:
        """What it wrote into its log, by event."""
        lines = self.log.read_bytes().splitlines() if self.log.exists() else []
        return Counter(str(orjson.loads(line).get("event")) for line in lines if line.startswith(b"{"))

    async def stop(self) -> None:
        """Ask it to end as systemd does. Raises Stuck unless it ends in order."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = await asyncio.to_thread(self.process.wait, 40)
        if code != 0:
            raise Stuck(f"A daemon ended with exit code {code}: {self.log.read_text()[-1500:]}")


@dataclass(slots=True)
class Stage:
    """What a scenario works with."""

    database: Database
    server: EmbeddedServer
    simulator: Simulator
    world: World
    folder: Path
    settings: dict[str, str]
    daemons: list[Daemon] = field(default_factory=list)
    patience_seconds: float = 100.0
    foretold_otherwise: Counter[str] = field(default_factory=Counter)
    """What the scenario itself does to the orders: how many more or fewer end where."""

    async def admin(self, name: str, **body: object) -> dict[str, Any]:
        """Do something behind the services' backs."""
        answer = await self.world._http.post(f"/admin/{name}", json=body)
        answer.raise_for_status()
        found: dict[str, Any] = orjson.loads(answer.content)
        return found

    async def state(self) -> dict[str, Any]:
        """What the simulator counted."""
        return await self.world.ask("state")

    async def restock(self, units: int, *, skus: int = 6) -> None:
        """Let so many units of some SKUs come in; nothing of what is sold out, whose orders would go on."""
        for entry in [entry for entry in (await self.world.ask("catalogue"))["products"] if entry["stock"]][:skus]:
            await receive(
                self.database,
                entry["sku"],
                units,
                actor=LEAD,
                reason="received",
                idempotency_key=f"more:{entry['sku']}",
            )

    def start(self) -> Daemon:
        """Start one more daemon."""
        log = self.folder / f"daemon{len(self.daemons)}.log"
        with log.open("wb") as stream:
            process = subprocess.Popen(
                [sys.executable, "-m", "orders_tui", "daemon", "--stdin-lifeline"],
                cwd=PROJECT,
                env=environment(self.folder, self.settings),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=stream,
            )
        daemon = Daemon(process, log)
        self.daemons.append(daemon)
        return daemon

    async def stop_all(self) -> None:
        """Let every daemon end in order."""
        for daemon in self.daemons:
            await daemon.stop()

    async def pass_time(self, seconds: float) -> None:
        """Let so much time pass outside, and in what our database has planned; no daemon may be reading TikTok meanwhile."""
        now = (await self.state())["now"]
        async with self.database.transaction() as connection:
            await connection.execute("UPDATE polls SET cursor = least(cursor, to_timestamp($1))", now)
            for statement in PASS_TIME:
                arguments = () if "$1" not in statement else (seconds,)
                await connection.execute(statement.replace("$1", "make_interval(secs => $1)"), *arguments)
        await self.admin("clock", advance_seconds=seconds)

    async def until(self, reached: Callable[[], Awaitable[bool]], what: str) -> None:
        """Wait for it. Raises Stuck."""
        patience = time.monotonic() + self.patience_seconds
        while not await reached():
            for daemon in self.daemons:
                if daemon.process.poll() not in {None, 0}:
                    raise Stuck(f"A daemon broke: {daemon.log.read_text()[-1500:]}")
            if time.monotonic() > patience:
                state = await self.state()
                found = await outcomes(self.database)
                raise Stuck(
                    f"{what} did not come within {self.patience_seconds:.0f} s: {state['arrived']} orders arrived,"
                    f" {dict(state['orders'])} at TikTok, {found} here, foretold {self.foretold()}."
                )
            await asyncio.sleep(LOOK_SECONDS)

    def foretold(self) -> dict[str, int]:
        """How many orders should end where."""
        found = Counter(self.simulator.scenario.foretold())
        found.update(self.foretold_otherwise)
        return {name: count for name, count in found.items() if count}

    async def settled(self) -> bool:
        """Whether every order is where the seed foretold, and nothing is to be sent any more."""
        if await outcomes(self.database) != self.foretold():
            return False
        return not await self.database.pool.fetchval(UNDER_WAY)

    async def settle(self) -> None:
        """Wait for the end of every order, and until what TikTok says of each is known here."""
        await self.until(self.settled, "The end of every order")
        await self.until(self.known, "TikTok's last word on every order")
        await self.until(self.stock_told, "The stock that TikTok offers")

    async def inbox_read(self) -> bool:
        """Whether everything that was received is decided."""
        return bool(
            await self.database.pool.fetchval(
                "SELECT NOT EXISTS (SELECT FROM inbox WHERE state NOT IN ('done', 'ignored'))"
            )
        )

    async def stock_told(self) -> bool:
        """Whether TikTok offers of every SKU what is free here."""
        return not await stock_differences(self.database, await self.world.ask("stock"))

    async def known(self) -> bool:
        """Whether parcels have come to their end at TikTok, and it is known here how TikTok calls every order now."""
        theirs = (await self.state())["orders"]
        if any(theirs.get(status) for status in ("AWAITING_COLLECTION", "IN_TRANSIT", "DELIVERED")):
            return False
        ours = await self.database.pool.fetch(
            "SELECT channel_status AS status, count(*) AS orders FROM orders GROUP BY 1"
        )
        return {row["status"]: row["orders"] for row in ours} == {
            name: count for name, count in theirs.items() if count
        }


@contextlib.asynccontextmanager
async def open_stage(
    cluster: Cluster,
    folder: Path,
    scenario: Scenario,
    *,
    faults: str = "none",
    begins_before_seconds: float = 0.0,
    token_seconds: float = 30 * 86_400.0,
    settings: Mapping[str, str] | None = None,
) -> AsyncIterator[Stage]:
    """A shop of the scenario's orders, whose world begins some time ago, in a database of its own."""
    folder.mkdir(mode=0o711)

    def clock() -> float:
        return time.time() - begins_before_seconds

    async with (
        cluster.database() as server,
        opened(server) as database,
        serve(scenario, faults=faults, clock=clock, token_seconds=token_seconds) as simulator,
        open_http_client(simulator.url) as http,
    ):
        database.secrets = Secrets({}, data_directory=folder)
        world = World(simulator.url, http)
        app_key = await prepare(database, world)
        keys = await world.ask("credentials")
        stage = Stage(
            database,
            server,
            simulator,
            world,
            folder,
            _settings(server, simulator.url, app_key, keys, folder) | dict(settings or {}),
        )
        try:
            yield stage
        finally:
            for daemon in stage.daemons:
                if daemon.process.poll() is None:
                    daemon.process.kill()
                    daemon.process.wait()
                if daemon.process.stdin is not None:
                    daemon.process.stdin.close()


def _settings(server: EmbeddedServer, url: str, app_key: str, keys: Mapping[str, Any], folder: Path) -> dict[str, str]:
    """A daemon's whole configuration, as its environment."""
    named = {
        "TIKTOK__BASE_URL": url,
        "TIKTOK__AUTH_URL": url,
        "TIKTOK__APP_KEY": app_key,
        "TIKTOK__CALLS_PER_SECOND": "0",
        "TIKTOK__POLL_SECONDS": "1",
        "TIKTOK__OVERLAP_SECONDS": "3",
        "CARRIER__BASE_URL": url,
        "CARRIER__CALLS_PER_SECOND": "0",
        "CARRIER__TRACKING_SECONDS": "1",
        "NOTICES__FOLDER": str(folder / "notices"),
        "NOTICES__DURABLE": "false",
        "DATABASE__POOL_SIZE": "10",
        "DAEMON__IDLE_SECONDS": "0.5",
        "TIKTOK_APP_SECRET": str(keys["app_secret"]),
        "EASYPOST_API_KEY": str(keys["easypost_api_key"]),
    }
    return dict(environment_for(server)) | {f"ORDERS_TUI_{name}": value for name, value in named.items()}
