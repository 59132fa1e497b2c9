"""The big line: what to scan next, and what the last scan did. An alarm stays until the next right scan."""

from __future__ import annotations

from enum import StrEnum

from textual.content import Content
from textual.widgets import Static

from engine.orders.plain_text import plain


class Mood(StrEnum):
    """How the last scan ended; the value is the word that says it without a colour, and the style's name."""

    QUIET = ""
    GOOD = "OK"
    DONE = "DONE"
    ALARM = "STOP"


class Verdict(Static):
    """Two lines: what comes next, and what happened last."""

    def __init__(self) -> None:
        super().__init__("", id="verdict", markup=False)
        self.next = ""
        self.mood = Mood.QUIET
        self.last = ""

    def say_next(self, sentence: str) -> None:
        """What is to be scanned or done now."""
        if sentence != self.next:
            self.next = sentence
            self._redraw()

    def say(self, mood: Mood, sentence: str) -> None:
        """What the last scan or key did."""
        self.mood, self.last = mood, sentence
        for each in Mood:
            self.set_class(each is mood, f"-{each.name.lower()}")
        self._redraw()

    def _redraw(self) -> None:
        word = f" {self.mood.value} " if self.mood is not Mood.QUIET else ""
        self.update(
            Content.assemble(
                ("NEXT  ", "bold $text-accent"),
                (plain(self.next), "bold"),
                "\n",
                (word, "bold reverse"),
                (f" {plain(self.last)}" if self.last else "", "bold" if self.mood is Mood.ALARM else ""),
            )
        )
