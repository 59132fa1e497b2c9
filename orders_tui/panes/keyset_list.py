"""A list of any length, one line a row under a header line, drawn from pages that are read by key as they are looked at.

A screen gives it an opened `PageCache` with `show`, and answers `PagesWanted` with `cache.load_wanted()` and `measured()`;
`screens.keyset_screen` does both. The cursor belongs to a row's id: whoever opens the list again finds its place with
`cache.locate`. Columns are data (`table.columns`); `table.order_table` is this list with marks.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, ClassVar, Generic

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.events import Click, Resize
from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from orders_tui.actions import Scope
from orders_tui.bindings import bindings_of
from orders_tui.messages import LineMoved, PagesWanted, RowClicked
from orders_tui.state import Viewer
from orders_tui.table.columns import MARK_CELLS, Column, Layout, layout_for
from orders_tui.table.page_cache import PageCache, Row

HEADER_LINES = 1
_FLASHED, _PLACEHOLDER = "* ", "…"


class KeysetList(ScrollView, Generic[Row], can_focus=True, inherit_bindings=False):
    """Draws the rows of `cache` that are on screen; cells that changed stand out until the next update."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Scope.LIST)
    STYLES: ClassVar[str] = "keyset-list"
    """How the names of its component classes begin."""
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"keyset-list--{name}"
        for name in ("header", "cursor", "flash", "pending-row", "muted", "good", "warning", "alarm")
    }

    cursor = reactive(0, repaint=False, init=False)
    """The row number the cursor stands on."""

    def __init__(
        self,
        viewer: Callable[[], Viewer],
        offered: Sequence[Column[Row]],
        *,
        id: str | None = None,  # noqa: A002 - Textual's own name
    ) -> None:
        super().__init__(id=id)
        self.cache: PageCache[Row] | None = None
        self.offered = tuple(offered)
        """The columns there are; as many are drawn as fit."""
        self.columns: Layout[Row] = layout_for(0, self.offered)
        self.viewer = viewer
        self.empty_words = ""
        """Why the list is empty and what to press, where it is."""
        self._flashes: dict[Hashable, frozenset[str]] = {}
        self._missing = False
        """A line was drawn whose row had not come."""
        self._ground: Style | None = None
        self._styles: dict[str, Style] = {}

    # ------------------------------------------------------------------ what is shown

    @property
    def total(self) -> int:
        return self.cache.total if self.cache else 0

    def show(self, cache: PageCache[Row], cursor: int = 0) -> None:
        """Draw another list, with the cursor on a row number."""
        self.cache = cache
        self._flashes = {}
        self._missing = False
        self._resize_content()
        self.set_reactive(KeysetList.cursor, max(0, min(cursor, cache.total - 1)))
        self._bring_into_view(middle=True)
        self.refresh()
        self.cursor_moved()

    def measured(self) -> None:
        """The list's length or its pages became known: draw what was missing, and nothing when nothing was."""
        length = self.virtual_size.height
        self._resize_content()
        if self._missing or self.virtual_size.height != length:
            self._missing = False
            self.refresh()
            self.cursor_moved()

    def offer(self, columns: Sequence[Column[Row]]) -> None:
        """Draw other columns, as many as fit."""
        self.offered = tuple(columns)
        self.columns = layout_for(self.scrollable_content_region.width, self.offered)
        self.refresh()

    def row_at(self, number: int) -> Row | None:
        return self.cache.row(number) if self.cache and 0 <= number < self.cache.total else None

    @property
    def cursor_row(self) -> Row | None:
        """The row under the cursor; None on an empty list and while its page is on the way."""
        return self.row_at(self.cursor)

    @property
    def cursor_id(self) -> Any:
        row = self.cursor_row
        return row.row_id if row else None

    def rows_on_screen(self) -> list[Row]:
        """The rows drawn at this moment, those that have come."""
        top = self.scroll_offset.y
        rows = (self.row_at(number) for number in range(top, min(self.total, top + self.lines)))
        return [row for row in rows if row is not None]

    def update_rows(self, rows: Iterable[Row]) -> None:
        """Put newer versions in place and repaint their lines; the changed cells stand out until the next update."""
        cleared, self._flashes = self._flashes, {}
        viewer = self.viewer()
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
                self._flashes[row.row_id] = changed
                self.repaint(number, self.columns.reach(changed | cleared.get(row.row_id, frozenset())))
        for row_id in cleared.keys() - self._flashes.keys():
            number_now = self.cache.number_of(row_id) if self.cache else None
            if number_now is not None:
                self.repaint(number_now, self.columns.reach(cleared[row_id]))

    # ------------------------------------------------------------------ moving

    def move(self, rows: int) -> None:
        """Move the cursor; it stops at the ends."""
        self.cursor += rows

    def do_down(self) -> None:
        self.move(1)

    def do_up(self) -> None:
        self.move(-1)

    def do_page_down(self) -> None:
        self.move(max(1, self.lines - 1))

    def do_page_up(self) -> None:
        self.move(-max(1, self.lines - 1))

    def do_first(self) -> None:
        self.move(-self.cursor)

    def do_last(self) -> None:
        self.move(self.total - 1 - self.cursor)

    def validate_cursor(self, value: int) -> int:
        return max(0, min(self.total - 1, value))

    def watch_cursor(self, old: int, new: int) -> None:
        self.repaint(old)
        self.repaint(new)
        self._bring_into_view()
        self._look_ahead()
        self.cursor_moved()

    def cursor_moved(self) -> None:
        """Tell the screen what the cursor stands on now."""
        self.post_message(LineMoved(self.cursor_id))

    def _look_ahead(self) -> None:
        """Want the rows one screen above and below before they are needed."""
        top, lines = self.scroll_offset.y, self.lines
        self.row_at(max(0, top - lines))
        self.row_at(min(self.total - 1, top + 2 * lines))
        if self.cache and self.cache.wants:
            self.call_after_refresh(self.post_message, PagesWanted())  # the key's own frame goes first

    def _bring_into_view(self, *, middle: bool = False) -> None:
        top, lines = self.scroll_offset.y, self.lines
        if lines <= 0 or top <= self.cursor < top + lines:
            return
        # Past an edge the view moves by a third, so that the whole repaint is paid once for several keys.
        third = lines // 2 if middle else lines // 3
        target = self.cursor - third if self.cursor < top else self.cursor - lines + 1 + third
        self.scroll_to(y=max(0, min(target, self.total - lines)), animate=False, force=True)

    # ------------------------------------------------------------------ drawing

    @property
    def lines(self) -> int:
        """How many rows fit under the header."""
        return self.scrollable_content_region.height - HEADER_LINES

    def _resize_content(self) -> None:
        size = Size(self.scrollable_content_region.width, self.total + HEADER_LINES)
        if size != self.virtual_size:
            self.virtual_size = size

    def repaint(self, number: int, cells: int | None = None) -> None:
        """Draw a row's line again, or just its first `cells`: what lies right of a change is not sent."""
        top = self.scroll_offset.y
        if top <= number < top + self.lines:
            width = self.scrollable_content_region.width
            self.refresh(Region(0, number - top + HEADER_LINES, min(cells or width, width), 1))

    def on_resize(self, event: Resize) -> None:
        self.columns = layout_for(self.scrollable_content_region.width, self.offered)
        self._resize_content()
        self._bring_into_view()

    @property
    def ground(self) -> Style:
        """What every line is drawn on. Kept, since finding it walks up to the screen, for each line of each page."""
        if self._ground is None:
            self._ground = self.rich_style
        return self._ground

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._ground = None
        self._styles = {}

    def render_lines(self, crop: Region) -> list[Strip]:
        width = self.scrollable_content_region.width
        if self.columns.width != width:
            self.columns = layout_for(width, self.offered)
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        if y == 0:
            header = self.ground + self.style_named("header")
            return self._strip([Segment(" " * MARK_CELLS + self.columns.titles(), header)], header)
        number = self.scroll_offset.y + y - HEADER_LINES
        if number >= self.total:
            if number == 0 and self.cache is not None and self.empty_words:
                line = self.ground + self.style_named("pending-row")
                return self._strip([Segment(" " * MARK_CELLS + self.empty_words, line)], line)
            return Strip.blank(self.columns.width, self.ground)
        row = self.row_at(number)
        if row is None:
            if self.cache and self.cache.wants:
                self.post_message(PagesWanted())
            line = self.ground + self.style_named("cursor" if number == self.cursor else "pending-row")
            self._missing = True
            return self._strip([Segment(" " * MARK_CELLS + _PLACEHOLDER, line)], line)
        return self._row_strip(row, at_cursor=number == self.cursor)

    def _row_strip(self, row: Row, *, at_cursor: bool) -> Strip:
        flashes = self._flashes.get(row.row_id, frozenset())
        mark = self.mark_of(row) or (_FLASHED if flashes else " " * MARK_CELLS)
        viewer = self.viewer()
        cells = self.columns.cells(row, viewer)
        if at_cursor:
            line = self.ground + self.style_named("cursor")
            return self._filled([Segment(mark + " ".join(cells), line)], line)
        line = self.ground + self.line_style(row)
        # Neighbouring cells of one style are one segment: colour is most of what a line costs on the wire.
        runs: list[tuple[str, Style]] = []
        text, drawn_in, gap = mark, line, ""
        for column, cell in zip(self.columns.columns, cells, strict=True):
            own = self.cell_style(column, row, viewer)
            style = line + own if own else line
            if column.name in flashes:
                style += self.style_named("flash")
            if style == drawn_in:
                text = f"{text}{gap}{cell}"
            else:
                runs.append((text + gap, drawn_in))
                text, drawn_in = cell, style
            gap = " "
        gap = gap if self.columns.drawn < self.columns.width else ""
        runs.append((text + gap, drawn_in))
        return self._filled([Segment(*run) for run in runs], line, gap=len(gap))

    def mark_of(self, row: Row) -> str:
        """The two cells before the first column; empty for none."""
        return ""

    def line_style(self, row: Row) -> Style:
        """What the whole line is drawn in, under its cells' own styles."""
        return Style()

    def cell_style(self, column: Column[Row], row: Row, viewer: Viewer) -> Style:
        """What one cell is drawn in."""
        name = column.style(row, viewer) if column.style else ""
        return self.style_named(name) if name else Style()

    def style_named(self, name: str) -> Style:
        style = self._styles.get(name)
        if style is None:
            style = self._styles[name] = self.get_component_rich_style(f"{self.STYLES}--{name}", partial=True)
        return style

    def _strip(self, segments: list[Segment], style: Style) -> Strip:
        return Strip(segments).adjust_cell_length(self.columns.width, style)

    def _filled(self, segments: list[Segment], style: Style, *, gap: int = 0) -> Strip:
        """The line of a row, whose cells are as wide as their columns: nothing has to be measured. `gap` cells follow the last."""
        missing = self.columns.width - self.columns.drawn - gap
        if missing > 0:
            segments.append(Segment(" " * missing, style))
        return Strip(segments, self.columns.width) if missing >= 0 else self._strip(segments, style)

    # ------------------------------------------------------------------ mouse

    def on_click(self, event: Click) -> None:
        number = self.scroll_offset.y + event.y - HEADER_LINES
        if event.y >= HEADER_LINES and number < self.total:
            again = number == self.cursor and event.chain > 1
            self.move(number - self.cursor)
            if again:
                self.post_message(RowClicked())
