"""What stands still: failures by class and cause, messages that wait for a dependency."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from engine.orders.plain_text import plain
from engine.orders.views import OrderFilter, OrderSort
from engine.reports.waiting import OpenFailures, WaitingEffects
from engine.words import ErrorClass
from orders_tui.formatting import words
from orders_tui.overview.figure import LABEL, NUMBER, Figure, counted, most_of

MOST_CAUSES = 8
"""The causes that stop most orders are listed; Failed has them all."""


def failure_figures(failures: Sequence[OpenFailures], width: int) -> list[Figure]:
    """The four classes, then the causes that stop most."""
    by_class = {each: sum(f.orders for f in failures if f.error_class is each) for each in ErrorClass}
    most = most_of(list(by_class.values()))
    lines = [
        Figure(f"class-{each}", counted(each, orders, most, width, style="$text-error"), screen="failed")
        for each, orders in by_class.items()
    ]
    lines += [
        Figure(
            f"cause-{failure.code}",
            counted(f" {words(plain(failure.code))}"[:LABEL], failure.orders, most, width, style="$text-error"),
            OrderFilter(causes=frozenset({failure.code}), sort=OrderSort.SHIP_BY, ascending=True),
            words(failure.code),
        )
        for failure in failures[:MOST_CAUSES]
    ]
    return lines


def effect_figures(effects: Sequence[WaitingEffects]) -> list[Figure]:
    """One line a dependency: what may go out now, what waits for its time."""
    return [Figure(f"effects-{each.dependency}", _waiting(each)) for each in effects]


def _waiting(each: WaitingEffects) -> Content:
    due, later = each.due, each.later
    number = f"{due.number:,}{'' if due.exact else '+'}"
    waits = f"  and {later.number:,}{'' if later.exact else '+'} wait for their time" if later.number else ""
    style = "$text-warning" if due.number else "$text-muted"
    return Content.assemble((f"{each.dependency:<{LABEL}}{number:>{NUMBER}}", style), (waits, "$text-muted"))
