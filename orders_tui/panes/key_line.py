"""The line of keys at the bottom, read from the action registry; it says when there are more than fit."""

from __future__ import annotations

from collections.abc import Mapping

from rich.cells import cell_len
from textual.content import Content
from textual.widgets import Static

from orders_tui.actions import Scope, actions_of
from orders_tui.bindings import spoken_keys


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
        parts: list[Content | str | tuple[str, str]] = []
        room = self.size.width - 1
        for key, word in pairs:
            needed = cell_len(key) + cell_len(word) + 3
            if needed > room:
                break
            room -= needed
            parts += [(key, "bold $text-accent"), f" {word}  "]
        self.update(Content.assemble(*parts))
