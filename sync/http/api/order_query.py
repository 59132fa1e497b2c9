"""Which orders a request is about, and in what order: from its parameters to a filter of the engine."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlencode

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from engine.identifiers import UserId
from engine.orders.filter_language.reading import Reader, filter_of
from engine.orders.views import OrderFilter, OrderSort
from engine.words import OrderStatus, WorkflowState
from sync.http.api.cursors import list_digest

_DAY = timedelta(days=1)
_MICROSECOND = timedelta(microseconds=1)


class SortBy(StrEnum):
    """What a list may be sorted by."""

    ORDER_DATE = "order_date"
    UPDATED_AT = "updated_at"
    TOTAL_AMOUNT = "total_amount"


class SortOrder(StrEnum):
    """Which way."""

    ASC = "asc"
    DESC = "desc"


def _day_or_moment(text: Any) -> date | datetime:
    if not isinstance(text, str):
        raise ValueError("give a day (2026-03-02) or a moment (2026-03-02T08:00:00Z)")  # noqa: TRY004  # pydantic's word
    try:
        if len(text) == len("2026-03-02"):
            return date.fromisoformat(text)
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ValueError("give a day (2026-03-02) or a moment (2026-03-02T08:00:00Z)") from None


When = Annotated[
    date | datetime,
    BeforeValidator(_day_or_moment),
    WithJsonSchema({"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]}),
]


class WhichOrders(BaseModel):
    """The orders meant; nothing given means all."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    status: Annotated[list[OrderStatus], Field(max_length=20, description="Any of these.")] = []
    workflow_status: Annotated[list[WorkflowState], Field(max_length=20, description="Any of these.")] = []
    date_from: Annotated[When | None, Field(description="Ordered on this day (UTC) or at this moment, or later.")] = (
        None
    )
    date_to: Annotated[When | None, Field(description="Ordered on this day (UTC) or at this moment, or earlier.")] = (
        None
    )
    search: Annotated[
        str,
        Field(
            max_length=200,
            description="An order, package or tracking number or SKU by its beginning; a name, e-mail or phone as whole words.",
        ),
    ] = ""
    filter: Annotated[
        str, Field(max_length=500, description="A filter as the console reads it: `ship-by:<24h !tag:gift`.")
    ] = ""
    sort_by: SortBy = SortBy.ORDER_DATE
    sort_order: SortOrder = SortOrder.DESC

    def order_filter(self, me: UserId) -> OrderFilter:
        """As the engine reads it. Raises Refused for a `filter` that makes no sense."""
        typed = filter_of(self.filter, Reader(zone=UTC, me=str(me))) if self.filter.strip() else OrderFilter()
        return replace(
            typed,
            statuses=typed.statuses | frozenset(self.status),
            workflow_states=typed.workflow_states | frozenset(self.workflow_status),
            search=" ".join(part for part in (typed.search, self.search) if part),
            ordered_from=_beginning(self.date_from) if self.date_from is not None else typed.ordered_from,
            ordered_until=_end(self.date_to) if self.date_to is not None else typed.ordered_until,
            sort=OrderSort(self.sort_by.value),
            ascending=self.sort_order is SortOrder.ASC,
        )

    def parameters(self) -> list[tuple[str, str]]:
        """What makes the list what it is, as a query has it; always in one order."""
        given: list[tuple[str, str]] = []
        for name in WhichOrders.model_fields:
            value = getattr(self, name)
            if value is None or value == WhichOrders.model_fields[name].default:
                continue
            values = sorted(value) if isinstance(value, list) else [value]
            given += [(name, each.isoformat() if isinstance(each, date) else str(each)) for each in values]
        return given

    @property
    def digest(self) -> bytes:
        """What tells this list from others."""
        return list_digest(urlencode(self.parameters()))


class WhichPage(WhichOrders):
    """One page of them."""

    page: Annotated[
        int, Field(ge=1, le=1_000_000, description="Counted from 1; not looked at where a cursor is given.")
    ] = 1
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[
        str, Field(max_length=100, description="`next_cursor` or `previous_cursor` of an answer to the same query.")
    ] = ""


def _beginning(when: date | datetime) -> datetime:
    return when if isinstance(when, datetime) else datetime.combine(when, time.min, UTC)


def _end(when: date | datetime) -> datetime:
    """The first moment that is not meant any more; the last there is, where there is none after it."""
    try:
        return when + _MICROSECOND if isinstance(when, datetime) else datetime.combine(when, time.min, UTC) + _DAY
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)
