"""Of several facts about one thing the newest counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

Fact = TypeVar("Fact")


def newest(facts: Iterable[Fact], name: Callable[[Fact], str], recency: Callable[[Fact], Any]) -> list[Fact]:
    """One fact for each name, sorted by name, which is the order that locks are taken in; of two equally new ones the later given."""
    latest: dict[str, Fact] = {}
    for fact in facts:
        held = latest.get(name(fact))
        if held is None or recency(fact) >= recency(held):
            latest[name(fact)] = fact
    return [latest[key] for key in sorted(latest)]
