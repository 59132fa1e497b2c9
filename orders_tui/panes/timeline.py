"""An order's story as one line of time, newest first: statuses, steps, effects, failures, holds, notes, audit."""

from __future__ import annotations

from collections.abc import Collection

from textual.content import Content

from engine.orders.plain_text import plain
from engine.orders.views import OrderDetail, TimelineKind
from orders_tui.formatting import moment
from orders_tui.state import Viewer

BEGINNING = 15
"""So many lines stand beside the other parts of the order."""

PAGE = 100
"""So many lines are added when the older ones are asked for."""


def content(
    detail: OrderDetail, viewer: Viewer, *, kinds: Collection[TimelineKind] = frozenset(), pages: int = 0
) -> Content:
    """One line an entry: when, what kind, what, who. Without `kinds` all; without `pages` the newest few."""
    chosen = [entry for entry in detail.timeline if not kinds or entry.kind in kinds]
    shown = pages * PAGE if pages else BEGINNING
    lines: list[Content] = [Content.styled("Timeline, newest first", "bold")]
    lines += [
        Content.assemble(
            (f"{moment(entry.at, viewer):>12} ", "$text-muted"),
            (f"{entry.kind:<8}", "$text-accent"),
            plain(entry.text),
            (f"  {plain(entry.actor)}" if entry.actor else "", "$text-muted"),
        )
        for entry in list(reversed(chosen))[:shown]
    ]
    if (older := len(chosen) - shown) > 0:
        lines.append(Content.styled(f"… {older:,} older: space shows them", "$text-muted"))
    if not chosen:
        lines.append(Content.styled("nothing of these kinds", "$text-muted"))
    return Content("\n").join(lines)
