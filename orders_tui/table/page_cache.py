"""A window on a list of any length: rows are read page by page by their keys and asked for by row number.

A list is opened once; what arrives later changes no row's number until it is opened again. Every `page_rows`-th key (an
anchor) is read in the background, so that the row at any number, in a list of any length, is one short query away.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from engine.orders.views import Count

PAGE_ROWS = 100
COUNT_PATIENCE_SECONDS = 0.015
"""How long the first rows wait for their count."""
KEPT_PAGES = 50


class RowKey(Protocol):
    """Where a row stands in its list; `place` compares as the list is sorted upwards."""

    @property
    def row_id(self) -> Any: ...

    @property
    def place(self) -> Any: ...


class KeyedRow(Protocol):
    """A row of any list: a frozen dataclass with a permanent id and the key it was read at."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def row_id(self) -> Any: ...

    @property
    def key(self) -> Any: ...


Row = TypeVar("Row", bound=KeyedRow)
Row_co = TypeVar("Row_co", bound=KeyedRow, covariant=True)


class Page(Protocol[Row_co]):
    """A window of rows in sort order; `more_after` says whether the list goes on."""

    @property
    def rows(self) -> Sequence[Row_co]: ...

    @property
    def more_after(self) -> bool: ...


class PageSource(Protocol[Row_co]):
    """A sorted list that can be read from either side of a key."""

    ascending: bool

    async def page(self, *, after: Any = None, before: Any = None, limit: int) -> Page[Row_co]: ...

    async def count(self, *, exact: bool) -> Count: ...

    async def anchors(self, *, every: int) -> Sequence[Any]: ...

    async def rows(self, row_ids: Sequence[Any]) -> Sequence[Row_co]: ...

    async def newer_than(self, key: Any) -> int: ...

    async def key(self, row_id: Any) -> Any: ...


