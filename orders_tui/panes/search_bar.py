"""One line above a list: what it is narrowed to, the phrase searched for as it is typed, how many there are."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Static

from orders_tui.messages import SearchChanged, SearchLeft


class PhraseField(Input):
    """The phrase that is searched for as it is typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear_and_leave", show=False),
        Binding("down", "leave", show=False),
    ]

    def action_clear_and_leave(self) -> None:
        self.post_message(SearchLeft(keep=False))

    def action_leave(self) -> None:
        self.post_message(SearchLeft(keep=True))


class SearchBar(Horizontal):
    """The screen owns what is listed; the bar shows it, and reports typing with `SearchChanged` and `SearchLeft`."""

    def __init__(self, placeholder: str, *, blink: bool) -> None:
        super().__init__()
        self._placeholder, self._blink = placeholder, blink

    def compose(self) -> ComposeResult:
        yield Static("", classes="narrowed", markup=False)
        field = PhraseField(placeholder=self._placeholder, compact=True, select_on_focus=False)
        field.cursor_blink = self._blink
        yield field
        yield Static("", classes="standing", markup=False)

    @property
    def field(self) -> PhraseField:
        return self.query_one(PhraseField)

    def show(self, narrowed: str, phrase: str) -> None:
        """Say what the list is narrowed to."""
        self.query_one(".narrowed", Static).update(Content(narrowed))
        self.field.set_class(bool(phrase) or self.field.has_focus, "-shown")
        if self.field.value.strip() != phrase:
            with self.field.prevent(Input.Changed):
                self.field.value = phrase

    def show_standing(self, text: str) -> None:
        """Say how many there are."""
        self.query_one(".standing", Static).update(Content(text))

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(SearchChanged(event.value.strip()))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(SearchLeft(keep=True))
