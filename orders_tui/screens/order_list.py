"""A live table of orders and the pane of the order under the cursor: opened, read page by page, kept up to date."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget

from engine.fleet.presence import AtWork
from engine.identifiers import OrderId
from engine.orders.views import OrderFilter, OrderRow
from orders_tui.actions import Scope
from orders_tui.messages import CursorMoved, LinkFollowed, MarksChanged, OrdersAsked, PagesWanted, RowClicked
from orders_tui.modals.bulk.chosen import Chosen
from orders_tui.panes.detail import DetailPane, linked_order
from orders_tui.panes.filter_bar import SORT_WORDS, FilterBar, SearchHint
from orders_tui.panes.view_strip import ViewStrip
from orders_tui.reach import Situation
from orders_tui.screens.choosing_screen import ChoosingScreen
from orders_tui.state import Session
from orders_tui.table.order_columns import columns_named, sorted_columns
from orders_tui.table.order_table import OrderTable
from orders_tui.table.page_cache import PageCache, PageSource
from orders_tui.table.sources import ChosenSource, FilterSource

DETAIL_PAUSE_SECONDS = 0.12
"""The cursor rests this long before the pane follows, so that holding a key down costs nothing."""


class OrderListScreen(ChoosingScreen):
    """The table owns cursor and marks; this screen owns every question to the database. Subclasses change the filter."""

    AUTO_FOCUS = "OrderTable"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.filter = OrderFilter()
        self.words = ""
        """The filter as it was typed; empty where it came about otherwise."""
        self.title_words = ""
        self.only_marked = False
        self._to_mark: Sequence[OrderId] = ()
        self._marked_for = ""
        self.new_orders = 0
        self._wanted_order: OrderId | None = None
        self.columns = columns_named(session.memory.now.columns)
        """Those of the table, before the mark of the sort."""

    def body(self) -> ComposeResult:
        yield FilterBar(blink=not self.session.options.slow_line)
        yield SearchHint()
        with Horizontal(id="split"):
            yield OrderTable(self.session.viewer)
            yield DetailPane()
        yield ViewStrip()

    @property
    def table(self) -> OrderTable:
        return self.query_one(OrderTable)

    @property
    def pane(self) -> DetailPane:
        return self.query_one(DetailPane)

    @property
    def bar(self) -> FilterBar:
        return self.query_one(FilterBar)

    @property
    def pane_open(self) -> bool:
        return self.has_class("-detail")

    def on_mount(self) -> None:
        super().on_mount()
        self.open_view()

    # ------------------------------------------------------------------ what is listed

    def narrow(self, order_filter: OrderFilter, title: str, order_id: OrderId | None = None) -> None:
        """Show another set of orders from its beginning, or from one order on."""
        self.filter, self.words, self.title_words, self.only_marked = order_filter, "", title, False
        self._wanted_order = order_id
        if self.is_mounted:
            self.table.clear_marks()
            self._close_pane()
            self.open_view(keep_cursor=False)

    def show_marked(self, order_ids: Sequence[OrderId], title: str) -> None:
        """Show exactly these orders, all marked."""
        self.narrow(OrderFilter(), "")
        self._to_mark, self._marked_for, self.only_marked = order_ids, title, True
        if self.is_mounted:
            self.open_view(keep_cursor=False)

    def _source(self) -> PageSource[OrderRow]:
        if self.only_marked:
            return ChosenSource(self.session.services, self.table.selection.marked)
        return FilterSource(self.session.services, self.filter)

    @work(group="view", exclusive=True, exit_on_error=False)
    async def open_view(self, *, keep_cursor: bool = True, pause_seconds: float = 0.0) -> None:
        """Read the list from its beginning and put it on screen; the old one stays until the new one is here."""
        if self._to_mark:
            self.table.selection.set(self._to_mark, marked=True)
            self._to_mark = ()
        self.show_filter()
        if pause_seconds:
            await asyncio.sleep(pause_seconds)
        held = self.table.cursor_id if keep_cursor and self.table.cursor else None
        held, self._wanted_order = self._wanted_order or held, None
        cache = PageCache(self._source())
        await cache.open()
        number = await cache.locate(held) if held else 0
        self.table.show(cache, number or 0)
        self.new_orders = 0
        self.show_standing()
        await cache.measure()
        if number is None and held is not None and self.table.cursor == 0:
            self.table.show(cache, await cache.locate(held) or 0)
        self.table.measured()
        self.show_standing()

    @on(PagesWanted)
    def _pages_wanted(self) -> None:
        if (cache := self.table.cache) is not None:
            self.load_pages(cache)

    @work(group="pages", exit_on_error=False)
    async def load_pages(self, cache: PageCache[OrderRow]) -> None:
        if await cache.load_wanted() and self.table.cache is cache:
            self.table.measured()

    async def refresh_live(self) -> None:
        """Patch the rows on screen whose version moved, and count what is new above them."""
        cache = self.table.cache
        if cache is None:
            self.open_view()
            return
        shown = {row.order_id: row.version for row in self.table.rows_on_screen()}
        present = await self.session.services.versions(list(shown)) if shown else {}
        moved = [order_id for order_id, version in present.items() if version != shown[order_id]]
        rows = await self.session.services.rows(moved) if moved else []
        new_orders = 0 if self.only_marked else await cache.count_new()
        if self.table.cache is not cache:
            return
        self.table.update_rows(rows)
        if new_orders != self.new_orders:
            self.new_orders = new_orders
            self.show_standing()
        if self.pane_open and self.pane.detail and self.pane.detail.row.order_id in {row.order_id for row in rows}:
            self.read_detail(self.pane.detail.row.order_id)
        if self.pane_open and self.pane.detail:
            self.pane.show_others(self.session.presence.about_order(self.pane.detail.row.order_id))

    def at_work(self) -> AtWork | None:
        if self.pane_open and self.pane.detail is not None:
            return AtWork(self.pane.detail.row.order_id)
        return None if self.is_current or self.table.selection else AtWork(self.table.cursor_id)

    async def read(self) -> None:
        self.open_view()

    def _why_empty(self) -> str:
        if self.only_marked:
            return "None of the marked orders is here; m shows the whole list."
        if self.filter.narrows:
            return "No order matches; escape shows all orders, / changes the filter."
        return "No orders yet: they come once a shop is connected (orders-tui shop connect), or by orders-tui import."

    def show_filter(self) -> None:
        """Say what the table is narrowed to, and by which column it is sorted."""
        title = (self._marked_for or "only marked") if self.only_marked else self.title_words
        self.bar.show(self.filter, title, self.words)
        self.table.empty_words = self._why_empty()
        self.table.offer(sorted_columns(self.columns, self.filter.sort, ascending=self.filter.ascending))

    def show_standing(self) -> None:
        """Say how many, how many marked, the sort, and what is new."""
        table, cache = self.table, self.table.cache
        total = f"{table.total:,}{'' if cache is None or cache.exact else '+'}"
        parts: list[Content | str | tuple[str, str]] = []
        if self.new_orders:
            parts += [(f"{self.new_orders:,} new, press n", "bold $text-success"), " · "]
        if table.selection:
            size = table.selection.size(table.total)
            every = "all matching" if table.selection.everything else "marked"
            parts += [(f"{size:,} {every}", "bold $text-accent"), " · "]
        arrow = "↑" if self.filter.ascending else "↓"
        word = "order" if total == "1" else "orders"
        parts += [f"{total} {word} · {SORT_WORDS[self.filter.sort]} {arrow}"]
        self.bar.show_standing(Content.assemble(*parts))

    # ------------------------------------------------------------------ the pane of one order

    @on(CursorMoved)
    def _cursor_moved(self, event: CursorMoved) -> None:
        if self.pane_open and not self.table.total:
            self.remove_class("-detail")
        elif self.pane_open and event.order_id is not None and self.has_class("-wide"):
            self.read_detail(event.order_id, pause_seconds=DETAIL_PAUSE_SECONDS)

    @work(group="detail", exclusive=True, exit_on_error=False)
    async def read_detail(self, order_id: OrderId, *, pause_seconds: float = 0.0) -> None:
        if pause_seconds:
            await asyncio.sleep(pause_seconds)
        detail = await self.session.services.detail(order_id)
        returns = await self.session.services.parcels.returns(order_id)
        self.pane.show(detail, self.session.viewer(), returns, self.session.presence.about_order(order_id))

    @on(RowClicked)
    def do_open(self) -> None:
        row = self.table.cursor_row
        if row is None:
            return
        if self.pane_open and self.has_class("-wide"):
            self.focus_on(self.pane)
            return
        self.open_pane(row.order_id)

    def open_pane(self, order_id: OrderId) -> None:
        """Show one order beside the table, or in its place where there is no room for both."""
        self.add_class("-detail")
        self.read_detail(order_id)
        if not self.has_class("-wide"):
            self.focus_on(self.pane)

    @on(LinkFollowed)
    def _link_followed(self, event: LinkFollowed) -> None:
        self.follow_link(event.order_number)

    @work(group="link", exclusive=True, exit_on_error=False)
    async def follow_link(self, order_number: str) -> None:
        """Open the order of this number, whatever the table is narrowed to."""
        order_id = await self.session.services.find(order_number)
        if order_id is None:
            self.say(f"Order {order_number} is not here.", severity="warning")
        else:
            self.post_message(OrdersAsked(OrderFilter(), "", order_id, opened=True))

    def _close_pane(self) -> None:
        self.remove_class("-detail")
        self.focus_on(self.table)

    # ------------------------------------------------------------------ what is chosen

    @on(MarksChanged)
    def _marks_changed(self) -> None:
        self.show_standing()

    @property
    def cursor_row(self) -> OrderRow | None:
        return self.table.cursor_row

    async def chosen(self) -> Chosen:
        """What an action is for: the marks, all that match, or the one under the cursor; with the rows a person saw."""
        table = self.table
        seen = {row.order_id: row for row in (table.cache.loaded if table.cache else [])}
        if table.selection.everything:
            return Chosen.all_of(self.filter, table.selection.excluded, table.selection.size(table.total))
        if table.selection:
            return Chosen.named(table.selection.marked, seen)
        return Chosen.named((table.cursor_id,) if table.cursor_id else (), seen)

    # ------------------------------------------------------------------ keys

    def receiver(self, scope: Scope) -> Widget:
        if scope in {Scope.PANE, Scope.KINDS}:
            return self.pane
        return self.table if scope is Scope.TABLE else self

    def key_scopes(self) -> tuple[Scope, ...]:
        if self.pane.chips.has_focus:
            return (Scope.KINDS,)
        if self.pane.has_focus:
            return (Scope.PANE, Scope.CHOSEN)
        return (Scope.STATUSES,) if self.bar.chips.has_focus else (Scope.ORDERS, Scope.CHOSEN, Scope.TABLE)

    def situation(self) -> Situation:
        table = self.table
        marked = table.selection.size(table.total)
        return Situation(
            connected=self.session.connected,
            read_only=self.session.options.read_only,
            role=self.session.role,
            rows=table.total,
            linked=linked_order(self.pane.detail) is not None,
            chosen=marked or (1 if table.cursor_row else 0),
            marked=marked,
            everything=table.selection.everything,
            rows_move=not self.only_marked,
        )
