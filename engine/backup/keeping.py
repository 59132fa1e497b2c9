"""Which backups of a folder are kept: the newest ones, and everything that a person named himself."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

_OURS = re.compile(r"orders-\d{8}T\d{6}Z\.zip")


def backups_in(folder: Path) -> list[Path]:
    """The backups that were named by their time, newest first."""
    if not folder.is_dir():
        return []
    return sorted((path for path in folder.iterdir() if _OURS.fullmatch(path.name)), reverse=True)


def remove_old(folder: Path, keep: int) -> list[Path]:
    """Remove all but the newest `keep`; answers what was removed."""
    removed = []
    for path in backups_in(folder)[keep:]:
        with contextlib.suppress(FileNotFoundError):  # another daemon was quicker
            path.unlink()
            removed.append(path)
    return removed
