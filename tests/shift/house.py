"""A shop for a shift: the demo's simulated TikTok and carrier on data of its own, where people pick and hand over."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from engine.database.connection import Database
from orders_tui.demo.live import environment_of
from orders_tui.demo.plan import DemoFiles, DemoPlan
from orders_tui.demo.preparation import LEAD, demo_settings, open_demo, prepare
from orders_tui.demo.world import World
from orders_tui.services import Services
from tests.shift.terminal import Terminal

ORDERS = 200
SCREENS = "screens.log"
SEED = 7
"""Tells of 2 orders each that are out of stock, whose address is bad, whose product has no weight, that the carrier refuses; of 3
with an unknown SKU; and of 4 that buyers cancel."""

PLAN = DemoPlan(
    seed=SEED,
    orders=ORDERS,
    faults="none",
    orders_per_second=100.0,
    unpaid_seconds=0.2,
    hold_seconds=0.5,
    scan_after_seconds=7200.0,  # people hand over; no carrier comes before the shift ends
    deliver_after_seconds=7300.0,
    complete_after_seconds=7400.0,
)


@dataclass(frozen=True, slots=True)
class House:
    """Where the shift is played: the terminal for the script, the rest for the books and for the world outside."""

    terminal: Terminal
    world: World
    database: Database
    daemon_log: Path
    """What the console's own daemon wrote down."""
    errors_log: Path
    """Where the console writes down mistakes of its own."""


@contextlib.asynccontextmanager
async def open_house(folder: Path, size: tuple[int, int]) -> AsyncIterator[House]:
    """Prepare the shop, start the program in a terminal; nothing is left behind at the end."""
    files = DemoFiles(folder / "data")
    files.make()
    async with open_demo(PLAN, files, on_wait=None) as (database, world, _):
        settings = demo_settings(files, world.url, await prepare(database, world))
        await _let_people_work(database)
        environment = environment_of(settings, files) | {
            "HOME": str(folder),
            "XDG_STATE_HOME": str(folder / "state"),
            "PYTHONPATH": os.pathsep.join(sys.path),
            "LANG": "C.UTF-8",
        }
        wanted = {
            name: value for name, value in environment.items() if name not in {"TMUX", "TERM", "COLORTERM", "NO_COLOR"}
        }
        terminal = Terminal(size, folder / SCREENS)
        try:
            await terminal.start([sys.executable, "-m", "orders_tui"], wanted, folder)
            yield House(terminal, world, database, files.log, folder / "state" / "orders-tui" / "errors.log")
        finally:
            await terminal.close()


async def _let_people_work(database: Database) -> None:
    services = Services(database, LEAD)
    try:
        for shop in await services.shops.all():
            _ = await services.shops.set_policies(shop.shop.tiktok_shop_id, {"pick": "confirm", "ship_on": "handover"})
    finally:
        await services.close()
