"""Choosing the table's columns: which, in what order, and the one that it is sorted by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList

from engine.orders.views import OrderSort
from orders_tui.actions import Scope
from orders_tui.bindings import bindings_of
from orders_tui.modals.form import Form
from orders_tui.panes.key_line import KeyLine
from orders_tui.panes.line_list import LineList
from orders_tui.state import Session
from orders_tui.table.order_columns import ALL, BY_NAME, COLUMNS, SORTED_BY

_SORTS = {column: sort for sort, column in SORTED_BY.items()}


@dataclass(frozen=True, slots=True)
class TableShape:
    """The names of the columns from the left, none meaning those that come with the program; and the sort."""

    columns: tuple[str, ...]
    sort: OrderSort
    ascending: bool


class Columns(Form[TableShape]):
    """Closes with the shape that was chosen, or None."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Scope.COLUMNS)

    def __init__(self, session: Session, shape: TableShape) -> None:
        super().__init__(session, "Columns from the left; the first ones stay when there is little room")
        self._sort, self._ascending = shape.sort, shape.ascending
        self._shown: list[str] = []
        self._order: list[str] = []
        self._take(shape.columns)

    def body(self) -> ComposeResult:
        yield LineList()

    def on_mount(self) -> None:
        self._redraw()
        self.lines.highlighted = 0
        self.set_focus(self.lines)
        # The form's own mounting, which comes after this one, names its keys alone.
        self.call_after_refresh(self.query_one(KeyLine).show, Scope.COLUMNS, Scope.FORM)

    @property
    def lines(self) -> LineList:
        return self.query_one(LineList)

    def receiver(self, scope: Scope) -> Widget:
        return self.lines if scope is Scope.LIST else self

    def do_switch(self) -> None:
        name = self.lines.cursor_id or ""
        if name not in self._shown:
            self._shown.append(name)
        elif len(self._shown) > 1:
            self._shown.remove(name)
        else:
            self.complain("One column has to stay.")
        self._redraw()

    def do_earlier(self) -> None:
        self._move(-1)

    def do_later(self) -> None:
        self._move(1)

    def do_sort(self) -> None:
        sort = _SORTS.get(self.lines.cursor_id or "")
        if sort is None:
            self.complain(
                f"The list is sorted by {', '.join(BY_NAME[name].title for name in _SORTS)}; no index serves another."
            )
            return
        # The nearest deadline first; of everything else the newest or biggest.
        self._ascending = not self._ascending if sort is self._sort else sort is OrderSort.SHIP_BY
        self._sort = sort
        self.complain("")
        self._redraw()

    def do_reset(self) -> None:
        self._take(())
        self._redraw()

    @on(OptionList.OptionSelected)
    def do_confirm(self) -> None:
        names = tuple(name for name in self._order if name in self._shown)
        own = () if names == tuple(column.name for column in COLUMNS) else names
        self.close(TableShape(own, self._sort, self._ascending))

    def _take(self, names: Sequence[str]) -> None:
        self._shown = list(names) or [column.name for column in COLUMNS]
        self._order = [*self._shown, *(column.name for column in ALL if column.name not in self._shown)]

    def _move(self, step: int) -> None:
        name = self.lines.cursor_id
        if name is None:
            return
        here = self._order.index(name)
        there = max(0, min(len(self._order) - 1, here + step))
        self._order[here], self._order[there] = self._order[there], self._order[here]
        self._redraw()

    def _redraw(self) -> None:
        here = self.lines.cursor_id
        self.lines.show([(name, self._line(name)) for name in self._order])
        if here is not None:
            self.lines.highlighted = self._order.index(here)

    def _line(self, name: str) -> Content:
        arrow = ""
        if name == SORTED_BY[self._sort]:
            arrow = "  sorted ↑" if self._ascending else "  sorted ↓"
        return Content(f"[{'x' if name in self._shown else ' '}] {BY_NAME[name].title}{arrow}")
