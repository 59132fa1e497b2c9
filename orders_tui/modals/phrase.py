"""One phrase asked for: a filter, a value."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from textual import work
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, Static

from orders_tui.modals.form import Form
from orders_tui.state import Session

Take = Callable[[str], Awaitable[None]]
"""Takes the phrase; an error's sentence is shown in the form, which stays."""


class Phrase(Form[str]):
    """Closes with the phrase once it was taken, with None after escape."""

    def __init__(self, session: Session, title: str, hint: str, take: Take, *, value: str = "") -> None:
        super().__init__(session, title)
        self._hint, self._take, self._value = hint, take, value

    def body(self) -> ComposeResult:
        yield Static(Content(self._hint), markup=False)
        yield Input(self._value, id="phrase", compact=True, classes="optional", select_on_focus=False)

    def do_confirm(self) -> None:
        self.take()

    @work(group="take", exclusive=True, exit_on_error=False)
    async def take(self) -> None:
        phrase = self.query_one(Input).value.strip()
        await self._take(phrase)
        self.close(phrase)
