"""One of a few lines, chosen with the arrows and enter."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList

from orders_tui.actions import Scope
from orders_tui.modals.form import Form
from orders_tui.panes.line_list import LineList
from orders_tui.state import Session


class Choose(Form[str]):
    """Closes with the id of the line that was chosen, or None."""

    def __init__(self, session: Session, title: str, lines: Sequence[tuple[str, Content]], at: str = "") -> None:
        super().__init__(session, title)
        self._lines = tuple(lines)
        self._at = at

    def body(self) -> ComposeResult:
        yield LineList()

    def on_mount(self) -> None:
        super().on_mount()
        lines = self.query_one(LineList)
        lines.show(self._lines)
        ids = [line_id for line_id, _ in self._lines]
        lines.highlighted = ids.index(self._at) if self._at in ids else 0 if ids else None
        self.set_focus(lines)

    @on(OptionList.OptionSelected)
    def do_confirm(self) -> None:
        if (chosen := self.query_one(LineList).cursor_id) is not None:
            self.close(chosen)

    def receiver(self, scope: Scope) -> Widget:
        return self.query_one(LineList) if scope is Scope.LIST else self
