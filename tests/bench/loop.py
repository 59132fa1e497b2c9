"""loop.http: the whole job against the simulator over real HTTP, labels bought, from the first poll to the last delivery."""

from __future__ import annotations

from pathlib import Path

from engine.errors import Terminal
from orders_tui.demo.headless import run_headless
from orders_tui.demo.plan import DemoFiles, DemoPlan
from orders_tui.demo.summary import Summary


async def run_loop(orders: int, directory: Path) -> Summary:
    """Run a demo whose outside world never waits. Raises Terminal unless every order is accounted for."""
    plan = DemoPlan(
        orders=orders,
        faults="none",
        arrival="immediate",
        unpaid_seconds=0,
        hold_seconds=0,
        scan_after_seconds=0,
        deliver_after_seconds=0,
        complete_after_seconds=0,
    )
    files = DemoFiles(directory)
    files.make()
    summary = await run_headless(plan, files, timeout_seconds=300, on_progress=lambda *_: None)
    if summary.complaints:
        raise Terminal("bench.unaccounted", " ".join(summary.complaints))
    return summary
