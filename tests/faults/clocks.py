"""A machine whose clock is wrong: what the product and its scheduler take for the time of day is so many seconds off."""

from __future__ import annotations

import sys
import time
from datetime import datetime, timedelta
from typing import Any

_TAUGHT = ("engine", "sync", "orders_tui", "apscheduler")


def shift(seconds: float, *, after_seconds: float = 0.0) -> None:
    """Move the wall clock of this process, now or in a moment; the monotonic clock goes on as every machine's does."""
    if not seconds:
        return
    wall = time.time
    due = time.monotonic() + after_seconds

    def off() -> float:
        return seconds if time.monotonic() >= due else 0.0

    class Pretends(type):
        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, datetime)

    class Shifted(datetime, metaclass=Pretends):
        def __new__(cls, *parts: Any, **named: Any) -> Any:
            return datetime(*parts, **named)  # noqa: DTZ001  # as it was asked for

        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) + timedelta(seconds=off())

    def shifted() -> float:
        return wall() + off()

    time.time = shifted
    for module in [each for name, each in sys.modules.items() if name.startswith(_TAUGHT)]:
        for name, value in list(vars(module).items()):
            if value is datetime:
                setattr(module, name, Shifted)
            elif value is wall:
                setattr(module, name, shifted)
            elif isinstance(value, type):
                for method in vars(value).values():
                    _teach(method, wall, shifted)
            else:
                _teach(value, wall, shifted)


def _teach(function: Any, wall: object, shifted: object) -> None:
    """A clock may also be some function's default."""
    named = getattr(function, "__kwdefaults__", None)
    if isinstance(named, dict):
        named.update({name: shifted for name, value in named.items() if value is wall})
