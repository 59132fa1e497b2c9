"""What this console did: each action that wrote, as the command line that does the same."""

from __future__ import annotations

import shlex
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

PROGRAM = "orders-tui"

MOST_DEEDS = 500
MOST_WORDS = 100_000
"""So many are kept, and so many words of them: an action on ten thousand orders names each of them."""


@dataclass(frozen=True, slots=True)
class Deed:
    """One action that wrote. `command` is exactly what a shell would have to be told; it names ids, never people."""

    number: int
    at: datetime
    action_id: str
    command: str
    outcome: str
    words: int


@dataclass(slots=True)
class Deeds:
    """The newest deeds of one run of the console; the oldest are let go."""

    _kept: deque[Deed] = field(default_factory=deque)
    _made: int = 0
    _words: int = 0

    def add(self, at: datetime, action_id: str, twin: str, arguments: Sequence[str], outcome: str) -> Deed:
        """Remember that an action was carried out; `arguments` are what follows `twin` on the command line."""
        words = [PROGRAM, *twin.split(), *arguments]
        self._made += 1
        deed = Deed(self._made, at, action_id, shlex.join(words), outcome, len(words))
        self._kept.append(deed)
        self._words += deed.words
        while len(self._kept) > 1 and (len(self._kept) > MOST_DEEDS or self._words > MOST_WORDS):
            self._words -= self._kept.popleft().words
        return deed

    def __len__(self) -> int:
        return len(self._kept)

    def newest_first(self) -> Iterator[Deed]:
        return reversed(self._kept)
