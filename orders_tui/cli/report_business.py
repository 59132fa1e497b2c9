"""`orders-tui report volume|cycle|ship-by|failures|labels|creators`: how the business goes, as a table, CSV or JSON."""

from __future__ import annotations

import csv
import io
import zoneinfo
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any

from cyclopts import Parameter

from engine.errors import Misconfigured
from engine.reports.scope import By, Scope
from orders_tui.cli.exits import Exit
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.opening import open_services
from orders_tui.services import Services
from orders_tui.services.reports import Reports
from orders_tui.settings_file import read_settings
from sync.seller_center.tracking_file import safe_cell

DAYS = 30


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Asked:
    """What every report takes."""

    since: Annotated[
        datetime | None, Parameter(help=f"From then on (in --zone unless it says); {DAYS} days ago by default.")
    ] = None
    until: Annotated[datetime | None, Parameter(help="Until just before then; now by default.")] = None
    by: Annotated[By, Parameter(help="What a line is about.")] = By.ALL
    zone: Annotated[str, Parameter(help="Where days begin at midnight: America/New_York.")] = "UTC"
    shop: Annotated[str, Parameter(help="Only this shop, by name.")] = ""
    creator: Annotated[str, Parameter(help="Only this creator, by name.")] = ""
    carrier: Annotated[str | None, Parameter(help="Only what this carrier took.")] = None
    csv: Annotated[bool, Parameter(negative=(), help="CSV for a spreadsheet; no cell is ever a formula.")] = False
    json: Annotated[bool, Parameter(negative=(), help="One JSON object a line.")] = False


Read = Callable[[Reports, Scope], Awaitable[Sequence[Any]]]


async def volume(asked: Asked | None = None) -> int:
    """What was ordered in the time: orders, units, money by currency, and what became of them by now."""
    return await _report(Reports.volume, asked)


async def cycle(asked: Asked | None = None) -> int:
    """Of the orders shipped in the time: hours until ready, until shipped, and from there until delivered; median and 90th percentile."""
    return await _report(Reports.cycle, asked)


async def ship_by(asked: Asked | None = None) -> int:
    """Of the ship-bys that fell in the time: kept, late, overdue, still ahead, cancelled before."""
    return await _report(Reports.ship_by, asked)


async def failures(asked: Asked | None = None) -> int:
    """What stopped the orders of the time, by cause: how often, how many are open, hours until resolved."""
    return await _report(Reports.failures, asked)


async def labels(asked: Asked | None = None) -> int:
    """Labels bought in the time, by carrier and service, and what they cost, by currency; voided ones apart."""
    return await _report(Reports.labels, asked)


async def creators(asked: Asked | None = None) -> int:
    """What was completed for each creator, in each currency; by day where asked so. Samples and gifts bring no revenue."""
    return await _report(Reports.creators, asked)


async def _report(read: Read, asked: Asked | None) -> int:
    asked = asked or Asked()
    zone = _zone(asked.zone)
    async with open_services(read_settings(), on_wait=narrate) as services:
        lines = await read(services.reports, await _scope(services, asked, zone))
    if asked.json:
        for line in lines:
            emit_json(line)
    elif not lines:
        narrate("There is nothing in that time.")
    elif asked.csv:
        _emit_csv(lines)
    else:
        _emit_table(lines)
    return Exit.OK


async def _scope(services: Services, asked: Asked, zone: zoneinfo.ZoneInfo) -> Scope:
    midnight = datetime.combine(datetime.now(zone).date(), time(), zone)
    since = _in_zone(asked.since, zone) or midnight - timedelta(days=DAYS)
    until = _in_zone(asked.until, zone) or datetime.now(UTC)
    if since >= until:
        raise Misconfigured("usage.span", "--since has to be before --until.")
    shop = await services.shops.find(asked.shop) if asked.shop else None
    return Scope(
        since,
        until,
        asked.by,
        asked.zone,
        shop.shop.shop_id if shop else None,
        await services.reports.creator(asked.creator) if asked.creator else None,
        asked.carrier,
    )


def _zone(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        raise Misconfigured("usage.zone", f"There is no time zone {name!r}: give one as America/New_York.") from None


def _in_zone(moment: datetime | None, zone: zoneinfo.ZoneInfo) -> datetime | None:
    return moment.replace(tzinfo=zone) if moment is not None and moment.tzinfo is None else moment


def _emit_csv(lines: Sequence[Any]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([field.name for field in fields(lines[0])])
    for line in lines:
        writer.writerow([_cell(getattr(line, field.name)) for field in fields(line)])
    emit(text.getvalue().rstrip("\n"))


def _cell(value: Any) -> str:
    return safe_cell(value) if isinstance(value, str) else _shown(value, digits=4)


def _emit_table(lines: Sequence[Any]) -> None:
    names = [field.name for field in fields(lines[0]) if field.name != "key"]
    rows = [[name.replace("_", " ") for name in names]]
    rows += [[_shown(getattr(line, name), digits=1) for name in names] for line in lines]
    widths = [max(len(row[place]) for row in rows) for place in range(len(names))]
    words = {place for place, name in enumerate(names) if isinstance(getattr(lines[0], name), str | dict)}
    for row in rows:
        cells = [
            cell.ljust(width) if place in words else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        emit("  ".join(cells).rstrip())


def _shown(value: Any, *, digits: int) -> str:
    match value:
        case None:
            return ""
        case float():
            return f"{value:.{digits}f}" if digits > 1 or value > 1 else f"{value:.2f}"
        case Decimal():
            return f"{value:f}"
        case Mapping():
            return " ".join(f"{amount:f} {currency}" for currency, amount in value.items())
        case _:
            return str(value)
