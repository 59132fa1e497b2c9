"""`orders-tui demo`: the whole job against a simulated shop, in the console, or without a screen."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import cyclopts
from cyclopts import Parameter

from engine.database.embedded import default_data_directory
from orders_tui.cli.exits import Exit
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.demo.plan import DemoFiles, DemoPlan

app = cyclopts.App(name="demo", help="A whole shop on this machine: orders arrive, are worked and delivered.")

_TOGETHER = 79


@app.default
def demo(
    *,
    headless: Annotated[bool, Parameter(help="No console: progress on stderr, a summary on stdout.")] = False,
    orders: Annotated[int, Parameter(help="How many orders are placed.")] = 500,
    seed: Annotated[int, Parameter(help="What happens; the same seed tells the same story.")] = 7,
    faults: Annotated[
        Literal["default", "none", "harsh"], Parameter(help="How unreliable the outside world is.")
    ] = "default",
    data_directory: Annotated[Path | None, Parameter(help="Where the demo keeps its data.")] = None,
    timeout_seconds: Annotated[float, Parameter(help="When a headless run gives up.")] = 600.0,
    json: Annotated[bool, Parameter(help="The summary as one JSON object.")] = False,
) -> int:
    """Run the demo. Without a terminal it runs headless; an unfinished run of the same seed goes on where it was."""
    if orders < 1:
        narrate("--orders must be at least 1.")
        return Exit.USAGE
    folder = data_directory or default_data_directory().with_name("orders-tui-demo")
    files = DemoFiles(folder.expanduser().absolute())
    files.make()
    if headless or json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return _headless(DemoPlan(seed=seed, orders=orders, faults=faults), files, timeout_seconds, as_json=json)
    from orders_tui.demo.live import run_live

    return run_live(seed=seed, orders=orders, faults=faults, files=files)


def _headless(plan: DemoPlan, files: DemoFiles, timeout_seconds: float, *, as_json: bool) -> int:
    from orders_tui.demo.headless import run_headless
    from orders_tui.loop import run

    narrate(f"seed {plan.seed}, {plan.orders} orders, faults {plan.faults}, data in {files.directory}")
    progress = _Progress()
    summary = run(run_headless(plan, files, timeout_seconds=timeout_seconds, on_progress=progress, on_wait=narrate))
    progress.end()
    if as_json:
        emit_json(summary.document())
    else:
        for line in summary.lines():
            emit(line)
    return Exit.REFUSED if summary.complaints else Exit.OK


class _Progress:
    """One line on stderr, rewritten on a terminal, and only now and then elsewhere."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._shown = -1

    def __call__(self, settled: int, open_orders: int, total: int) -> None:
        step = settled * 10 // total
        line = f"{settled} of {total} orders settled, {open_orders} at work"
        if self._terminal:
            sys.stderr.write(f"\r{line.ljust(_TOGETHER)}")
            sys.stderr.flush()
        elif step > self._shown:
            narrate(line)
        self._shown = max(self._shown, step)

    def end(self) -> None:
        if self._terminal:
            sys.stderr.write("\n")
