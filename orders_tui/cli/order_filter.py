"""Which orders: the filters that `orders list` and `orders bulk` share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

from cyclopts import Parameter

from engine.errors import Misconfigured
from engine.orders.filter_language.reading import Reader, read
from engine.orders.views import OrderFilter, OrderSort, Pile
from engine.words import ExecutionStatus, OrderStatus, WorkflowState

FAILED = "failed"


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """The options of a filter; without any, all orders."""

    words: Annotated[
        str,
        Parameter(
            name="--filter",
            help='Words that say which, as in `status:failed !tag:gift ship-by:<24h "Ines Falk"` (docs/filters.md).',
        ),
    ] = ""
    status: Annotated[
        tuple[str, ...], Parameter(negative=(), help="An order status, or `failed`; may be given several times.")
    ] = ()
    state: Annotated[tuple[WorkflowState, ...], Parameter(negative=(), help="A workflow state.")] = ()
    pile: Annotated[Pile | None, Parameter(help="One of Triage's piles.")] = None
    search: Annotated[str, Parameter(help="An id, SKU, tracking number, name or product word.")] = ""
    tag: Annotated[
        tuple[str, ...], Parameter(negative=(), help="A tag the orders have; several: they have them all.")
    ] = ()
    since: Annotated[datetime | None, Parameter(help="Ordered at or after this time (UTC unless it says).")] = None
    until: Annotated[datetime | None, Parameter(help="Ordered before this time.")] = None

    def order_filter(
        self, sort: OrderSort = OrderSort.ORDER_DATE, *, ascending: bool = False, me: str = ""
    ) -> OrderFilter:
        """The filter they mean, `me` being who asks. Raises Misconfigured for what cannot be meant."""
        reading = read(self.words, Reader(me=me))
        if reading.mistakes:
            raise Misconfigured("usage.filter", reading.mistakes[0].sentence)
        statuses, executions = _statuses(self.status)
        # An option says what its word would say, in place of it.
        said = {
            "statuses": statuses,
            "executions": executions,
            "workflow_states": frozenset(self.state),
            "pile": self.pile,
            "search": self.search,
            "tags": frozenset(self.tag),
            "ordered_from": self.since.astimezone() if self.since else None,
            "ordered_until": self.until.astimezone() if self.until else None,
        }
        given: dict[str, Any] = {name: value for name, value in said.items() if value}
        return replace(reading.filter, sort=sort, ascending=ascending, **given)


def status_named(word: str) -> OrderStatus:
    """The order status a person typed. Raises Misconfigured, listing them."""
    try:
        return OrderStatus(word)
    except ValueError:
        raise Misconfigured(
            "usage.status", f"There is no status {word!r}; there are {', '.join(OrderStatus)}."
        ) from None


def _statuses(words: Sequence[str]) -> tuple[frozenset[OrderStatus], frozenset[ExecutionStatus]]:
    if FAILED not in words:
        return frozenset(map(status_named, words)), frozenset()
    if set(words) != {FAILED}:
        raise Misconfigured(
            "usage.status", "--status failed cannot be mixed with other statuses: ask for them separately."
        )
    return frozenset(), frozenset({ExecutionStatus.FAILED})
