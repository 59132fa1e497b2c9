"""When a console under test has nothing left to do: asked of the event loop, where Textual watches the processor for 20 ms."""

from __future__ import annotations

import asyncio
from typing import Any

import textual.app
import textual.pilot

SOON_SECONDS = 0.04
"""A timer due within this is waited for: a frame that is to be drawn, a delay that gathers keys."""

_QUIET_ROUNDS = 3


async def idle(min_sleep: float = 0.0, max_sleep: float = 1.0) -> None:
    """Return once no callback is ready and no timer due soon; answers from outside are for the caller to wait for."""
    loop: Any = asyncio.get_running_loop()
    end = loop.time() + max_sleep
    quiet = 0
    while quiet < _QUIET_ROUNDS and loop.time() < end:
        await asyncio.sleep(0)
        due = min((timer.when() for timer in loop._scheduled if not timer.cancelled()), default=end) - loop.time()
        if due < SOON_SECONDS:
            await asyncio.sleep(max(due, 0))
        quiet = 0 if loop._ready or due < SOON_SECONDS else quiet + 1


def hasten() -> None:
    """Let every pilot wait this way."""
    for module in (textual.app, textual.pilot):
        module.wait_for_idle = idle  # type: ignore[attr-defined]
