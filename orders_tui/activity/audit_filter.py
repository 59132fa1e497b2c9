"""What narrows the audit, as a person types it: `who:mira what:held order:5771 since:2h all:yes`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.errors import Misconfigured

_LENGTH = re.compile(r"(\d+)(m|h|d)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
NAMES = ("who", "what", "order", "since", "until", "all")


@dataclass(frozen=True, slots=True)
class AskedAudit:
    """The words of a filter, each empty when it was not given. `order` is a number that is yet to be found."""

    who: str = ""
    what: str = ""
    order: str = ""
    since: datetime | None = None
    until: datetime | None = None
    everything: bool = False


def read_audit_filter(text: str, now: datetime) -> AskedAudit:
    """The filter that was typed; a word without a name is a person. Raises Misconfigured with the way to write it."""
    found: dict[str, str] = {}
    for word in text.split():
        name, colon, value = word.partition(":")
        if not colon:
            name, value = "who", word
        if name not in NAMES or not value:
            raise Misconfigured(
                "audit.filter", f"{word!r} is not understood: write who:mira what:held order:5771 since:2h all:yes."
            )
        found[name] = f"{found[name]} {value}" if name == "who" and name in found else value
    return AskedAudit(
        who=found.get("who", ""),
        what=found.get("what", ""),
        order=found.get("order", ""),
        since=_moment(found["since"], now) if "since" in found else None,
        until=_moment(found["until"], now) if "until" in found else None,
        everything=found.get("all", "no").lower() in {"yes", "y", "true", "1"},
    )


def _moment(text: str, now: datetime) -> datetime:
    if length := _LENGTH.fullmatch(text):
        return now - timedelta(**{_UNITS[length[2]]: int(length[1])})
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Misconfigured(
            "audit.moment", f"{text!r} is no time: write 30m, 2h, 3d, or a date such as 2026-03-02."
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)
