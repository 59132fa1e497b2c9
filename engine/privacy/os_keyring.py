"""The keyring of the operating system, where there is one; never a traceback, never a hang.

A backend may raise anything, or wait for ever for a person to unlock it (over SSH nobody sees the question), so each
call runs in a thread of its own with a limit. One failure, and the keyring counts as absent for the rest of this
program.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

SERVICE = "orders-tui"
ANSWER_LIMIT_SECONDS = 5.0
_LOWEST_REAL_PRIORITY = 1  # below: the null backend and files in clear text

Answer = TypeVar("Answer")


class OsKeyring:
    """Named texts under the service `orders-tui`; every failure reads as "nothing there"."""

    def __init__(self, *, limit_seconds: float = ANSWER_LIMIT_SECONDS) -> None:
        self._limit_seconds = limit_seconds
        self._absent = False

    def read(self, entry: str) -> str | None:
        """The text kept under `entry`, or None."""
        return self._ask(lambda backend: backend.get_password(SERVICE, entry))

    def keep(self, entry: str, text: str) -> bool:
        """Keep `text` under `entry`; True only when reading it back gives the same text."""

        def keep_and_look(backend: Any) -> bool:
            backend.set_password(SERVICE, entry, text)
            return bool(backend.get_password(SERVICE, entry) == text)

        return bool(self._ask(keep_and_look))

    def forget(self, entry: str) -> None:
        """Take the text under `entry` away, if there is one."""

        def take_away(backend: Any) -> None:
            if backend.get_password(SERVICE, entry) is not None:
                backend.delete_password(SERVICE, entry)

        self._ask(take_away)

    def _ask(self, question: Callable[[Any], Answer]) -> Answer | None:
        if self._absent:
            return None
        answers: queue.SimpleQueue[Answer | None] = queue.SimpleQueue()

        def ask() -> None:
            try:
                answers.put(question(_real_backend()))
            except BaseException:  # noqa: BLE001  # whatever a backend raises, it is not there
                self._absent = True
                answers.put(None)

        # A daemon thread: one that waits for ever must not keep the program from ending.
        threading.Thread(target=ask, name="keyring", daemon=True).start()
        try:
            return answers.get(timeout=self._limit_seconds)
        except queue.Empty:
            self._absent = True
            return None


def system_keyring() -> OsKeyring | None:
    """The keyring of this machine; None where the slow import of `keyring` is known to find nothing: on a server."""
    if sys.platform == "linux" and not Path(f"/run/user/{os.getuid()}/bus").exists():
        return None
    return OsKeyring()


def _real_backend() -> Any:
    import keyring

    backend = keyring.get_keyring()
    if float(backend.priority) < _LOWEST_REAL_PRIORITY:
        raise LookupError("no keyring on this machine")
    return backend
