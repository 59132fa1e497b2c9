"""How this one daemon's machine is: room on the disks it writes to, its clock, how late its loop is."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from engine.clock import DatabaseClock
from engine.monitoring.gauges import Gauge

_LAG_SECONDS: Final = 0.5


class Vitals:
    """`places` are the folders to look at, by what they are for."""

    def __init__(
        self, places: Mapping[str, Path], clock: DatabaseClock, *, wall: Callable[[], float] = time.time
    ) -> None:
        self._places = places
        self._clock = clock
        self._wall = wall
        self._lag = 0.0
        self.loop_lag_seconds = 0.0
        """The latest that the loop was since the last look but one."""
        self.clock_skew_seconds = 0.0
        """This machine's clock less the database's."""
        self.free_bytes: dict[str, int] = {}
        self.free_ratio: dict[str, float] = {}

    async def watch_loop(self, ends: asyncio.Event) -> None:
        """Notice how late the loop comes to what it was asked to do, until `ends`."""
        loop = asyncio.get_running_loop()
        while not ends.is_set():
            began = loop.time()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ends.wait(), _LAG_SECONDS)
                return
            self._lag = max(self._lag, loop.time() - began - _LAG_SECONDS)

    async def look(self) -> dict[str, float]:
        """Look at all of it. Answers what the fleet is told."""
        self.loop_lag_seconds, self._lag = self._lag, 0.0
        self.clock_skew_seconds = self._wall() - self._clock.seconds()
        await asyncio.to_thread(self._look_at_disks)
        least = {"disk.free": min(self.free_ratio.values())} if self.free_ratio else {}
        return {"loop.lag": self.loop_lag_seconds, "clock.skew": self.clock_skew_seconds} | least

    def gauges(self) -> Iterator[Gauge]:
        """What was seen last."""
        yield Gauge(
            "orders_loop_lag_seconds", "How late this daemon's loop was of late.", (), {(): self.loop_lag_seconds}
        )
        yield Gauge(
            "orders_clock_skew_seconds", "This machine's clock less the database's.", (), {(): self.clock_skew_seconds}
        )
        free: dict[tuple[str, ...], float] = {(place,): float(number) for place, number in self.free_bytes.items()}
        yield Gauge("orders_disk_free_bytes", "Room where this daemon writes.", ("place",), free)
        ratios: dict[tuple[str, ...], float] = {(place,): ratio for place, ratio in self.free_ratio.items()}
        yield Gauge("orders_disk_free_ratio", "The share of the disk that is free.", ("place",), ratios)

    def _look_at_disks(self) -> None:
        for place, folder in self._places.items():
            with contextlib.suppress(OSError):
                usage = shutil.disk_usage(nearest(folder))
                self.free_bytes[place] = usage.free
                self.free_ratio[place] = usage.free / usage.total if usage.total else 1.0


def nearest(folder: Path) -> Path:
    """The folder itself, or the nearest above it that is there."""
    return next((each for each in (folder, *folder.absolute().parents) if each.exists()), Path("/"))
