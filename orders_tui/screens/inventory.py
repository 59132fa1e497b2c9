"""Inventory: what lies where, who waits for it, what shops are told; and every booking, from one line of the list."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import ClassVar
from uuid import UUID

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from engine.inventory.stock_card import StockCard
from engine.inventory.stock_lines import Shown, StockFilter, StockLine
from engine.orders.plain_text import plain
from orders_tui.actions import Scope
from orders_tui.bindings import bindings_of
from orders_tui.messages import LineMoved, OrdersMarked, Scanned, SearchChanged, SearchLeft
from orders_tui.modals.choose import Choose
from orders_tui.modals.form import Form
from orders_tui.pace import Pace
from orders_tui.panes.keyset_list import KeysetList
from orders_tui.panes.search_bar import SearchBar
from orders_tui.reach import Situation
from orders_tui.screens.counting import CountingScreen, new_count
from orders_tui.screens.keyset_screen import KeysetScreen
from orders_tui.screens.movements import MovementsScreen
from orders_tui.state import Session
from orders_tui.stock import card as stock_card
from orders_tui.stock import products
from orders_tui.stock.columns import STOCK
from orders_tui.stock.forms import Booker
from orders_tui.stock.sources import StockSource

SEARCH_PAUSE_SECONDS = 0.1
CARD_PAUSE_SECONDS = 0.12
"""The cursor rests this long before the card follows."""

READ_SECONDS = 2.0
"""The lines on screen are read again this often."""

NEW_SHEET = "new"

FormOf = Callable[[StockCard], Awaitable[Form[str] | None]]


class InventoryScreen(KeysetScreen[StockLine]):
    """The list owns the cursor; this screen owns what it is narrowed to and every question to the database."""

    SCOPES = (Scope.INVENTORY, Scope.LIST)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Scope.INVENTORY)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.wanted = StockFilter()
        self.card: StockCard | None = None
        self._pace = Pace(READ_SECONDS)

    def body(self) -> ComposeResult:
        yield SearchBar("SKU, barcode, words of a name", blink=not self.session.options.slow_line)
        with Horizontal(id="split"):
            yield KeysetList(self.session.viewer, STOCK)
            with VerticalScroll(id="card", can_focus=False):
                yield Static("", id="card-text", markup=False)

    @property
    def bar(self) -> SearchBar:
        return self.query_one(SearchBar)

    @property
    def line(self) -> StockLine | None:
        return self.list.cursor_row

    @property
    def card_open(self) -> bool:
        return self.has_class("-detail")

    # ------------------------------------------------------------------ what is listed

    def source(self) -> StockSource:
        return StockSource(self.session.services, self.wanted)

    def narrow(self, wanted: StockFilter, *, pause_seconds: float = 0.0) -> None:
        """List other lines; the cursor stays on its product where it is among them."""
        self.wanted = wanted
        self._show_narrowed()
        self.open_list(pause_seconds=pause_seconds)

    def _show_narrowed(self) -> None:
        shown = self.wanted.shown
        self.bar.show("" if shown is Shown.EVERYTHING else f"{shown.value} ", self.wanted.search)

    def show_standing(self) -> None:
        shown = self.list
        shown.empty_words = (
            "There is no product yet: orders-tui product import FILE takes in a sheet of them."
            if self.wanted == StockFilter()
            else "Nothing here is like that; escape shows everything."
        )
        total = f"{shown.total:,}{'' if shown.cache is None or shown.cache.exact else '+'}"
        self.bar.show_standing(f"{total} line{'' if shown.total == 1 else 's'} by SKU")

    async def refresh_live(self) -> None:
        """Patch the lines on screen, and the card."""
        cache = self.list.cache
        if cache is None:
            self.open_list()
            return
        if not self._pace.due(self.session.clock()):
            return
        source = cache.source
        assert isinstance(source, StockSource)
        rows = await source.refreshed([row.row_id for row in self.list.rows_on_screen()])
        if self.list.cache is cache:
            self.list.update_rows(rows)
        if self.card_open and self.line is not None:
            await self._read_card(self.line.product_id)

    async def read(self) -> None:
        self._pace.hurry()
        self.open_list()
        if self.card_open and self.line is not None:
            self.read_card(self.line.product_id)

    # ------------------------------------------------------------------ the card

    @on(LineMoved)
    def _line_moved(self) -> None:
        line = self.line
        if self.card_open and line is not None and (self.card is None or self.card.product_id != line.product_id):
            self.read_card(line.product_id, pause_seconds=CARD_PAUSE_SECONDS)

    @work(group="card", exclusive=True, exit_on_error=False)
    async def read_card(self, product_id: UUID, *, pause_seconds: float = 0.0) -> None:
        if pause_seconds:
            await asyncio.sleep(pause_seconds)
        await self._read_card(product_id)

    async def _read_card(self, product_id: UUID) -> None:
        card = await self.session.services.stock_lists.card(product_id)
        if self.card is None or self.card.product_id != product_id:
            self.query_one("#card", VerticalScroll).scroll_home(animate=False)
        self.card = card
        text, widget = stock_card.content(card, self.session.viewer()), self.query_one("#card-text", Static)
        if widget.content != text:
            widget.update(text)

    def do_open(self) -> None:
        if self.line is None:
            return
        if self.card_open:
            self.query_one("#card", VerticalScroll).scroll_page_down(animate=False)
            return
        self.add_class("-detail")
        self.read_card(self.line.product_id)

    def do_back(self) -> None:
        """Undo one thing at a time, the innermost first."""
        if self.card_open:
            self.remove_class("-detail")
        elif self.wanted != StockFilter():
            self.narrow(StockFilter())

    # ------------------------------------------------------------------ search and filter

    @on(SearchChanged)
    def _search_changed(self, event: SearchChanged) -> None:
        if event.phrase != self.wanted.search:
            self.narrow(replace(self.wanted, search=event.phrase), pause_seconds=SEARCH_PAUSE_SECONDS)

    @on(SearchLeft)
    def _search_left(self, event: SearchLeft) -> None:
        self.focus_on(self.list)
        if not event.keep and self.wanted.search:
            self.narrow(replace(self.wanted, search=""))
        self._show_narrowed()

    def do_search(self) -> None:
        self.bar.field.add_class("-shown")
        self.focus_on(self.bar.field)

    @work(group="change", exit_on_error=False)
    async def do_narrow(self) -> None:
        lines = [(shown.value, Content(shown.value)) for shown in Shown]
        chosen = await self.app.push_screen_wait(Choose(self.session, "Show only", lines, at=self.wanted.shown.value))
        if chosen is not None:
            self.narrow(replace(self.wanted, shown=Shown(chosen)))

    def on_scanned(self, message: Scanned) -> None:
        """A scanned barcode or SKU leads to its product; anything else is looked for as everywhere."""
        message.prevent_default()
        self.go_to(message.text)

    @work(group="scan", exclusive=True, exit_on_error=False)
    async def go_to(self, code: str) -> None:
        lists = self.session.services.stock_lists
        product_id = await lists.product_of(code)
        if product_id is None:
            self.jump_to(code)
            return
        self.wanted = StockFilter()
        self._show_narrowed()
        self.open_list(at=await lists.shelf_of(product_id))
        if self.card_open:
            self.read_card(product_id)

    # ------------------------------------------------------------------ elsewhere

    @work(group="waiting", exclusive=True, exit_on_error=False)
    async def do_waiting(self) -> None:
        if (line := self.line) is not None:
            order_ids = await self.session.services.stock_lists.waiting_orders(line.product_id)
            self.post_message(OrdersMarked(order_ids, f"waiting for {plain(line.sku)}"))

    async def do_movements(self) -> None:
        if (line := self.line) is not None:
            await self._go_and_come_back(MovementsScreen(self.session, line.product_id, line.sku))

    @work(group="change", exit_on_error=False)
    async def do_count(self) -> None:
        """Go on with an open sheet, or begin one."""
        sheets = [
            sheet for sheet in await self.session.services.inventory.counts() if sheet.state in {"open", "approved"}
        ]
        chosen: str | None = NEW_SHEET
        if sheets:
            lines = [(NEW_SHEET, Content("a new sheet"))]
            lines += [
                (
                    str(sheet.count_id),
                    Content(f"{sheet.name or 'unnamed'} at {sheet.location}, {sheet.state}, by {sheet.opened_by}"),
                )
                for sheet in sheets
            ]
            chosen = await self.app.push_screen_wait(Choose(self.session, "Count the shelves", lines))
        if chosen == NEW_SHEET:
            codes = [place.code for place in await self.session.services.locations.list()]
            chosen = await self.app.push_screen_wait(new_count(self.session, self.line.sku if self.line else "", codes))
        if chosen is not None:
            await self._go_and_come_back(CountingScreen(self.session, UUID(chosen)))

    async def _go_and_come_back(self, screen: Screen[None]) -> None:
        await self.app.push_screen(screen, self._came_back)

    def _came_back(self, _: None) -> None:
        self.come_back()

    @work(group="back", exclusive=True, exit_on_error=False)
    async def come_back(self) -> None:
        """Whatever was booked there is read here."""
        await self.read()

    # ------------------------------------------------------------------ booking

    @work(group="change", exit_on_error=False)
    async def fill_in(self, form_of: FormOf) -> None:
        """Read the product's card as it is now, show a form about it, tell what was done."""
        line = self.line
        if line is None:
            return
        form = await form_of(await self.session.services.stock_lists.card(line.product_id))
        done = await self.app.push_screen_wait(form) if form is not None else None
        if done:
            self.say(done)
            await self.read()

    def _book(self, form: Callable[[Booker], Form[str]]) -> None:
        line = self.line

        async def form_of(card: StockCard) -> Form[str]:
            codes = [place.code for place in await self.session.services.locations.list()]
            return form(Booker(self.session, card, line.location if line else "", codes))

        self.fill_in(form_of)

    def do_receive(self) -> None:
        self._book(Booker.receive)

    def do_adjust(self) -> None:
        self._book(Booker.adjust)

    def do_transfer(self) -> None:
        self._book(Booker.transfer)

    def do_hold(self) -> None:
        self._book(Booker.hold)

    def do_release(self) -> None:
        self._book(Booker.release)

    def _edit(self, form: Callable[[Session, StockCard], Form[str]]) -> None:
        async def form_of(card: StockCard) -> Form[str]:
            return form(self.session, card)

        self.fill_in(form_of)

    def do_edit(self) -> None:
        self._edit(lambda session, card: products.edit_product(session, card.product))

    def do_map(self) -> None:
        self._edit(lambda session, card: products.map_sku(session, card.product))

    def do_unmap(self) -> None:
        self._edit(lambda session, card: products.unmap_sku(session, card.product))

    @work(group="change", exit_on_error=False)
    async def do_push(self) -> None:
        shops = await self.session.services.inventory.shop_pushes()
        if not shops:
            self.say("No shop is connected yet.", severity="warning")
            return
        if done := await self.app.push_screen_wait(products.set_push(self.session, shops)):
            self.say(done)
            await self.read()

    @work(group="change", exit_on_error=False)
    async def do_acknowledge(self) -> None:
        if (line := self.line) is not None:
            seen = await self.session.services.inventory.acknowledge(line.sku)
            done = f"The alarms of {line.sku} are seen." if seen else f"The alarms of {line.sku} had been seen already."
            self.session.did("inventory.acknowledge", [line.sku], done)
            self.say(done)
            await self.read()

    @work(group="change", exit_on_error=False)
    async def do_export(self) -> None:
        if done := await self.app.push_screen_wait(products.export(self.session, self.wanted)):
            self.say(done)

    # ------------------------------------------------------------------ keys

    def situation(self) -> Situation:
        line = self.line
        card = self.card if self.card_open and line and self.card and self.card.product_id == line.product_id else None
        return Situation(
            connected=self.session.connected,
            read_only=self.session.options.read_only,
            role=self.session.role,
            rows=self.list.total,
            sku=line.sku if line else "",
            kit=line.kit if line else False,
            held_units=line.held if line else 0,
            waiting_orders=line.waited.orders if line and line.waited else 0,
            alarms=len(line.alarms) if line else 0,
            aliases=len(card.product.aliases) if card else 0,
        )
