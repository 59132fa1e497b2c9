"""A whole order export in two passes: a survey of its columns, dates and orders, then its orders one by one.

The survey remembers one number an order, so that rows of one order that lie apart meet again without the file being kept in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from engine.errors import Refused
from engine.orders.plain_text import plain as printable
from sync.seller_center.export_rows import TIMES, Dialect, ExportRow, is_description, order_id_cell, read_row
from sync.seller_center.markets import Market, Reading, market_of
from sync.seller_center.sheets import read_rows
from sync.seller_center.words import Words

_HEADER_WITHIN = 5
"""A title or two may stand above the columns' names."""
_FALLBACK = "US"
"""Whose decimals and currency hold where nobody said the market and the dates told nothing either."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be used, and why, as half a sentence."""

    number: int
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class FoundOrder:
    """One order of the file: its rows, or what is wrong with some of them."""

    order_id: str
    rows: tuple[ExportRow, ...]
    bad: tuple[BadRow, ...] = ()


@dataclass(slots=True)
class _Open:
    rows: list[ExportRow] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Survey:
    """What the first pass found: how to read the file, and after which row each order is whole."""

    dialect: Dialect
    last_row: dict[str, int]
    rows: int


def survey(path: Path, words: Words, market: Market | None, zone: ZoneInfo) -> Survey:
    """Look through the file once. Raises Refused for one that is no export, lacks columns, or whose dates can be read both ways."""
    places: dict[str, int] | None = None
    width, rows, above = 0, 0, 0
    reading = Reading()
    last_row: dict[str, int] = {}
    first = True
    for number, cells in read_rows(path):
        if places is None:
            found = words.column_places(cells)
            missing = words.missing(found)
            above += 1
            if missing and (len(missing) < len(words.required) or above >= _HEADER_WITHIN):
                raise _lacks(path, missing, found)
            if not missing:
                places, width = found, len(cells)
            continue
        if first and is_description(places, cells):
            first = False
            continue
        first = False
        rows += 1
        last_row[order_id_cell(places, cells)] = number
        for column in TIMES:
            place = places.get(column)
            if place is not None and place < len(cells) and cells[place]:
                reading.see(cells[place], number)
    if places is None:
        raise _lacks(path, words.missing({}), {})
    order = reading.order(market)
    fallback = market_of(_FALLBACK)
    assert fallback is not None
    return Survey(Dialect(words, market or fallback, order, zone, places, width), last_row, rows)


def found_orders(path: Path, survey: Survey, *, now: datetime) -> Iterator[FoundOrder]:
    """The file's orders, each when its last row has been read. A row without a usable order id comes as an order without an id."""
    open_: dict[str, _Open] = {}
    header_seen = False
    first = True
    for number, cells in read_rows(path):
        if not header_seen:
            header_seen = not survey.dialect.words.missing(survey.dialect.words.column_places(cells))
            continue
        if first and is_description(survey.dialect.places, cells):
            first = False
            continue
        first = False
        key = order_id_cell(survey.dialect.places, cells)
        try:
            row, bad = read_row(survey.dialect, number, cells, now=now), None
        except Refused as error:
            row, bad = None, BadRow(number, error.code, error.sentence)
        if (
            bad is not None
            and bad.code in {"import.damaged_id", "import.bad_id"}
            and not (key.isascii() and key.isdigit())
        ):
            yield FoundOrder("", (), (bad,))
            continue
        held = open_.setdefault(key, _Open())
        if row is not None:
            held.rows.append(row)
        if bad is not None:
            held.bad.append(bad)
        if survey.last_row.get(key) == number:
            del open_[key]
            yield FoundOrder(printable(key)[:40], tuple(held.rows), tuple(held.bad))


def _lacks(path: Path, missing: list[str], found: dict[str, int]) -> Refused:
    names = ", ".join(missing)
    if not found:
        return Refused(
            "import.no_export", f"{path.name} is no order export: its first row has none of the columns {names}."
        )
    return Refused(
        "import.columns",
        f"{path.name} lacks the column{'s' if len(missing) > 1 else ''} {names}: export again with all columns, or name its column "
        "in a file given with --words.",
    )
