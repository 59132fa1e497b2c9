"""A window on a list of any length: rows are read page by page by their keys and asked for by row number.

A list is opened once; what arrives later changes no row's number until it is opened again. Every `page_rows`-th key (an
anchor) is read in the background, so that the row at any number, in a list of any length, is one short query away.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Protocol

from engine.identifiers import OrderId
from engine.orders.views import Count, OrderKey, OrderPage, OrderRow

PAGE_ROWS = 200
KEPT_PAGES = 25


class PageSource(Protocol):
    """A sorted list of orders that can be read from either side of a key."""

    ascending: bool

    async def page(self, *, after: OrderKey | None = None, before: OrderKey | None = None, limit: int) -> OrderPage: ...

    async def count(self, *, exact: bool) -> Count: ...

    async def anchors(self, *, every: int) -> list[OrderKey]: ...

    async def rows(self, order_ids: Sequence[OrderId]) -> list[OrderRow]: ...

    async def newer_than(self, key: OrderKey) -> int: ...

    async def key(self, order_id: OrderId) -> OrderKey | None: ...


class PageCache:
    """The rows of one opened list. `total` is its length, at least that many while `exact` is False."""

    def __init__(self, source: PageSource, *, page_rows: int = PAGE_ROWS, kept_pages: int = KEPT_PAGES) -> None:
        self.source = source
        self.page_rows = page_rows
        self.total = 0
        self.exact = False
        self.anchors: list[OrderKey] = []
        self.top: OrderKey | None = None
        """The first row's key when the list was opened; whatever sorts before it is new."""
        self._kept_pages = kept_pages
        self._pages: OrderedDict[int, list[OrderRow]] = OrderedDict()
        self._numbers: dict[OrderId, int] = {}
        self._wanted: set[int] = set()
        self._loading: set[int] = set()

    # ------------------------------------------------------------------ opening

    async def open(self) -> None:
        """Read the first page and how many rows there are, counted up to a cap."""
        first = await self.source.page(limit=self.page_rows)
        self.top = first.rows[0].key if first.rows else None
        if first.more_after:
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

    def row(self, number: int) -> OrderRow | None:
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

    def number_of(self, order_id: OrderId) -> int | None:
        """The row number of an order, if its page is here."""
        return self._numbers.get(order_id)

    @property
    def loaded(self) -> list[OrderRow]:
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

    async def _read(self, index: int) -> list[OrderRow] | None:
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
            first = [replace(row, key=anchor) for row in await self.source.rows([anchor.order_id])]
            rest = await self.source.page(after=anchor, limit=self.page_rows - 1)
            return [*first, *rest.rows]
        return list((await self.source.page(limit=self.page_rows)).rows) if index == 0 else None

    def _keep(self, index: int, rows: list[OrderRow]) -> None:
        self._pages[index] = rows
        for offset, row in enumerate(rows):
            self._numbers[row.order_id] = index * self.page_rows + offset
        while len(self._pages) > self._kept_pages:
            dropped, old = self._pages.popitem(last=False)
            for row in old:
                if self._numbers.get(row.order_id, -1) // self.page_rows == dropped:
                    del self._numbers[row.order_id]

    # ------------------------------------------------------------------ changes

    def replace(self, row: OrderRow) -> tuple[int, OrderRow] | None:
        """Put a newer version of a row in its old place: its number and what stood there, or None if it is not here."""
        number = self._numbers.get(row.order_id)
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

    async def locate(self, order_id: OrderId) -> int | None:
        """The number of this order's row, else of the row nearest to its place; None while no anchor can tell."""
        if (number := self._numbers.get(order_id)) is not None:
            return number
        key = await self.source.key(order_id)
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
        if (number := self._numbers.get(order_id)) is not None:
            return number
        keys = [self._sorted(row.key) for row in self._pages.get(index, [])]
        return min(self.total - 1, index * self.page_rows + bisect_left(keys, wanted))

    def _sorted(self, key: OrderKey) -> _Place:
        value = key.value
        if isinstance(value, datetime) and value.tzinfo is None:
            value = value.replace(tzinfo=UTC)  # the database's `infinity` comes without a zone
        return _Place((value, key.order_id.int), ascending=self.source.ascending)


class _Place:
    """A key that compares in the list's own direction."""

    __slots__ = ("ascending", "value")

    def __init__(self, value: tuple[Any, int], *, ascending: bool) -> None:
        self.value = value
        self.ascending = ascending

    def __lt__(self, other: _Place) -> bool:
        return self.value < other.value if self.ascending else other.value < self.value
