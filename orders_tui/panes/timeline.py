"""An order's story as one line of time, newest first: statuses, steps, effects, failures, holds, notes, audit."""

from __future__ import annotations

from textual.content import Content

from engine.orders.plain_text import plain
from engine.orders.views import OrderDetail
from orders_tui.formatting import moment
from orders_tui.state import Viewer


def content(detail: OrderDetail, viewer: Viewer) -> Content:
    """One line an entry: when, what kind, what, who."""
    lines: list[Content] = [Content.styled("Timeline, newest first", "bold")]
    lines += [
        Content.assemble(
            (f"{moment(entry.at, viewer):>12} ", "$text-muted"),
            (f"{entry.kind:<8}", "$text-accent"),
            plain(entry.text),
            (f"  {plain(entry.actor)}" if entry.actor else "", "$text-muted"),
        )
        for entry in reversed(detail.timeline)
    ]
    return Content("\n").join(lines)
