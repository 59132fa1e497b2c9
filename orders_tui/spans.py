"""Moments as people type them: `30m`, `4h`, `3d` from now, or a date with a time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_SPAN = re.compile(r"(\d{1,4})([mhd])")
_MINUTES = {"m": 1, "h": 60, "d": 24 * 60}


def moment_named(text: str) -> datetime:
    """The moment a person typed; without a zone it is this machine's. Raises ValueError with one sentence."""
    if span := _SPAN.fullmatch(text.strip()):
        return datetime.now(UTC) + timedelta(minutes=int(span[1]) * _MINUTES[span[2]])
    try:
        return datetime.fromisoformat(text.strip()).astimezone()
    except ValueError:
        raise ValueError(f"{text!r} is no time: give one as 2026-12-01T09:00, or a span as 30m, 4h or 3d.") from None
