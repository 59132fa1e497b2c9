"""Delivery to a Maildir on this machine: what the demo, a single box and a reader with any mail program use."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from engine.ports.outcomes import Done, NoticeSent, Outcome, Postponed
from sync.notices.letter import Letter, compose

_SUFFIX = ".orders-tui"
"""What the names of our letters end with; a reader may add flags after it."""


@dataclass(frozen=True, slots=True)
class FolderSettings:
    """Where letters are left and who signs them.

    `durable` letters survive a power cut, at about a third of the pace.
    """

    directory: Path
    sender: str = "orders@orders-tui.invalid"
    durable: bool = True


class FolderOutbox:
    """Leaves each letter in the Maildir under a name made from its id: a repeat replaces nothing and adds nothing."""

    harmless_to_repeat = True
    takes_html = False

    def __init__(self, settings: FolderSettings) -> None:
        self._settings = settings

    async def deliver(self, letters: Sequence[Letter]) -> list[Outcome]:
        """All letters in one hop to a thread; a disk that refuses postpones what it refused."""
        return await asyncio.to_thread(self._leave_all, letters)

    async def forget(self, older_than_seconds: float) -> int:
        """Delete the letters that were left here so long ago, read or not; answers how many."""
        return await asyncio.to_thread(self._forget, time.time() - older_than_seconds)

    def _forget(self, before: float) -> int:
        gone = 0
        for folder in ("new", "cur", "tmp"):
            with suppress(OSError):
                for path in (self._settings.directory / folder).iterdir():
                    with suppress(OSError):
                        if _SUFFIX in path.name and path.stat().st_mtime < before:
                            path.unlink()
                            gone += 1
        return gone

    def _leave_all(self, letters: Sequence[Letter]) -> list[Outcome]:
        directory = self._settings.directory
        try:
            # One by one: the mode given to `mkdir` does not reach the parents it makes.
            for folder in (directory, directory / "tmp", directory / "new", directory / "cur"):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # A reader moves letters to cur/ and adds flags to their names; only a repeat can meet one there.
            repeated = any(letter.repeat for letter in letters)
            already_read = (
                {path.name.partition(":")[0] for path in (directory / "cur").iterdir()} if repeated else set()
            )
            outcomes = [self._leave(letter, already_read) for letter in letters]
            if self._settings.durable:
                _flush_directory(directory / "new")
        except OSError as error:
            return [self._refused(error)] * len(letters)
        return outcomes

    def _leave(self, letter: Letter, already_read: set[str]) -> Outcome:
        name = f"{letter.notice_id}{_SUFFIX}"
        if name in already_read:
            return Done(NoticeSent(name))
        draft, place = self._settings.directory / "tmp" / name, self._settings.directory / "new" / name
        try:
            descriptor = os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(compose(letter, self._settings.sender).as_bytes())
                if self._settings.durable:
                    file.flush()
                    os.fsync(descriptor)
            with suppress(FileExistsError):
                os.link(draft, place)  # unlike a rename it never replaces
            draft.unlink(missing_ok=True)
        except OSError as error:
            return self._refused(error)
        return Done(NoticeSent(name))

    def _refused(self, error: OSError) -> Postponed:
        return Postponed(
            "notices.folder_refused",
            f"Notices cannot be left in {self._settings.directory}: {error.strerror}; mend it or name another folder.",
            None,
        )


def _flush_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
