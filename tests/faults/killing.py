"""A demo that is at work, what belongs to it, and kill -9."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from engine.database.embedded import postmaster
from tests.orders_tui.cli.programs import Ended, environment, launch, wait


class Demo:
    """One command, started as often as a test wants."""

    def __init__(self, data: Path, home: Path, *, orders: int, seed: int, faults: str = "default") -> None:
        self.data = data
        self._home = home
        self._arguments = ["demo", "--headless", "--json", f"--data-directory={data}", f"--orders={orders}"]
        self._arguments += [f"--seed={seed}", f"--faults={faults}", "--timeout-seconds=200"]

    @contextmanager
    def half_way(self, settled: int) -> Iterator[subprocess.Popen[str]]:
        """The command at work, with at least that many tenths of its orders settled and others still open."""
        process = launch(*self._arguments, env=environment(self._home))
        assert process.stderr is not None
        try:
            for line in process.stderr:
                if " orders settled, " in line and int(line.split()[0]) * 10 >= settled * int(line.split()[2]):
                    break
            else:
                raise AssertionError("the demo ended before anything was settled")
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate()

    def run(self) -> Ended:
        return wait(launch(*self._arguments, env=environment(self._home)), 260)

    def simulators(self, process: subprocess.Popen[str]) -> list[psutil.Process]:
        children = psutil.Process(process.pid).children(recursive=True)
        return [child for child in children if "sync.simulator" in child.cmdline()]

    def servers(self) -> list[psutil.Process]:
        """Every PostgreSQL process of this data directory, the postmaster first."""
        running = postmaster.read(self.data / "cluster")
        assert running is not None
        first = psutil.Process(running.process_id)
        return [first, *first.children(recursive=True)]


def kill(*processes: psutil.Process) -> None:
    """As the out-of-memory killer does; returns when they are dead."""
    for process in processes:
        process.send_signal(signal.SIGKILL)
    until(lambda: not any(_lives(process) for process in processes))


def until(reached: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for it, or fail."""
    patience = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < patience, "it did not come"
        time.sleep(0.02)


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
