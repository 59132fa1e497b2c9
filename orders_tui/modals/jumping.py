"""Jump mode: a letter stands on everything that can have the focus and on the screens' names; pressing one goes there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.geometry import Offset
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.widgets import Static

from orders_tui.panes.status_line import StatusLine

LETTERS = "asdfghjklqwertyuiopzxcvbnm"


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere to go: a widget that takes the focus, or an action that leads to a screen."""

    at: Offset
    goal: Widget | str


class Jump(ModalScreen[Widget | str | None]):
    """Letters over the screen beneath; closes with the goal of the letter that was pressed, with None after any other key."""

    def __init__(self, places: Sequence[Place]) -> None:
        super().__init__()
        self._goals = dict(zip(LETTERS, places, strict=False))

    def compose(self) -> ComposeResult:
        for letter, place in self._goals.items():
            mark = Static(Content(f" {letter} "), classes="jump", markup=False)
            mark.styles.offset = place.at
            yield mark

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        place = self._goals.get(event.character or "")
        _ = self.dismiss(place.goal if place else None)


def places_of(screen: Screen[object]) -> list[Place]:
    """Everything on a screen that can be jumped to: its panes, lists and fields from the top, then the other screens."""
    found = [
        Place(Offset(max(0, widget.region.x), max(0, widget.region.y)), widget)
        for widget in screen.focus_chain
        if widget.region and screen.region.overlaps(widget.region)
    ]
    return sorted(found, key=lambda place: (place.at.y, place.at.x)) + list(_tabs(screen))


def _tabs(screen: Screen[object]) -> Iterator[Place]:
    for line in screen.query(StatusLine):
        for columns, action_id in line.places:
            yield Place(Offset(line.region.x + columns.start, line.region.y), action_id)
