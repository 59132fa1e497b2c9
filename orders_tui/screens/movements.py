"""One product's movements, newest first: who, why, for which order; and taking one back."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from engine.inventory.movements import Movement
from engine.orders.views import OrderFilter
from orders_tui.actions import Scope
from orders_tui.bindings import bindings_of
from orders_tui.messages import OrdersAsked
from orders_tui.panes.keyset_list import KeysetList
from orders_tui.reach import Situation
from orders_tui.screens.keyset_screen import KeysetScreen
from orders_tui.state import Session
from orders_tui.stock.columns import MOVEMENTS
from orders_tui.stock.forms import take_back
from orders_tui.stock.sources import MovementSource


class MovementsScreen(KeysetScreen[Movement]):
    """Opened over the stock list; escape goes back."""

    SCOPES = (Scope.MOVEMENTS, Scope.LIST)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Scope.MOVEMENTS)

    def __init__(self, session: Session, product_id: UUID, sku: str) -> None:
        super().__init__(session)
        self._product_id, self._sku = product_id, sku

    def body(self) -> ComposeResult:
        yield Static("", id="standing", classes="heading", markup=False)
        yield KeysetList(self.session.viewer, MOVEMENTS)

    def source(self) -> MovementSource:
        return MovementSource(self.session.services, self._product_id)

    def show_standing(self) -> None:
        shown = self.list
        shown.empty_words = "Nothing has moved it yet; escape goes back, and r receives units."
        total = f"{shown.total:,}{'' if shown.cache is None or shown.cache.exact else '+'}"
        new = f"   {self.new_rows:,} new, ctrl+r shows them" if self.new_rows else ""
        self.query_one("#standing", Static).update(f"{total} movements of {self._sku}, newest first{new}")

    def do_open(self) -> None:
        row = self.list.cursor_row
        if row is not None and row.order_id is not None:
            _ = self.dismiss(None)  # a screen that awaited its own end would never end
            self.app.post_message(OrdersAsked(OrderFilter(), "", row.order_id, opened=True))

    def do_back(self) -> None:
        _ = self.dismiss(None)  # a screen that awaited its own end would never end

    @work(group="change", exit_on_error=False)
    async def do_reverse(self) -> None:
        row = self.list.cursor_row
        if row is None:
            return
        if done := await self.app.push_screen_wait(take_back(self.session, self._sku, row)):
            self.say(done)
            await self.read()

    def situation(self) -> Situation:
        row = self.list.cursor_row
        return Situation(
            connected=self.session.connected,
            read_only=self.session.options.read_only,
            role=self.session.role,
            rows=self.list.total,
            movement=row.why_not if row else None,
            movement_order=row is not None and row.order_id is not None,
        )
