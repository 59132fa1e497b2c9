"""Reading TikTok's answers: every field may be absent, and an id may come as a number."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, cast

LATEST_SECOND = 32_503_680_000
"""The year 3000: milliseconds by mistake are no time."""


def objects(data: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The objects of a list in an answer; what is no object is left out."""
    values = data.get(name)
    if not isinstance(values, list):
        return []
    return [cast("dict[str, Any]", value) for value in values if isinstance(value, dict)]


def text(data: dict[str, Any], name: str) -> str:
    """A value as text; empty when it is absent."""
    value = data.get(name)
    return "" if value is None else str(value)


def texts(data: dict[str, Any], name: str) -> tuple[str, ...]:
    """The values of a list as texts; what is nothing is left out."""
    values = data.get(name)
    return tuple(str(value) for value in values if value is not None) if isinstance(values, list) else ()


def whole(data: dict[str, Any], name: str) -> int:
    """A value as a whole number, also where it comes as text; 0 when it is absent or none."""
    try:
        return int(str(data.get(name) or 0))
    except ValueError:
        return 0


def moment(data: dict[str, Any], name: str) -> datetime | None:
    """A time in unix seconds; None when it is absent or out of all reason."""
    seconds = whole(data, name)
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < LATEST_SECOND else None


def amount(data: dict[str, Any], name: str) -> Decimal | None:
    """A money string; None when it is absent or no number."""
    try:
        found = Decimal(text(data, name))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
