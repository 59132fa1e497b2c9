"""The two streams of a command: data on stdout, as lines or as JSON; narration on stderr."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import orjson


def emit(line: str) -> None:
    """One line of data."""
    sys.stdout.write(f"{line}\n")


def emit_json(value: object) -> None:
    """One value as one line of JSON: dataclasses as objects, times in UTC as ISO 8601, money and ids as strings."""
    emit(orjson.dumps(value, default=_plain, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS).decode())


def narrate(sentence: str) -> None:
    """One line for the person at the terminal; never data."""
    sys.stderr.write(f"{sentence}\n")


def progress() -> Callable[[int, int], None] | None:
    """A counter on stderr for a person who watches; None when nobody does."""
    if not sys.stderr.isatty():
        return None

    def show(done: int, total: int) -> None:
        sys.stderr.write(f"\r{done} of {total}" + ("\n" if done >= total else ""))
        sys.stderr.flush()

    return show


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, frozenset | set):
        return sorted(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return str(value)
