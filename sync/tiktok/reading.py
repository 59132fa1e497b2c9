"""Reading TikTok's answers: every field may be absent, and an id may come as a number."""

from __future__ import annotations

from typing import Any, cast


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
