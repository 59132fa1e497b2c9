"""The kinds of a timeline's lines, each with its key; while focused, the keys choose them."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Static

from engine.orders.views import TimelineKind
from orders_tui.actions import Scope, actions_of
from orders_tui.bindings import bindings_of


class TimelineKinds(Static, can_focus=True):
    """Says which kinds are shown; none chosen means every kind."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Scope.KINDS)

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self._kinds: frozenset[TimelineKind] = frozenset()
        self._drawn: Content | None = None

    def show(self, kinds: frozenset[TimelineKind]) -> None:
        """Draw these as chosen."""
        self._kinds = kinds
        self._redraw()

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        self._redraw()

    def _redraw(self) -> None:
        drawn = self._content()
        if drawn != self._drawn:
            self._drawn = drawn
            self.update(drawn)

    def _content(self) -> Content:
        if not self.has_focus:
            chosen = ", ".join(kind for kind in TimelineKind if kind in self._kinds)
            return Content(f"f narrows: {chosen or 'every kind'}")
        keys = {action.argument: action.keys for action in actions_of(Scope.KINDS)}
        parts: list[Content | str | tuple[str, str]] = []
        for kind in TimelineKind:
            text = f"{keys[kind]}:{kind}"
            parts += [(f"[{text}]", "bold reverse") if kind in self._kinds else text, " "]
        return Content.assemble(*parts)
