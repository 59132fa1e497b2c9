"""The line of keys at the bottom, read from the action registry; it says when there are more than fit."""

from __future__ import annotations

from collections.abc import Mapping

from rich.cells import cell_len
from textual.content import Content
from textual.widgets import Static

from orders_tui.actions import Action, Scope, actions_of
from orders_tui.actions.spoken import spoken_keys

_THE_REST = "go.help"
"""The way to the keys that do not fit is named however narrow the line is."""

_CUT = ("", "…")
"""Stands where keys were left out."""


class KeyLine(Static):
    """`key word  key word …` of the scopes given to `show`."""

    def __init__(self, keymap: Mapping[str, str]) -> None:
        super().__init__("", markup=False)
        self._keymap = keymap
        self._scopes: tuple[Scope, ...] = ()
        self._named: dict[str, str] = {}
        """The keys as they were named last: a person may move them."""

    def show(self, *scopes: Scope) -> None:
        """Name the keys that hold in these scopes now, the most local first."""
        if scopes != self._scopes or self._keymap != self._named:
            self._scopes, self._named = scopes, dict(self._keymap)
            self._redraw()

    def on_resize(self) -> None:
        self._redraw()

    def _redraw(self) -> None:
        named = [action for scope in self._scopes for action in actions_of(scope) if action.footer]
        always = [self._key_word(action) for action in named if action.id == _THE_REST]
        pairs = [self._key_word(action) for action in named if action.id != _THE_REST]
        room = self.content_size.width - sum(map(_cells, always))
        shown = pairs if sum(map(_cells, pairs)) <= room else _fitting(pairs, room - _cells(_CUT))
        if len(shown) < len(pairs):
            shown = [*shown, _CUT]
        parts: list[Content | str | tuple[str, str]] = []
        for key, word in [*shown, *always]:
            parts += [(key, "bold $text-accent"), f" {word}  " if key else f"{word}  "]
        self.update(Content.assemble(*parts))

    def _key_word(self, action: Action) -> tuple[str, str]:
        return spoken_keys(action, self._keymap, first=True), action.footer


def _fitting(pairs: list[tuple[str, str]], room: int) -> list[tuple[str, str]]:
    """As many from the first on as there is room for."""
    shown: list[tuple[str, str]] = []
    for pair in pairs:
        room -= _cells(pair)
        if room < 0:
            break
        shown.append(pair)
    return shown


def _cells(pair: tuple[str, str]) -> int:
    return cell_len(pair[0]) + cell_len(pair[1]) + 3
