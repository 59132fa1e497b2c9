"""A filter's text cut into its parts: `!word:value,value`, or free text."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

_KNOWN = re.compile(r"(!?)([a-z][a-z-]*):", re.IGNORECASE)
_SEPARATORS = ' \t\n,"'


@dataclass(frozen=True, slots=True)
class Piece:
    """One value; a quoted one is taken as it stands."""

    text: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Token:
    """One part of the text, from `start` up to `end`. Without a `word` it is free text, its one piece."""

    start: int
    end: int
    word: str
    pieces: tuple[Piece, ...]
    negated: bool = False


def tokens_of(text: str, words: Collection[str]) -> list[Token]:
    """The parts in their order; only these words are known. A quote that is not closed ends with the text."""
    tokens: list[Token] = []
    place = 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        known = _KNOWN.match(text, place)
        if known and known[2].lower() in words:
            pieces, end = _pieces(text, known.end())
            tokens.append(Token(place, end, known[2].lower(), pieces, negated=bool(known[1])))
        else:
            piece, end = _free(text, place)
            tokens.append(Token(place, end, "", (piece,)))
        place = end
    return tokens


def quoted_if_needed(text: str) -> str:
    """A value as it has to be typed."""
    bare = text and not any(character in _SEPARATORS or character.isspace() for character in text)
    return text if bare else quoted(text)


def quoted(text: str) -> str:
    """A value in quotes; a quote in it is doubled."""
    return '"' + text.replace('"', '""') + '"'


def _pieces(text: str, place: int) -> tuple[tuple[Piece, ...], int]:
    pieces: list[Piece] = []
    while True:
        if text.startswith('"', place):
            piece, place = _quoted(text, place)
        else:
            end = place
            while end < len(text) and not text[end].isspace() and text[end] != ",":
                end += 1
            piece, place = Piece(text[place:end]), end
        pieces.append(piece)
        if not text.startswith(",", place):
            return tuple(pieces), place
        place += 1


def _free(text: str, place: int) -> tuple[Piece, int]:
    if text.startswith('"', place):
        return _quoted(text, place)
    end = place
    while end < len(text) and not text[end].isspace():
        end += 1
    return Piece(text[place:end]), end


def _quoted(text: str, place: int) -> tuple[Piece, int]:
    """The value after an opening quote, and where the text goes on."""
    value: list[str] = []
    place += 1
    while place < len(text):
        if text.startswith('""', place):
            value.append('"')
            place += 2
        elif text[place] == '"':
            return Piece("".join(value), quoted=True), place + 1
        else:
            value.append(text[place])
            place += 1
    return Piece("".join(value), quoted=True), place
