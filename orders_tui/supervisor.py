"""Whoever started the daemon and watches over it: systemd, told when it is ready, alive, and about to end.

Without one (`NOTIFY_SOCKET` is not set) nothing is told to anybody.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sdnotify import SystemdNotifier

SOCKET = "NOTIFY_SOCKET"
_MORE_SECONDS = 30
_MICROSECONDS = 1_000_000


class Supervisor:
    """Tells systemd how this process is doing."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._notifier: SystemdNotifier | None = None
        self.watchdog_seconds = _watchdog_seconds(environment)
        """Within so many seconds it wants to hear again that all is well; 0: it does not ask."""
        if environment.get(SOCKET):
            from sdnotify import SystemdNotifier

            self._notifier = SystemdNotifier()

    def waiting(self, sentence: str) -> None:
        """The start takes longer, for a reason: a database that recovers is not a start that failed."""
        self._tell(f"STATUS={sentence}\nEXTEND_TIMEOUT_USEC={_MORE_SECONDS * _MICROSECONDS}")

    def ready(self) -> None:
        """Orders are worked, and what is to be listened for is listened for."""
        self._tell("READY=1\nSTATUS=At work.")

    def stopping(self) -> None:
        """Nothing new is taken from now on."""
        self._tell("STOPPING=1\nSTATUS=Finishing what is under way.")

    async def keep_watch(self, is_well: Callable[[], bool]) -> None:
        """Say again and again that all is well, for as long as it is; a loop that hangs says nothing, and is started anew."""
        while self._notifier is not None and self.watchdog_seconds:
            if is_well():
                self._tell("WATCHDOG=1")
            await asyncio.sleep(self.watchdog_seconds / 3)

    def _tell(self, words: str) -> None:
        if self._notifier is not None:
            self._notifier.notify(words)


def _watchdog_seconds(environment: Mapping[str, str]) -> float:
    asked = environment.get("WATCHDOG_USEC", "")
    whom = environment.get("WATCHDOG_PID", "")
    if not asked.isdigit() or (whom and whom != str(os.getpid())):
        return 0.0
    return int(asked) / _MICROSECONDS
