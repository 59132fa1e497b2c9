"""Waking: a bell that tells idle workers of this process that there may be something to do. Missing it costs latency only."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable


class Bell:
    """Rung after every commit that may have made work; each waiter hears the next ring."""

    def __init__(self, on_ring: Callable[[], None] = lambda: None) -> None:
        """`on_ring` is called for every ring: what made work may also be looked at."""
        self._on_ring = on_ring
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wake everyone who waits, and tell of it."""
        self.wake()
        self._on_ring()

    def wake(self) -> None:
        """Wake everyone who waits for work that nobody can see yet."""
        rung, self._rung = self._rung, asyncio.Event()
        rung.set()

    async def wait(self, seconds: float, stopping: asyncio.Event) -> None:
        """Wait for a ring, for the end, or for `seconds`."""
        rung = asyncio.ensure_future(self._rung.wait())
        ended = asyncio.ensure_future(stopping.wait())
        try:
            await asyncio.wait({rung, ended}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (rung, ended):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
