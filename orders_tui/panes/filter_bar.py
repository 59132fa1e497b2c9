"""What the orders table is narrowed to: pile or cause, statuses as chips, the phrase searched for, sort and counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Static

from engine.orders.filter_language.hints import Hint
from engine.orders.filter_language.reading import Mistake
from engine.orders.views import OrderFilter, OrderSort
from engine.words import OrderStatus
from orders_tui.actions import Scope, actions_of
from orders_tui.bindings import bindings_of
from orders_tui.messages import SearchChanged

SORT_WORDS = {
    OrderSort.ORDER_DATE: "order date",
    OrderSort.UPDATED_AT: "last change",
    OrderSort.TOTAL_AMOUNT: "total",
    OrderSort.SHIP_BY: "ship-by",
    OrderSort.ORDER_NUMBER: "order number",
}


class StatusChips(Static, can_focus=True):
    """The statuses, each with its key; while focused, the keys toggle them."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Scope.STATUSES)

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self._statuses: frozenset[OrderStatus] = frozenset()

    def show(self, statuses: frozenset[OrderStatus]) -> None:
        """Draw these as chosen; none chosen means every status."""
        self._statuses = statuses
        self._redraw()

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        self._redraw()

    def _redraw(self) -> None:
        if not self.has_focus:
            chosen = ", ".join(status for status in OrderStatus if status in self._statuses)
            self.update(Content(chosen or "every status"))
            return
        keys = {action.argument: action.keys for action in actions_of(Scope.STATUSES)}
        parts: list[Content | str | tuple[str, str]] = []
        for status in OrderStatus:
            text = f"{keys[status]}:{status}"
            parts += [(f"[{text}]", "bold reverse") if status in self._statuses else text, " "]
        self.update(Content.assemble(*parts))


class SearchField(Input):
    """The filter in words, asked for as it is typed."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Scope.SEARCH)

    def put(self, text: str) -> None:
        """Show a text that nobody typed."""
        if self.value != text:
            with self.prevent(Input.Changed):
                self.value = text
        self.cursor_position = len(text)


class SearchHint(Static):
    """What the word being typed may become, or what is wrong with one; there only while somebody types."""

    def __init__(self) -> None:
        super().__init__("", markup=False)

    def show(self, hint: Hint, mistakes: Sequence[Mistake]) -> None:
        """A hint about what is being typed, else the first mistake before it."""
        if hint.unfinished:
            parts: list[Content | str | tuple[str, str]] = [(choice, "bold") for choice in hint.choices[:1]]
            parts += [f"  {choice}" for choice in hint.choices[1:]]
            note = f"{'  · ' if parts else ''}{hint.note}" if hint.note else ""
            self.update(Content.assemble(*parts, (note, "$text-muted")))
        else:
            self.update(Content.styled(mistakes[0].sentence, "bold $text-error") if mistakes else Content(""))


class FilterBar(Horizontal):
    """One line above the table. The screen owns the filter; the bar shows it and reports typing."""

    def __init__(self, *, blink: bool) -> None:
        super().__init__()
        self._blink = blink

    def compose(self) -> ComposeResult:
        yield Static("", id="narrowed", markup=False)
        yield StatusChips()
        field = SearchField(
            placeholder="id, SKU, tracking, name, product; or words as status:failed !tag:gift ship-by:<24h",
            compact=True,
            select_on_focus=False,
        )
        field.cursor_blink = self._blink
        yield field
        yield Static("", id="standing", markup=False)

    @property
    def chips(self) -> StatusChips:
        return self.query_one(StatusChips)

    @property
    def field(self) -> SearchField:
        return self.query_one(SearchField)

    def show(self, order_filter: OrderFilter, title: str, words: str) -> None:
        """Say what the table is narrowed to; `words` are what was typed for it."""
        self.query_one("#narrowed", Static).update(Content(f"{title} · " if title else ""))
        self.chips.show(order_filter.statuses)
        if not self.field.has_focus:
            self.field.set_class(bool(words), "-shown")
            self.field.put(words)

    def show_standing(self, text: Content) -> None:
        """Say how many there are, how many are marked, how they are sorted and what is new."""
        self.query_one("#standing", Static).update(text)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(SearchChanged(event.value))
