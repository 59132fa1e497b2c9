"""The daemon: one process that polls, understands, decides, delivers and tracks, until it is told to stop.

Any number of daemons may share one database: shops, work and effects are claimed, and what a dead daemon held is free after three
missed heartbeats.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from engine.clock import DatabaseClock
from engine.database.connection import Database
from engine.database.loss import is_lost
from engine.database.notify import CHANGED, Announcer, listen
from engine.errors import Misconfigured
from engine.fleet import daemons
from engine.ports.outcomes import Claim, Outcome
from engine.workflow import runner
from sync import hints, intake
from sync.daemon_settings import DaemonSettings
from sync.delivery import Deliveries
from sync.http.app import build
from sync.http.listener import Listener
from sync.http.reception import Reception
from sync.http.watching import Standing, Watching
from sync.monitoring.counted import Counted
from sync.monitoring.traces import open_traces
from sync.monitoring.vitals import Vitals
from sync.monitoring.watch import Watch
from sync.notices.letter import Outbox
from sync.outside import Outside, OutsideSettings
from sync.rounds import ROUNDS
from sync.rounds.housekeeping import Housekeeping
from sync.rounds.monitoring import Monitoring
from sync.rounds.post import Post
from sync.schedule import Tick, keep_in_step, make_schedule
from sync.waking import Bell

_log = structlog.get_logger(__name__)
_LIFE_SECONDS = 5.0


class Daemon:
    """One incarnation. `run` returns when `stopping` is set and what was under way is done."""

    def __init__(self, database: Database, outside: OutsideSettings, outbox: Outbox, settings: DaemonSettings) -> None:
        self._database = database
        self._clock = DatabaseClock()
        self.counted = Counted()
        self._standing = Standing(time.monotonic)
        self._watch = Watch(database, settings.monitoring.fresh_seconds)
        self._vitals = Vitals(settings.monitoring.places, self._clock)
        watched = settings.monitoring
        self._traces = open_traces(
            watched.traces_url,
            share=watched.traces_share,
            token=watched.traces_token,
            about={"service_version": settings.version},
        )
        self._outside = Outside(database, outside, outbox, self._clock, self.counted, self._traces)
        self._settings = settings
        self._bell = Bell(Announcer(database, CHANGED).announce)
        self._ends = asyncio.Event()
        self._app = outside.app
        self._listens = asyncio.Event()
        self.listener: Listener | None = None
        """What the outside world calls; None when it is not to be called."""

    async def run(self, stopping: asyncio.Event, *, on_ready: Callable[[], None] | None = None) -> None:
        """Work until `stopping`; then take nothing new, finish what is under way within the drain time, and retire.

        `on_ready` is called once it works and listens, or has said why it cannot listen.
        """
        # The schedule tells of broken ticks itself, and a tick that is still at work is no news.
        logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
        self._daemon_id = await daemons.register(self._database, self._settings.version)
        self._outside.gates.daemon_id = self._daemon_id
        # Every line of this daemon names it, of whatever task.
        structlog.contextvars.bind_contextvars(daemon_id=str(self._daemon_id))
        _log.info("daemon_started")
        post = Post(self._database, self._daemon_id, self._outside, self._clock, self._bell, self._settings)
        try:
            await Housekeeping(post).beat()
        except Exception as error:
            if not is_lost(error):
                raise
        async with self._outside:
            alive = Tick("show_life", _LIFE_SECONDS, self._show_life)
            monitoring = Monitoring(post, self.counted, self._vitals, self._watch)
            rounds = [tick for ticks in ROUNDS for tick in ticks(post)]
            schedule = make_schedule([alive, *rounds, *monitoring.ticks()])
            schedule.start()
            work = asyncio.create_task(self._work(schedule))
            ended = asyncio.create_task(stopping.wait())
            listens = asyncio.create_task(self._listens.wait())
            await asyncio.wait({work, ended, listens}, return_when=asyncio.FIRST_COMPLETED)
            if on_ready is not None and listens.done():
                on_ready()
            await asyncio.wait({work, ended}, return_when=asyncio.FIRST_COMPLETED)
            for waiting in (ended, listens):
                waiting.cancel()
            self._standing.draining = True
            schedule.shutdown(wait=False)
            await self._drain(work)
        try:
            await daemons.retire(self._database, self._daemon_id)
        except Exception as error:
            if not is_lost(error):
                raise
        await asyncio.to_thread(self._traces.close)
        _log.info("daemon_stopped")

    def is_well(self) -> bool:
        """Whether its schedule runs: what hangs is better started anew."""
        return not self._standing.stalled

    async def _show_life(self) -> None:
        self._standing.lives()

    async def _drain(self, work: asyncio.Task[None]) -> None:
        self._ends.set()
        try:
            await asyncio.wait_for(work, self._settings.drain_seconds)
        except TimeoutError:
            _log.warning("drain_cut_short", seconds=self._settings.drain_seconds)

    async def _work(self, schedule: AsyncIOScheduler) -> None:
        settings = replace(self._settings.delivery, dead_after_seconds=self._settings.dead_after_seconds)
        outside = self._outside
        deliveries = Deliveries(
            self._database,
            self._daemon_id,
            outside.handlers(),
            settings,
            self._bell,
            outside.directory.stopped,
            self._count,
            self._traces,
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(self._repeat("inbox", self._drain_inbox))
            group.create_task(self._repeat("hints", self._drain_hints))
            group.create_task(self._repeat("workflow", self._run_workflow))
            group.create_task(deliveries.run(self._ends))
            group.create_task(self._outside.notices.sending.run(self._daemon_id, self._ends))
            group.create_task(keep_in_step(schedule, self._ends))
            group.create_task(self._vitals.watch_loop(self._ends))
            group.create_task(listen(self._database, self._bell.ring, self._ends))
            if self._settings.http.enabled:
                group.create_task(self._listen())
            else:
                self._listens.set()

    @property
    def _finish_seconds(self) -> float:
        """How long requests under way may take to their end: a little less than everything."""
        return self._settings.drain_seconds * 0.8

    async def _listen(self) -> None:
        settings = self._settings.http
        reception = Reception(settings)
        async with contextlib.AsyncExitStack() as stack:
            api = None
            if settings.api.enabled:
                from sync.http.api.app import open_api  # half a second, which a daemon that does not listen saves

                opening = open_api(
                    self._database,
                    settings.api,
                    self._outside.rates,
                    source=reception.source,
                    ends=self._ends,
                    watch=self._watch,
                )
                try:
                    api = await stack.enter_async_context(opening)
                except Misconfigured as error:  # orders are worked all the same
                    _log.error("api_not_served", code=error.code, sentence=error.sentence)
            watching = Watching(
                self._settings.monitoring,
                reception,
                self._watch,
                self._standing,
                self.counted,
                self._vitals,
                version=self._settings.version,
                api=api,
            )
            app = build(
                self._database,
                settings,
                self._app,
                ring=self._bell.wake,  # a letter that nobody has read yet shows nowhere
                clock=self._clock.seconds,
                reception=reception,
                api=api,
                counted=self.counted,
                traces=self._traces,
                more=watching.routes(),
            )
            self.listener = Listener(settings, app, finish_seconds=self._finish_seconds)
            await self.listener.run(self._ends, self._listens.set)

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

    def _count(self, claim: Claim, outcome: Outcome) -> None:
        self.counted.effect(claim, outcome, self._clock.seconds)

    async def _drain_inbox(self) -> bool:
        understood = await intake.drain(
            self._database, self._daemon_id, self._settings.inbox_batch, self._settings.dead_after_seconds
        )
        if understood:
            self.counted.payloads.add("plain", number=understood)
            self._bell.ring()
        return understood >= self._settings.inbox_batch

    async def _drain_hints(self) -> bool:
        worked = await hints.drain(
            self._database,
            self._daemon_id,
            self._settings.inbox_batch,
            self._outside.shop,
            self._settings.dead_after_seconds,
        )
        if worked:
            self.counted.payloads.add("asking", number=worked)
            self._bell.ring()
        return worked >= self._settings.inbox_batch

    async def _run_workflow(self) -> bool:
        began = time.perf_counter()
        try:
            advanced = await runner.run_batch(self._database, self._settings.workflow_batch)
        except Exception:
            self.counted.batches.add("broke")
            raise
        seconds = time.perf_counter() - began
        self.counted.batch(advanced, seconds)
        if advanced:
            self._traces.past("workflow batch", seconds, workflow_orders=advanced)
            self._bell.ring()
        return advanced >= self._settings.workflow_batch
