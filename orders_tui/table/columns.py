"""Columns as data: what each shows, how wide it is, and which give way when there is little room; those of the orders table."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from engine.orders.views import OrderRow
from orders_tui.formatting import deadline, fit, is_unshipped, moment, money, state_words, words
from orders_tui.state import Viewer

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """`width` is in cells; a flexible column takes what is left over and never less. Low `rank`s stay longest."""

    name: str
    title: str
    width: int
    rank: int
    text: Callable[[Row, Viewer], str]
    right: bool = False
    flexible: bool = False
    style: Callable[[Row, Viewer], str] | None = None
    """The name of the style its text is drawn in (a component class of the list, without its prefix); empty for none."""


# What changes stands on the left, where a repainted line is cheapest and the eye is.
COLUMNS: tuple[Column[OrderRow], ...] = (
    Column("status", "status", 10, 1, lambda row, _: row.order_status),
    Column("state", "state", 13, 1, lambda row, _: state_words(row)),
    Column(
        "ship_by",
        "ship by",
        8,
        1,
        lambda row, viewer: deadline(row.ship_by if is_unshipped(row) else None, viewer),
        right=True,
    ),
    Column("order_number", "order", 18, 1, lambda row, _: row.order_number),
    Column("customer", "customer", 18, 3, lambda row, _: row.customer_name),
    Column("items", "items", 9, 1, lambda row, _: row.items_summary, flexible=True),
    Column("total", "total", 12, 2, lambda row, _: money(row.total_amount, row.currency), right=True),
    Column("ordered", "ordered", 12, 4, lambda row, viewer: moment(row.order_date, viewer), right=True),
    Column("tracking", "tracking", 22, 5, lambda row, _: row.tracking_number),
    Column("payment", "payment", 9, 6, lambda row, _: words(row.payment_status)),
    Column("tags", "tags", 18, 7, lambda row, _: " ".join(row.tags)),
)

MARK_CELLS = 2
"""The mark and the space after it, left of the first column."""


@dataclass(frozen=True, slots=True)
class Layout(Generic[Row]):
    """The columns that fit a width, the flexible one already stretched."""

    columns: tuple[Column[Row], ...]
    width: int

    def cells(self, row: Row, viewer: Viewer) -> tuple[str, ...]:
        """The row's texts, each exactly as wide as its column."""
        return tuple(fit(column.text(row, viewer), column.width, right=column.right) for column in self.columns)

    def reach(self, names: Collection[str]) -> int:
        """How many cells from the left edge of the line it is to the end of the last of these columns."""
        end = reach = MARK_CELLS
        for column in self.columns:
            end += column.width
            if column.name in names:
                reach = end
            end += 1
        return reach

    def titles(self) -> str:
        """The header line, without the room for marks."""
        return " ".join(fit(column.title, column.width, right=column.right) for column in self.columns)


def layout_for(width: int, columns: Iterable[Column[Row]]) -> Layout[Row]:
    """The columns that fit `width` cells: by rank, then in their order, until the next one would not fit."""
    everything = tuple(columns)
    room = width - MARK_CELLS
    chosen: set[str] = set()
    for column in sorted(everything, key=lambda column: column.rank):
        needed = column.width + (1 if chosen else 0)
        if needed > room:
            break
        chosen.add(column.name)
        room -= needed
    kept = [column for column in everything if column.name in chosen]
    stretched = [replace(column, width=column.width + room) if column.flexible else column for column in kept]
    return Layout(tuple(stretched), width)
