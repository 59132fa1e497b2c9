"""What keeps the daemon, its database and its records in order."""

from __future__ import annotations

import asyncio

import structlog

from engine import named_requests
from engine.audit.seals import LEASE as SEAL_LEASE
from engine.audit.seals import Sealer
from engine.database.loss import is_lost
from engine.database.snapshots import oldest_snapshot
from engine.database.stalled import end_stalled_sessions
from engine.fleet import daemons, leases
from engine.orders import priority
from engine.orders.bulk import journal
from engine.reports import tallies
from engine.workflow import runner
from engine.workflow.rules import forgetting
from sync.rounds.post import Post
from sync.schedule import Tick

_log = structlog.get_logger(__name__)
_ANSWER_SECONDS = 3.0
_OLD_SNAPSHOT_SECONDS = 60.0
_FOLD_SECONDS = 1.0
_FORGET_SECONDS = 600.0
_RISING = 1000  # orders a transaction whose deadline has come nearer


def ticks(post: Post) -> list[Tick]:
    """The rounds of this file."""
    rounds, settings = Housekeeping(post), post.settings
    return [
        Tick("heartbeat", settings.beat_seconds, rounds.beat),
        Tick("keep_database", 1.0, rounds.keep_database),
        Tick("end_stalled", 1.0, rounds.end_stalled),
        Tick("wake_due", 1.0, rounds.wake_due),
        Tick("read_gates", 1.0, rounds.read_gates),
        Tick("rise_with_time", 30.0, rounds.rise_with_time),
        Tick("fold_tallies", _FOLD_SECONDS, rounds.fold_tallies),
        Tick("forget_minutes", 3600.0, rounds.forget_minutes, 60.0),
        Tick("watch_snapshots", 15.0, rounds.watch_snapshots, 1.0),
        Tick("sweep_journal", 600.0, rounds.sweep_journal, 30.0),
        Tick("forget_answers", _FORGET_SECONDS, rounds.forget_answers, 30.0),
        Tick("forget_rule_runs", _FORGET_SECONDS, rounds.forget_rule_runs, 30.0),
        Tick("seal_audit", settings.seal_seconds, rounds.seal_audit, settings.seal_seconds / 20),
    ]


class Housekeeping:
    """The rounds; `beat` is also the daemon's first breath."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._database = post.database
        self._sealer = Sealer(post.database)

    async def beat(self) -> None:
        """Say that this daemon is alive, and learn the database's time."""
        if moment := await daemons.beat(self._database, self._post.daemon_id):
            self._post.clock.learn(moment)

    async def keep_database(self) -> None:
        """An embedded server that was killed is started again by whoever notices."""
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await self._database.pool.execute("SELECT 1")
        except Exception as error:
            if not is_lost(error):
                raise
            _log.warning("database_restarting")
            await self._database.revive()

    async def end_stalled(self) -> None:
        """Another daemon that is frozen while it sends rows must not keep its orders from this one."""
        if ended := await end_stalled_sessions(self._database):
            _log.warning("stalled_sessions_ended", sessions=ended)

    async def wake_due(self) -> None:
        """Make ready what has waited for its time."""
        await runner.wake_due(self._database)

    async def read_gates(self) -> None:
        """Learn which dependencies other daemons found broken."""
        await self._post.outside.gates.refresh()

    async def rise_with_time(self) -> None:
        """Raise the priority of what has come nearer to its deadline."""
        risen = _RISING
        while risen == _RISING:
            risen = await priority.rise_with_time(self._database, _RISING)

    async def fold_tallies(self) -> None:
        """Add up what moved, by one daemon."""
        if await leases.take(self._database, tallies.LEASE, self._post.daemon_id, 5 * _FOLD_SECONDS):
            while await tallies.fold(self._database) == tallies.FOLD_ROWS:
                pass

    async def forget_minutes(self) -> None:
        """Let go of minutes that nobody looks at any more."""
        await tallies.forget_minutes(self._database)

    async def watch_snapshots(self) -> None:
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

    async def sweep_journal(self) -> None:
        """Forget what can no longer be undone."""
        await journal.sweep(self._database)

    async def forget_answers(self) -> None:
        """Forget what was answered to named requests a day ago."""
        await named_requests.sweep(self._database)

    async def forget_rule_runs(self) -> None:
        """Let go of what rules did long ago, by one daemon, in batches."""
        if await leases.take(self._database, forgetting.LEASE, self._post.daemon_id, 2 * _FORGET_SECONDS):
            while await forgetting.forget_runs(self._database, self._post.settings.rule_run_days) == forgetting.BATCH:
                pass

    async def seal_audit(self) -> None:
        """The hash goes to the log as well: a copy outside the database is what even the database's owner cannot rewrite."""
        seconds = 2 * self._post.settings.seal_seconds
        if not await leases.take(self._database, SEAL_LEASE, self._post.daemon_id, seconds):
            return
        for seal in await self._sealer.seal():
            _log.info("audit_sealed", seal=seal.number, subjects=seal.subjects, hash=seal.hash.hex())
