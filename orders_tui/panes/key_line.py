"""The line of keys at the bottom, read from the action registry; it says when there are more than fit."""

from __future__ import annotations

from collections.abc import Mapping

from rich.cells import cell_len
from textual.content import Content
from textual.widgets import Static

from orders_tui.actions import Scope, actions_of
from orders_tui.bindings import spoken_keys


_HELP = "?"
"""The way to all the other keys is shown first of all, however narrow the line."""


class KeyLine(Static):
    """`key word  key word …` of the scopes given to `show`."""

    def __init__(self, keymap: Mapping[str, str]) -> None:
        super().__init__("", markup=False)
        self._keymap = keymap
        self._scopes: tuple[Scope, ...] = ()

    def show(self, *scopes: Scope) -> None:
        """Name the keys that hold in these scopes now, the most local first."""
        if scopes != self._scopes:
            self._scopes = scopes
            self._redraw()

    def on_resize(self) -> None:
        self._redraw()

    def _redraw(self) -> None:
        pairs = [
            (spoken_keys(action, self._keymap, first=True), action.footer)
            for scope in self._scopes
            for action in actions_of(scope)
            if action.footer
        ]
        room = self.content_size.width
        shown = [pair for pair in pairs if pair[0] == _HELP]
        for place, pair in enumerate(pairs):
            if pair in shown:
                continue
            if sum(map(_cells, [*shown, pair])) > room:
                break
            shown.insert(min(place, len(shown)), pair)
        parts: list[Content | str | tuple[str, str]] = []
        for key, word in shown:
            parts += [(key, "bold $text-accent"), f" {word}  "]
        self.update(Content.assemble(*parts))


def _cells(pair: tuple[str, str]) -> int:
    return cell_len(pair[0]) + cell_len(pair[1]) + 3
