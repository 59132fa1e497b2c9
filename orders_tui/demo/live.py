"""The demo with its console: the same shop, the daemon as a child process, and a person at the keys."""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from engine.reports.accounts import at_work
from orders_tui.child_daemon import child_daemon
from orders_tui.demo.plan import DemoFiles, DemoPlan
from orders_tui.demo.preparation import LEAD, demo_settings, open_demo, prepare
from orders_tui.services import Services
from orders_tui.settings import ENVIRONMENT_PREFIX, NESTING, Settings
from orders_tui.settings_path import PATH_VARIABLE


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
    from orders_tui import terminal
    from orders_tui.app import console_options, run

    terminal.prepare(os.environ)
    # Textual takes its time to import, and the database and the shop take theirs to start.
    importing = asyncio.create_task(asyncio.to_thread(importlib.import_module, "orders_tui.console"))
    async with open_demo(plan, files, on_wait=_say) as (database, world, _):
        settings = demo_settings(files, world.url, await prepare(database, world))
        services = Services(database, LEAD)
        await importing
        try:
            async with child_daemon(database, environment_of(settings, files)) as own_daemon:
                code = await run(services, console_options(settings.console), own_daemon)
        finally:
            await services.close()
        arrived, open_orders = await at_work(database)
    if arrived == plan.orders and not open_orders:
        files.remember(plan, finished=True)
    return code


def environment_of(settings: Settings, files: DemoFiles) -> dict[str, str]:
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
