"""A figure of the Overview: one line, and the orders that stand behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time

from textual.content import Content

from engine.orders.views import Count, OrderFilter
from orders_tui.drawing import bar
from orders_tui.state import Viewer

LABEL, NUMBER = 19, 8
"""Cells of a figure's name, the longest of which is `inventory reserved`, and of its number."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One line. `orders` is what enter opens, `screen` where it leads instead; neither: there is nothing behind it."""

    id: str
    content: Content
    orders: OrderFilter | None = None
    title: str = ""
    screen: str = ""


def counted(
    label: str, orders: int | Count, most: int, width: int, *, style: str = "", after: str = "", reserve: int = 0
) -> Content:
    """`label   number  bar  words`: the number is always there, so that nothing hangs on the bar or its colour.

    `reserve` is how many cells the longest words of the panel take, so that bars of one panel can be compared.
    """
    count = orders if isinstance(orders, Count) else Count(orders, exact=True)
    number = f"{count.number:,}{'' if count.exact else '+'}"
    drawn = bar(count.number, most, width - LABEL - NUMBER - 2 - (reserve + 1 if reserve else 0))
    return Content.assemble(
        (f"{label:<{LABEL}}{number:>{NUMBER}}  ", style if count.number else "$text-muted"),
        (drawn, style or "$text-accent"),
        (f"{' ' if drawn else ''}{after}" if after else "", "$text-muted"),
    )


def most_of(numbers: Sequence[int]) -> int:
    """What the longest bar stands for."""
    return max(numbers, default=0)


def midnight_of(viewer: Viewer) -> datetime:
    """When the viewer's day began."""
    local = viewer.now.astimezone(viewer.zone)
    return datetime.combine(local.date(), time(), local.tzinfo)
