"""A place in a list as a person names it: a row's number or a percentage."""

from __future__ import annotations

import re

_PLACE = re.compile(r"(\d{1,3}(?:[,. ]?\d{3})*|\d+)\s*(%?)")


def place_of(text: str, total: int) -> int | None:
    """The row number, from 0, that a text names in a list of `total`; None when it names none."""
    named = _PLACE.fullmatch(text.strip())
    if named is None or total <= 0:
        return None
    number = int(re.sub(r"[,. ]", "", named[1]))
    if named[2]:
        return round((total - 1) * number / 100) if number <= 100 else None
    return number - 1 if 1 <= number <= total else None
