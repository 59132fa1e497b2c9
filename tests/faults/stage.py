"""One run's world: a database, a simulator, and the daemons that are started, struck, frozen, woken and stopped in it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, TypeVar

import httpx
import orjson

from engine.database.embedded import EmbeddedServer
from engine.database.loss import is_lost
from engine.reports.accounts import outcomes
from sync.simulator.scenario import Timings
from tests.factories import environment_for
from tests.faults.cluster import Cluster
from tests.faults.interception import Strike
from tests.faults.victim import LOST, PROCESSES, Orders, main
from tests.sync.connected import Connected, connected

T = TypeVar("T")

AT_ONCE = Timings(0, 0, 0.05, 0.1, 0.15)
"""Paid when placed, and delivered as soon as it is told: a run is there for what happens in between."""

_PATIENCE_SECONDS = 60.0
_LOOK_SECONDS = 0.04


class Stuck(Exception):
    """What was waited for did not come."""


@dataclass(slots=True)
class Daemon:
    """A daemon's process and the line to it."""

    process: BaseProcess
    line: Connection
    log: Path
    struck: bool = False
    counts: tuple[dict[str, int], dict[str, int]] | None = None

    def hear(self) -> None:
        """Take in what it said so far."""
        with contextlib.suppress(EOFError, OSError):
            while self.line.poll():
                word = self.line.recv()
                if word == "struck":
                    self.struck = True
                else:
                    self.counts = word

    @property
    def code(self) -> int | None:
        """None while it lives, else its exit code, negative for a signal."""
        return self.process.exitcode

    def tell(self, word: str) -> None:
        with contextlib.suppress(OSError):
            self.line.send(word)

    def send(self, number: signal.Signals) -> None:
        assert self.process.pid is not None
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, number)

    def events(self) -> Counter[str]:
        """What it wrote into its log, by event."""
        lines = self.log.read_bytes().splitlines() if self.log.exists() else []
        return Counter(str(orjson.loads(line).get("event")) for line in lines)


