"""Telling a barcode scanner from a person: a burst of characters and a closing key is a scan, everything else is typing.

Keys that may begin a code are held back for the gap, so that nothing scanned ever works as a key. What turns out to be typing is
given on in the order in which it was typed. Time is the time of the events: over SSH many characters may arrive in one read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

Event = TypeVar("Event")

MOST_CHARACTERS = 200
"""More at once is no code: something was pasted into a terminal that does not say so."""

_SYMBOLOGY = re.compile(r"^\][A-Za-z][0-9A-Za-z](?=.)")
"""What some scanners say first: which kind of barcode they read."""

_SEPARATOR = "ctrl+right_square_bracket"
"""The character between the parts of a GS1 code, as a key."""


class Suffix(StrEnum):
    """What a scanner sends after a code."""

    ENTER = "enter"
    TAB = "tab"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ScannerOptions:
    """How the scanner in the house is set up."""

    gap_ms: float = 30.0
    """Longer than this between two characters is a person."""
    least_length: int = 6
    suffix: Suffix = Suffix.ENTER
    prefix: str = ""
    """With a prefix only what begins with it may be a scan, and no other key waits."""


@dataclass(frozen=True, slots=True)
class Typed(Generic[Event]):
    """An event that was typed: it goes on as if nothing had held it."""

    event: Event


@dataclass(frozen=True, slots=True)
class Scan:
    """A code that was scanned, without prefix and suffix."""

    text: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """Too quick for a person and no whole code: nothing is done with it."""

    text: str
    characters: int


Outcome = Typed[Event] | Scan | Dropped


def code_in(text: str) -> str:
    """A scanned or pasted text as the code it stands for."""
    return _SYMBOLOGY.sub("", text.strip())


@dataclass(slots=True)
class Scanner(Generic[Event]):
    """`take` every key; `expire` when the gap has passed without another. `moves` says whether a key only moves the cursor."""

    options: ScannerOptions
    moves: Callable[[str], bool]
    serial: int = 0
    """Goes up with every key that is held: an `expire` that was asked for an older one comes too late."""
    _held: list[Event] = field(default_factory=list)
    _text: str = ""
    _dropped: int = 0
    """How many characters of a burst that is too long were thrown away."""
    _last_at: float = 0.0

    @property
    def holds(self) -> bool:
        return bool(self._held or self._dropped)

    def take(self, event: Event, key: str, character: str | None, at: float) -> list[Outcome[Event]]:
        """What is to be done now that this key came: nothing while it may belong to a code."""
        outcomes = self.expire() if self.holds and at - self._last_at > self.options.gap_ms / 1000 else []
        self._last_at = at
        if self._dropped:
            self.serial += 1
            self._dropped += 1
            return outcomes
        if key == self.options.suffix and self._held:
            return [*outcomes, *(self._ended() or [*self._let_go(), Typed(event)])]
        if key == _SEPARATOR and self._held:
            return outcomes
        if not self._may_belong(character):
            return [*outcomes, *self.expire(), Typed(event)]
        assert character is not None
        self._held.append(event)
        self._text += character
        self.serial += 1
        if len(self._text) > MOST_CHARACTERS:
            self._held.clear()
            self._dropped = len(self._text)
        elif len(self._text) > 1 and self._is_one_key and self.moves(key):
            return [*outcomes, *self._let_go()]  # held down: the cursor goes on
        return outcomes

    def expire(self) -> list[Outcome[Event]]:
        """The gap has passed: what is held was typed, or is too quick for that."""
        if self._dropped:
            dropped = Dropped(self._text[:20], self._dropped)
            self._text, self._dropped = "", 0
            return [dropped]
        if len(self._held) < self.options.least_length or self._is_one_key:
            return self._let_go()
        if self.options.suffix is Suffix.NONE:
            return self._ended() or self._let_go()
        dropped = Dropped(self._text, len(self._text))
        self._held.clear()
        self._text = ""
        return [dropped]

    def _ended(self) -> list[Outcome[Event]]:
        text = code_in(self._text.removeprefix(self.options.prefix))
        if len(text) < self.options.least_length or self._is_one_key:
            return []
        self._held.clear()
        self._text = ""
        return [Scan(text)]

    def _let_go(self) -> list[Outcome[Event]]:
        outcomes: list[Outcome[Event]] = [Typed(event) for event in self._held]
        self._held.clear()
        self._text = ""
        return outcomes

    @property
    def _is_one_key(self) -> bool:
        return len(set(self._text)) == 1

    def _may_belong(self, character: str | None) -> bool:
        if character is None or not character.isprintable():
            return False
        if self.options.prefix:
            return (self._text + character)[: len(self.options.prefix)] == self.options.prefix[: len(self._text) + 1]
        return bool(self._held) or character != " "  # no code begins with a space
