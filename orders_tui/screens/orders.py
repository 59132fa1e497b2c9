"""Orders: what the live table is narrowed to and sorted by, its columns, going to any row, and writing it to a file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import events, on, work
from textual.binding import BindingType

from engine.identifiers import OrderId
from engine.orders.filter_language.hints import completed, hint_for
from engine.orders.filter_language.names import Names
from engine.orders.filter_language.reading import Reader, Reading, read
from engine.orders.filter_language.writing import write
from engine.orders.views import OrderFilter, OrderSort
from engine.words import OrderStatus
from orders_tui.actions import Scope
from orders_tui.bindings import bindings_of
from orders_tui.messages import SearchChanged
from orders_tui.panes.filter_bar import SearchHint
from orders_tui.reach import Situation
from orders_tui.screens.views_screen import ViewsScreen
from orders_tui.state import Session
from orders_tui.table.order_columns import columns_named
from orders_tui.table.places import place_of

if TYPE_CHECKING:
    from orders_tui.modals.entry import Values

SEARCH_PAUSE_SECONDS = 0.1
"""Typing rests this long before it is asked for."""


class OrdersScreen(ViewsScreen):
    """The whole list until something narrows it: words, statuses, a saved view, a pile."""

    SCOPES = (
        Scope.ORDERS,
        Scope.CHOSEN,
        Scope.TABLE,
        Scope.STATUSES,
        Scope.SEARCH,
        Scope.PANE,
        Scope.KINDS,
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Scope.ORDERS, Scope.CHOSEN)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.names: Names | None = None
        """What may be named in a filter; None until somebody types one."""
        kept = session.memory.now
        if kept.sort in set(OrderSort):
            reading = read(kept.filter, self.reader)
            self.filter = replace(reading.filter, sort=OrderSort(kept.sort), ascending=kept.ascending)
            self.words = kept.filter
        self._before_typing = (self.filter, self.title_words)

    def to_remember(self) -> dict[str, str | bool]:
        """What the next console begins with."""
        words = write(replace(self.filter, search=""), zone=self.session.options.zone)
        return {"filter": words, "sort": self.filter.sort.value, "ascending": self.filter.ascending}

    @property
    def reader(self) -> Reader:
        """Who reads the filter's words."""
        return Reader(self.session.options.zone, self.session.services.me, self.names)

    # ------------------------------------------------------------------ the filter in words

    def do_search(self) -> None:
        # What was typed before is taken back by escape; what came about otherwise stays.
        typed = OrderFilter(sort=self.filter.sort, ascending=self.filter.ascending), ""
        self._before_typing = typed if self.words else (self.filter, self.title_words)
        self.bar.field.add_class("-shown")
        self.bar.field.put(self.words or write(self.filter, zone=self.session.options.zone))
        self.add_class("-typing")
        self.focus_on(self.bar.field)
        self._show_hint(read(self.bar.field.value, self.reader))
        self.learn_names()

    @work(group="names", exclusive=True, exit_on_error=False)
    async def learn_names(self) -> None:
        self.names = await self.session.services.views.names()

    @on(SearchChanged)
    def _search_changed(self, event: SearchChanged) -> None:
        if not self.bar.field.has_focus:
            return
        reading = read(event.phrase, self.reader)
        self._show_hint(reading)
        self.words = event.phrase.strip()
        wanted = replace(reading.filter, sort=self.filter.sort, ascending=self.filter.ascending)
        if wanted != self.filter:
            self.filter, self.title_words, self.view = wanted, "", None
            self.open_view(pause_seconds=SEARCH_PAUSE_SECONDS)

    def _show_hint(self, reading: Reading) -> None:
        self.query_one(SearchHint).show(hint_for(self.bar.field.value, self.names), reading.mistakes)

    def do_complete(self) -> None:
        field = self.bar.field
        hint = hint_for(field.value, self.names)
        if hint.choices:
            field.value = completed(field.value, hint.choices[0], hint)
            field.cursor_position = len(field.value)

    def do_keep_search(self) -> None:
        if mistakes := read(self.bar.field.value, self.reader).mistakes:
            self.say(mistakes[0].sentence, severity="warning")
            return
        self._leave_search()

    def do_clear_search(self) -> None:
        if not self.has_class("-typing"):
            return
        wanted, title = self._before_typing
        wanted = replace(wanted, sort=self.filter.sort, ascending=self.filter.ascending)
        changed, self.words = wanted != self.filter, ""
        self.filter, self.title_words = wanted, title
        self._leave_search()
        if changed:
            self.open_view()

    def _leave_search(self) -> None:
        self.focus_on(self.table)
        self._search_left()

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        if event.widget is self.bar.field:  # by a key that leads elsewhere: what was typed so far stays
            self._search_left()

    def _search_left(self) -> None:
        self.remove_class("-typing")
        self.show_filter()

    # ------------------------------------------------------------------ statuses and sort

    def do_statuses(self) -> None:
        self.focus_on(self.bar.chips)

    def do_statuses_done(self) -> None:
        self.focus_on(self.table)

    def do_toggle_status(self, status: str) -> None:
        self._change_statuses(self.filter.statuses ^ {OrderStatus(status)})

    def do_all_statuses(self) -> None:
        self._change_statuses(frozenset())

    def _change_statuses(self, statuses: frozenset[OrderStatus]) -> None:
        self.filter = replace(self.filter, statuses=statuses)
        if self.words:
            self.words = write(self.filter, zone=self.session.options.zone)
        self.open_view()

    def do_sort(self) -> None:
        sorts = list(OrderSort)
        following = sorts[(sorts.index(self.filter.sort) + 1) % len(sorts)]
        # The nearest deadline first; of everything else the newest or biggest.
        self._sort_by(following, ascending=following is OrderSort.SHIP_BY)

    def do_reverse(self) -> None:
        self._sort_by(self.filter.sort, ascending=not self.filter.ascending)

    def _sort_by(self, sort: OrderSort, *, ascending: bool) -> None:
        self.filter = replace(self.filter, sort=sort, ascending=ascending)
        self.open_view()

    def do_newest(self) -> None:
        self.open_view(keep_cursor=False)

    def do_back(self) -> None:
        """Undo one thing at a time, the innermost first."""
        if self.pane_open:
            self._close_pane()
        elif self.only_marked:
            self.do_only_marked()
        elif self.table.selection:
            self.table.clear_marks()
        elif self.filter.narrows:
            self.narrow(OrderFilter(), "")

    def do_only_marked(self) -> None:
        self.only_marked = not self.only_marked
        self._marked_for = self._marked_for if self.only_marked else ""
        self.open_view()

    # ------------------------------------------------------------------ columns, any row, a file

    @work(group="change", exit_on_error=False)
    async def do_columns(self) -> None:
        from orders_tui.modals.columns import Columns, TableShape

        names = tuple(column.name for column in self.columns)
        before = TableShape(names, self.filter.sort, self.filter.ascending)
        shape = await self.app.push_screen_wait(Columns(self.session, before))
        if shape is None:
            return
        self.columns = columns_named(shape.columns)
        self.session.memory.keep(columns=shape.columns)
        if (shape.sort, shape.ascending) != (before.sort, before.ascending) and not self.only_marked:
            self._sort_by(shape.sort, ascending=shape.ascending)
        else:
            self.show_filter()

    @work(group="change", exit_on_error=False)
    async def do_go_to(self) -> None:
        from orders_tui.modals.entry import Entry, EntryField

        field = EntryField("place", "place")
        total = f"{self.table.total:,}"
        title = f"Go to a row (1 to {total}), a percentage (50%), or an order number"
        if sentence := await self.app.push_screen_wait(Entry(self.session, title, [field], self._go_to)):
            self.say(sentence)

    async def _go_to(self, values: Values) -> str:
        text, table = values["place"], self.table
        number = place_of(text, table.total)
        if number is not None:
            table.move(number - table.cursor)
            return ""
        order_id = await self.session.services.find(text)
        if order_id is None:
            raise ValueError(f"{text!r} is no row, no percentage, and no order's number.")
        return await self._stand_on(order_id, text)

    async def _stand_on(self, order_id: OrderId, text: str) -> str:
        cache = self.table.cache
        number = await cache.locate(order_id) if cache else None
        if cache is None or number is None:
            raise ValueError("The list is still being measured; try again in a moment.")
        self.table.move(number - self.table.cursor)
        if cache.number_of(order_id) is None:
            return f"Order {text} is not in this list; the cursor stands where it would be."
        return ""

    @work(group="change", exit_on_error=False)
    async def do_export(self) -> None:
        from orders_tui.modals.exporting import Exporting

        names = [column.name for column in self.columns]
        form = Exporting(self.session, self.filter, names, self.title_words, self.table.total)
        if sentence := await self.app.push_screen_wait(form):
            self.say(sentence)

    # ------------------------------------------------------------------ keys

    def key_scopes(self) -> tuple[Scope, ...]:
        return (Scope.SEARCH,) if self.bar.field.has_focus else super().key_scopes()

    def situation(self) -> Situation:
        return replace(super().situation(), view=self.view.name if self.view else "")
