"""Products in bulk, and a weight by itself. Without weight no label can be quoted, without barcode nothing can be scanned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any

from engine.actors import SYSTEM, Actor
from engine.audit import chain
from engine.errors import Conflict, NotFound
from engine.identifiers import DEFAULT_CREATOR, UserId, new_id
from engine.inventory.product_card import ProductChange
from engine.privacy.cipher import Vault
from engine.workflow.mending import PRODUCT_CODES, mended, waiting_for_products

if TYPE_CHECKING:
    from engine.database.connection import Database

_UPSERT = """
INSERT INTO products (id, user_id, sku, name, barcodes, weight_grams, bin)
SELECT d.id, $1, d.sku, d.name, CASE WHEN d.barcode = '' THEN '{}'::text[] ELSE ARRAY[d.barcode] END, d.weight, d.bin
FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::int[], $7::text[]) AS d(id, sku, name, barcode, weight, bin)
ON CONFLICT (user_id, sku) DO UPDATE
SET name = excluded.name, barcodes = excluded.barcodes, weight_grams = coalesce(excluded.weight_grams, products.weight_grams),
    bin = excluded.bin, updated_at = now()
RETURNING id, sku, name, barcodes, weight_grams, bin, now() AS now
"""

_KNOWN = """
SELECT sku, name, barcodes, weight_grams, bin FROM products
WHERE user_id = $1 AND sku = ANY($2::text[]) ORDER BY sku FOR NO KEY UPDATE
"""

_HEADS = """
SELECT DISTINCT ON (subject) subject, sequence, hash FROM audit_log
WHERE subject = ANY($1::uuid[]) ORDER BY subject, sequence DESC
"""


_LAST_WEIGHED = """
SELECT actor, created_at FROM audit_log WHERE subject = $1 AND action = 'product.weight' ORDER BY sequence DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class ProductEntry:
    """A product as someone gives it; `weight_grams` None leaves a known weight alone."""

    sku: str
    name: str
    barcode: str
    weight_grams: int | None
    bin: str = ""


async def put_products(
    database: Database, entries: Sequence[ProductEntry], *, actor: Actor = SYSTEM, owner: UserId = DEFAULT_CREATOR
) -> None:
    """Add these products, or bring them up to date; those that change anything say so in their audit chains."""
    if entries:
        await database.run(lambda connection: _put(connection, database.vault, entries, actor, owner))


async def _put(connection: Any, vault: Vault, entries: Sequence[ProductEntry], actor: Actor, owner: UserId) -> None:
    skus = [entry.sku for entry in entries]
    waiting = await waiting_for_products(connection, owner, skus)
    before = {row["sku"]: _document(row) for row in await connection.fetch(_KNOWN, owner, skus)}
    rows = await connection.fetch(
        _UPSERT,
        owner,
        [new_id() for _ in entries],
        skus,
        [entry.name for entry in entries],
        [entry.barcode for entry in entries],
        [entry.weight_grams for entry in entries],
        [entry.bin for entry in entries],
    )
    changed = [row for row in rows if before.get(row["sku"]) != _document(row)]
    heads = {row["subject"]: row for row in await connection.fetch(_HEADS, [row["id"] for row in changed])}
    links = []
    for row in changed:
        head, known = heads.get(row["id"]), before.get(row["sku"])
        sequence, previous = (head["sequence"] + 1, head["hash"]) if head else (1, chain.GENESIS)
        action = "product.changed" if known else "product.added"
        links.append(
            chain.link(vault, owner, row["id"], sequence, previous, action, actor, known, _document(row), row["now"])
        )
    await chain.write(connection, links)
    await mended(connection, waiting, actor, "its product is known now", PRODUCT_CODES)


def _document(row: Any) -> dict[str, Any]:
    return {name: row[name] for name in ("name", "barcodes", "weight_grams", "bin")}


@dataclass(frozen=True, slots=True)
class Weight:
    """A product's weight as a screen showed it; None for none."""

    grams: int | None


async def set_weight(
    database: Database,
    sku: str,
    weight_grams: int,
    *,
    actor: Actor,
    seen: Weight | None = None,
    owner: UserId = DEFAULT_CREATOR,
) -> int:
    """Enter a product's weight, and send on the orders that failed for want of it; answers how many.

    Raises NotFound for an unknown SKU, Refused for a weight no parcel has, Conflict when it does not weigh any more what was `seen`.
    """
    return await database.run(
        lambda connection: write_weight(
            connection, database.vault, sku, weight_grams, actor=actor, seen=seen, owner=owner
        )
    )


async def write_weight(
    connection: Any,
    vault: Vault,
    sku: str,
    weight_grams: int,
    *,
    actor: Actor,
    seen: Weight | None = None,
    owner: UserId = DEFAULT_CREATOR,
) -> int:
    """`set_weight` in a transaction of the caller."""
    ProductChange(weight_grams=weight_grams).checked(sku)
    waiting = await waiting_for_products(connection, owner, [sku])
    row = await connection.fetchrow(
        "SELECT id, weight_grams FROM products WHERE user_id = $1 AND sku = $2 FOR UPDATE", owner, sku
    )
    if row is None:
        raise NotFound("product.unknown", f"There is no product with the SKU {sku}.")
    if seen is not None and seen.grams != row["weight_grams"]:
        last = await connection.fetchrow(_LAST_WEIGHED, row["id"])
        by = (
            f"{last['actor']} entered it at {last['created_at'].astimezone(UTC):%H:%M} UTC"
            if last
            else "it was entered"
        )
        raise Conflict(
            "product.changed_meanwhile",
            f"The weight of {sku} changed while it was on your screen: it is {row['weight_grams']} g, {by}. "
            "Look at it again, then decide.",
        )
    await connection.execute(
        "UPDATE products SET weight_grams = $2, updated_at = now() WHERE id = $1", row["id"], weight_grams
    )
    before, after = {"weight_grams": row["weight_grams"]}, {"weight_grams": weight_grams}
    await chain.append(connection, vault, owner, row["id"], "product.weight", actor, before, after)
    return await mended(connection, waiting, actor, f"the weight of {sku} is known now", PRODUCT_CODES)
