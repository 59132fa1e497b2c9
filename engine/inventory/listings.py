"""What each shop lists on its channel, matched with the product master by SKU and alias, and the way into the master for the rest.

A listing is matched when it is looked at, never stored as matched: a SKU that is mapped or added a minute later is known at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.actors import Actor
from engine.database.connection import Connection
from engine.identifiers import DEFAULT_CREATOR, ShopId, UserId, new_id
from engine.inventory.products import ProductEntry, put_products
from engine.orders.plain_text import plain

if TYPE_CHECKING:
    from engine.database.connection import Database

MATCHED = """LEFT JOIN product_aliases a ON a.user_id = s.user_id AND a.sku = l.seller_sku
LEFT JOIN products p ON p.user_id = s.user_id AND p.sku = coalesce(a.product_sku, l.seller_sku) AND l.seller_sku <> ''"""
"""The joins that find the product `p` of a listing `l` of a shop `s`."""

# A listing that changed there may take stock again, whatever was refused before.
_UPSERT = """
INSERT INTO listings (id, shop_id, tiktok_product_id, tiktok_sku_id, seller_sku, title, status, channel_updated_at)
SELECT d.id, $1, d.product, d.sku, d.seller_sku, d.title, d.status, d.updated
FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[])
  AS d(id, product, sku, seller_sku, title, status, updated)
ORDER BY d.sku
ON CONFLICT (shop_id, tiktok_sku_id) DO UPDATE
SET tiktok_product_id = excluded.tiktok_product_id, seller_sku = excluded.seller_sku, title = excluded.title,
    status = excluded.status, channel_updated_at = excluded.channel_updated_at, seen_at = now(),
    refusal = CASE WHEN excluded.channel_updated_at > listings.channel_updated_at THEN '' ELSE listings.refusal END
WHERE listings.channel_updated_at IS NULL OR excluded.channel_updated_at >= listings.channel_updated_at
"""

_GONE = """
UPDATE listings SET status = 'GONE', seen_at = now()
WHERE shop_id = $1 AND tiktok_product_id = ANY($2::text[]) AND tiktok_sku_id <> ALL($3::text[]) AND status <> 'GONE'
"""

_STOCK = """
INSERT INTO listing_stock (listing_id, warehouse_id, channel_quantity, channel_committed, read_at)
SELECT l.id, d.warehouse, d.quantity, d.committed, now()
FROM unnest($2::text[], $3::text[], $4::int[], $5::int[]) AS d(sku, warehouse, quantity, committed)
JOIN listings l ON l.shop_id = $1 AND l.tiktok_sku_id = d.sku
ORDER BY l.id, d.warehouse
ON CONFLICT (listing_id, warehouse_id) DO UPDATE
SET channel_quantity = excluded.channel_quantity,
    channel_committed = coalesce(excluded.channel_committed, listing_stock.channel_committed), read_at = now()
"""

_LIST = f"""
SELECT s.name AS shop, l.tiktok_product_id, l.tiktok_sku_id, l.seller_sku, l.title, l.status, l.refusal, p.sku AS product_sku,
       (SELECT coalesce(jsonb_object_agg(t.warehouse_id, t.channel_quantity), '{{}}') FROM listing_stock t
        WHERE t.listing_id = l.id) AS stock
FROM listings l JOIN shops s ON s.id = l.shop_id
{MATCHED}
WHERE (NOT $1 OR p.id IS NULL) AND l.status <> 'GONE' AND ($2 = '' OR starts_with(lower(l.seller_sku), lower($2)))
ORDER BY l.seller_sku, s.name, l.tiktok_sku_id LIMIT $3
"""  # noqa: S608

_MISSING = f"""
SELECT DISTINCT ON (l.seller_sku) l.seller_sku, l.title
FROM listings l JOIN shops s ON s.id = l.shop_id
{MATCHED}
WHERE s.user_id = $1 AND p.id IS NULL AND l.seller_sku <> '' AND l.status NOT IN ('GONE', 'DELETED')
  AND ($2::uuid IS NULL OR s.id = $2)
