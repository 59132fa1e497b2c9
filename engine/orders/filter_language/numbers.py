"""Amounts and priorities in a filter: equal, up to, from, between."""

from __future__ import annotations

import re
from decimal import Decimal

from engine.orders.filters import Amounts

PRIORITIES = range(6)

_NUMBER = r"\d{1,12}(?:\.\d{1,2})?"
_BOUND = re.compile(rf"(<=|>=|<|>|)({_NUMBER})")
_RANGE = re.compile(rf"({_NUMBER})?\.\.({_NUMBER})?")


def read_amounts(text: str) -> Amounts:
    """The amounts that a value means. Raises ValueError for one that is none."""
    if bound := _BOUND.fullmatch(text):
        number = Decimal(bound[2])
        match bound[1]:
            case "":
                return Amounts(number, number)
            case "<" | "<=" as sign:
                return Amounts(high=number, short=sign == "<")
            case sign:
                return Amounts(low=number, beyond=sign == ">")
    between = _RANGE.fullmatch(text)
    if between is None or not (between[1] or between[2]):
        raise ValueError(text)
    low, high = (Decimal(number) if number else None for number in between.groups())
    return Amounts(low, high)


def write_amounts(amounts: Amounts) -> list[str]:
    """The values that mean these amounts, one for each of their ends where both cannot be said at once."""
    low, high = amounts.low, amounts.high
    if low is not None and low == high and not (amounts.beyond or amounts.short):
        return [f"{low:f}"]
    values = [] if low is None else [f"{'>' if amounts.beyond else '>='}{low:f}"]
    return values if high is None else [*values, f"{'<' if amounts.short else '<='}{high:f}"]


def joined(one: Amounts | None, other: Amounts) -> Amounts:
    """Both at once. Raises ValueError when both name the same end."""
    if one is None:
        return other
    if (one.low is not None and other.low is not None) or (one.high is not None and other.high is not None):
        raise ValueError("the same end twice")
    lower, upper = (one, other) if one.low is not None else (other, one)
    return Amounts(lower.low, upper.high, lower.beyond, upper.short)


def read_priorities(text: str) -> frozenset[int]:
    """The priorities that a value means. Raises ValueError for one that is none."""
    amounts = read_amounts(text)

    def fits(priority: int) -> bool:
        low, high = amounts.low, amounts.high
        above = low is None or priority > low or (priority == low and not amounts.beyond)
        return above and (high is None or priority < high or (priority == high and not amounts.short))

    found = frozenset(priority for priority in PRIORITIES if fits(priority))
    if not found:
        raise ValueError(text)
    return found
