"""Today's numbers; money by currency, never summed across."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from textual.content import Content

from engine.orders.views import OrderFilter, Pile
from engine.reports.takings import Takings
from engine.words import OrderStatus
from orders_tui.formatting import money
from orders_tui.overview.figure import LABEL, NUMBER, Figure
from orders_tui.services.glance import Movement, Results


def today_figures(moves: Movement, results: Results | None, midnight: datetime) -> list[Figure]:
    """The panel's lines."""
    today = moves.today
    ordered = completed = ""
    if results is not None:
        ordered = _money(results.ordered_today.takings)
        if ordered and not results.ordered_today.whole:
            ordered = f"newest {sum(each.orders for each in results.ordered_today.takings):,}: {ordered}"
        completed = _money(results.completed_today)
    since = OrderFilter(ordered_from=midnight)
    return [
        Figure("created", _line("created", today.created, ordered), since, "ordered today"),
        Figure(
            "shipped",
            _line("shipped", today.shipped),
            OrderFilter(statuses=frozenset({OrderStatus.SHIPPED}), changed_from=midnight),
            "shipped, changed today",
        ),
        Figure(
            "completed",
            _line("completed", today.completed, completed),
            OrderFilter(statuses=frozenset({OrderStatus.DELIVERED}), changed_from=midnight),
            "delivered, changed today",
        ),
        Figure(
            "cancelled",
            _line("cancelled", today.cancelled),
            OrderFilter(statuses=frozenset({OrderStatus.CANCELLED}), changed_from=midnight),
            "cancelled, changed today",
        ),
        Figure(
            "failed",
            _line("failed", today.failed, style="bold $text-error" if today.failed else ""),
            OrderFilter(pile=Pile.FAILED),
            "failed",
        ),
    ]


def _line(label: str, orders: int, after: str = "", *, style: str = "") -> Content:
    return Content.assemble(
        (f"{label:<{LABEL}}{orders:>{NUMBER},}", style if orders else "$text-muted"), (f"  {after}", "$text-muted")
    )


def _money(takings: Sequence[Takings]) -> str:
    return " · ".join(money(each.amount, each.currency) for each in takings)
