"""The whole job without a screen: orders arrive, are worked, and every one of them is accounted for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from engine.database.connection import Database
from engine.database.loss import is_lost
from engine.errors import Unreachable
from engine.reports.accounts import account, at_work
from orders_tui.assembly import build_daemon
from orders_tui.demo.plan import DemoFiles, DemoPlan
from orders_tui.demo.preparation import demo_settings, open_demo, prepare
from orders_tui.demo.summary import Summary
from orders_tui.demo.world import World
from orders_tui.logs import configure_json_logs

Progress = Callable[[int, int, int], None]
"""Told how many orders are settled, how many at work, and how many there will be."""

_LOOK_SECONDS = 0.2


async def run_headless(
    plan: DemoPlan,
    files: DemoFiles,
    *,
    timeout_seconds: float,
    on_progress: Progress,
    on_wait: Callable[[str], None] | None = None,
) -> Summary:
    """Run the plan to its end, or go on with one that was cut short. The summary says whether it adds up.

    The daemon's log is a file of the demo's. Raises Unreachable when the database does not open, or is lost on the way.
    """
    started = time.monotonic()
    try:
        async with open_demo(plan, files, on_wait=on_wait, generic_plans=True) as (database, world, continued):
            configure_json_logs(files.log)  # only now: opening says in a sentence what is wrong with the place
            summary = await _run(
                plan, files, database, world, started, timeout_seconds, on_progress, continued=continued
            )
        files.remember(plan, finished=not summary.complaints)
        return summary
    except Exception as error:
        if not is_lost(error):
            raise
        raise Unreachable(
            "demo.database_lost",
            "The database stopped in the middle of the demo: run the same command again, and it goes on where it was.",
        ) from error


async def _run(
    plan: DemoPlan,
    files: DemoFiles,
    database: Database,
    world: World,
    started: float,
    timeout_seconds: float,
    on_progress: Progress,
    *,
    continued: bool,
) -> Summary:
    unfinished = (await at_work(database))[1] if continued else 0
    app_key = await prepare(database, world)
    daemon = build_daemon(demo_settings(files, world.url, app_key), database)
    stopping = asyncio.Event()
    opened_at = await database.pool.fetchval("SELECT now()")
    running = asyncio.create_task(daemon.run(stopping))
    working_since = time.monotonic()
    recovery = asyncio.create_task(_first_move(database, opened_at, started)) if unfinished else None
    try:
        async with asyncio.timeout(timeout_seconds):
            await _until_done(plan, database, running, on_progress)
    except TimeoutError:
        pass
    finally:
        if recovery is not None:
            recovery.cancel()
    seconds = time.monotonic() - working_since
    stopping.set()
    await running
    state = await world.ask("state")
    moved_after = recovery.result() if recovery is not None and recovery.done() and not recovery.cancelled() else None
    return Summary(await account(database), state, seconds, moved_after)


async def _until_done(plan: DemoPlan, database: Database, running: asyncio.Task[None], on_progress: Progress) -> None:
    while not running.done():
        try:
            arrived, open_orders = await at_work(database)
        except Exception as error:
            if not is_lost(error):
                raise
            # The daemon starts its server again.
        else:
            on_progress(arrived - open_orders, open_orders, plan.orders)
            if arrived == plan.orders and not open_orders:
                return
        await asyncio.sleep(_LOOK_SECONDS)


async def _first_move(database: Database, opened_at: object, started: float) -> float:
    """Seconds from the program's start to the first order that moves again."""
    moved = "SELECT EXISTS (SELECT 1 FROM orders WHERE updated_at > $1)"
    while not await database.pool.fetchval(moved, opened_at):  # noqa: ASYNC110  # it moves in the database
        await asyncio.sleep(0.02)
    return time.monotonic() - started
