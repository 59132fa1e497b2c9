"""Lists the way EasyPost pages them: newest first, from an id on, within a span of time."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from sync.simulator.easypost.envelope import refusal
from sync.simulator.wire import Call

DEFAULT_SIZE, LARGEST_SIZE = 20, 100


class Created(Protocol):
    """Anything that was created at some unix second."""

    @property
    def created_at(self) -> float:
        """When."""


Row = TypeVar("Row", bound=Created)


def page(
    call: Call, plural: str, rows: Sequence[Row], position_of: Callable[[str], int | None]
) -> tuple[list[Row], bool]:
    """Return the asked page of `rows`, given oldest first, and whether more follow. Raises RefusedError."""
    size = _size(call)
    low, high = _span(call, rows)
    before, after = call.value("before_id"), call.value("after_id")
    if before and after:
        raise refusal(422, "PARAMETER.INVALID", "Give before_id or after_id, not both.")
    if anchor := before or after:
        position = position_of(anchor)
        if position is None:
            raise refusal(422, "PARAMETER.INVALID", f"{anchor} is none of your {plural}.")
        low, high = (low, min(high, position)) if before else (max(low, position + 1), high)
    if after:
        chosen = rows[low : min(high, low + size)]
        return list(chosen[::-1]), low + size < high
    start = max(low, high - size)
    return list(rows[start : max(start, high)][::-1]), start > low


def _size(call: Call) -> int:
    text = call.value("page_size") or str(DEFAULT_SIZE)
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= LARGEST_SIZE:
        raise refusal(422, "PARAMETER.INVALID", f"page_size must be a number from 1 to {LARGEST_SIZE}.")
    return int(text)


def _span(call: Call, rows: Sequence[Created]) -> tuple[int, int]:
    since, until = _moment(call, "start_datetime"), _moment(call, "end_datetime")
    low = 0 if since is None else bisect_left(rows, since, key=lambda row: row.created_at)
    high = len(rows) if until is None else bisect_left(rows, until, key=lambda row: row.created_at)
    return low, high


def _moment(call: Call, name: str) -> float | None:
    text = call.value(name)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise refusal(422, "PARAMETER.INVALID", f"{name} must be a time such as 2026-01-31T08:00:00Z.") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
