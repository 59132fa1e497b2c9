"""Other SKUs that TikTok calls a product by: mapping one mends every order that failed for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.actors import Actor
from engine.audit import chain
from engine.errors import NotFound, Refused
from engine.identifiers import DEFAULT_CREATOR, OrderId, UserId
from engine.inventory.product_card import checked_sku
from engine.orders.plain_text import plain
from engine.privacy.cipher import Vault

if TYPE_CHECKING:
    from engine.database.connection import Database

_PRODUCT = "SELECT id, sku FROM products WHERE user_id = $1 AND sku = $2 FOR NO KEY UPDATE"

_INSERT = """
INSERT INTO product_aliases (user_id, sku, product_sku) VALUES ($1, $2, $3) ON CONFLICT (user_id, sku) DO NOTHING
"""

_FAILED = """
SELECT f.order_id FROM failures f JOIN orders o ON o.id = f.order_id
WHERE f.resolved_at IS NULL AND f.fingerprint = $2 AND o.user_id = $1 ORDER BY f.order_id LIMIT $3
"""


async def map_sku(
    database: Database, sku: str, product_sku: str, *, actor: Actor, owner: UserId = DEFAULT_CREATOR
) -> None:
    """From now on `sku` means this product. Raises NotFound, or Refused when the SKU means another product already."""
    await database.run(
        lambda connection: write_mapping(connection, database.vault, sku, product_sku, actor=actor, owner=owner)
    )


async def write_mapping(
    connection: Any, vault: Vault, sku: str, product_sku: str, *, actor: Actor, owner: UserId
) -> None:
    """`map_sku` in a transaction of the caller."""
    sku = checked_sku(sku)
    product = await connection.fetchrow(_PRODUCT, owner, product_sku.strip())
    if product is None:
        raise NotFound("product.unknown", f"There is no product with the SKU {plain(product_sku)}.")
    if await connection.fetchval("SELECT true FROM products WHERE user_id = $1 AND sku = $2", owner, sku):
        raise Refused("product.not_an_alias", f"{sku} is a product of its own: it cannot be mapped to another.")
    if await connection.execute(_INSERT, owner, sku, product["sku"]) == "INSERT 0 0":
        there = await connection.fetchval(
            "SELECT product_sku FROM product_aliases WHERE user_id = $1 AND sku = $2", owner, sku
        )
        raise Refused("product.mapped", f"{sku} is mapped to {there} already: unmap it first.")
    await chain.append(connection, vault, owner, product["id"], "product.mapped", actor, None, {"alias": sku})


async def unmap_sku(database: Database, sku: str, *, actor: Actor, owner: UserId = DEFAULT_CREATOR) -> None:
    """`sku` means no product any more; orders that are reserved already keep what they have. Raises NotFound."""

    async def write(connection: Any) -> None:
        mapped = await connection.fetchval(
            "SELECT product_sku FROM product_aliases WHERE user_id = $1 AND sku = $2", owner, sku.strip()
        )
        product = await connection.fetchrow(_PRODUCT, owner, mapped) if mapped else None
        if product is None:
            raise NotFound("product.not_mapped", f"{plain(sku)} is mapped to no product.")
        await connection.execute("DELETE FROM product_aliases WHERE user_id = $1 AND sku = $2", owner, sku.strip())
        await chain.append(
            connection, database.vault, owner, product["id"], "product.unmapped", actor, {"alias": sku.strip()}, None
        )

    await database.run(write)


async def failed_for(database: Database, sku: str, *, limit: int, owner: UserId = DEFAULT_CREATOR) -> list[OrderId]:
    """Orders that failed because this SKU was no product."""
    rows = await database.pool.fetch(_FAILED, owner, f"unmapped_sku:{sku.strip()}", limit)
    return [OrderId(row["order_id"]) for row in rows]
