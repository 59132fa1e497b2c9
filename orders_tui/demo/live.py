"""The demo with its console: the same shop, the daemon as a child process, and a person at the keys."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from engine.database.connection import open_database
from engine.reports.accounts import outcomes
from orders_tui.child_daemon import child_daemon
from orders_tui.demo.plan import DemoFiles, DemoPlan
from orders_tui.demo.preparation import LEAD, demo_settings, prepare, start_over
from orders_tui.demo.world import start_world
from orders_tui.services import Services
from orders_tui.settings import ENVIRONMENT_PREFIX, NESTING, Settings
from orders_tui.settings_file import PATH_VARIABLE


def run_live(*, seed: int, orders: int, faults: str, files: DemoFiles) -> int:
    """Open the console on the simulated shop; it goes on where the last demo of this seed stopped."""
    plan = DemoPlan(
        seed=seed,
        orders=orders,
        faults=faults,
        orders_per_second=2.0,
        unpaid_seconds=2.0,
        hold_seconds=6.0,
        scan_after_seconds=10.0,
        deliver_after_seconds=30.0,
        complete_after_seconds=60.0,
    )
    return asyncio.run(_run(plan, files))


async def _run(plan: DemoPlan, files: DemoFiles) -> int:
    from orders_tui.app import console_options, run

    settings = demo_settings(files, "http://127.0.0.1:1", "")
    database = await open_database(settings.database.for_engine("orders-tui demo"), os.environ, on_wait=_say)
    try:
        if not files.continues(plan):
            await start_over(database, files)
            files.remember(plan, finished=False)
        async with start_world(plan, files) as world:
            settings = demo_settings(files, world.url, await prepare(database, world))
            services = Services(database, LEAD)
            try:
                async with child_daemon(database, _environment_of(settings, files)):
                    code = await run(services, console_options(settings.console))
            finally:
                await services.close()
        counts = await outcomes(database)
        if sum(counts.values()) == plan.orders and not counts.get("open"):
            files.remember(plan, finished=True)
        return code
    finally:
        await database.close()


def _environment_of(settings: Settings, files: DemoFiles) -> dict[str, str]:
    """The environment of the demo's daemon: these settings, and nobody's own configuration file. No secret is in it."""
    files.configuration.touch(mode=0o600)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(ENVIRONMENT_PREFIX)}
    given = dict(_flat(ENVIRONMENT_PREFIX, settings.model_dump(mode="json", exclude_defaults=True)))
    return inherited | given | {PATH_VARIABLE: str(files.configuration)}


def _flat(prefix: str, values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(f"{prefix}{name.upper()}{NESTING}", value)
        else:
            yield f"{prefix}{name.upper()}", str(value)


def _say(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
