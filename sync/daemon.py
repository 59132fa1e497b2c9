"""The daemon: one process that polls, understands, decides, delivers and tracks, until it is told to stop.

Any number of daemons may share one database: shops, work and effects are claimed, and what a dead daemon held is free after three
missed heartbeats.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from engine.audit.seals import LEASE as SEAL_LEASE
from engine.audit.seals import Sealer
from engine.clock import DatabaseClock
from engine.database.connection import Database
from engine.database.loss import is_lost
from engine.database.notify import listen
from engine.database.snapshots import oldest_snapshot
from engine.database.stalled import end_stalled_sessions
from engine.errors import OrdersError
from engine.fleet import daemons, leases
from engine.orders import priority, shops
from engine.orders.bulk import journal
from engine.orders.parcels import packages
from engine.workflow import runner
from sync import intake
from sync.delivery import Deliveries, DeliverySettings
from sync.notices.letter import Outbox
from sync.outside import Outside, OutsideSettings
from sync.schedule import Tick, keep_in_step, make_schedule
from sync.shipping.tracking import read_tracking
from sync.tiktok.polling import PollSettings, poll_shop
from sync.waking import Bell

_log = structlog.get_logger(__name__)
_ANSWER_SECONDS = 3.0
_OLD_SNAPSHOT_SECONDS = 60.0
_RISING = 1000  # orders a transaction whose deadline has come nearer


@dataclass(frozen=True, slots=True)
class DaemonSettings:
    """How one daemon works; sizes are rows per transaction, times are seconds."""

    version: str
    poll_seconds: float = 30.0
    tracking_seconds: float = 300.0
    tracking_tick_seconds: float = 5.0
    tracking_batch: int = 1000
    inbox_batch: int = 100
    workflow_batch: int = 200
    idle_seconds: float = 1.0
    drain_seconds: float = 10.0
    seal_seconds: float = 60.0
    beat_seconds: float = daemons.BEAT_SECONDS
    """The same for all daemons of a database: whoever misses three of these beats is dead to the others."""
    poll: PollSettings = field(default_factory=PollSettings)
    delivery: DeliverySettings = field(default_factory=DeliverySettings)


class Daemon:
    """One incarnation. `run` returns when `stopping` is set and what was under way is done."""

    def __init__(self, database: Database, outside: OutsideSettings, outbox: Outbox, settings: DaemonSettings) -> None:
        self._database = database
        self._clock = DatabaseClock()
        self._outside = Outside(database, outside, outbox, self._clock)
        self._settings = settings
        self._sealer = Sealer(database)
        self._bell = Bell()
        self._ends = asyncio.Event()

    async def run(self, stopping: asyncio.Event, *, on_ready: Callable[[], None] | None = None) -> None:
        """Work until `stopping`; then take nothing new, finish what is under way within the drain time, and retire."""
        # The schedule tells of broken ticks itself, and a tick that is still at work is no news.
        logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
        self._daemon_id = await daemons.register(self._database, self._settings.version)
        self._outside.gates.daemon_id = self._daemon_id
        _log.info("daemon_started", daemon_id=str(self._daemon_id))
        try:
            await self._beat()
        except Exception as error:
            if not is_lost(error):
                raise
        async with self._outside:
            schedule = make_schedule(self._ticks())
            schedule.start()
            work = asyncio.create_task(self._work(schedule))
            if on_ready is not None:
                on_ready()
            ended = asyncio.create_task(stopping.wait())
            await asyncio.wait({work, ended}, return_when=asyncio.FIRST_COMPLETED)
            ended.cancel()
            schedule.shutdown(wait=False)
            await self._drain(work)
        try:
            await daemons.retire(self._database, self._daemon_id)
        except Exception as error:
            if not is_lost(error):
                raise
        _log.info("daemon_stopped", daemon_id=str(self._daemon_id))

    async def _drain(self, work: asyncio.Task[None]) -> None:
        self._ends.set()
        try:
            await asyncio.wait_for(work, self._settings.drain_seconds)
        except TimeoutError:
            _log.warning("drain_cut_short", seconds=self._settings.drain_seconds)

    async def _work(self, schedule: AsyncIOScheduler) -> None:
        settings = replace(self._settings.delivery, dead_after_seconds=self._dead_after_seconds())
        deliveries = Deliveries(self._database, self._daemon_id, self._outside.handlers(), settings, self._bell)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._repeat("inbox", self._drain_inbox))
            group.create_task(self._repeat("workflow", self._run_workflow))
            group.create_task(deliveries.run(self._ends))
            group.create_task(keep_in_step(schedule, self._ends))
            group.create_task(listen(self._database, self._bell.ring, self._ends))

    async def _repeat(self, name: str, work: Callable[[], Awaitable[bool]]) -> None:
        """Do `work` again at once while it says that there is more, else when the bell rings or after the idle time."""
        while not self._ends.is_set():
            try:
                more = await work()
            except Exception as error:  # noqa: BLE001  # a loop outlives whatever breaks one turn of it
                if is_lost(error):
                    _log.warning("database_away", loop=name)
                else:
                    _log.exception("loop_broke", loop=name)
                more = False
            if not more:
                await self._bell.wait(self._settings.idle_seconds, self._ends)

    async def _drain_inbox(self) -> bool:
        understood = await intake.drain(
            self._database, self._daemon_id, self._settings.inbox_batch, self._dead_after_seconds()
        )
        if understood:
            self._bell.ring()
        return understood >= self._settings.inbox_batch

    async def _run_workflow(self) -> bool:
        advanced = await runner.run_batch(self._database, self._settings.workflow_batch)
        if advanced:
            self._bell.ring()
        return advanced >= self._settings.workflow_batch

    def _dead_after_seconds(self) -> float:
        return self._settings.beat_seconds * daemons.MISSED_BEATS

    def _ticks(self) -> list[Tick]:
        settings = self._settings
        return [
            Tick("heartbeat", settings.beat_seconds, self._beat),
            Tick("keep_database", 1.0, self._keep_database),
            Tick("end_stalled", 1.0, self._end_stalled),
            Tick("wake_due", 1.0, self._wake_due),
            Tick("read_gates", 1.0, self._read_gates),
            Tick("rise_with_time", 30.0, self._rise_with_time),
            Tick("poll_shops", min(settings.poll_seconds, 5.0), self._poll_shops, settings.poll_seconds / 20),
            Tick("read_tracking", settings.tracking_tick_seconds, self._read_tracking),
            Tick("watch_snapshots", 15.0, self._watch_snapshots, 1.0),
            Tick("sweep_journal", 600.0, self._sweep_journal, 30.0),
            Tick("seal_audit", settings.seal_seconds, self._seal_audit, settings.seal_seconds / 20),
        ]

    async def _beat(self) -> None:
        if moment := await daemons.beat(self._database, self._daemon_id):
            self._clock.learn(moment)

    async def _keep_database(self) -> None:
        """An embedded server that was killed is started again by whoever notices."""
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await self._database.pool.execute("SELECT 1")
        except Exception as error:
            if not is_lost(error):
                raise
            _log.warning("database_restarting")
            await self._database.revive()

    async def _end_stalled(self) -> None:
        """Another daemon that is frozen while it sends rows must not keep its orders from this one."""
        if ended := await end_stalled_sessions(self._database):
            _log.warning("stalled_sessions_ended", sessions=ended)

    async def _wake_due(self) -> None:
        await runner.wake_due(self._database)

    async def _watch_snapshots(self) -> None:
        """Name whoever keeps a transaction open: the queues slow down behind it, and nobody would guess why."""
        oldest = await oldest_snapshot(self._database, _OLD_SNAPSHOT_SECONDS)
        if oldest is not None:
            _log.error(
                "old_snapshot",
                who=oldest.login,
                program=oldest.program,
                process=oldest.process_id,
                seconds=round(oldest.seconds),
                mend=oldest.sentence,
            )

    async def _sweep_journal(self) -> None:
        await journal.sweep(self._database)

    async def _rise_with_time(self) -> None:
        risen = _RISING
        while risen == _RISING:
            risen = await priority.rise_with_time(self._database, _RISING)

    async def _read_gates(self) -> None:
        await self._outside.gates.refresh()

    async def _seal_audit(self) -> None:
        """The hash goes to the log as well: a copy outside the database is what even the database's owner cannot rewrite."""
        if not await leases.take(self._database, SEAL_LEASE, self._daemon_id, 2 * self._settings.seal_seconds):
            return
        for seal in await self._sealer.seal():
            _log.info("audit_sealed", seal=seal.number, subjects=seal.subjects, hash=seal.hash.hex())

    async def _poll_shops(self) -> None:
        while (shop := await shops.claim_poll(self._database, self._settings.poll_seconds)) is not None:
            try:
                connected = await self._outside.shop(shop.shop_id)
                new = await poll_shop(self._database, shop, connected.client, self._settings.poll, self._clock.now())
            except OrdersError as error:
                _log.warning("poll_failed", shop_id=str(shop.shop_id), code=error.code, sentence=error.sentence)
                await shops.poll_failed(self._database, shop.shop_id, error.sentence)
                continue
            if new:
                _log.info("polled", shop_id=str(shop.shop_id), new=new)
                self._bell.ring()

    async def _read_tracking(self) -> None:
        settings = self._settings
        parcels = await packages.claim_open_parcels(self._database, settings.tracking_batch, settings.tracking_seconds)
        if not parcels:
            return
        try:
            facts = await read_tracking(self._outside.carrier, parcels)
        except OrdersError as error:
            _log.warning("tracking_failed", code=error.code, sentence=error.sentence)
            return
        if await packages.record_tracking(self._database, facts):
            self._bell.ring()
