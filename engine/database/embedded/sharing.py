"""How several programs share one server: a lock on one file each, which the system drops when a program dies.

Nothing is counted in a file, so nothing can be left wrong by a kill: a program is there exactly while it holds its
lock.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.database.embedded.waiting import Waiting


@dataclass(frozen=True, slots=True)
class Registration:
    """One program's place in the list of those that use the server."""

    path: Path
    descriptor: int

    def withdraw(self) -> None:
        self.path.unlink(missing_ok=True)
        os.close(self.descriptor)


@contextlib.contextmanager
def lifecycle(lock_file: Path, waiting: Waiting) -> Iterator[None]:
    """Only the holder starts, joins, leaves or stops the server; the others wait."""
    descriptor = os.open(lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        waiting.until(lambda: _try_lock(descriptor), lambda: "Another program is starting or stopping the database")
        yield
    finally:
        os.close(descriptor)


def register(programs: Path) -> Registration:
    """Count this program in, until it withdraws or dies. Called under `lifecycle`."""
    path = programs / f"{os.getpid()}-{secrets.token_hex(4)}"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return Registration(path, descriptor)


def others_remain(programs: Path) -> bool:
    """True when a living program is registered; what dead ones left is removed. Called under `lifecycle`."""
    remain = False
    for path in programs.iterdir():
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            if _try_lock(descriptor):
                path.unlink(missing_ok=True)
            else:
                remain = True
        finally:
            os.close(descriptor)
    return remain


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