ORDER BY l.seller_sku, l.channel_updated_at DESC LIMIT 1000
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class WarehouseStock:
    """What the channel says it has of one SKU in one warehouse; `committed` None where it was not told."""

    tiktok_sku_id: str
    warehouse_id: str
    available: int
    committed: int | None = None


@dataclass(frozen=True, slots=True)
class ListingFact:
    """One SKU of one product, as the channel shows it at `updated_at`."""

    tiktok_product_id: str
    tiktok_sku_id: str
    seller_sku: str
    title: str
    status: str
    updated_at: datetime | None
    stock: tuple[WarehouseStock, ...] = ()


@dataclass(frozen=True, slots=True)
class ListingView:
    """A listing, for people. `product_sku` is empty while nothing in the master matches it."""

    shop: str
    tiktok_product_id: str
    tiktok_sku_id: str
    seller_sku: str
    title: str
    status: str
    refusal: str
    product_sku: str
    stock: dict[str, int]
    """By warehouse, as the channel last said."""


async def store_listings(connection: Connection, shop_id: ShopId, facts: Sequence[ListingFact]) -> None:
    """Keep what the channel shows; each product's facts are all of its SKUs, and others of it are gone."""
    if not facts:
        return
    latest = {fact.tiktok_sku_id: fact for fact in facts}
    facts = list(latest.values())
    await connection.execute(
        _UPSERT,
        shop_id,
        [new_id() for _ in facts],
        [fact.tiktok_product_id for fact in facts],
        [fact.tiktok_sku_id for fact in facts],
        [fact.seller_sku[:200] for fact in facts],
        [plain(fact.title)[:300] for fact in facts],
        [fact.status for fact in facts],
        [fact.updated_at for fact in facts],
    )
    products = sorted({fact.tiktok_product_id for fact in facts})
    await connection.execute(_GONE, shop_id, products, list(latest))
    await store_stock(connection, shop_id, [row for fact in facts for row in fact.stock])


async def store_stock(connection: Connection, shop_id: ShopId, rows: Sequence[WarehouseStock]) -> None:
    """Keep what the channel says it has."""
    latest = {(row.tiktok_sku_id, row.warehouse_id): row for row in rows}
    await connection.execute(
        _STOCK,
        shop_id,
        [sku for sku, _ in latest],
        [warehouse for _, warehouse in latest],
        [row.available for row in latest.values()],
        [row.committed for row in latest.values()],
    )


async def list_listings(
    database: Database, search: str = "", *, unmatched: bool = False, limit: int = 1000
) -> list[ListingView]:
    """Listings by SKU; with `unmatched` those that no product answers for."""
    rows: list[Any] = await database.pool.fetch(_LIST, unmatched, search.strip(), limit)
    return [
        ListingView(
            shop=plain(row["shop"]),
            tiktok_product_id=row["tiktok_product_id"],
            tiktok_sku_id=row["tiktok_sku_id"],
            seller_sku=plain(row["seller_sku"]),
            title=plain(row["title"]),
            status=row["status"],
            refusal=plain(row["refusal"]),
            product_sku=plain(row["product_sku"] or ""),
            stock=row["stock"],
        )
        for row in rows
    ]


async def import_from_shop(
    database: Database, *, actor: Actor, shop_id: ShopId | None = None, owner: UserId = DEFAULT_CREATOR
) -> list[str]:
    """Add a product for every listed SKU that the master lacks; its weight stays missing until somebody enters it. Answers the SKUs."""
    added: list[str] = []
    while rows := await database.pool.fetch(_MISSING, owner, shop_id):
        entries = [ProductEntry(row["seller_sku"], row["title"] or row["seller_sku"], "", None) for row in rows]
        await put_products(database, entries, actor=actor, owner=owner)
        added += [entry.sku for entry in entries]
    return added
