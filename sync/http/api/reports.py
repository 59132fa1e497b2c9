"""Numbers over many orders: the reports of `orders-tui report`, as JSON or CSV."""

from __future__ import annotations

import csv
import io
import zoneinfo
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, create_model
from starlette.responses import Response

from engine.access.permissions import Permission
from engine.access.roles import Role
from engine.database.connection import Database
from engine.errors import Refused
from engine.identifiers import ShopId, UserId
from engine.reports import business
from engine.reports.latency import error_rate, workflow_latency
from engine.reports.scope import By, Scope
from sync.http.api.order_query import When
from sync.http.api.routing import new_router
from sync.http.api.session import Session, needs
from sync.http.api.shapes import house
from sync.http.api.shapes.shape import Told
from sync.http.api.writing import answer
from sync.seller_center.tracking_file import safe_cell

router = new_router("reports")

_DAYS: Final = 30
Reading = Annotated[Session, needs(Permission.REPORTS_READ)]


class ReportFormat(StrEnum):
    """How the lines are written."""

    JSON = "json"
    CSV = "csv"


class WhichReport(BaseModel):
    """What a report is about; thirty days by default."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    since: Annotated[When | None, Field(description="From this day or moment on.")] = None
    until: Annotated[When | None, Field(description="Until just before this day or moment; now by default.")] = None
    by: Annotated[By, Field(description="What a line is about.")] = By.ALL
    zone: Annotated[str, Field(max_length=60, description="Where days begin at midnight: America/New_York.")] = "UTC"
    shop_id: UUID | None = None
    user_id: Annotated[UUID | None, Field(description="Only this creator.")] = None
    carrier: Annotated[str | None, Field(max_length=60)] = None
    format: ReportFormat = ReportFormat.JSON

    def scope(self, session: Session) -> Scope:
        """As the engine reads it; a creator's own. Raises Refused for a time or a zone there is not."""
        try:
            zone = zoneinfo.ZoneInfo(self.zone)
        except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
            raise Refused("report.zone", "There is no such time zone: give one such as Europe/Berlin.") from None
        until = _moment(self.until, zone) if self.until is not None else datetime.now(UTC)
        since = _moment(self.since, zone) if self.since is not None else _days_before(until)
        if since >= until:
            raise Refused("report.span", "`since` has to be before `until`.")
        caller = session.caller
        user_id = caller.user_id if caller.role is Role.CREATOR else self.user_id
        return Scope(
            since,
            until,
            self.by,
            self.zone,
            ShopId(self.shop_id) if self.shop_id else None,
            UserId(user_id) if user_id else None,
            self.carrier,
        )


def _days_before(until: datetime) -> datetime:
    try:
        return until - timedelta(days=_DAYS)
    except OverflowError:  # there is nothing before the first day there is
        return until


def _moment(when: date | datetime, zone: zoneinfo.ZoneInfo) -> datetime:
    if isinstance(when, datetime):
        return when
    try:
        return datetime.combine(when, time.min, zone).astimezone(UTC)
    except OverflowError:
        raise Refused("report.span", "This day is not in any calendar of the database.") from None


@router.get("/api/reports/latency", operation_id="reportLatency", response_model=house.LatencyReport)
async def latency(session: Reading, since: Annotated[When | None, Query()] = None) -> Response:
    """How long the workflow's own work takes and how often it goes wrong, over a day by default."""
    moment = _moment(since, zoneinfo.ZoneInfo("UTC")) if since is not None else datetime.now(UTC) - timedelta(days=1)
    took, errors = await workflow_latency(session.database, moment), await error_rate(session.database, moment)
    return answer({"latency": took, "errors": {**_fields(errors), "rate": errors.rate}})


Read = Callable[[Database, Scope], Awaitable[Sequence[Any]]]

_REPORTS: Mapping[str, tuple[Read, type[Told], str]] = {
    "volume": (business.volume, house.VolumeLine, "What was ordered, and what became of it by now."),
    "cycle": (business.cycle, house.CycleLine, "Hours until ready, shipped and delivered."),
    "ship-by": (business.ship_by, house.ShipByLine, "Deadlines kept and missed."),
    "failures": (business.failures, house.FailureLine, "What stopped orders, by cause."),
    "labels": (business.labels, house.LabelLine, "Labels bought, and what they cost."),
    "creators": (business.creators, house.CreatorLine, "What was completed for each creator, by currency."),
}


def _serve(name: str, read: Read, line: type[Told], about: str) -> None:
    async def report(which: Annotated[WhichReport, Query()], session: Reading) -> Response:
        lines = await read(session.database, which.scope(session))
        if which.format is ReportFormat.CSV:
            return Response(_csv(line, lines), media_type="text/csv; charset=utf-8")
        return answer({"lines": lines})

    report.__doc__ = about
    title = name.title().replace("-", "")
    shape = create_model(f"{title}Report", __base__=Told, __doc__=about, lines=(list[line], ...))  # type: ignore[valid-type]
    csv_too = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}
    router.add_api_route(
        f"/api/reports/{name}",
        report,
        methods=["GET"],
        operation_id=f"report{title}",
        response_model=shape,
        responses=csv_too,  # type: ignore[arg-type]
        name=name,
    )


for _name, _report in _REPORTS.items():
    _serve(_name, *_report)


def _csv(line: type[Told], lines: Sequence[Any]) -> str:
    names = list(line.model_fields)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(names)
    writer.writerows([safe_cell(_cell(getattr(each, name))) for name in names] for each in lines)
    return out.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(f"{amount} {currency}" for currency, amount in value.items())
    return "" if value is None else str(value)


def _fields(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)}
