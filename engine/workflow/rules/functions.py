"""The functions a condition may call: a closed list, each with the types it takes and gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.workflow.rules.names import Kind, Value


@dataclass(frozen=True, slots=True)
class Function:
    """One function; `more` says that the last parameter may be given several times."""

    takes: tuple[Kind, ...]
    gives: Kind
    more: bool
    meaning: str
    call: Callable[..., Value]


def _starts_with(text: str, *beginnings: str) -> bool:
    return text.startswith(beginnings)


def _ends_with(text: str, *endings: str) -> bool:
    return text.endswith(endings)


def _contains(text: str, *parts: str) -> bool:
    return any(part in text for part in parts)


def _any_of(texts: tuple[str, ...], *wanted: str) -> bool:
    return any(text in texts for text in wanted)


def _all_of(texts: tuple[str, ...], *wanted: str) -> bool:
    return all(text in texts for text in wanted)


def _any_starts_with(texts: tuple[str, ...], *beginnings: str) -> bool:
    return any(text.startswith(beginnings) for text in texts)


_TEXT, _TEXTS = Kind.TEXT, Kind.TEXTS

FUNCTIONS: dict[str, Function] = {
    "starts_with": Function((_TEXT, _TEXT), Kind.TRUTH, True, "the text begins with one of these", _starts_with),
    "ends_with": Function((_TEXT, _TEXT), Kind.TRUTH, True, "the text ends with one of these", _ends_with),
    "contains": Function((_TEXT, _TEXT), Kind.TRUTH, True, "one of these is somewhere in the text", _contains),
    "lower": Function((_TEXT,), _TEXT, False, "the text in small letters", str.lower),
    "any_of": Function((_TEXTS, _TEXT), Kind.TRUTH, True, "one of these is in the list", _any_of),
    "all_of": Function((_TEXTS, _TEXT), Kind.TRUTH, True, "all of these are in the list", _all_of),
    "any_starts_with": Function(
        (_TEXTS, _TEXT), Kind.TRUTH, True, "a text of the list begins with one of these", _any_starts_with
    ),
    "count": Function((_TEXTS,), Kind.NUMBER, False, "how many texts the list has", len),
}
