"""console.start_ms: from the start of the process to the first rows, for a real program on a pseudo-terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import sys
import tempfile
import termios
import time
from pathlib import Path

from engine.errors import Terminal
from tests.bench.console.figures import Figures

TIMES = 7
F3 = b"\x1bOR"
_PATIENCE_SECONDS = 60.0


def measure_start(figures: Figures, data_directory: Path, first_order: str) -> None:
    """Start it on Triage, and on the orders where it was left there; the first start of all, which keeps the settings, is not counted."""
    with tempfile.TemporaryDirectory(prefix="orders-tui-bench-home-") as home:
        environment = _environment(Path(home), data_directory)
        _run(environment, b"returns requested")
        triage = [_run(environment, b"returns requested") for _ in range(TIMES)]
        _run(environment, first_order.encode(), F3)  # it remembers the screen
        orders = [_run(environment, first_order.encode()) for _ in range(TIMES)]
    both = {"Triage": triage, "orders": orders}
    slowest = max(map(statistics.median, both.values()))
    told = (f"{name} {statistics.median(times):.0f} (best {min(times):.0f})" for name, times in both.items())
    beside = ", ".join(told)
    figures.limited("console.start_ms", slowest, "ms", 600, f"medians of {TIMES}: {beside}")


def _environment(home: Path, data_directory: Path) -> dict[str, str]:
    return {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(sys.path),
        "ORDERS_TUI_DATABASE__DATA_DIRECTORY": str(data_directory),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LANG": "C.UTF-8",
    }


def _run(environment: dict[str, str], wanted: bytes, keys: bytes = b"") -> float:
    """Milliseconds from exec until `wanted` has been written; then the program is ended as a closed terminal would."""
    began = time.perf_counter()
    pid, master = pty.fork()
    if pid == 0:
        os.execve(sys.executable, [sys.executable, "-m", "orders_tui"], environment)  # noqa: S606 - our own program
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    if keys:
        os.write(master, keys)
    shown = None
    written = b""
    try:
        while shown is None and time.perf_counter() - began < _PATIENCE_SECONDS:
            if select.select([master], [], [], 0.05)[0]:
                written = written[-4096:] + os.read(master, 65536)
                if wanted in written:
                    shown = (time.perf_counter() - began) * 1000
    except OSError:
        pass  # it has ended: told below
    os.kill(pid, signal.SIGTERM)
    _drain(pid, master)
    if shown is None:
        raise Terminal("bench.not_shown", f"The console never wrote {wanted.decode()!r}: {written[-300:]!r}")
    return shown


def _drain(pid: int, master: int) -> None:
    until = time.perf_counter() + 20
    while not os.waitpid(pid, os.WNOHANG)[0]:
        if time.perf_counter() > until:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            break
        try:
            if select.select([master], [], [], 0.02)[0]:
                os.read(master, 65536)
        except OSError:
            time.sleep(0.02)
    os.close(master)
