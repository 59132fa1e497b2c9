"""Mistakes of this program as its log keeps them: the newest first, each with its traceback."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from textual.content import Content

from engine.orders.plain_text import plain
from orders_tui.mistakes import log_path
from orders_tui.part import Part
from orders_tui.state import Session, Viewer

READ_BYTES = 200_000
"""The end of the log that is read."""

SHOWN = 200

_BEGINS = re.compile(r"(?m)^(?=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class Mistake:
    """One entry of the log: its first line, and everything."""

    first: str
    text: str

    @property
    def last(self) -> str:
        """What it ended with: of a traceback, the error itself."""
        return self.text.rstrip().rpartition("\n")[2]


class MistakesPart(Part):
    """The end of the errors' log."""

    title = "mistakes"
    heading = "when (UTC)                 what went wrong inside the program"
    empty = "Nothing went wrong inside this program."

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._mistakes: list[Mistake] = []
        self._seen: tuple[int, int] = (0, 0)

    async def read(self) -> None:
        path = log_path()
        seen = await asyncio.to_thread(_stamp, path)
        if seen != self._seen:
            self._mistakes = await asyncio.to_thread(newest_mistakes, path)
            self._seen = seen

    def lines(self, viewer: Viewer) -> Sequence[tuple[str, Content]]:
        return [
            (str(len(self._mistakes) - place), Content(f"{plain(each.first)}  {plain(each.last)}"))
            for place, each in enumerate(self._mistakes[:SHOWN])
        ]

    async def detail(self, line_id: str, viewer: Viewer) -> Content:
        place = len(self._mistakes) - int(line_id)
        if not 0 <= place < len(self._mistakes):
            return Content("")
        # From its end: that is where a traceback says what happened.
        newest = [plain(line) for line in reversed(self._mistakes[place].text.rstrip().splitlines())]
        return Content("\n".join([f"in {log_path()}, from the last line up:", *newest]))


def newest_mistakes(path: Path) -> list[Mistake]:
    """What the end of the log holds, the newest first; nothing when there is no log."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - READ_BYTES))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return []
    begun = [part for part in _BEGINS.split(text) if re.match(r"\d{4}-", part)]
    return [Mistake(part.splitlines()[0], part) for part in reversed(begun)]


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return (found.st_size, found.st_mtime_ns)
