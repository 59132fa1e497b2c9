"""A backup tried: brought back into a cluster of its own, proved, and taken away again."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from engine.actors import SYSTEM
from engine.backup.restoring import Restored, Wishes, restore_into_directory
from engine.database import embedded


async def try_backup(backup: Path, key: str | None, *, on_wait: Callable[[str], None] | None = None) -> Restored:
    """Restore it where nobody is in the way; nothing is left. Raises what restoring raises; findings are in the proof."""
    folder = Path(tempfile.mkdtemp(prefix="orders-tui-backup-"))
    folder.chmod(0o711)  # as root the server's own account has to pass through
    data = folder / "data"
    try:
        return await restore_into_directory(backup, data, key, {}, Wishes(SYSTEM, anyway=True), on_wait=on_wait)
    finally:
        await asyncio.shield(embedded.discard(data))
        shutil.rmtree(folder, ignore_errors=True)
