"""Stock and its movements as lists of any length, and what is behind one product's stock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from engine.database.connection import Database
from engine.database.newest_first import StoryPage, TimeKey
from engine.identifiers import OrderId
from engine.inventory import movements, stock_list
from engine.inventory.movements import Movement
from engine.inventory.stock_card import StockCard, stock_card
from engine.inventory.stock_lines import StockFilter, StockId, StockKey, StockLine, StockPage
from engine.inventory.waited import Shelf, Waited, waited_for, waiting_orders
from engine.orders.views import Count
from orders_tui.services.door import lost_is_unreachable

COUNT_CAP = 1000
"""Up to here a count is exact at once."""


class StockLists:
    """Reads for the Inventory screen. `waited` is what `waited()` answered: what the lines and the filters say of waiting orders."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def waited(self) -> Mapping[Shelf, Waited]:
        """What orders wait for, by product and location."""
        with lost_is_unreachable():
            return await waited_for(self._database.pool)

    async def waiting_orders(self, product_id: UUID) -> list[OrderId]:
        """The orders that wait for a product, the nearest ship-by first."""
        with lost_is_unreachable():
            return await waiting_orders(self._database.pool, product_id)

    async def page(
        self,
        wanted: StockFilter,
        waited: Mapping[Shelf, Waited],
        *,
        after: StockKey | None = None,
        before: StockKey | None = None,
        limit: int,
    ) -> StockPage:
        """Up to `limit` lines right after or before a key."""
        with lost_is_unreachable():
            return await stock_list.page(self._database, wanted, waited, after=after, before=before, limit=limit)

    async def lines(
        self, wanted: StockFilter, waited: Mapping[Shelf, Waited], ids: Sequence[StockId]
    ) -> list[StockLine]:
        """These lines as they are now."""
        with lost_is_unreachable():
            return await stock_list.rows(self._database, wanted, ids, waited)

    async def count(self, wanted: StockFilter, waited: Mapping[Shelf, Waited], *, exact: bool) -> Count:
        """How many lines match."""
        with lost_is_unreachable():
            return await stock_list.count(self._database, wanted, waited, cap=None if exact else COUNT_CAP)

    async def anchors(self, wanted: StockFilter, waited: Mapping[Shelf, Waited], *, every: int) -> list[StockKey]:
        """The keys of lines 0, `every`, 2·`every` …"""
        with lost_is_unreachable():
            return await stock_list.anchors(self._database, wanted, waited, every=every)

    async def product_of(self, code: str) -> UUID | None:
        """The product that a scanned barcode or a SKU is."""
        with lost_is_unreachable():
            return await stock_list.find_by_code(self._database, code)

    async def shelf_of(self, product_id: UUID) -> StockId | None:
        """The first line of a product in the whole list."""
        with lost_is_unreachable():
            return await stock_list.first_line(self._database, product_id)

    async def card(self, product_id: UUID) -> StockCard:
        """Everything about one product's stock. Raises NotFound."""
        with lost_is_unreachable():
            return await stock_card(self._database, product_id)

    async def movements(
        self,
        product_id: UUID,
        *,
        after: TimeKey | None = None,
        before: TimeKey | None = None,
        limit: int,
    ) -> StoryPage[Movement]:
        """A product's movements, newest first."""
        with lost_is_unreachable():
            return await movements.page(self._database, product_id, after=after, before=before, limit=limit)

    async def movement_rows(self, ids: Sequence[UUID]) -> list[Movement]:
        """These movements as they are now."""
        with lost_is_unreachable():
            return await movements.rows(self._database, ids)

    async def count_movements(self, product_id: UUID, *, exact: bool) -> Count:
        """How many movements a product has."""
        with lost_is_unreachable():
            return await movements.STORY.count(self._database.pool, product_id, cap=None if exact else COUNT_CAP)

    async def movement_anchors(self, product_id: UUID, *, every: int) -> list[TimeKey]:
        """The keys of movements 0, `every`, 2·`every` …"""
        with lost_is_unreachable():
            return await movements.STORY.anchors(self._database.pool, product_id, every=every)

    async def movements_after(self, product_id: UUID, key: TimeKey) -> int:
        """How many movements came after this one."""
        with lost_is_unreachable():
            return await movements.STORY.newer_than(self._database.pool, product_id, key)
