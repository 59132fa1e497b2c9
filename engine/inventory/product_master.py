"""Changing and reading the product master: one card at a time, each change in the product's audit chain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.actors import Actor
from engine.audit import chain
from engine.errors import NotFound, Refused
from engine.identifiers import DEFAULT_CREATOR, UserId, new_id
from engine.inventory.product_card import Component, Customs, ProductChange, ProductView, checked_sku
from engine.inventory.waking import wake_waiting
from engine.orders.plain_text import plain
from engine.workflow.mending import PRODUCT_CODES, mended, waiting_for_products

if TYPE_CHECKING:
    from engine.database.connection import Database

# The product and what it may consist of, locked sorted: two people who build kits of each other's products take turns.
_LOCK = """
SELECT p.*, l.code AS location FROM products p LEFT JOIN locations l ON l.id = p.location_id
WHERE p.user_id = $1 AND p.sku = ANY($2::text[]) ORDER BY p.sku FOR NO KEY UPDATE OF p
"""

_IN_KITS = """
SELECT sku FROM products
WHERE user_id = $1 AND components @> jsonb_build_array(jsonb_build_object('sku', $2::text)) ORDER BY sku LIMIT 3
"""

_STOCKED = (
    "SELECT EXISTS (SELECT FROM stock_levels WHERE product_id = $1 AND (on_hand > 0 OR reserved > 0 OR held > 0))"
)

_BARCODE_TAKEN = """
SELECT p.sku, b.barcode FROM products p JOIN unnest($3::text[]) AS b(barcode) ON b.barcode = ANY(p.barcodes)
WHERE p.user_id = $1 AND p.sku <> $2 LIMIT 1
"""

_ADD = "INSERT INTO products (id, user_id, sku, name) VALUES ($1, $2, $3, $3) ON CONFLICT (user_id, sku) DO NOTHING"

_WRITE = """
UPDATE products
SET name = $2, barcodes = $3, weight_grams = $4, length_millimetres = $5, width_millimetres = $6, height_millimetres = $7, bin = $8,
    customs = $9, components = $10, box = $11, location_id = $12, low_stock_at = $13, stock_buffer = $14, updated_at = now()
WHERE id = $1
"""

# Purpose: cards by SKU. $2 beginning of a SKU in any case or an alias (empty: all), $3 how many.
_LIST = """
SELECT p.*, coalesce(l.code, '') AS location,
       ARRAY(SELECT a.sku FROM product_aliases a WHERE a.user_id = p.user_id AND a.product_sku = p.sku ORDER BY a.sku) AS aliases
FROM products p LEFT JOIN locations l ON l.id = p.location_id
WHERE p.user_id = $1 AND ($2 = '' OR starts_with(lower(p.sku), lower($2)) OR EXISTS (
    SELECT FROM product_aliases a WHERE a.user_id = p.user_id AND a.product_sku = p.sku AND starts_with(lower(a.sku), lower($2))))
ORDER BY p.sku LIMIT $3
"""

_SHOW = """
SELECT p.*, coalesce(l.code, '') AS location,
       ARRAY(SELECT a.sku FROM product_aliases a WHERE a.user_id = p.user_id AND a.product_sku = p.sku ORDER BY a.sku) AS aliases
