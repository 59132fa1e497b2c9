"""A text to be read, as long as it is; enter or escape closes it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from orders_tui.modals.form import Form
from orders_tui.state import Session


class Reading(Form[None]):
    """Closes with None."""

    def __init__(self, session: Session, title: str, text: Content) -> None:
        super().__init__(session, title)
        self._text = text

    def body(self) -> ComposeResult:
        with VerticalScroll(classes="outcomes"):
            yield Static(self._text, id="text", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        self.set_focus(self.query_one(VerticalScroll))

    def do_confirm(self) -> None:
        self.close(None)
