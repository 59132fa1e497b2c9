"""Exceptions as they may be written down: what kind, where, and what followed from what; never what a stranger's message says.

A library puts the value it stumbled over into its message: a row, a JSON document, an address. Of our own errors the sentence is kept,
which is written for people and holds nothing personal; of PostgreSQL's the code and the names of table and constraint; of the system's
its number and meaning.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator
from pathlib import PurePath

from engine.errors import OrdersError

_DEEPEST = 8
_MOST_FRAMES = 40
_NAMED = ("sqlstate", "table_name", "column_name", "constraint_name")


def told(error: BaseException) -> str:
    """What led to what, one a line, and the exception itself on the last."""
    return "\n".join(_lines(error, 0, set()))


def _lines(error: BaseException, depth: int, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    margin = "  " * depth
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and id(before) not in seen and depth < _DEEPEST:
        yield from _lines(before, depth, seen)
        yield f"{margin}which led to" if error.__cause__ else f"{margin}and while that was handled"
    frames = traceback.extract_tb(error.__traceback__, limit=-_MOST_FRAMES)
    yield from (f"{margin}  {_place(frame.filename)}:{frame.lineno} in {frame.name}" for frame in frames)
    if isinstance(error, BaseExceptionGroup) and depth < _DEEPEST:
        for each in error.exceptions:
            yield from _lines(each, depth + 1, seen)
    yield f"{margin}{_named(error)}"


def _named(error: BaseException) -> str:
    name = type(error).__name__
    if isinstance(error, OrdersError):
        return f"{name} {error.code}: {error.sentence}"
    if isinstance(error, OSError) and error.errno:
        return f"{name} {error.errno}: {os.strerror(error.errno) if error.errno > 0 else 'no such name'}"
    facts = [str(value) for each in _NAMED if isinstance(value := getattr(error, each, None), str) and value]
    return f"{name} ({', '.join(facts)})" if facts else name


def _place(filename: str) -> str:
    """The file without the folders of this machine."""
    parts = PurePath(filename).parts
    for start in ("site-packages", "engine", "sync", "orders_tui", "tests"):
        if start in parts:
            at = len(parts) - 1 - parts[::-1].index(start)
            return "/".join(parts[at + 1 if start == "site-packages" else at :])
    return "/".join(parts[-2:])
