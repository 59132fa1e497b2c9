"""Columns as data: what each shows, how wide it is, and which give way when there is little room."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from orders_tui.formatting import fit
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


MARK_CELLS = 2
"""The mark and the space after it, left of the first column."""


@dataclass(frozen=True, slots=True)
class Layout(Generic[Row]):
    """The columns that fit a width, the flexible one already stretched."""

    columns: tuple[Column[Row], ...]
    width: int
    drawn: int
    """How many cells a line takes up to the end of its last column."""

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
    drawn = MARK_CELLS + sum(column.width for column in stretched) + max(0, len(stretched) - 1)
    return Layout(tuple(stretched), width, drawn)
