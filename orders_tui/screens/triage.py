"""Triage: the piles that need a person, each with how many and the nearest deadline. The console opens here."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Static

from engine.orders.views import OrderFilter, OrderSort, Pile, PileCount
from orders_tui.actions import Scope
from orders_tui.bindings import bindings_of
from orders_tui.formatting import deadline, fit
from orders_tui.messages import OrdersAsked
from orders_tui.panes.line_list import LineList
from orders_tui.screens.list_screen import ListScreen
from orders_tui.state import Viewer

PILE_WORDS: dict[Pile, tuple[str, str]] = {
    Pile.DUE_SOON: ("due within 24 h", "ship these first"),
    Pile.AUTO_CANCEL_SOON: ("auto-cancel in 24 h", "TikTok cancels them by itself"),
    Pile.OVERDUE: ("overdue", "the ship-by has passed"),
    Pile.CANCEL_REQUESTED: ("cancel requested", "the buyer asked; answer in time"),
    Pile.ON_HOLD: ("on hold", "stopped until released"),
    Pile.OUT_OF_STOCK: ("out of stock", "resume when stock arrives"),
    Pile.FAILED: ("failed", "the cause says what to do"),
    Pile.LABEL_PROBLEM: ("label problems", "no label was bought"),
    Pile.DELIVERY_EXCEPTION: ("delivery exceptions", "the carrier could not deliver"),
    Pile.RETURN_REQUESTED: ("returns requested", "the buyer sends it back"),
}
"""Each pile's name and what it asks for."""

_URGENT = frozenset({Pile.DUE_SOON, Pile.AUTO_CANCEL_SOON, Pile.OVERDUE})


def pile_filter(pile: Pile) -> OrderFilter:
    """The orders of a pile, nearest ship-by first."""
    return OrderFilter(pile=pile, sort=OrderSort.SHIP_BY, ascending=True)


class TriageScreen(ListScreen):
    """The piles, refreshed as they grow and shrink."""

    SCOPES = (Scope.TRIAGE, Scope.LIST)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Scope.TRIAGE)

    def body(self) -> ComposeResult:
        yield Static(f"{'pile':<22}{'orders':>8}  {'nearest':>8}   what it asks for", classes="heading", markup=False)
        yield LineList()

    def on_mount(self) -> None:
        super().on_mount()
        self.first_read()

    @work(group="piles", exclusive=True, exit_on_error=False)
    async def first_read(self) -> None:
        await self.refresh_live()

    async def refresh_live(self) -> None:
        piles = await self.session.services.piles()
        viewer = self.session.viewer()
        self.lines.show([(count.pile, pile_line(count, viewer)) for count in piles])

    def do_open(self) -> None:
        if (line := self.lines.cursor_id) is not None:
            pile = Pile(line)
            self.post_message(OrdersAsked(pile_filter(pile), PILE_WORDS[pile][0]))


def pile_line(count: PileCount, viewer: Viewer) -> Content:
    """One pile as a line."""
    name, asks = PILE_WORDS[count.pile]
    style = "$text-muted" if not count.orders else "bold $text-error" if count.pile in _URGENT else "bold"
    nearest = deadline(count.nearest, viewer) if count.orders else ""
    return Content.assemble(
        (f"{fit(name, 22)}{count.orders:>8,}", style),
        f"  {nearest:>8}   ",
        (asks, "$text-muted"),
    )