FROM products p LEFT JOIN locations l ON l.id = p.location_id
WHERE p.user_id = $1 AND p.sku = coalesce((SELECT product_sku FROM product_aliases WHERE user_id = $1 AND sku = $2), $2)
"""


async def set_product(
    database: Database, sku: str, change: ProductChange, *, actor: Actor, owner: UserId = DEFAULT_CREATOR
) -> ProductView:
    """Add the product, or change what is given of it. Raises Refused with what is wrong, NotFound for an unknown location."""
    sku = checked_sku(sku)
    wanted = change.checked(sku)

    async def write(connection: Any) -> None:
        waiting = await waiting_for_products(connection, owner, [sku])
        skus = sorted({sku, *(each.sku for each in wanted.components or ())})
        locked = {row["sku"]: row for row in await connection.fetch(_LOCK, owner, skus)}
        product_id = new_id()
        if sku not in locked:
            await _refuse_alias(connection, owner, sku)
            if await connection.execute(_ADD, product_id, owner, sku) == "INSERT 0 0":  # somebody added it meanwhile
                locked = {row["sku"]: row for row in await connection.fetch(_LOCK, owner, skus)}
        known = locked.get(sku)
        if known is not None:
            product_id = known["id"]
        before = _document(known) if known else None
        after = (before or _blank(sku)) | _changes(wanted)
        if after == before:
            return
        await _check_kit(connection, owner, sku, known, wanted, locked)
        if wanted.barcodes:
            await _refuse_taken_barcode(connection, owner, sku, wanted.barcodes)
        location_id = await _location(connection, after["location"])
        await connection.execute(
            _WRITE,
            product_id,
            after["name"],
            after["barcodes"],
            after["weight_grams"],
            *(after["size_millimetres"] or (None, None, None)),
            after["bin"],
            after["customs"],
            after["components"] or None,
            after["box"],
            location_id,
            after["low_stock"],
            after["stock_buffer"],
        )
        changed = {name for name in after if before is None or before[name] != after[name]}
        await chain.append(
            connection,
            database.vault,
            owner,
            product_id,
            "product.changed" if before else "product.added",
            actor,
            {name: before[name] for name in sorted(changed)} if before else None,
            {name: after[name] for name in sorted(changed)},
        )
        if known is not None and changed & {"components", "location"}:
            await wake_waiting(connection, [product_id])
        await mended(connection, waiting, actor, f"the product {sku} was mended", PRODUCT_CODES)

    await database.run(write)
    return await show_product(database, sku, owner=owner)


async def show_product(database: Database, sku: str, *, owner: UserId = DEFAULT_CREATOR) -> ProductView:
    """The product with this SKU, or the one it is mapped to. Raises NotFound."""
    row = await database.pool.fetchrow(_SHOW, owner, sku.strip())
    if row is None:
        raise NotFound("product.unknown", f"There is no product with the SKU {plain(sku)}.")
    return _view(row)


async def list_products(
    database: Database, search: str = "", *, limit: int, owner: UserId = DEFAULT_CREATOR
) -> list[ProductView]:
    """Products by SKU; `search` is the beginning of a SKU, its own or one mapped to it."""
    return [_view(row) for row in await database.pool.fetch(_LIST, owner, search.strip(), limit)]


async def _refuse_alias(connection: Any, owner: UserId, sku: str) -> None:
    mapped = await connection.fetchval(
        "SELECT product_sku FROM product_aliases WHERE user_id = $1 AND sku = $2 FOR UPDATE", owner, sku
    )
    if mapped is not None:
        raise Refused("product.mapped", f"{sku} is mapped to {mapped}: change that product, or unmap {sku} first.")


async def _check_kit(
    connection: Any, owner: UserId, sku: str, known: Any, wanted: ProductChange, locked: dict[str, Any]
) -> None:
    if not wanted.components:
        return
    for component in wanted.components:
        part = locked.get(component.sku)
        if part is None:
            raise Refused(
                "product.kit", f"The component {plain(component.sku)} is not among the products: add it first."
            )
        if part["components"]:
            raise Refused("product.kit", f"{component.sku} is a kit itself, and no kit may be inside another.")
    if known is None:
        return
    kits = [row["sku"] for row in await connection.fetch(_IN_KITS, owner, sku)]
    if kits:
        raise Refused("product.kit", f"{sku} is part of {', '.join(kits)}, and no kit may be inside another.")
    if not known["components"] and await connection.fetchval(_STOCKED, known["id"]):
        raise Refused("product.kit", f"{sku} has stock of its own: book it out before it becomes a kit.")


async def _refuse_taken_barcode(connection: Any, owner: UserId, sku: str, barcodes: Sequence[str]) -> None:
    taken = await connection.fetchrow(_BARCODE_TAKEN, owner, sku, list(barcodes))
    if taken is not None:
        raise Refused(
            "product.barcode", f"The barcode {taken['barcode']} is {taken['sku']}'s: a scan must name one product."
        )


async def _location(connection: Any, code: str) -> UUID | None:
    if not code:
        return None
    found: UUID | None = await connection.fetchval("SELECT id FROM locations WHERE code = $1", code)
    if found is None:
        raise NotFound("location.unknown", f"There is no location {plain(code)}.")
    return found


def _changes(wanted: ProductChange) -> dict[str, Any]:
    given: dict[str, Any] = {
        "name": wanted.name or None,
        "barcodes": None if wanted.barcodes is None else list(wanted.barcodes),
        "weight_grams": wanted.weight_grams,
        "box": wanted.box,
        "size_millimetres": list(wanted.size_millimetres) if wanted.size_millimetres else None,
        "bin": wanted.bin,
        "customs": wanted.customs.document() if wanted.customs else None,
        "components": None
        if wanted.components is None
        else [{"sku": each.sku, "quantity": each.quantity} for each in wanted.components],
        "location": wanted.location,
    }
    changes = {name: value for name, value in given.items() if value is not None}
    for name, number in (("low_stock", wanted.low_stock), ("stock_buffer", wanted.stock_buffer)):
        if number is not None:
            changes[name] = number if number >= 0 else None
    return changes


def _blank(sku: str) -> dict[str, Any]:
    return {
        "name": sku,
        "barcodes": [],
        "weight_grams": None,
        "box": "",
        "size_millimetres": None,
        "bin": "",
        "customs": None,
        "components": [],
        "location": "",
        "low_stock": None,
        "stock_buffer": None,
    }


def _document(row: Any) -> dict[str, Any]:
    sides = [row["length_millimetres"], row["width_millimetres"], row["height_millimetres"]]
    return {
        "name": row["name"],
        "barcodes": list(row["barcodes"]),
        "weight_grams": row["weight_grams"],
        "box": row["box"],
        "size_millimetres": sides if all(sides) else None,
        "bin": row["bin"],
        "customs": row["customs"],
        "components": row["components"] or [],
        "location": row["location"] or "",
        "low_stock": row["low_stock_at"],
        "stock_buffer": row["stock_buffer"],
    }


def _view(row: Any) -> ProductView:
    document = _document(row)
    size = document["size_millimetres"]
    return ProductView(
        sku=plain(row["sku"]),
        name=plain(row["name"]),
        aliases=tuple(plain(alias) for alias in row["aliases"]),
        barcodes=tuple(row["barcodes"]),
        weight_grams=row["weight_grams"],
        box=plain(row["box"]),
        size_millimetres=(size[0], size[1], size[2]) if size else None,
        bin=plain(row["bin"]),
        customs=Customs.read(row["customs"]) if row["customs"] else None,
        components=tuple(Component(each["sku"], each["quantity"]) for each in document["components"]),
        location=plain(document["location"]),
        low_stock=document["low_stock"],
        stock_buffer=document["stock_buffer"],
    )
