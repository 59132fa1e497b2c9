"""A backup tried: brought back into a cluster of its own, proved, and taken away again.

Whoever tries one holds a lock on its folder; what a killed try left running is ended and removed by the next one.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

from engine.actors import SYSTEM
from engine.backup.restoring import Restored, Wishes, restore_into_directory
from engine.database import embedded

_PREFIX = "orders-tui-backup-"


async def try_backup(backup: Path, key: str | None, *, on_wait: Callable[[str], None] | None = None) -> Restored:
    """Restore it where nobody is in the way; nothing is left. Raises what restoring raises; findings are in the proof."""
    for left in _left_behind():
        await _remove(left)
    async with _folder() as folder:
        wishes = Wishes(SYSTEM, anyway=True)
        return await restore_into_directory(backup, folder / "data", key, {}, wishes, on_wait=on_wait)


@contextlib.asynccontextmanager
async def _folder() -> AsyncIterator[Path]:
    folder = _passable()
    with _locked(folder):
        try:
            yield folder
        finally:
            await asyncio.shield(_remove(folder))


def _passable() -> Path:
    """As root the server's own account has to pass through."""
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    folder.chmod(0o711)
    return folder


async def _remove(folder: Path) -> None:
    for data in (folder / "data", folder / "data.restoring"):
        await embedded.discard(data)
    shutil.rmtree(folder, ignore_errors=True)


def _left_behind() -> Iterator[Path]:
    """Folders of ours that nobody holds any more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            if folder.stat().st_uid == os.geteuid() and not folder.is_symlink():
                with _locked(folder):
                    yield folder


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """BlockingIOError while another program holds it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)
