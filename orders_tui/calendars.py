"""Cut-offs, working days and holidays as people write them, in a form and on the command line alike."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, time

from engine.errors import Misconfigured

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def days_text(days: Iterable[int]) -> str:
    """`mon,tue,wed`."""
    return ",".join(DAYS[day - 1] for day in days)


def read_time(text: str) -> time:
    """A time of day. Raises Misconfigured with an example."""
    try:
        return time.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        raise Misconfigured("usage.cut_off", f"{text!r} is no time of day: give one as 15:00.") from None


def read_date(text: str) -> date:
    """A day. Raises Misconfigured with an example."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Misconfigured("usage.holiday", f"{text!r} is no day: give one as 2026-12-25.") from None


def read_days(text: str) -> set[int]:
    """Days of the week, Monday is 1. Raises Misconfigured with an example."""
    found: set[int] = set()
    for part in filter(None, text.casefold().replace(" ", "").split(",")):
        first, _, last = part.partition("-")
        if first not in DAYS or (last or first) not in DAYS or DAYS.index(last or first) < DAYS.index(first):
            raise Misconfigured("usage.days", f"{text!r} are no working days: give mon-fri, or mon,wed,sat.")
        found |= set(range(DAYS.index(first) + 1, DAYS.index(last or first) + 2))
    return found
