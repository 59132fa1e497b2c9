"""Waiting for a server or a program, as long as it takes: the person is told, and may give up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

_POLL_SECONDS = 0.01
_FIRST_MESSAGE_SECONDS = 1.0
_NEXT_MESSAGE_SECONDS = 5.0


class GivenUp(Exception):
    """The caller no longer waits; what was being waited for goes on by itself."""


class Waiting:
    """One caller's patience, shared by every wait of one start or leave."""

    def __init__(self, on_wait: Callable[[str], None] | None = None) -> None:
        self._on_wait = on_wait
        self._given_up = threading.Event()

    def give_up(self) -> None:
        """Called from another thread: every wait ends with GivenUp."""
        self._given_up.set()

    def until(
        self, condition: Callable[[], bool], why: Callable[[], str], *, limit_seconds: float | None = None
    ) -> bool:
        """True when `condition` holds, False when `limit_seconds` pass first; `why` says what is being waited for."""
        started = time.monotonic()
        next_message = started + _FIRST_MESSAGE_SECONDS
        while not condition():
            now = time.monotonic()
            if limit_seconds is not None and now - started >= limit_seconds:
                return False
            if self._on_wait and now >= next_message:
                self._on_wait(f"{why()} ({now - started:.0f} s)")
                next_message = now + _NEXT_MESSAGE_SECONDS
            if self._given_up.wait(_POLL_SECONDS):
                raise GivenUp
        return True
