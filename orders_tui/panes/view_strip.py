"""The saved views on the keys 1 to 9, each with how many orders it shows."""

from __future__ import annotations

from collections.abc import Mapping

from textual.content import Content
from textual.widgets import Static

from engine.orders.saved_views import SavedView
from engine.orders.views import Count


class ViewStrip(Static):
    """One line; it is there once there are views."""

    def __init__(self) -> None:
        super().__init__("", markup=False)

    def show(
        self, views: Mapping[int, SavedView], counts: Mapping[int, Count | None], opened: SavedView | None
    ) -> None:
        """Draw the views; what has not been counted yet shows a dot, what means nothing here a question mark."""
        parts: list[Content | str | tuple[str, str]] = []
        for key, view in views.items():
            name = (view.name, "bold reverse") if view == opened else view.name
            parts += [(f"{key} ", "bold $text-accent"), name, (f" {_counted(counts, key)}   ", "$text-muted")]
        self.set_class(bool(views), "-shown")
        self.update(Content.assemble(*parts))


def _counted(counts: Mapping[int, Count | None], key: int) -> str:
    if key not in counts:
        return "·"
    count = counts[key]
    return "?" if count is None else f"{count.number:,}{'' if count.exact else '+'}"