@dataclass(slots=True)
class Stage:
    """What a run's act works with."""

    shop: Connected
    server: EmbeddedServer
    cluster: Cluster
    folder: Path
    keys: dict[str, Any]
    prelude: tuple[Strike, ...] = ()
    """What befalls the victim before the blow that the run is about."""
    daemons: list[Daemon] = field(default_factory=list)
    kills: int = 0
    meanwhile: asyncio.Task[None] | None = None
    """What people do in this scene."""
    notes: dict[str, Any] = field(default_factory=dict)
    """What the parts of a scene tell one another."""

    def start(self, *strikes: Strike, **more: float) -> Daemon:
        """Fork one more daemon."""
        ours, theirs = PROCESSES.Pipe()
        log = self.folder / f"daemon{len(self.daemons)}.log"
        environment = dict(environment_for(self.server)) | {
            "ORDERS_TUI_TIKTOK_APP_SECRET": self.keys["app_secret"],
            "ORDERS_TUI_EASYPOST_API_KEY": self.keys["easypost_api_key"],
            "ORDERS_TUI_INVENTORY_API_KEY": self.keys["inventory_api_key"],
        }
        orders = Orders(
            environment,
            self.shop.simulator.url,
            self.keys["app_key"],
            self.folder,
            log,
            strikes,
            port=self.notes.get("port", 0),
            backups=self.notes.get("backups"),
            **more,
        )
        process = PROCESSES.Process(target=main, args=(orders, theirs), daemon=True)
        process.start()
        theirs.close()
        daemon = Daemon(process, ours, log)
        self.daemons.append(daemon)
        return daemon

    async def until(self, reached: Callable[[], Awaitable[bool]], what: str) -> None:
        """Wait for it. Raises Stuck."""
        patience = time.monotonic() + _PATIENCE_SECONDS
        while not await reached():
            if time.monotonic() > patience:
                raise Stuck(f"{what} did not come within {_PATIENCE_SECONDS:.0f} s.")
            await asyncio.sleep(_LOOK_SECONDS)

    async def struck_or_settled(self, victim: Daemon) -> None:
        """The blow has fallen, or there is no more work at which it could."""

        async def reached() -> bool:
            victim.hear()
            idle = self.meanwhile is None or self.meanwhile.done()
            return victim.struck or victim.code is not None or (idle and await self.settled())

        await self.until(reached, "The blow")

    def foretold(self) -> dict[str, int]:
        """How many orders should end where; what a person cancelled is no longer completed."""
        found = self.shop.simulator.scenario.foretold()
        by_hand = self.notes.get("cancelled", 0)
        found["completed"] -= by_hand
        found["cancelled"] += by_hand
        return {name: count for name, count in found.items() if count}

    async def settled(self) -> bool:
        """Whether every order is where the seed foretold, and nothing is to be sent any more."""
        try:
            return await outcomes(self.shop.database) == self.foretold() and not await self.shop.count(_UNDER_WAY)
        except Exception as error:
            if not is_lost(error):
                raise
            return False

    async def finish(self, survivor: Daemon) -> None:
        """Let this daemon bring everything to its end, unless it has ended itself: then a fresh one does."""

        async def reached() -> bool:
            return survivor.code is not None or await self.settled()

        await self.until(reached, "The end of every order")
        if survivor.code not in {None, 0, -signal.SIGKILL, LOST}:
            raise Stuck(f"The daemon broke with exit code {survivor.code}: {survivor.log.read_text()[-1500:]}")
        await self.until(self.answers, "The database")
        if not await self.settled():
            await self.finish(self.start())

    async def answers(self) -> bool:
        """Whether the database is there."""
        return await self.ask("SELECT 1") is not None

    async def stop(self, daemon: Daemon) -> None:
        """Ask it to end, and wait until it has."""
        daemon.tell("stop")

        async def reached() -> bool:
            daemon.hear()
            return daemon.code is not None

        await self.until(reached, "The end of a daemon")
        daemon.hear()

    async def stop_all(self) -> None:
        """Every daemon that still lives ends in order."""
        for daemon in self.daemons:
            if daemon.code is None:
                await self.stop(daemon)
                if daemon.code not in {0, LOST, -signal.SIGKILL}:
                    raise Stuck(f"A daemon ended with exit code {daemon.code}: {daemon.log.read_text()[-1500:]}")

    async def ask(self, query: str, *values: object) -> Any:
        """One value from the database; None while it is away."""
        try:
            return await self.shop.database.pool.fetchval(query, *values)
        except Exception as error:
            if not is_lost(error):
                raise
            return None

    async def aim(
        self, operation: str, failure: str | None, *, delay_seconds: float = 0.0, calls: Sequence[int] = (1,)
    ) -> None:
        """Let the simulator strike single calls."""
        aimed = {"operation": operation, "failure": failure, "delay_seconds": delay_seconds, "calls": list(calls)}
        (await self.http.post("/admin/aim", json=aimed)).raise_for_status()

    @property
    def http(self) -> httpx.AsyncClient:
        return self.shop.world._http

    async def broken(self, allowed: frozenset[str]) -> list[str]:
        """Mistakes that a daemon wrote into its log, which none may."""
        found: Counter[str] = Counter()
        for daemon in self.daemons:
            found += Counter({name: count for name, count in daemon.events().items() if name in _MISTAKES - allowed})
        return [f"{count} times {name} in a daemon's log." for name, count in sorted(found.items())]


# Notices are no order's business, and those that are gathered into one letter wait for a minute.
_UNDER_WAY = """
effects WHERE state IN ('intent', 'sent', 'ambiguous')
          AND (kind <> 'notice' OR (head AND due_at <= now()) OR lease_until IS NOT NULL)
"""

_MISTAKES = frozenset({"loop_broke", "tick_failed", "handler_broke", "an order cannot be decided"})


@contextlib.asynccontextmanager
async def open_stage(
    cluster: Cluster, folder: Path, *, orders: int, seed: int, prelude: tuple[Strike, ...] = (), **more: Any
) -> AsyncIterator[Stage]:
    """A shop of that many orders, all there, in a database of its own."""
    folder.mkdir(mode=0o711)
    async with (
        cluster.database() as server,
        connected(server, folder, orders=orders, seed=seed, timings=AT_ONCE, **more) as shop,
    ):
        stage = Stage(shop, server, cluster, folder, await shop.world.ask("credentials"), prelude)
        try:
            yield stage
        finally:
            for daemon in stage.daemons:
                daemon.send(signal.SIGKILL)
                daemon.line.close()
