"""`make faults`: play the whole list and end with one line of totals. `--only NAME --seed N` plays a part of it, or one run again."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Self

from tests.faults.boundaries import CALLS, COMMITS
from tests.faults.catalogue import catalogue, seed_of
from tests.faults.cluster import Cluster
from tests.faults.interception import ROOT
from tests.faults.runs import Result, Run, perform
from tests.faults.scenes import SCENES, Scene
from tests.faults.stage import open_stage

SEED = 20260302

CHAPTERS = {
    "the whole program killed": ("tests/faults/test_kills.py",),
    "state machines": (
        "tests/engine/effects/test_effect_machine.py",
        "tests/engine/inventory/test_stock_machine.py",
        "tests/engine/workflow/test_order_machine.py",
    ),
}
"""What pytest plays before the list."""


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201  # the list is the output


async def record(scene: Scene, cluster: Cluster, folder: Path, seed: int) -> dict[str, int]:
    """How often each boundary is met when nothing goes wrong."""
    async with open_stage(cluster, folder, orders=13, seed=seed, prelude=scene.prelude, **scene.world) as stage:
        await scene.begin(stage)
        daemon = stage.start(*stage.prelude)
        # Not beside it: a daemon that has brought every order to its end is stopped, and would not do what the scene waits for.
        await scene.meanwhile(stage)
        await stage.finish(daemon)
        await stage.stop_all()
        assert daemon.counts is not None
        return daemon.counts[0] | daemon.counts[1]


class Conductor:
    """Plays runs on clusters of its own, one at a time on each."""

    def __init__(self, folder: Path, at_once: int) -> None:
        self._folder = folder
        self._clusters = [Cluster(folder / f"cluster{number}") for number in range(at_once)]
        self._played = 0

    async def __aenter__(self) -> Self:
        for cluster in self._clusters:
            await cluster.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        for cluster in self._clusters:
            await cluster.stop()

    async def record(self, scene: Scene, seed: int) -> dict[str, int]:
        return await record(scene, self._clusters[0], self._folder / f"recording {scene.name}", seed)

    async def play(self, runs: list[Run]) -> list[Result]:
        waiting, results = list(reversed(runs)), []

        async def one_after_another(cluster: Cluster) -> None:
            while waiting:
                run = waiting.pop()
                self._played += 1
                number = self._played
                result = await perform(run, cluster, self._folder / f"run{number}")
                results.append(result)
                tell(number, len(runs), result)

        await asyncio.gather(*(one_after_another(cluster) for cluster in self._clusters))
        return results


def tell(number: int, of: int, result: Result) -> None:
    verdict = result.verdict
    outcome = "right" if result.right else "WRONG"
    say(
        f"{number:>3}/{of} {outcome} {result.seconds:5.1f} s  orders {verdict.orders:>2}  seed {result.run.seed}  {result.run.name}"
    )
    for complaint in verdict.complaints:
        say(f"        {complaint}")


def totals(results: list[Result]) -> str:
    def total(what: str) -> int:
        return sum(int(getattr(result.verdict, what)) for result in results)

    return (
        f"faults: runs {len(results)} orders {total('orders')} kills {sum(result.kills for result in results)}"
        f" labels {total('labels')} lost {total('lost')} doubled {total('doubled')} negative {total('negative')}"
    )


async def conduct(folder: Path, asked: argparse.Namespace) -> list[Result]:
    async with Conductor(folder, asked.at_once) as conductor:
        recorded = {
            name: await conductor.record(scene, seed_of(f"recording {name}", asked.seed))
            for name, scene in SCENES.items()
        }
        say(f"{len(COMMITS)} commit boundaries, {len(CALLS)} calls to the outside; seed {asked.seed}")
        missing = 0
        for name, (scene, often) in COMMITS.items():
            met = recorded[scene].get(name, 0)
            missing += met < often
            say(f"    {name}: met {met} times in {scene!r}{f', wanted {often}' if met < often else ''}")
        for name, (scene, _) in CALLS.items():
            met = recorded[scene].get(name, 0)
            missing += not met
            say(f"    {name}: made {met} times in {scene!r}")
        strangers = {name for counts in recorded.values() for name in counts} - COMMITS.keys() - CALLS.keys()
        for name in sorted(strangers):
            say(f"    {name} is not in tests/faults/boundaries.py")
        if missing or strangers:
            raise SystemExit("The list of boundaries is not that of the daemon: mend tests/faults/boundaries.py.")
        runs = [run for run in catalogue(asked.seed) if asked.only in run.name]
        if not runs:
            raise SystemExit(f"No run has {asked.only!r} in its name.")
        return await conductor.play(runs[: asked.most])


def play_chapters(seed: int) -> list[str]:
    """The whole program killed in the middle of its job, and the state machines with a larger budget. Answers what failed."""
    failed = []
    environment = {**os.environ, "ORDERS_TUI_MACHINE_EXAMPLES": "60", "ORDERS_TUI_MACHINE_SEED": str(seed)}
    for chapter, paths in CHAPTERS.items():
        say(f"{chapter}: {' '.join(paths)} (ORDERS_TUI_MACHINE_SEED={seed})")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "0", *paths]
        if subprocess.run(command, cwd=ROOT, env=environment).returncode:
            failed.append(chapter)
    return failed


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--only", default="", help="play only runs whose name has this in it")
    parser.add_argument("--seed", type=int, default=SEED, help="of the whole list (default %(default)s)")
    parser.add_argument("--at-once", type=int, default=2, help="runs played side by side (default %(default)s)")
    parser.add_argument("--most", type=int, default=None, help="no more runs than this")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="orders-tui-faults-"))
    folder.chmod(0o711)  # as root the server's own account has to pass through
    started = time.monotonic()
    # Its pool of connections tells at length of a server that is away, which it is made to be.
    logging.getLogger("asyncpg").setLevel(logging.CRITICAL)
    failed = [] if asked.only or asked.most is not None else play_chapters(asked.seed)
    try:
        results = asyncio.run(conduct(folder, asked))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    wrong = [result for result in results if not result.right]
    for result in wrong:
        say(f"again: make faults ONLY='{result.run.name}' SEED={asked.seed}")
    for chapter in failed:
        say(
            f"again: {sys.executable} -m pytest {' '.join(CHAPTERS[chapter])}, with ORDERS_TUI_MACHINE_SEED={asked.seed}"
        )
    say(f"{time.monotonic() - started:.0f} s")
    say(totals(results))
    return 1 if wrong or failed else 0


if __name__ == "__main__":
    sys.exit(main())
