"""Packing slips as pages: what lies in each parcel and whom it goes to; a parcel begins on a page of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from uuid import UUID

from engine.paper.slips import PackingSlip, SlipItem, SlipOrder
from orders_tui.printing.canvas import Paper
from orders_tui.printing.layouts import PackingSlipLayout, SlipColumn
from orders_tui.printing.text import NO_ADDRESS, parcel_text
from orders_tui.printing.typefaces import missing_sentence

_LINE = 0.48
_GAP_MM = 1.6
_BARCODE_MM = 8.0

_WORDS = {
    SlipColumn.UNITS: "Units",
    SlipColumn.SKU: "SKU",
    SlipColumn.NAME: "Product",
    SlipColumn.PRICE: "Price each",
}
_RIGHT = frozenset({SlipColumn.UNITS, SlipColumn.PRICE})


def packing_slips_pdf(
    slips: Sequence[PackingSlip],
    layout: PackingSlipLayout,
    fonts: tuple[str, ...],
    *,
    reprinted: Collection[UUID],
    on_progress: Callable[[int, int], None],
) -> tuple[bytes, dict[str, int]]:
    """The document, and the scripts it could not draw, which its slips say, too."""
    paper = Paper(layout.size_mm, fonts, "Packing slips")
    for number, slip in enumerate(slips, 1):
        on_progress(number, len(slips))
        _Slip(paper, slip, layout, reprint=slip.package_id in reprinted).draw()
    return paper.finished(), paper.missing


class _Slip:
    def __init__(self, paper: Paper, slip: PackingSlip, layout: PackingSlipLayout, *, reprint: bool) -> None:
        self.paper, self.slip, self.layout, self.reprint = paper, slip, layout, reprint
        self.points = layout.font_points
        self.step = self.points * _LINE
        self.left = layout.margin_mm
        self.room = layout.size_mm[0] - 2 * layout.margin_mm
        self.foot = layout.size_mm[1] - layout.margin_mm
        self.before = dict(paper.missing)
        rest = self.room - sum(column.width for column in layout.shown)
        self.columns: list[tuple[SlipColumn, float, float]] = []
        x = self.left
        for column in layout.shown:
            width = column.width or rest
            self.columns.append((column.show, x, width - _GAP_MM))
            x += width
        self.page_number = 0
        self.y = 0.0

    def draw(self) -> None:
        self._begin()
        self._addresses()
        for order in self.slip.orders:
            self._order(order)
        self._end()

    def _begin(self) -> None:
        self.page_number += 1
        self.y = self.layout.margin_mm + self.step
        heading = "Packing slip" if self.page_number == 1 else f"Packing slip, page {self.page_number}"
        self.paper.text(self.left, self.y, heading, self.points + 4, bold=True)
        if self.reprint:
            self.paper.text(self.left, self.y, "Reprint", self.points, bold=True, width=self.room, right=True)
        self.y += self.step * 1.2
        self.paper.text(self.left, self.y, parcel_text(self.slip), self.points - 1, width=self.room)
        self.y += self.step

    def _room_for(self, height: float) -> None:
        if self.y + height > self.foot - 3 * self.step:
            self.paper.turn()
            self._begin()

    def _addresses(self) -> None:
        half = self.room / 2
        top = self.y + self.step
        ends = []
        for x, word, lines, larger in (
            (self.left, "From", self.slip.ship_from, 0.0),
            (self.left + half, "Ship to", self.slip.ship_to or (NO_ADDRESS,), 1.0),
        ):
            y = top
            self.paper.text(x, y, word, self.points - 1, bold=True)
            for line in lines:
                for piece in self.paper.wrapped(line, self.points + larger, half - 3):
                    y += self.step + larger * _LINE
                    self.paper.text(x, y, piece, self.points + larger)
            ends.append(y)
        self.y = max(ends) + self.step

    def _order(self, order: SlipOrder) -> None:
        self._room_for(_BARCODE_MM + 4 * self.step)
        self.y += self.step
        name = f"Order {order.order_number}   {order.ordered_on}{'   a gift' if order.gift else ''}"
        self.paper.text(self.left, self.y, name, self.points, bold=True, width=self.room)
        self.y += 1.5
        if self.layout.barcodes and self.paper.barcode(
            self.left, self.y, order.order_number, _BARCODE_MM, self.room * 0.8
        ):
            self.y += _BARCODE_MM
        self.y += self.step
        for show, x, width in self.columns:
            self.paper.text(x, self.y, _WORDS[show], self.points - 1, bold=True, width=width, right=show in _RIGHT)
        self.y += 1.2
        self.paper.rule(self.left, self.y, self.room, thick=True)
        for item in order.items:
            self._item(item, gift=order.gift)

    def _item(self, item: SlipItem, *, gift: bool) -> None:
        texts = {
            SlipColumn.UNITS: f"{item.units:,}",
            SlipColumn.SKU: item.sku,
            SlipColumn.NAME: item.name,
            SlipColumn.PRICE: "" if gift else f"{item.unit_price} {item.currency}",
        }
        cells = {show: self.paper.wrapped(texts[show], self.points, width) for show, _, width in self.columns}
        height = max(len(cell) for cell in cells.values()) * self.step
        self._room_for(height)
        for show, x, width in self.columns:
            for place, text in enumerate(cells[show]):
                self.paper.text(
                    x,
                    self.y + (place + 1) * self.step,
                    text,
                    self.points,
                    bold=show is SlipColumn.UNITS,
                    width=width,
                    right=show in _RIGHT,
                )
        self.y += height + 1.2
        self.paper.rule(self.left, self.y, self.room)

    def _end(self) -> None:
        total = f"{self.slip.units:,} unit{'s' if self.slip.units != 1 else ''} in this parcel"
        if self.slip.waits_for_stock:
            total += "; its goods wait for stock"
        self.y += self.step * 1.2
        self.paper.text(self.left, self.y, total, self.points, bold=True, width=self.room)
        drawn = {
            script: count - self.before.get(script, 0)
            for script, count in self.paper.missing.items()
            if count > self.before.get(script, 0)
        }
        small = self.points - 2
        told = [
            line
            for sentence in (missing_sentence(drawn), self.layout.message)
            if sentence
            for line in self.paper.wrapped(sentence, small, self.room)[:2]
        ]
        for place, line in enumerate(reversed(told)):
            self.paper.text(self.left, self.foot - place * small * _LINE, line, small, width=self.room)
        self.paper.turn()
