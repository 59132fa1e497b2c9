"""An `OrderFilter` as text that reads as the same filter; its sort is said elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from enum import StrEnum
from typing import Any

from engine.orders.filter_language.moments import Span, write_span
from engine.orders.filter_language.numbers import write_amounts
from engine.orders.filter_language.tokens import quoted, quoted_if_needed, tokens_of
from engine.orders.filter_language.words import BY_NAME, WORDS, Takes, Word, spelled
from engine.orders.filters import ANY_HOLD, NOBODY, OrderFilter, Sets
from engine.words import ExecutionStatus


def write(order_filter: OrderFilter, *, zone: tzinfo | None = None) -> str:
    """The words of the filter, then what is searched for."""
    parts: list[str] = []
    for word in WORDS:
        parts += _written(word, order_filter, zone)
        if word.can_be_turned:
            parts += [f"!{part}" for part in _sets(word, order_filter.without)]
    return " ".join([*parts, *map(_free, order_filter.search.split())])


def _written(word: Word, order_filter: OrderFilter, zone: tzinfo | None) -> Iterator[str]:
    match word.takes:
        case Takes.AMOUNT:
            values = write_amounts(order_filter.amount) if order_filter.amount else []
        case Takes.DEADLINE | Takes.PAST:
            ends = Span(getattr(order_filter, f"{word.field}_from"), getattr(order_filter, f"{word.field}_until"))
            values = write_span(ends, forward=word.takes is Takes.DEADLINE, zone=zone)
        case _ if word.single:
            value = getattr(order_filter, word.field)
            values = [] if value is None else [_value(word, value)]
        case _:
            yield from _sets(word, order_filter)
            return
    yield from (f"{word.name}:{value}" for value in values)


def _sets(word: Word, sets: Sets) -> Iterator[str]:
    """The word with all values of its set; what is said by another word is left to that."""
    members: frozenset[Any] = getattr(sets, "piles" if word.field == "pile" else word.field)
    stopped = frozenset({ExecutionStatus.FAILED})
    if word.name == "status" and not members and sets.executions == stopped:
        yield "status:failed"
    elif word.name == "workflow" and members == stopped and not sets.statuses:
        return
    elif word.field == "holds" and members == ANY_HOLD:
        yield "hold:any"
    elif members:
        yield f"{word.name}:{','.join(_value(word, member) for member in sorted(members))}"


def _value(word: Word, member: Any) -> str:
    if isinstance(member, StrEnum):
        return spelled(member)
    if isinstance(member, int):
        return str(member)
    text = str(member)
    if word.name == "assigned":
        if text == NOBODY:
            return "nobody"
        if text.lower() in {"nobody", "me"}:
            return quoted(text)
    return quoted_if_needed(text)


def _free(text: str) -> str:
    [token] = tokens_of(text, BY_NAME)
    return text if not token.word and token.pieces[0].text == text else quoted(text)