class PageCache(Generic[Row]):
    """The rows of one opened list. `total` is its length, at least that many while `exact` is False."""

    def __init__(self, source: PageSource[Row], *, page_rows: int = PAGE_ROWS, kept_pages: int = KEPT_PAGES) -> None:
        self.source = source
        self.page_rows = page_rows
        self.total = 0
        self.exact = False
        self.anchors: Sequence[Any] = ()
        self.top: RowKey | None = None
        """The first row's key when the list was opened; whatever sorts before it is new."""
        self._kept_pages = kept_pages
        self._pages: OrderedDict[int, list[Row]] = OrderedDict()
        self._numbers: dict[Hashable, int] = {}
        self._wanted: set[int] = set()
        self._loading: set[int] = set()

    # ------------------------------------------------------------------ opening

    async def open(self) -> None:
        """Read the first page and, if that is told at once, how many rows there are."""
        first = await self.source.page(limit=self.page_rows)
        self.top = first.rows[0].key if first.rows else None
        if first.more_after:
            self.total, self.exact = len(first.rows) + 1, False
            # A count that takes its time is made by `measure`, when the first rows are on screen.
            with suppress(TimeoutError):
                async with asyncio.timeout(COUNT_PATIENCE_SECONDS):
                    count = await self.source.count(exact=False)
                self.total, self.exact = max(count.number, len(first.rows) + 1), count.exact
        else:
            self.total, self.exact = len(first.rows), True
        self._keep(0, list(first.rows))

    async def measure(self) -> None:
        """Read the exact length and the anchors; a list of one page needs neither."""
        if self.total <= len(self._pages.get(0, ())) and self.exact:
            return
        self.anchors = await self.source.anchors(every=self.page_rows)
        if not self.exact:
            self.total, self.exact = (await self.source.count(exact=True)).number, True

    # ------------------------------------------------------------------ rows by number

    def row(self, number: int) -> Row | None:
        """The row at `number`, or None while it is being fetched; asking is what makes its page wanted."""
        index = number // self.page_rows
        page = self._pages.get(index)
        if page is None:
            if 0 <= number < self.total and index not in self._loading:
                self._wanted.add(index)
            return None
        self._pages.move_to_end(index)
        offset = number % self.page_rows
        return page[offset] if offset < len(page) else None

    def number_of(self, row_id: Hashable) -> int | None:
        """The number of the row with this id, if its page is here."""
        return self._numbers.get(row_id)

    @property
    def loaded(self) -> list[Row]:
        """Every row that is here, by row number."""
        return [row for index in sorted(self._pages) for row in self._pages[index]]

    @property
    def wants(self) -> bool:
        return bool(self._wanted)

    async def load_wanted(self) -> bool:
        """Fetch the wanted pages that can be reached; True if any came. Others wait for a neighbour or the anchors."""
        came = False
        for index in sorted(self._wanted):
            if index in self._loading:
                continue
            self._loading.add(index)
            try:
                rows = await self._read(index)
                if rows is not None:
                    self._keep(index, rows)
                    self._wanted.discard(index)
                    came = True
            finally:
                self._loading.discard(index)
        return came

    async def _read(self, index: int) -> list[Row] | None:
        """One page from the nearest known key; a neighbour's is best: nothing is doubled or skipped where they meet."""
        previous, following = self._pages.get(index - 1), self._pages.get(index + 1)
        if previous and len(previous) == self.page_rows:
            return list((await self.source.page(after=previous[-1].key, limit=self.page_rows)).rows)
        before = following[0].key if following else None
        if before is None and index + 1 < len(self.anchors):
            before = self.anchors[index + 1]
        if before is not None:
            return list((await self.source.page(before=before, limit=self.page_rows)).rows)
        if index < len(self.anchors):
            # The last page has no key after it: its first row is the anchor itself.
            anchor = self.anchors[index]
            first = [replace(row, key=anchor) for row in await self.source.rows([anchor.row_id])]
            rest = await self.source.page(after=anchor, limit=self.page_rows - 1)
            return [*first, *rest.rows]
        return list((await self.source.page(limit=self.page_rows)).rows) if index == 0 else None

    def _keep(self, index: int, rows: list[Row]) -> None:
        self._pages[index] = rows
        for offset, row in enumerate(rows):
            self._numbers[row.row_id] = index * self.page_rows + offset
        while len(self._pages) > self._kept_pages:
            dropped, old = self._pages.popitem(last=False)
            for row in old:
                if self._numbers.get(row.row_id, -1) // self.page_rows == dropped:
                    del self._numbers[row.row_id]

    # ------------------------------------------------------------------ changes

    def replace(self, row: Row) -> tuple[int, Row] | None:
        """Put a newer version of a row in its old place: its number and what stood there, or None if it is not here."""
        number = self._numbers.get(row.row_id)
        if number is None:
            return None
        page, offset = self._pages[number // self.page_rows], number % self.page_rows
        old = page[offset]
        # The key stays: it says where the row stands in this opening of the list, not where it would stand now.
        page[offset] = replace(row, key=old.key)
        return number, old

    async def count_new(self) -> int:
        """How many rows the list would show on top of the present ones if it were opened again."""
        if self.top is None:
            return (await self.source.count(exact=False)).number
        above = await self.source.newer_than(self.top)
        if above or not self.exact:
            return above
        count = await self.source.count(exact=False)
        return max(0, count.number - self.total) if count.exact else 0

    async def locate(self, row_id: Hashable) -> int | None:
        """The number of this row, else of the row nearest to its place; None while no anchor can tell."""
        if (number := self._numbers.get(row_id)) is not None:
            return number
        key = await self.source.key(row_id)
        if key is None or not self.total:
            return 0
        wanted = self._sorted(key)
        first = self._pages.get(0, [])
        if first and (len(first) == self.total or wanted < self._sorted(first[-1].key)):
            index = 0
        elif self.anchors:
            index = max(0, bisect_left([self._sorted(anchor) for anchor in self.anchors], wanted))
            index -= index == len(self.anchors) or self.anchors[index] != key
        else:
            return None
        if index not in self._pages:
            self._wanted.add(index)
            await self.load_wanted()
        if (number := self._numbers.get(row_id)) is not None:
            return number
        keys = [self._sorted(row.key) for row in self._pages.get(index, [])]
        return min(self.total - 1, index * self.page_rows + bisect_left(keys, wanted))

    def _sorted(self, key: RowKey) -> _Place:
        return _Place(key.place, ascending=self.source.ascending)


class _Place:
    """A key that compares in the list's own direction."""

    __slots__ = ("ascending", "value")

    def __init__(self, value: Any, *, ascending: bool) -> None:
        self.value = value
        self.ascending = ascending

    def __lt__(self, other: _Place) -> bool:
        return bool(self.value < other.value if self.ascending else other.value < self.value)
