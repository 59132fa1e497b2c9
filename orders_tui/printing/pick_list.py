"""A pick list as pages: the walk through the bins, a box to tick at each."""

from __future__ import annotations

from dataclasses import dataclass

from engine.paper.left_out import LeftOut
from engine.paper.pick_lists import PickLine, PickList
from orders_tui.printing.canvas import Paper
from orders_tui.printing.layouts import ListColumn, PickListLayout
from orders_tui.printing.text import heading_of, orders_text, ship_by_text

_LINE = 0.48
"""Millimetres of height of one line for each point of its letters."""
_BARCODE_MM = 6.0
_GAP_MM = 1.6

_WORDS = {
    ListColumn.CHECK: "",
    ListColumn.BIN: "Bin",
    ListColumn.UNITS: "Units",
    ListColumn.SKU: "SKU",
    ListColumn.NAME: "Product",
    ListColumn.SHIP_BY: "Ship by",
    ListColumn.ORDERS: "Orders",
}
_RIGHT = frozenset({ListColumn.UNITS})


@dataclass(frozen=True, slots=True)
class _Column:
    show: ListColumn
    x: float
    width: float


def pick_list_pdf(
    content: PickList, layout: PickListLayout, fonts: tuple[str, ...], *, printed: str, reprint: str = ""
) -> tuple[bytes, dict[str, int]]:
    """The document, and the scripts it could not draw. `printed` says when and by whom, `reprint` that it is not the first."""
    sheet = _Sheet(content, layout, fonts, printed, reprint)
    return sheet.drawn(), sheet.paper.missing


class _Sheet:
    def __init__(
        self, content: PickList, layout: PickListLayout, fonts: tuple[str, ...], printed: str, reprint: str
    ) -> None:
        self.content, self.layout, self.printed, self.reprint = content, layout, printed, reprint
        self.paper = Paper(layout.size_mm, fonts, f"Pick list: {content.title}")
        self.points = layout.font_points
        self.step = self.points * _LINE
        self.left = layout.margin_mm
        self.room = layout.size_mm[0] - 2 * layout.margin_mm
        self.foot = layout.size_mm[1] - layout.margin_mm - self.step
        rest = self.room - sum(column.width for column in layout.columns)
        self.columns: list[_Column] = []
        x = self.left
        for column in layout.columns:
            width = column.width or rest
            self.columns.append(_Column(column.show, x, width - _GAP_MM))
            x += width
        self.number = 0
        self.y = 0.0

    def drawn(self) -> bytes:
        self._begin_page()
        location = None
        for line in self.content.lines:
            if line.location != location:
                location = line.location
                self._room_for(self._height(line) + 2 * self.step)
                self.y += self.step * 1.4
                self.paper.text(self.left, self.y, f"Location {location}", self.points + 1, bold=True)
                self.y += self.step * 0.5
            self._line(line)
        self._left_out(self.content.left_out)
        self._end_page()
        return self.paper.finished()

    # ------------------------------------------------------------------ pages

    def _begin_page(self) -> None:
        self.number += 1
        self.y = self.layout.margin_mm + self.step
        content = self.content
        coded = (
            self.layout.barcodes
            and self.number == 1
            and self.paper.barcode(
                self.left + self.room / 2, self.layout.margin_mm, content.code, 9, self.room / 2, right=True
            )
        )
        width = self.room / 2 - 3 if coded else self.room
        self.paper.text(self.left, self.y, f"Pick list: {content.title}", self.points + 4, bold=True, width=width)
        self.y += self.step * 1.2
        self.paper.text(self.left, self.y, heading_of(content), self.points, width=width)
        if self.reprint:
            self.y += self.step
            self.paper.text(self.left, self.y, self.reprint, self.points, bold=True, width=self.room)
        self.y += self.step * 1.6
        for column in self.columns:
            word = _WORDS[column.show]
            self.paper.text(
                column.x,
                self.y,
                word,
                self.points - 1,
                bold=True,
                width=column.width,
                right=column.show in _RIGHT,
            )
        self.y += 1.2
        self.paper.rule(self.left, self.y, self.room, thick=True)

    def _end_page(self) -> None:
        self.paper.text(
            self.left, self.foot + self.step, f"{self.printed}   page {self.number}", self.points - 2, width=self.room
        )
        self.paper.turn()

    def _room_for(self, height: float) -> None:
        if self.y + height > self.foot - self.step:
            self._end_page()
            self._begin_page()

    # ------------------------------------------------------------------ lines

    def _cells(self, line: PickLine) -> dict[ListColumn, list[str]]:
        texts = {
            ListColumn.BIN: line.bin or "no bin",
            ListColumn.UNITS: f"{line.units:,}",
            ListColumn.SKU: line.sku,
            ListColumn.NAME: line.name,
            ListColumn.SHIP_BY: ship_by_text(line.ship_by),
            ListColumn.ORDERS: orders_text(line),
        }
        most = int((self.foot - self.layout.margin_mm - 8 * self.step) / self.step) - 2
        cells = {}
        for column in self.columns:
            wrapped = self.paper.wrapped(texts.get(column.show, ""), self.points, column.width, bold=_bold(column.show))
            cells[column.show] = wrapped if len(wrapped) <= most else [*wrapped[: most - 1], "and more: see the screen"]
        return cells

    def _height(self, line: PickLine, cells: dict[ListColumn, list[str]] | None = None) -> float:
        lines = max(len(cell) for cell in (cells or self._cells(line)).values())
        barcode = _BARCODE_MM + 1.2 if self.layout.barcodes else 0.0
        return max(lines * self.step, self.step + barcode) + self.step * 0.9

    def _line(self, line: PickLine) -> None:
        cells = self._cells(line)
        height = self._height(line, cells)
        self._room_for(height)
        top = self.y + self.step * 1.1
        for column in self.columns:
            if column.show is ListColumn.CHECK:
                self.paper.box(column.x, top - self.step * 0.75, 4)
                continue
            for place, text in enumerate(cells[column.show]):
                self.paper.text(
                    column.x,
                    top + place * self.step,
                    text,
                    self.points,
                    bold=_bold(column.show),
                    width=column.width,
                    right=column.show in _RIGHT,
                )
            if column.show is ListColumn.SKU and self.layout.barcodes:
                below = top + (len(cells[column.show]) - 1) * self.step + 1.2
                self.paper.barcode(column.x, below, line.barcode or line.sku, _BARCODE_MM, column.width)
        self.y += height
        self.paper.rule(self.left, self.y, self.room)

    def _left_out(self, left_out: tuple[LeftOut, ...]) -> None:
        if not left_out:
            return
        self._room_for(3 * self.step)
        self.y += self.step * 2
        self.paper.text(self.left, self.y, f"Not on this list: {len(left_out):,}", self.points, bold=True)
        for each in left_out:
            self._room_for(self.step)
            self.y += self.step
            self.paper.text(
                self.left, self.y, f"{each.order_number}  {each.sentence}", self.points - 1, width=self.room
            )


def _bold(show: ListColumn) -> bool:
    return show in {ListColumn.BIN, ListColumn.UNITS}
