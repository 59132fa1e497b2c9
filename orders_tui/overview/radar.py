"""The ship-by radar as lines: late, then hour by hour through a shift, then by halves of days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from engine.orders.views import OrderFilter, OrderSort
from engine.reports.radar import RadarBin
from orders_tui.formatting import moment
from orders_tui.overview.figure import Figure, counted, most_of
from orders_tui.state import Viewer


def radar_figures(bins: Sequence[RadarBin], read_at: datetime, viewer: Viewer, width: int) -> list[Figure]:
    """One line a bin. `read_at` is when the bins were counted, from which their hours are told."""
    most = most_of([each.orders.number for each in bins])
    said = [_said(each, read_at, viewer) if each.orders.number else "" for each in bins]
    reserve = max(map(len, said), default=0)
    return [
        Figure(
            f"due-{place}",
            counted(
                _label(each, read_at),
                each.orders,
                most,
                width,
                style=_urgency(each, read_at)[1],
                after=after,
                reserve=reserve,
            ),
            OrderFilter(
                ship_by_from=None if each.late else each.since,
                ship_by_until=each.until,
                sort=OrderSort.SHIP_BY,
                ascending=True,
            ),
            f"to ship {_label(each, read_at)}",
        )
        for place, (each, after) in enumerate(zip(bins, said, strict=True))
    ]


def _said(each: RadarBin, read_at: datetime, viewer: Viewer) -> str:
    word = _urgency(each, read_at)[0]
    return word if each.late else f"{word} by {moment(each.until, viewer)}".strip()


def _label(each: RadarBin, read_at: datetime) -> str:
    if each.late:
        return "late"
    since, until = (round((end - read_at).total_seconds() / 3600) for end in (each.since, each.until))
    return f"in {since} to {until} h" if since else f"in {until} h"


def _urgency(each: RadarBin, read_at: datetime) -> tuple[str, str]:
    """The word and the style: the same bands that make an order's priority."""
    if each.late:
        return "ship these now", "bold $text-error"
    left = each.until - read_at
    if left <= timedelta(hours=4):
        return "urgent", "bold $text-warning"
    return ("soon", "$text-warning") if left <= timedelta(hours=24) else ("", "")
