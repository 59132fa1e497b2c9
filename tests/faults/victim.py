"""A daemon in a process of its own, that may be struck: forked ready-made, so that a run costs no start of Python."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from engine.database.connection import DatabaseSettings, open_database
from engine.database.loss import is_lost
from engine.effects.kinds import Budget, Retries
from engine.errors import Unreachable
from engine.privacy.terms import Policy
from engine.words import EffectKind
from orders_tui.assembly import daemon_settings, outside_settings
from orders_tui.demo.plan import DemoFiles
from orders_tui.demo.preparation import demo_settings
from orders_tui.logs import configure_json_logs
from orders_tui.loop import run
from orders_tui.settings import Settings
from orders_tui.settings_outside import NoticesSection
from sync.daemon import Daemon
from sync.daemon_settings import BackupSettings, DaemonSettings, GrantTimes, PrivacyTimes
from sync.delivery import DeliverySettings
from sync.http.settings import HttpSettings
from sync.inventory.push import PushSettings
from sync.notices.folder import FolderOutbox
from sync.resilience import BreakerSettings
from sync.tiktok.polling import PollSettings
from tests.faults import clocks
from tests.faults.interception import Blow, Interception, Strike

BEAT_SECONDS = 0.25
IDLE_TRANSACTION_SECONDS = 1.0
# Failures alone count: how many other calls go well meanwhile is chance.
QUICK_BREAKER = BreakerSettings(failure_threshold=3, reset_seconds=0.5, failure_share=0.0)
QUICK_TRIES = Retries(8, 0.2, 0.6, 1.5)
LEASE_SECONDS = 4.0
LOST = 3
"""The exit code of a victim whose database was away when it began or ended."""

PROCESSES = get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.faults.victim"])


@dataclass(frozen=True, slots=True)
class Orders:
    """What a victim is told: where its shop is, how it works, and what will happen to it."""

    environment: Mapping[str, str]
    url: str
    app_key: str
    folder: Path
    log: Path
    strikes: tuple[Strike, ...] = ()
    """One after the other; the conductor hears of the last."""
    clock_shift_seconds: float = 0.0
    clock_shift_after_seconds: float = 0.0
    lease_seconds: float = LEASE_SECONDS
    port: int = 0
    """Where it listens for webhooks; 0: nowhere."""
    backups: Path | None = None
    """Where it puts backups, one after the other; None: nowhere."""


def small_settings(
    settings: Settings, lease_seconds: float, port: int = 0, backups: Path | None = None
) -> DaemonSettings:
    """Small batches and short waits, so that a few orders meet every boundary several times."""
    return DaemonSettings(
        version=daemon_settings(settings).version,
        poll_seconds=0.2,
        tracking_seconds=0.2,
        tracking_tick_seconds=0.2,
        inbox_batch=6,
        workflow_batch=5,
        idle_seconds=0.2,
        drain_seconds=5.0,
        beat_seconds=BEAT_SECONDS,
        seal_seconds=0.3,
        http=HttpSettings(enabled=port > 0, port=port, calls_per_second=0),
        poll=PollSettings(overlap_seconds=3, page_size=20),
        grants=GrantTimes(reach_seconds=0.2, refresh_seconds=0.2, watch_seconds=0.4, paused_seconds=0.3),
        backup=BackupSettings(backups, every_seconds=1.0, keep=2, look_seconds=0.2),
        privacy=PrivacyTimes(Policy(0, 0), key_grace_seconds=3.0, share=1.0, look_seconds=0.2, retention_seconds=0.3),
        push=PushSettings(every_seconds=0.3, check_after_seconds=0.2, check_again_seconds=0.2),
        delivery=DeliverySettings(
            batch=4,
            workers=dict.fromkeys(EffectKind, 2),
            idle_seconds=0.2,
            budgets=dict.fromkeys(EffectKind, Budget(lease_seconds, QUICK_TRIES)),
        ),
    )


def main(orders: Orders, line: Connection) -> None:
    """Work until the conductor says stop; exits with 0, or with LOST in the absence of its database."""
    clocks.shift(orders.clock_shift_seconds, after_seconds=orders.clock_shift_after_seconds)
    os.environ.update(orders.environment)
    configure_json_logs(orders.log)
    try:
        run(_work(orders, line))
    except Exception as error:
        if not (is_lost(error) or isinstance(error, Unreachable)):
            raise
        sys.exit(LOST)


async def _work(orders: Orders, line: Connection) -> None:
    stopping, going = asyncio.Event(), asyncio.Event()

    def hear() -> None:
        try:
            {"stop": stopping, "go": going}[line.recv()].set()
        except (EOFError, OSError):
            os.kill(os.getpid(), signal.SIGKILL)  # the conductor is gone

    asyncio.get_running_loop().add_reader(line.fileno(), hear)

    async def struck(strike: Strike) -> None:
        if strike is orders.strikes[-1]:
            line.send("struck")
        match strike.blow:
            case Blow.KILL:
                os.kill(os.getpid(), signal.SIGKILL)
            case Blow.FREEZE:
                os.kill(os.getpid(), signal.SIGSTOP)
            case Blow.RESTART:
                await going.wait()
            case Blow.LOSE:
                pass

    interception = Interception(orders.strikes, struck)
    settings = demo_settings(DemoFiles(orders.folder), orders.url, orders.app_key).model_copy(
        update={
            "notices": NoticesSection(
                folder=orders.folder / "notices", durable=False, bounces=orders.folder / "bounces"
            )
        }
    )
    url = orders.environment["ORDERS_TUI_DATABASE__URL"]
    opening = DatabaseSettings(
        url=url, pool_size=6, application_name="victim", idle_transaction_seconds=IDLE_TRANSACTION_SECONDS
    )
    database = await open_database(opening, orders.environment)
    interception.install()
    try:
        daemon = Daemon(
            database,
            replace(outside_settings(settings, database), tiktok_breaker=QUICK_BREAKER),
            FolderOutbox(settings.notices.for_folder(orders.folder)),
            small_settings(settings, orders.lease_seconds, orders.port, orders.backups),
        )
        await daemon.run(stopping)
        line.send((dict(interception.commits), dict(interception.calls)))
    finally:
        await database.close()
