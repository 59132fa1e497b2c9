"""What is searched: every file a run leaves behind but those that are there to hold people or secrets, and what it said and showed."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path

from tests.privacy_scan.needles import Needle

NOT_OURS = ("simulator.journal",)
"""The outside world's own memory."""
MEANT_TO = ("secrets", "notices")
"""Folders that are there to hold them: readable by their owner alone."""


def command_lines(root: int) -> Iterator[bytes]:
    """The command line of every process that this one has begotten, as any account can read it."""
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                status = (folder / "stat").read_text().rpartition(")")[2].split()
                parents[int(folder.name)] = (int(status[1]), (folder / "cmdline").read_bytes())
            except OSError:
                continue  # it has ended
    for process, (parent, line) in parents.items():
        ancestor = parent
        while ancestor not in {root, 0, 1} and ancestor in parents:
            ancestor = parents[ancestor][0]
        if root in {process, ancestor}:
            yield line


def files(folder: Path) -> Iterator[Path]:
    """Every file below, without those that are meant to hold people or secrets."""
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in MEANT_TO]
        found = (Path(place) / name for name in names if name not in NOT_OURS)
        yield from (path for path in found if path.is_file())


def search(text: bytes, needles: Collection[Needle], *, spelled: bool) -> Counter[str]:
    """How many of which kinds of needles are in it; `spelled`: in other spellings too."""
    lowered = text.lower()
    found: Counter[str] = Counter()
    for needle in needles:
        spellings = needle.spellings() if spelled else iter([needle.text.lower()])
        if any(each in lowered for each in spellings if len(each) > 5):
            found[needle.kind] += 1
    return found


def readable_by_others(folder: Path) -> list[Path]:
    """Files that are meant to hold people or secrets, and that another account could read."""
    return [
        path
        for name in MEANT_TO
        for path in folder.rglob(f"{name}/**/*")
        if path.is_file() and path.stat().st_mode & 0o077 and path.parent.stat().st_mode & 0o077
    ]
