"""Which test stands for which row of the table of conflicts."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from engine.orders.conflicts import conflicts

Test = TypeVar("Test", bound=Callable[..., object])

SETTLED: dict[str, list[str]] = {}
"""Row → the tests that settle it; filled when the test modules are imported."""


def settles(row_id: str) -> Callable[[Test], Test]:
    """Mark the test of a row."""

    def mark(test: Test) -> Test:
        SETTLED.setdefault(row_id, []).append(f"{test.__module__}.{test.__name__}")
        return test

    return mark


def code_of(row_id: str) -> str:
    """What the one who loses is told, as a code."""
    return conflicts()[row_id].code


def says(row_id: str, sentence: str) -> bool:
    """Whether the sentence is the row's, with its places filled in."""
    pattern = re.sub(r"\\\{\w+\\\}", ".+", re.escape(conflicts()[row_id].sentence))
    return re.fullmatch(pattern, sentence) is not None
