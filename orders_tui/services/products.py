"""The product master, and the SKUs that are mapped to it."""

from __future__ import annotations

from collections.abc import Sequence

from engine.actors import Actor
from engine.database.connection import Database
from engine.identifiers import OrderId
from engine.inventory import aliases, listings, product_master
from engine.inventory.listings import ListingView
from engine.inventory.product_card import ProductChange, ProductView
from engine.orders.views import ChangeOutcome
from engine.workflow.failures import retry
from orders_tui.services.door import Door, lost_is_unreachable

_BATCH = 200  # failed orders retried in one transaction


class Products:
    """What the house knows of its products, changed by one person."""

    def __init__(self, database: Database, actor: Actor, door: Door) -> None:
        self._database, self._actor, self._door = database, actor, door

    async def list(self, search: str = "", *, limit: int = 200) -> Sequence[ProductView]:
        """Products by SKU; `search` is the beginning of a SKU."""
        with lost_is_unreachable():
            return await product_master.list_products(self._database, search, limit=limit)

    async def show(self, sku: str) -> ProductView:
        """The product with this SKU, or the one it is mapped to. Raises NotFound."""
        with lost_is_unreachable():
            return await product_master.show_product(self._database, sku)

    async def set(self, sku: str, change: ProductChange) -> ProductView:
        """Add a product, or change what is given of it. Raises Refused, NotFound."""
        return await self._door.write(product_master.set_product(self._database, sku, change, actor=self._actor))

    async def map(self, sku: str, product_sku: str, *, retry_failed: bool = True) -> Sequence[ChangeOutcome]:
        """Let `sku` mean this product, and send the orders on that failed for it. Raises NotFound, Refused."""

        async def mend() -> Sequence[ChangeOutcome]:
            await aliases.map_sku(self._database, sku, product_sku, actor=self._actor)
            return await self._retry(sku) if retry_failed else []

        return await self._door.write(mend())

    async def unmap(self, sku: str) -> None:
        """Let `sku` mean no product any more. Raises NotFound."""
        await self._door.write(aliases.unmap_sku(self._database, sku, actor=self._actor))

    async def listings(self, search: str = "", *, unmatched: bool = False, limit: int = 1000) -> Sequence[ListingView]:
        """What the shops list, by SKU; with `unmatched` what no product answers for."""
        with lost_is_unreachable():
            return await listings.list_listings(self._database, search, unmatched=unmatched, limit=limit)

    async def import_from_shop(self) -> Sequence[str]:
        """Add every listed SKU that the master lacks. Answers them."""
        return await self._door.write(listings.import_from_shop(self._database, actor=self._actor))

    async def _retry(self, sku: str) -> Sequence[ChangeOutcome]:
        outcomes: dict[OrderId, ChangeOutcome] = {}
        while failed := await aliases.failed_for(self._database, sku, limit=_BATCH):
            if outcomes.keys() & set(failed):  # they failed again for the same SKU, or were refused: no endless round
                break
            done = await retry(self._database, failed, actor=self._actor, reason=f"{sku} is mapped now")
            outcomes |= {outcome.order_id: outcome for outcome in done}
        return list(outcomes.values())
