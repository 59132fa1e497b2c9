"""The live table of orders: draws the lines on screen from pages read by key; cursor and marks belong to order ids."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.events import Click, Resize
from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from engine.identifiers import OrderId
from engine.orders.views import OrderRow
from engine.words import ExecutionStatus, OrderStatus
from orders_tui.actions import Scope
from orders_tui.bindings import bindings_of
from orders_tui.formatting import is_unshipped
from orders_tui.messages import CursorMoved, MarksChanged, PagesWanted, RowClicked
from orders_tui.state import Viewer
from orders_tui.table.columns import MARK_CELLS, Layout, layout_for
from orders_tui.table.page_cache import PageCache
from orders_tui.table.selection import Selection

_HEADER_LINES = 1
_MARK, _FLASHED, _PLACEHOLDER = "✓ ", "* ", "…"


class OrderTable(ScrollView, can_focus=True, inherit_bindings=False):
    """One line per order under a header line.

    The screen gives it an opened `PageCache` with `show` and answers `PagesWanted`; keys reach it as method calls.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Scope.TABLE)
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

    cursor = reactive(0, repaint=False, init=False)
    """The row number the cursor stands on."""

    def __init__(self, viewer: Callable[[], Viewer], *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self.selection = Selection()
        self.cache: PageCache | None = None
        self.columns: Layout = layout_for(0)
        self._viewer = viewer
        self._flashes: dict[OrderId, frozenset[str]] = {}
        self._range_from: int | None = None

    # ------------------------------------------------------------------ what is shown

    @property
    def total(self) -> int:
        return self.cache.total if self.cache else 0

    def show(self, cache: PageCache, cursor: int = 0) -> None:
        """Draw another list, with the cursor on a row number."""
        self.cache = cache
        self._flashes = {}
        self._range_from = None
        self._resize_content()
        self.set_reactive(OrderTable.cursor, max(0, min(cursor, cache.total - 1)))
        self._bring_into_view(middle=True)
        self.refresh()
        self.post_message(CursorMoved(self.cursor_id))

    def measured(self) -> None:
        """The list's length or its pages became known: draw what was missing."""
        self._resize_content()
        self.refresh()
        self.post_message(CursorMoved(self.cursor_id))

    def row_at(self, number: int) -> OrderRow | None:
        return self.cache.row(number) if self.cache and 0 <= number < self.cache.total else None

    @property
    def cursor_row(self) -> OrderRow | None:
        """The order under the cursor; None on an empty list and while its page is on the way."""
        return self.row_at(self.cursor)

    @property
    def cursor_id(self) -> OrderId | None:
        row = self.cursor_row
        return row.order_id if row else None

    def rows_on_screen(self) -> list[OrderRow]:
        """The rows drawn at this moment, those that have come."""
        top = self.scroll_offset.y
        rows = (self.row_at(number) for number in range(top, min(self.total, top + self._lines)))
        return [row for row in rows if row is not None]

    def update_rows(self, rows: Iterable[OrderRow]) -> None:
        """Put newer versions in place and repaint their lines; the changed cells stand out until the next update."""
        cleared, self._flashes = self._flashes, {}
        viewer = self._viewer()
        for row in rows:
            found = self.cache.replace(row) if self.cache else None
            if found is None:
                continue
            number, old = found
            pairs = zip(
                self.columns.columns, self.columns.cells(old, viewer), self.columns.cells(row, viewer), strict=True
            )
            changed = frozenset(column.name for column, before, after in pairs if before != after)
            if changed:
                self._flashes[row.order_id] = changed
                self._repaint(number, self.columns.reach(changed | cleared.get(row.order_id, frozenset())))
        for order_id in cleared.keys() - self._flashes.keys():
            number_now = self.cache.number_of(order_id) if self.cache else None
            if number_now is not None:
                self._repaint(number_now, self.columns.reach(cleared[order_id]))

    # ------------------------------------------------------------------ moving

    def move(self, rows: int) -> None:
        """Move the cursor; it stops at the ends."""
        self.cursor += rows
        if self._range_from is not None:
            self._mark_between(self._range_from, self.cursor)

    def do_down(self) -> None:
        self.move(1)

    def do_up(self) -> None:
        self.move(-1)

    def do_page_down(self) -> None:
        self.move(max(1, self._lines - 1))

    def do_page_up(self) -> None:
        self.move(-max(1, self._lines - 1))

    def do_first(self) -> None:
        self.move(-self.cursor)

    def do_last(self) -> None:
        self.move(self.total - 1 - self.cursor)

    def validate_cursor(self, value: int) -> int:
        return max(0, min(self.total - 1, value))

    def watch_cursor(self, old: int, new: int) -> None:
        self._repaint(old)
        self._repaint(new)
        self._bring_into_view()
        self._look_ahead()
        self.post_message(CursorMoved(self.cursor_id))

    def _look_ahead(self) -> None:
        """Want the rows one screen above and below before they are needed."""
        top, lines = self.scroll_offset.y, self._lines
        self.row_at(max(0, top - lines))
        self.row_at(min(self.total - 1, top + 2 * lines))
        if self.cache and self.cache.wants:
            self.post_message(PagesWanted())

    def _bring_into_view(self, *, middle: bool = False) -> None:
        top, lines = self.scroll_offset.y, self._lines
        if lines <= 0 or top <= self.cursor < top + lines:
            return
        # Past an edge the view moves by a third, so that the whole repaint is paid once for several keys.
        third = lines // 2 if middle else lines // 3
        target = self.cursor - third if self.cursor < top else self.cursor - lines + 1 + third
        self.scroll_to(y=max(0, min(target, self.total - lines)), animate=False, force=True)

    # ------------------------------------------------------------------ marking

    def do_mark(self) -> None:
        if row := self.cursor_row:
            self.selection.toggle(row.order_id)
            self._repaint(self.cursor)
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

    @property
    def _lines(self) -> int:
        """How many rows fit under the header."""
        return self.scrollable_content_region.height - _HEADER_LINES

    def _resize_content(self) -> None:
        size = Size(self.scrollable_content_region.width, self.total + _HEADER_LINES)
        if size != self.virtual_size:
            self.virtual_size = size

    def _repaint(self, number: int, cells: int | None = None) -> None:
        """Draw a row's line again, or just its first `cells`: what lies right of a change is not sent."""
        top = self.scroll_offset.y
        if top <= number < top + self._lines:
            width = self.scrollable_content_region.width
            self.refresh(Region(0, number - top + _HEADER_LINES, min(cells or width, width), 1))

    def on_resize(self, event: Resize) -> None:
        self.columns = layout_for(self.scrollable_content_region.width)
        self._resize_content()
        self._bring_into_view()

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        if self.columns.width != width:
            self.columns = layout_for(width)
        if y == 0:
            header = self.rich_style + self._style("header")
            return self._strip([Segment(" " * MARK_CELLS + self.columns.titles(), header)], header)
        number = self.scroll_offset.y + y - _HEADER_LINES
        if number >= self.total:
            return Strip.blank(width, self.rich_style)
        row = self.row_at(number)
        if row is None:
            if self.cache and self.cache.wants:
                self.post_message(PagesWanted())
            line = self.rich_style + self._style("cursor" if number == self.cursor else "pending-row")
            return self._strip([Segment(" " * MARK_CELLS + _PLACEHOLDER, line)], line)
        return self._row_strip(row, at_cursor=number == self.cursor)

    def _row_strip(self, row: OrderRow, *, at_cursor: bool) -> Strip:
        marked = row.order_id in self.selection
        flashes = self._flashes.get(row.order_id, frozenset())
        mark = _MARK if marked else _FLASHED if flashes else " " * MARK_CELLS
        viewer = self._viewer()
        cells = self.columns.cells(row, viewer)
        if at_cursor:
            line = self.rich_style + self._style("cursor")
            return self._strip([Segment(mark + " ".join(cells), line)], line)
        line = self.rich_style + (self._style("marked") if marked else Style())
        # Neighbouring cells of one style are one segment: colour is most of what a line costs on the wire.
        runs: list[tuple[str, Style]] = [(mark, line)]
        for column, text in zip(self.columns.columns, cells, strict=True):
            style = line + self._cell_style(column.name, row, viewer)
            if column.name in flashes:
                style += self._style("flash")
            if runs[-1][1] == style:
                runs[-1] = (f"{runs[-1][0]}{text} ", style)
            else:
                runs.append((text + " ", style))
        return self._strip([Segment(text, style) for text, style in runs], line)

    def _cell_style(self, column: str, row: OrderRow, viewer: Viewer) -> Style:
        match column:
            case "status":
                return self._style(row.order_status)
            case "state" if row.execution is ExecutionStatus.FAILED or row.held:
                return self._style("stopped")
            case "ship_by" if is_unshipped(row) and row.ship_by is not None and row.ship_by < viewer.now:
                return self._style("late")
            case _:
                return Style()

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"order-table--{name}", partial=True)

    def _strip(self, segments: list[Segment], style: Style) -> Strip:
        return Strip(segments).adjust_cell_length(self.columns.width, style)

    # ------------------------------------------------------------------ mouse

    def on_click(self, event: Click) -> None:
        number = self.scroll_offset.y + event.y - _HEADER_LINES
        if event.y >= _HEADER_LINES and number < self.total:
            again = number == self.cursor and event.chain > 1
            self.move(number - self.cursor)
            if again:
                self.post_message(RowClicked())
