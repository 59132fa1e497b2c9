"""A last look before something happens to many orders."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from orders_tui.modals.form import Form
from orders_tui.state import Session


class Confirm(Form[bool]):
    """Closes with True after enter, with None after escape."""

    def __init__(self, session: Session, title: str, consequence: str) -> None:
        super().__init__(session, title)
        self._consequence = consequence

    def body(self) -> ComposeResult:
        yield Static(Content(self._consequence), markup=False)

    def do_confirm(self) -> None:
        self.close(True)
