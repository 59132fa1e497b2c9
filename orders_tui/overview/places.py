"""Where orders are: by status and by workflow state, each a number with a bar."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from engine.orders.views import OrderFilter
from engine.reports.tallies import Tally
from engine.words import OrderStatus, WorkflowState
from orders_tui.formatting import words
from orders_tui.overview.figure import Figure, counted, most_of

_CLOSED_STATUSES = frozenset({OrderStatus.DELIVERED, OrderStatus.CANCELLED, OrderStatus.RETURNED})
_CLOSED_STATES = frozenset({WorkflowState.COMPLETED})


def status_figures(places: Sequence[Tally], width: int) -> list[Figure]:
    """Orders by status. Bars compare the open ones; what is closed grows for ever and would leave them no room."""
    found: Counter[OrderStatus] = Counter()
    for place in places:
        found[place.status] += place.orders
    most = most_of([orders for status, orders in found.items() if status not in _CLOSED_STATUSES])
    return [
        Figure(
            f"status-{status}",
            counted(status, found[status], 0 if status in _CLOSED_STATUSES else most, width),
            OrderFilter(statuses=frozenset({status})),
            status,
        )
        for status in OrderStatus
    ]


def state_figures(places: Sequence[Tally], width: int) -> list[Figure]:
    """Orders that are not cancelled or returned, by workflow state."""
    found: Counter[WorkflowState] = Counter()
    for place in places:
        if place.status not in {OrderStatus.CANCELLED, OrderStatus.RETURNED}:
            found[place.state] += place.orders
    most = most_of([orders for state, orders in found.items() if state not in _CLOSED_STATES])
    return [
        Figure(
            f"state-{state}",
            counted(
                words(state),
                found[state],
                0 if state in _CLOSED_STATES else most,
                width,
                style="bold $text-error" if state is WorkflowState.FAILED and found[state] else "",
            ),
            OrderFilter(
                workflow_states=frozenset({state}),
                statuses=frozenset(OrderStatus) - {OrderStatus.CANCELLED, OrderStatus.RETURNED},
            ),
            f"workflow {words(state)}",
        )
        for state in WorkflowState
    ]
