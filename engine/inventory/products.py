"""The product master: SKU, barcodes, weight. Without weight no label can be quoted, without barcode nothing can be scanned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.actors import Actor
from engine.audit import chain
from engine.errors import NotFound, Refused
from engine.identifiers import DEFAULT_CREATOR, UserId, new_id

if TYPE_CHECKING:
    from engine.database.connection import Database

_UPSERT = """
INSERT INTO products (id, user_id, sku, name, barcodes, weight_grams, bin)
SELECT d.id, $1, d.sku, d.name, CASE WHEN d.barcode = '' THEN '{}'::text[] ELSE ARRAY[d.barcode] END, d.weight, d.bin
FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::int[], $7::text[]) AS d(id, sku, name, barcode, weight, bin)
ON CONFLICT (user_id, sku) DO UPDATE
SET name = excluded.name, barcodes = excluded.barcodes, weight_grams = coalesce(excluded.weight_grams, products.weight_grams),
    bin = excluded.bin, updated_at = now()
"""


@dataclass(frozen=True, slots=True)
class ProductEntry:
    """A product as someone gives it; `weight_grams` None leaves a known weight alone."""

    sku: str
    name: str
    barcode: str
    weight_grams: int | None
    bin: str = ""


async def put_products(database: Database, entries: Sequence[ProductEntry], *, owner: UserId = DEFAULT_CREATOR) -> None:
    """Add these products, or bring them up to date."""
    if not entries:
        return
    await database.pool.execute(
        _UPSERT,
        owner,
        [new_id() for _ in entries],
        [entry.sku for entry in entries],
        [entry.name for entry in entries],
        [entry.barcode for entry in entries],
        [entry.weight_grams for entry in entries],
        [entry.bin for entry in entries],
    )


async def set_weight(
    database: Database, sku: str, weight_grams: int, *, actor: Actor, owner: UserId = DEFAULT_CREATOR
) -> None:
    """Enter a product's weight. Raises NotFound for an unknown SKU, Refused for a weight no parcel has."""
    if not 0 < weight_grams <= 70_000:
        raise Refused("product.weight", f"{weight_grams} g is no weight for a product: give 1 to 70000 grams.")

    async def write(connection: Any) -> None:
        row = await connection.fetchrow(
            "SELECT id, weight_grams FROM products WHERE user_id = $1 AND sku = $2 FOR UPDATE", owner, sku
        )
        if row is None:
            raise NotFound("product.unknown", f"There is no product with the SKU {sku}.")
        await connection.execute(
            "UPDATE products SET weight_grams = $2, updated_at = now() WHERE id = $1", row["id"], weight_grams
        )
        before, after = {"weight_grams": row["weight_grams"]}, {"weight_grams": weight_grams}
        await chain.append(connection, database.vault, owner, row["id"], "product.weight", actor, before, after)

    await database.run(write)
