"""A filter's text as an `OrderFilter`. A word with a mistake is left out and told in one sentence."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import tzinfo
from difflib import get_close_matches
from typing import Any
from uuid import UUID

from engine.errors import Refused
from engine.orders.filter_language.moments import read_span
from engine.orders.filter_language.names import Names
from engine.orders.filter_language.numbers import joined, read_amounts, read_priorities
from engine.orders.filter_language.tokens import Piece, Token, tokens_of
from engine.orders.filter_language.words import BY_NAME, Takes, Word
from engine.orders.filters import NOBODY, OrderFilter, Without
from engine.orders.plain_text import plain
from engine.orders.tags import normal_tag
from engine.words import ExecutionStatus

_ENOUGH = 6


@dataclass(frozen=True, slots=True)
class Mistake:
    """One word that cannot be meant: where it stands in the text, and what to type instead."""

    sentence: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text means, as far as it means anything."""

    filter: OrderFilter
    mistakes: tuple[Mistake, ...] = ()


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: in which zone days begin, who `me` is, and which names there are (None: any name is taken)."""

    zone: tzinfo | None = None
    me: str = ""
    names: Names | None = None


EVERYBODY = Reader()


def read(text: str, reader: Reader = EVERYBODY) -> Reading:
    """The filter of a text."""
    draft, mistakes, free = _Draft(reader), [], []
    for token in tokens_of(text.replace("\x00", ""), BY_NAME):
        if not token.word:
            free.append(token.pieces[0].text)
            continue
        try:
            draft.take(BY_NAME[token.word], token)
        except _Wrong as wrong:
            mistakes.append(Mistake(wrong.sentence, token.start, token.end))
    return Reading(draft.filter(" ".join(" ".join(free).split())), tuple(mistakes))


def filter_of(text: str, reader: Reader = EVERYBODY) -> OrderFilter:
    """The filter of a text without a mistake. Raises Refused with the first one."""
    reading = read(text, reader)
    if reading.mistakes:
        raise Refused("filter.word", reading.mistakes[0].sentence)
    return reading.filter


class _Wrong(Exception):
    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(slots=True)
class _Draft:
    """What has been read so far."""

    reader: Reader
    wanted: dict[str, frozenset[Any]] = field(default_factory=dict)
    unwanted: dict[str, frozenset[Any]] = field(default_factory=dict)
    single: dict[str, Any] = field(default_factory=dict)

    def filter(self, search: str) -> OrderFilter:
        sets: dict[str, Any] = dict(self.wanted)
        return OrderFilter(**sets, **self.single, search=search, without=Without(**self.unwanted))

    def take(self, word: Word, token: Token) -> None:
        if token.negated and not word.can_be_turned:
            mend = "turn it around with < or >" if word.takes is not Takes.TEXT else "leave the ! out"
            raise _Wrong(f"There is no !{word.name}: {mend}, as in {word.example}.")
        if any(not piece.text.strip() for piece in token.pieces):
            raise _Wrong(f"{word.name}: needs a value, as in {word.example}.")
        match word.takes:
            case Takes.AMOUNT | Takes.DEADLINE | Takes.PAST:
                self._take_bounds(word, token)
            case _ if word.single and not token.negated:
                self._take_single(word, token)
            case _:
                self._take_set(word, token)

    def _take_set(self, word: Word, token: Token) -> None:
        found: dict[str, frozenset[Any]] = {}
        for piece in token.pieces:
            members = self._members(word, piece)
            # Words of two sets may be spelled alike, so the set is told by their kind.
            stopped = all(isinstance(member, ExecutionStatus) for member in members)
            name = "executions" if stopped else "piles" if word.field == "pile" else word.field
            found[name] = found.get(name, frozenset()) | members
        if word.name == "status" and len(found) > 1:
            raise _Wrong("status:failed stands alone: what stopped has another status beside it, so ask separately.")
        sets = self.unwanted if token.negated else self.wanted
        for name, members in found.items():
            sets[name] = sets.get(name, frozenset()) | members

    def _take_single(self, word: Word, token: Token) -> None:
        if word.field in self.single or len(token.pieces) > 1:
            raise _Wrong(f"{word.name}: takes one value, and once, as in {word.example}.")
        [value] = self._members(word, token.pieces[0])
        self.single[word.field] = value

    def _take_bounds(self, word: Word, token: Token) -> None:
        text = ",".join(piece.text for piece in token.pieces)
        try:
            if word.takes is Takes.AMOUNT:
                ends: dict[str, Any] = {"amount": joined(self.single.get("amount"), read_amounts(text))}
            else:
                span = read_span(text, forward=word.takes is Takes.DEADLINE, zone=self.reader.zone)
                ends = {f"{word.field}_from": span.since, f"{word.field}_until": span.until}
                ends = {name: moment for name, moment in ends.items() if moment is not None}
                if ends.keys() & self.single.keys():
                    raise ValueError("the same end twice")
        except (ValueError, OverflowError):
            raise _Wrong(
                f"{word.name}: takes {word.takes.value}, each end once, as in {word.example}; {plain(text)!r} is none."
            ) from None
        self.single |= ends

    def _members(self, word: Word, piece: Piece) -> frozenset[Any]:
        text = piece.text.strip()
        match word.takes:
            case Takes.ONE_OF:
                typed = text.lower().replace("_", "-")
                if typed not in word.members:
                    raise _Wrong(_no_member(word, text))
                return word.members[typed]
            case Takes.PRIORITY:
                try:
                    return read_priorities(text)
                except ValueError:
                    raise _Wrong(f"{word.name}: takes {word.takes.value}, as in {word.example}.") from None
            case Takes.NAME:
                return frozenset({self._name(word, piece)})
            case _ if word.field == "tags":
                try:
                    return frozenset({normal_tag(text)})
                except Refused as refused:
                    raise _Wrong(refused.sentence) from None
            case _ if word.field == "causes":
                return frozenset({text.lower().replace("-", "_")})
            case _:
                return frozenset({text})

    def _name(self, word: Word, piece: Piece) -> str:
        text = piece.text.strip()
        if word.name == "assigned" and not piece.quoted:
            if text.lower() == "nobody":
                return NOBODY
            if text.lower() == "me":
                return self.reader.me or "me"
        if self.reader.names is not None and not _is_id(text):
            there: tuple[str, ...] = getattr(self.reader.names, word.names)
            if text.lower() not in {name.lower() for name in there}:
                raise _Wrong(f"{word.name}: there is none called {plain(text)!r}{_meant(text, there)}.")
        return text


def _no_member(word: Word, text: str) -> str:
    takes = ", ".join(word.members)
    return f"{word.name}: takes {takes}; {plain(text)!r} is none{_meant(text, tuple(word.members))}."


def _meant(text: str, there: tuple[str, ...]) -> str:
    lower = {name.lower(): name for name in there}
    if close := get_close_matches(text.lower(), lower, n=1):
        return f" (did you mean {lower[close[0]]}?)"
    if there and len(there) <= _ENOUGH:
        return f" (there are {', '.join(there)})"
    return ""


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
