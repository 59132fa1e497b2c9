"""One JSON line per change, written before the reply, so that a killed simulator goes on where it was."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

Entry = dict[str, Any]


class JournalError(Exception):
    """The journal cannot be used; the text is one sentence that says why and what to do."""


class Journal:
    """An append-only file of entries, or, without a path, nothing at all.

    Each line is handed to the operating system before `append` returns. That survives any death of the process; it
    is not synchronised to the disk, because a simulated world need not survive a loss of power.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: int | None = None

    def open(self) -> list[Entry]:
        """Return the entries so far, dropping a last line that was cut in the middle, and be ready to append."""
        if self._path is None:
            return []
        try:
            self._file = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            raw = self._path.read_bytes()
        except OSError as error:
            raise JournalError(
                f"The journal {self._path} cannot be opened ({error.strerror}); give --journal a file in a folder"
                " you can write to."
            ) from error
        whole = raw.rfind(b"\n") + 1
        if whole < len(raw):
            os.ftruncate(self._file, whole)
        entries = []
        for number, line in enumerate(raw[:whole].splitlines(), start=1):
            try:
                entries.append(orjson.loads(line))
            except orjson.JSONDecodeError as error:
                raise JournalError(
                    f"Line {number} of the journal {self._path} is not JSON; delete the file to start a new world."
                ) from error
        return entries

    def append(self, entry: Mapping[str, Any]) -> None:
        """Write one entry."""
        if self._file is None:
            return
        line = memoryview(orjson.dumps(entry) + b"\n")
        while line:
            line = line[os.write(self._file, line) :]

    def close(self) -> None:
        """Let go of the file; appending afterwards does nothing."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
