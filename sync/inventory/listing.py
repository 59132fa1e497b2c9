"""What a shop lists: products changed since the cursor, and its warehouses, into `listings` and `warehouses`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from engine.errors import Terminal
from engine.inventory.listings import ListingFact, WarehouseStock, store_listings
from engine.inventory.warehouses import WarehouseFact, store_warehouses
from engine.orders import polls
from engine.orders.polls import Poll
from sync.tiktok.calls.paging import RawRow
from sync.tiktok.connected import ConnectedShop
from sync.tiktok.reading import objects, text, whole

if TYPE_CHECKING:
    from engine.database.connection import Database

TOO_MANY = "tiktok.too_many_hits"

_BEGINNING = datetime(2021, 1, 1, tzinfo=UTC)
"""Before the first product of TikTok Shop."""

_NARROWEST = timedelta(seconds=2)


async def read_shop(
    database: Database, poll: Poll, shop: ConnectedShop, *, overlap_seconds: float, end: datetime
) -> int:
    """Read what the shop lists, as far as it changed since the cursor, until `end`; the cursor moves with it. Answers how many SKUs.

    Warehouses are read first, so that a shop's first stock finds its location.
    """
    warehouses = await shop.logistics.warehouses()
    facts = [WarehouseFact(each.warehouse_id, each.name, each.is_default) for each in warehouses]
    await database.run(lambda connection: store_warehouses(connection, poll.shop_id, facts))
    begin = poll.cursor - timedelta(seconds=overlap_seconds) if poll.cursor else _BEGINNING
    return await _window(database, poll, shop, begin, end)


async def _window(database: Database, poll: Poll, shop: ConnectedShop, begin: datetime, end: datetime) -> int:
    """One window, or where too much is in it both halves of it, the older one first."""
    found = 0
    try:
        async for page in shop.products.search(update_time_ge=begin, update_time_le=end):
            found += await _store(database, poll, page, None)
    except Terminal as error:
        if error.code != TOO_MANY or end - begin < _NARROWEST:
            raise
        middle = begin + (end - begin) / 2
        return await _window(database, poll, shop, begin, middle) + await _window(database, poll, shop, middle, end)
    await _store(database, poll, (), end)
    return found


async def _store(database: Database, poll: Poll, rows: Sequence[RawRow], reached: datetime | None) -> int:
    facts = [fact for row in rows for fact in listing_facts(row)]

    async def write(connection: Any) -> None:
        await store_listings(connection, poll.shop_id, facts)
        if reached is not None:
            await polls.reach(connection, polls.Reached(poll, reached))

    await database.run(write)
    return len(facts)


def listing_facts(product: RawRow) -> list[ListingFact]:
    """One product's SKUs, read tolerantly; a SKU without an id says nothing."""
    updated = whole(product, "update_time")
    facts = []
    for sku in objects(product, "skus"):
        sku_id = text(sku, "id")
        stock = tuple(
            WarehouseStock(sku_id, text(place, "warehouse_id"), whole(place, "quantity"))
            for place in objects(sku, "inventory")
        )
        facts.append(
            ListingFact(
                tiktok_product_id=text(product, "id"),
                tiktok_sku_id=sku_id,
                seller_sku=text(sku, "seller_sku").strip(),
                title=text(product, "title"),
                status=text(product, "status"),
                updated_at=datetime.fromtimestamp(updated, UTC) if updated else None,
                stock=stock,
            )
        )
    return [fact for fact in facts if fact.tiktok_sku_id]
