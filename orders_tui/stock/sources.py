"""Where the lines of the stock screens come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from engine.database.newest_first import StoryPage, TimeKey
from engine.inventory.counts import CountLine, CountSheet
from engine.inventory.movements import Movement
from engine.inventory.stock_lines import StockFilter, StockId, StockKey, StockLine, StockPage
from engine.inventory.stock_list import NOTHING_WAITED
from engine.inventory.waited import Shelf, Waited
from engine.orders.views import Count
from orders_tui.services import Services


class StockSource:
    """The stock list, narrowed. What orders wait for is read when the list is opened and whenever its lines are refreshed."""

    ascending = True

    def __init__(self, services: Services, wanted: StockFilter) -> None:
        self._lists = services.stock_lists
        self._wanted = wanted
        self._waited: Mapping[Shelf, Waited] = NOTHING_WAITED
        self._read = False

    async def page(self, *, after: StockKey | None = None, before: StockKey | None = None, limit: int) -> StockPage:
        if not self._read:
            self._waited, self._read = await self._lists.waited(), True
        return await self._lists.page(self._wanted, self._waited, after=after, before=before, limit=limit)

    async def count(self, *, exact: bool) -> Count:
        return await self._lists.count(self._wanted, self._waited, exact=exact)

    async def anchors(self, *, every: int) -> list[StockKey]:
        return await self._lists.anchors(self._wanted, self._waited, every=every)

    async def rows(self, row_ids: Sequence[StockId]) -> list[StockLine]:
        return await self._lists.lines(self._wanted, self._waited, row_ids) if row_ids else []

    async def refreshed(self, row_ids: Sequence[StockId]) -> list[StockLine]:
        """These lines as they are now, with what orders wait for now."""
        self._waited = await self._lists.waited()
        return await self.rows(row_ids)

    async def newer_than(self, key: StockKey) -> int:
        return 0  # the list is sorted by name: nothing is on top because it is new

    async def key(self, row_id: StockId) -> StockKey | None:
        found = await self.rows([row_id])
        return found[0].key if found else None


class MovementSource:
    """One product's movements, newest first."""

    ascending = False

    def __init__(self, services: Services, product_id: UUID) -> None:
        self._lists = services.stock_lists
        self._product_id = product_id

    async def page(
        self, *, after: TimeKey | None = None, before: TimeKey | None = None, limit: int
    ) -> StoryPage[Movement]:
        return await self._lists.movements(self._product_id, after=after, before=before, limit=limit)

    async def count(self, *, exact: bool) -> Count:
        return await self._lists.count_movements(self._product_id, exact=exact)

    async def anchors(self, *, every: int) -> list[TimeKey]:
        return await self._lists.movement_anchors(self._product_id, every=every)

    async def rows(self, row_ids: Sequence[UUID]) -> list[Movement]:
        return await self._lists.movement_rows(row_ids) if row_ids else []

    async def newer_than(self, key: TimeKey) -> int:
        return await self._lists.movements_after(self._product_id, key)

    async def key(self, row_id: UUID) -> TimeKey | None:
        found = await self.rows([row_id])
        return found[0].key if found else None


@dataclass(frozen=True, slots=True)
class SheetKey:
    """A line's place on its sheet."""

    number: int
    row_id: str

    @property
    def place(self) -> int:
        return self.number


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One line of a count."""

    line: CountLine
    key: SheetKey

    @property
    def row_id(self) -> str:
        return self.line.sku


@dataclass(frozen=True, slots=True)
class SheetPage:
    """A window of a sheet."""

    rows: tuple[SheetRow, ...]
    more_after: bool


class SheetSource:
    """The lines of a count that has been read whole, in the order in which the shelves are walked."""

    ascending = True

    def __init__(self, sheet: CountSheet) -> None:
        self.all = tuple(SheetRow(line, SheetKey(number, line.sku)) for number, line in enumerate(sheet.lines))

    async def page(self, *, after: SheetKey | None = None, before: SheetKey | None = None, limit: int) -> SheetPage:
        start = after.number + 1 if after else max(0, before.number - limit) if before else 0
        end = min(len(self.all), before.number if before else start + limit)
        return SheetPage(self.all[start:end], end < len(self.all))

    async def count(self, *, exact: bool) -> Count:
        return Count(len(self.all), exact=True)

    async def anchors(self, *, every: int) -> list[SheetKey]:
        return [row.key for row in self.all[::every]]

    async def rows(self, row_ids: Sequence[str]) -> list[SheetRow]:
        wanted = set(row_ids)
        return [row for row in self.all if row.row_id in wanted]

    async def newer_than(self, key: SheetKey) -> int:
        return 0

    async def key(self, row_id: str) -> SheetKey | None:
        return next((row.key for row in self.all if row.row_id == row_id), None)
