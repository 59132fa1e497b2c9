"""How a market writes dates and money, and which reading the dates of a file allow."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from importlib import resources
from zoneinfo import ZoneInfo

from engine.errors import Misconfigured, Refused
from sync.seller_center.words import plain


class DateOrder(StrEnum):
    """What comes first in a date that could be read both ways."""

    MONTH_FIRST = "month-first"
    DAY_FIRST = "day-first"
    YEAR_FIRST = "year-first"


@dataclass(frozen=True, slots=True)
class Market:
    """One market's habits."""

    code: str
    currency: str
    order: DateOrder
    decimal: str
    zone: str


_DATE = re.compile(
    r"(\d{1,4})[/.\-](\d{1,2})[/.\-](\d{1,4})"
    r"(?:[ T,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*([AaPp]\.?[Mm]\.?)?)?",
    re.ASCII,
)
_NOON = 12


@functools.cache
def markets() -> Mapping[str, Market]:
    """Every known market by its code."""
    return {
        code: Market(code, entry["currency"], DateOrder(entry["order"]), entry["decimal"], entry["zone"])
        for code, entry in _documents().items()
    }


def market_of(code: str) -> Market | None:
    """The market of a region code in any case, such as US, GB or UK; None when it is none that is known."""
    wanted = code.strip().upper()
    return markets().get(_aliases().get(wanted, wanted))


def require_market(code: str) -> Market:
    """The market of a region code. Raises Misconfigured that names those there are."""
    market = market_of(code)
    if market is None:
        raise Misconfigured("import.market", f"{code!r} is no market; known are {', '.join(markets())}.")
    return market


def country_code(name: str, market: Market) -> str:
    """The country that a cell names, as two letters; the market's own where it names none that is known."""
    text = plain(name)
    if len(text) == 2 and text.isascii() and text.isalpha():
        return _aliases().get(text.upper(), text.upper())
    return _countries().get(text, market.code)


@dataclass(slots=True)
class Reading:
    """What the dates of a file have shown so far: the row that can only be month-first, the one that can only be day-first."""

    month_first_row: int = 0
    day_first_row: int = 0
    either_row: int = 0

    def see(self, text: str, row: int) -> None:
        """Look at one date."""
        found = _DATE.fullmatch(text)
        if found is None or len(found[1]) == 4:
            return
        first, second = int(found[1]), int(found[2])
        if first > _NOON >= second:
            self.day_first_row = self.day_first_row or row
        elif second > _NOON >= first:
            self.month_first_row = self.month_first_row or row
        elif first != second:
            self.either_row = self.either_row or row

    def order(self, market: Market | None) -> DateOrder:
        """How to read the file's dates.

        Raises Refused `import.dates` when they contradict one another or the market, or when nobody said and both readings are
        possible.
        """
        if self.month_first_row and self.day_first_row:
            raise Refused(
                "import.dates",
                f"Row {self.month_first_row} has a date with the month first and row {self.day_first_row} one with the day first: "
                "download the export again and import it unchanged.",
            )
        shown = DateOrder.MONTH_FIRST if self.month_first_row else DateOrder.DAY_FIRST if self.day_first_row else None
        if market is None:
            if shown is None and self.either_row:
                raise Refused(
                    "import.dates",
                    f"The date in row {self.either_row} can be read with the day or the month first: say which market the file "
                    "is from with --market.",
                )
            return shown or DateOrder.DAY_FIRST
        if shown is not None and shown is not market.order and market.order is not DateOrder.YEAR_FIRST:
            raise Refused(
                "import.dates",
                f"Row {self.month_first_row or self.day_first_row} has a {shown} date, which market {market.code} does not write: "
                "say which market the file is from with --market.",
            )
        return shown or market.order


def parse_moment(text: str, order: DateOrder, zone: ZoneInfo) -> datetime | None:
    """A time of the shop's clock as UTC; None when it is none."""
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    first, second, third = int(found[1]), int(found[2]), int(found[3])
    if len(found[1]) == 4:
        year, month, day = first, second, third
    elif order is DateOrder.MONTH_FIRST:
        year, month, day = third, first, second
    else:
        year, month, day = third, second, first
    hour, minute, second = int(found[4] or 0), int(found[5] or 0), int(found[6] or 0)
    if found[7]:
        if not 1 <= hour <= _NOON:
            return None
        hour = hour % _NOON + (_NOON if found[7][0] in "Pp" else 0)
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


@functools.cache
def _documents() -> dict[str, dict[str, str]]:
    return tomllib.loads(resources.files("sync.seller_center").joinpath("markets.toml").read_text(encoding="utf-8"))


@functools.cache
def _aliases() -> dict[str, str]:
    return {alias: code for code, entry in _documents().items() for alias in entry.get("aliases", ())}


@functools.cache
def _countries() -> dict[str, str]:
    return {plain(name): code for code, entry in _documents().items() for name in entry["countries"]}
