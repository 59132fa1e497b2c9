"""What one person's console remembers on this machine: colours, screen, columns, sizes, the last view.

A small file of its own, written whole or not at all and readable by its owner only. It is never in the way: one that is
damaged or cannot be written is passed over with one sentence, and the console starts as if it were new.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from orders_tui.mistakes import state_directory

_MOST_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Remembered:
    """Whatever is empty was never chosen. A new field needs a default here and nothing else."""

    theme: str = ""
    theme_instead_of: str = ""
    """The configured theme at that time; once the configuration names another one, that one counts."""
    screen: str = ""
    """The screen the console was left on."""
    columns: tuple[str, ...] = ()
    """The orders table's columns by name, in their order; none: those that come with the program."""
    filter: str = ""
    """The last filter of the orders table in words, without what was searched for, which may be a name."""
    packs_at: str = ""
    """The station at which parcels are packed here, where it was chosen on the screen."""
    sort: str = ""
    ascending: bool = False
    station: str = ""
    """Where paper was printed last, by its code."""


_KNOWN = Remembered()


def _checked(document: Any) -> Remembered:
    """What was kept, each of it of its kind; what another version kept is passed over. Raises TypeError, ValueError."""
    if not isinstance(document, dict):
        raise TypeError("no table")
    known = {name: value for name, value in document.items() if name in Remembered.__slots__}
    for name, value in known.items():
        kind = type(getattr(_KNOWN, name))
        if kind is tuple and isinstance(value, list) and all(isinstance(part, str) for part in value):
            known[name] = tuple(value)
        elif type(value) is not kind:
            raise ValueError(f"{name} is no {kind.__name__}")
    return Remembered(**known)


def memory_file() -> Path:
    """Where this person's console remembers."""
    return state_directory() / "console.json"


class Memory:
    """What is remembered, and the file it is kept in; without a file it lasts as long as the console."""

    def __init__(self, file: Path | None = None) -> None:
        self.file = file
        self.complaint = ""
        """Why the file is passed over, in one sentence; empty when all is well."""
        self.now = self._read()

    def keep(self, **changes: Any) -> None:
        """Remember these fields of `Remembered` from now on; what another console changed meanwhile stays."""
        self.now = replace(self.now, **changes)
        if self.file is not None:
            self._write(self.file, replace(self._read(), **changes))

    def _read(self) -> Remembered:
        if self.file is None:
            return Remembered()
        try:
            content = self.file.read_bytes()
        except FileNotFoundError:
            return Remembered()
        except OSError as error:
            self.complaint = f"What the console remembers cannot be read from {self.file} ({error.strerror})."
            return Remembered()
        try:
            if len(content) > _MOST_BYTES:
                raise ValueError("too long")
            return _checked(orjson.loads(content))
        except (TypeError, ValueError):
            self.complaint = f"{self.file} is damaged, so nothing is remembered from before; it is written anew."
            return Remembered()

    def _write(self, file: Path, remembered: Remembered) -> None:
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # 0600 from the start
            try:
                with os.fdopen(descriptor, "wb") as writing:
                    writing.write(orjson.dumps(asdict(remembered), option=orjson.OPT_INDENT_2))
                Path(name).replace(file)
            except BaseException:
                with contextlib.suppress(OSError):
                    Path(name).unlink()
                raise
        except OSError as error:
            self.complaint = f"The console cannot remember anything in {file} ({error.strerror})."
