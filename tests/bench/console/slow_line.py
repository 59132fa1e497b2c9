"""console.slow_link_key_ms: a key on a line of 50 kB/s while ten visible orders change five times a second, on a real pseudo-terminal.

The console is a program of its own, with the driver it really has, told as over SSH that every byte travels; the reader drains its
terminal as such a line would.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import re
import select
import signal
import statistics
import struct
import sys
import tempfile
import termios
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from engine.database.connection import Database
from engine.database.notify import CHANGED, Announcer
from engine.identifiers import OrderId
from tests.bench.console.figures import Figures, narrate, p95

BYTES_A_SECOND = 50_000
CHANGED_ORDERS, CHANGES_A_SECOND = 10, 5
KEYS = 40
_SETTLED_SECONDS = 4.0
_MOST_PENDING = 1 << 20

_CHANGE = """
UPDATE orders SET version = version + 1,
    order_status = CASE WHEN order_status = 'delivered' THEN 'returned' ELSE 'delivered' END::order_status_enum
WHERE id = ANY($1::uuid[])
"""


@dataclass(slots=True)
class _Line:
    """The reader's end of a terminal, drained at a fixed rate in a thread of its own: what came through, and when."""

    master: int
    came: list[tuple[float, bytes]] = field(default_factory=list)
    stopping: bool = False

    def drain(self) -> None:
        budget, last = 0.0, time.perf_counter()
        while not self.stopping:
            now = time.perf_counter()
            budget = min(BYTES_A_SECOND / 20, budget + (now - last) * BYTES_A_SECOND)
            last = now
            try:
                if budget >= 128 and select.select([self.master], [], [], 0)[0]:
                    data = os.read(self.master, int(min(budget, 4096)))
                    budget -= len(data)
                    self.came.append((time.perf_counter(), data))
                else:
                    time.sleep(0.001)
            except OSError:
                return

    def bytes_since(self, moment: float) -> int:
        return sum(len(data) for at, data in self.came if at >= moment)


async def measure_slow_line(figures: Figures, database: Database, data_directory: Path) -> None:
    """Press keys one after the other while orders change, and wait for each to be seen; then measure changes on the same line."""
    shown = [
        row["id"]
        for row in await database.pool.fetch("SELECT id FROM orders ORDER BY order_date DESC, id DESC LIMIT 30")
    ]
    statuses = await database.pool.fetch(
        "SELECT id, order_status::text AS status FROM orders WHERE id = ANY($1::uuid[])", shown
    )
    changing = [OrderId(order_id) for order_id in shown[15 : 15 + CHANGED_ORDERS]]
    with tempfile.TemporaryDirectory(prefix="orders-tui-bench-home-") as home:
        pid, line, draining = _start(Path(home), data_directory)
        stopping = asyncio.Event()
        changes = asyncio.create_task(_change(database, changing, stopping))
        try:
            times = await _press_keys(line)
        finally:
            stopping.set()
            await changes
            line.stopping = True
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)  # noqa: ASYNC222 - it was killed
            await asyncio.to_thread(draining.join)
            os.close(line.master)
            await database.pool.executemany(
                "UPDATE orders SET order_status = $2::text::order_status_enum WHERE id = $1",
                [(row["id"], row["status"]) for row in statuses],
            )
    figures.limited(
        "console.slow_link_key_ms", p95(times), "ms", 60,
        f"p95 of {len(times)} keys, median {statistics.median(times):.0f}; Textual's table: 6,000 to 13,000",
    )  # fmt: skip


def _start(home: Path, data_directory: Path) -> tuple[int, _Line, threading.Thread]:
    environment = {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(sys.path),
        "ORDERS_TUI_DATABASE__DATA_DIRECTORY": str(data_directory),
        "SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22",
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LANG": "C.UTF-8",
    }
    pid, master = pty.fork()
    if pid == 0:
        os.execve(sys.executable, [sys.executable, "-m", "orders_tui"], environment)  # noqa: S606 - our own program
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    line = _Line(master)
    draining = threading.Thread(target=line.drain, daemon=True)
    draining.start()
    return pid, line, draining


async def _change(database: Database, order_ids: list[OrderId], stopping: asyncio.Event) -> None:
    announcer = Announcer(database, CHANGED)
    while not stopping.is_set():
        await database.pool.execute(_CHANGE, order_ids)
        announcer.announce()
        await asyncio.sleep(1 / CHANGES_A_SECOND)
    await announcer.flush()


_CURSOR_LINE = re.compile(rb"\x1b\[(\d+);(\d+)H")


async def _press_keys(line: _Line) -> list[float]:
    """Down and up at the top of the list, far from the lines that change: a key is seen when one of its lines came."""
    await asyncio.sleep(_SETTLED_SECONDS)
    os.write(line.master, b"\x1bOR")
    await asyncio.sleep(_SETTLED_SECONDS)
    narrate(f"slow line: {line.bytes_since(time.perf_counter() - 2.0) / 2:,.0f} bytes/s while ten orders change")
    times = []
    for turn in range(KEYS):
        await asyncio.sleep(0.31)
        pressed, seen = time.perf_counter(), len(line.came)
        os.write(line.master, b"\x1b[B" if turn % 2 == 0 else b"\x1b[A")
        while time.perf_counter() - pressed < 20:
            tail = b"".join(data for _, data in line.came[seen:])
            rows = {int(found[1]) for found in _CURSOR_LINE.finditer(tail)}
            if rows & {5, 6}:
                times.append((line.came[-1][0] - pressed) * 1000)
                break
            await asyncio.sleep(0.001)
    return times
