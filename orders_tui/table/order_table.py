"""The live table of orders: a list read by key whose orders can be marked; cursor and marks belong to order ids."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.style import Style
from textual.binding import BindingType

from engine.identifiers import OrderId
from engine.orders.views import OrderRow
from engine.words import ExecutionStatus, OrderStatus
from orders_tui.actions import Scope
from orders_tui.bindings import bindings_of
from orders_tui.formatting import is_unshipped
from orders_tui.messages import CursorMoved, MarksChanged
from orders_tui.panes.keyset_list import KeysetList
from orders_tui.state import Viewer
from orders_tui.table.columns import Column
from orders_tui.table.order_columns import COLUMNS
from orders_tui.table.page_cache import PageCache
from orders_tui.table.selection import Selection

_MARK = "✓ "


class OrderTable(KeysetList[OrderRow], can_focus=True, inherit_bindings=False):
    """One line per order under a header line.

    The screen gives it an opened `PageCache` with `show` and answers `PagesWanted`; keys reach it as method calls.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Scope.TABLE)
    STYLES: ClassVar[str] = "order-table"
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "order-table--header",
        "order-table--cursor",
        "order-table--marked",
        "order-table--flash",
        "order-table--pending-row",
        "order-table--stopped",
        "order-table--late",
        *(f"order-table--{status}" for status in OrderStatus),
    }

    def __init__(self, viewer: Callable[[], Viewer], *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(viewer, COLUMNS, id=id)
        self.selection = Selection()
        self._range_from: int | None = None

    def show(self, cache: PageCache[OrderRow], cursor: int = 0) -> None:
        """Draw another list, with the cursor on a row number."""
        self._range_from = None
        super().show(cache, cursor)

    @property
    def cursor_id(self) -> OrderId | None:
        row = self.cursor_row
        return row.order_id if row else None

    def cursor_moved(self) -> None:
        self.post_message(CursorMoved(self.cursor_id))

    def move(self, rows: int) -> None:
        """Move the cursor; it stops at the ends."""
        super().move(rows)
        if self._range_from is not None:
            self._mark_between(self._range_from, self.cursor)

    # ------------------------------------------------------------------ marking

    def do_mark(self) -> None:
        if row := self.cursor_row:
            self.selection.toggle(row.order_id)
            self.repaint(self.cursor)
            self.post_message(MarksChanged())
        self.move(1)

    def do_mark_down(self) -> None:
        self._mark_and_move(1)

    def do_mark_up(self) -> None:
        self._mark_and_move(-1)

    def _mark_and_move(self, rows: int) -> None:
        start = self.cursor
        self.cursor += rows
        self._mark_between(start, self.cursor)

    def do_range(self) -> None:
        self._range_from = self.cursor if self._range_from is None else None
        if self._range_from is not None:
            self._mark_between(self.cursor, self.cursor)

    def _mark_between(self, first: int, last: int) -> None:
        numbers = range(min(first, last), max(first, last) + 1)
        rows = [row for row in map(self.row_at, numbers) if row is not None]
        self.selection.set([row.order_id for row in rows], marked=True)
        self._marks_changed()

    def do_mark_loaded(self) -> None:
        self.selection.set([row.order_id for row in self.cache.loaded] if self.cache else [], marked=True)
        self._marks_changed()

    def do_mark_matching(self) -> None:
        self.selection.mark_everything()
        self._marks_changed()

    def do_invert(self) -> None:
        self.selection.invert([row.order_id for row in self.cache.loaded] if self.cache else [])
        self._marks_changed()

    def clear_marks(self) -> None:
        """Unmark everything and end the range."""
        self._range_from = None
        self.selection.clear()
        self._marks_changed()

    def _marks_changed(self) -> None:
        self.refresh()
        self.post_message(MarksChanged())

    # ------------------------------------------------------------------ drawing

    def mark_of(self, row: OrderRow) -> str:
        return _MARK if row.order_id in self.selection else ""

    def line_style(self, row: OrderRow) -> Style:
        return self.style_named("marked") if row.order_id in self.selection else Style()

    def cell_style(self, column: Column[OrderRow], row: OrderRow, viewer: Viewer) -> Style:
        match column.name:
            case "status":
                return self.style_named(row.order_status)
            case "state" if row.execution is ExecutionStatus.FAILED or row.held:
                return self.style_named("stopped")
            case "ship_by" if is_unshipped(row) and row.ship_by is not None and row.ship_by < viewer.now:
                return self.style_named("late")
            case _:
                return Style()
