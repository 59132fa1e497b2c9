"""Times in a filter: lengths (`24h`), days (`today`, `2026-01-31`), moments (`2026-01-31T14:00`), up to, from and between.

A length looks forward for a deadline and back for what has happened: `ship-by:<24h` is due within a day, `ordered:<2d` came in
during the last two days.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from engine.orders.filters import Day, Moment, midnight

_LENGTH = re.compile(r"(-?)((?:\d{1,6}[wdhms])+)", re.IGNORECASE)
_PART = re.compile(r"(\d+)([wdhms])", re.IGNORECASE)
_SECONDS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_DAY = re.compile(r"today(?:([+-])(\d{1,4}))?", re.IGNORECASE)
_NAMED_DAYS = {"yesterday": -1, "tomorrow": 1}
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_BOUND = re.compile(r"(<=|>=|<|>|)(.*)")


@dataclass(frozen=True, slots=True)
class Span:
    """From `since` on, before `until`."""

    since: Moment | None = None
    until: Moment | None = None


@dataclass(frozen=True, slots=True)
class _Instant:
    """What was typed for a time: where it begins and, for a day, where it ends."""

    begins: Moment
    ends: Moment


def read_span(text: str, *, forward: bool, zone: tzinfo | None) -> Span:
    """The span that a value means. Raises ValueError for one that is none."""
    first, dots, last = text.partition("..")
    if dots:
        low, high = _read(first, forward, zone), _read(last, forward, zone)
        if low is None and high is None:
            raise ValueError(text)
        span = Span(low.begins if low else None, high.ends if high else None)
        # What lies further back has the greater length.
        return span if forward or not _are_lengths(low, high) else Span(_begins(high), _begins(low))
    bound = _BOUND.fullmatch(text)
    instant = _read(bound[2], forward, zone) if bound else None
    if bound is None or instant is None:
        raise ValueError(text)
    sign = bound[1]
    length = isinstance(instant.begins, timedelta)
    if not sign:
        if length:
            sign = "<"
        elif instant.begins == instant.ends:
            raise ValueError(text)  # no order came in at exactly one moment
        else:
            return Span(instant.begins, instant.ends)
    if length and not forward:
        return Span(since=instant.begins) if "<" in sign else Span(until=instant.begins)
    if "<" in sign:
        return Span(until=instant.ends if sign == "<=" else instant.begins)
    return Span(since=instant.begins if sign == ">=" else instant.ends)


def write_span(span: Span, *, forward: bool, zone: tzinfo | None) -> list[str]:
    """The values that mean this span, one for each of its ends."""
    values = []
    for moment, beginning in ((span.since, True), (span.until, False)):
        if isinstance(moment, timedelta):
            after = beginning == forward
            values.append(f"{'>' if after else '<'}{_write_length(moment if forward else -moment)}")
        elif moment is not None:
            values.append(f"{'>=' if beginning else '<'}{_write(moment, zone)}")
    return values


def _read(text: str, forward: bool, zone: tzinfo | None) -> _Instant | None:
    """One time; None for an empty text, which is an open end."""
    if not text:
        return None
    word = text.lower()
    if word == "now":
        return _Instant(timedelta(0), timedelta(0))
    if length := _LENGTH.fullmatch(text):
        seconds = sum(int(number) * _SECONDS[unit.lower()] for number, unit in _PART.findall(length[2]))
        span = timedelta(seconds=seconds if bool(length[1]) != forward else -seconds)
        return _Instant(span, span)
    if (offset := _days(word)) is not None:
        return _Instant(Day(offset, zone), Day(offset + 1, zone))
    if _DATE.fullmatch(text):
        whole = date.fromisoformat(text)
        return _Instant(midnight(whole, zone), midnight(whole + timedelta(days=1), zone))
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone) if zone else moment.astimezone()
    return _Instant(moment, moment)


def _days(word: str) -> int | None:
    """How many days from today a word names; None when it names none."""
    if word in _NAMED_DAYS:
        return _NAMED_DAYS[word]
    day = _DAY.fullmatch(word)
    return None if day is None else int(f"{day[1]}{day[2]}") if day[1] else 0


def _are_lengths(*instants: _Instant | None) -> bool:
    return all(instant is None or isinstance(instant.begins, timedelta) for instant in instants)


def _begins(instant: _Instant | None) -> Moment | None:
    return instant.begins if instant else None


def _write(moment: datetime | Day, zone: tzinfo | None) -> str:
    if isinstance(moment, Day):
        named = {0: "today", -1: "yesterday", 1: "tomorrow"}
        return named.get(moment.days) or f"today{moment.days:+d}"
    local = moment.astimezone(zone)
    if local == midnight(local.date(), zone):
        return local.date().isoformat()
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _write_length(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    if seconds == 0:
        return "now"
    parts = []
    left = abs(seconds)
    for unit in "dhms":
        number, left = divmod(left, _SECONDS[unit])
        if number:
            parts.append(f"{number}{unit}")
    return ("-" if seconds < 0 else "") + "".join(parts)
