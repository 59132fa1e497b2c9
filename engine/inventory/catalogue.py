"""What deciding needs of the products in a batch: weight, bin, where they ship from, and what a kit consists of.

An item names its product by the product's own SKU or by another SKU that has been mapped to it (`product_aliases`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from engine.identifiers import LocationId, ProductId, UserId

PRODUCT_COLUMNS = """p.id AS product_id, p.sku AS own_sku, p.user_id, p.weight_grams, p.bin, p.location_id, p.components,
       p.customs IS NOT NULL AS customs"""


def joined_products(owner: str, sku: str) -> str:
    """The joins that find the product `p` of a line; both arguments are columns."""
    return f"""LEFT JOIN product_aliases a ON a.user_id = {owner} AND a.sku = {sku}
LEFT JOIN products p ON p.user_id = {owner} AND p.sku = coalesce(a.product_sku, {sku})"""


_PRODUCTS = f"""
SELECT {PRODUCT_COLUMNS}, d.sku AS asked
FROM unnest($1::uuid[], $2::text[]) AS d(user_id, sku)
{joined_products("d.user_id", "d.sku")}
WHERE p.id IS NOT NULL
"""  # noqa: S608

_COMPONENTS = """
SELECT p.user_id, p.sku, p.id, p.weight_grams
FROM unnest($1::uuid[], $2::text[]) AS d(user_id, sku) JOIN products p ON p.user_id = d.user_id AND p.sku = d.sku
"""

_COUNTRIES = "SELECT id, address ->> 'country' AS country FROM locations WHERE id = ANY($1::uuid[])"


@dataclass(frozen=True, slots=True)
class Part:
    """What one unit of a line takes off the shelf: the product itself, or one component of a kit."""

    sku: str
    product_id: ProductId | None
    """None when a kit names a component that is not among the products."""
    per_unit: int


@dataclass(frozen=True, slots=True)
class Product:
    """A product as decisions see it."""

    product_id: ProductId
    weight_grams: int | None
    """A kit's own weight, or the sum of its components."""
    bin: str
    location_id: LocationId | None
    """Where it ships from; None: from wherever its shop does."""
    country: str
    """The country of `location_id`."""
    customs: bool
    """Whether it can cross a border."""
    parts: tuple[Part, ...]


Catalogue = Mapping[tuple[UserId, str], Product]
"""Products by creator and the SKU that was asked for."""


async def read_catalogue(connection: Any, wanted: Sequence[tuple[UserId, str]]) -> Catalogue:
    """The products with these SKUs; unknown ones are absent."""
    rows = await connection.fetch(_PRODUCTS, [user for user, _ in wanted], [sku for _, sku in wanted])
    products = await products_in(connection, rows)
    return {(UserId(row["user_id"]), row["asked"]): products[row["product_id"]] for row in rows}


async def products_in(connection: Any, rows: Collection[Any]) -> dict[UUID, Product]:
    """The products that rows with `PRODUCT_COLUMNS` name. Asks further only for kits and for ship-from locations of their own."""
    distinct = {row["product_id"]: row for row in rows if row["product_id"] is not None}
    named = sorted({(row["user_id"], each["sku"]) for row in distinct.values() for each in row["components"] or ()})
    components: dict[tuple[UUID, str], Any] = {}
    if named:
        found = await connection.fetch(_COMPONENTS, [user for user, _ in named], [sku for _, sku in named])
        components = {(row["user_id"], row["sku"]): row for row in found}
    elsewhere = {row["location_id"] for row in distinct.values() if row["location_id"] is not None}
    countries: dict[UUID, str] = {}
    if elsewhere:
        countries = {row["id"]: row["country"] or "" for row in await connection.fetch(_COUNTRIES, sorted(elsewhere))}
    return {key: _product(row, components, countries) for key, row in distinct.items()}


def _product(row: Any, components: Mapping[tuple[UUID, str], Any], countries: Mapping[UUID, str]) -> Product:
    product_id, weight, location_id = ProductId(row["product_id"]), row["weight_grams"], row["location_id"]
    parts: tuple[Part, ...] = (Part(row["own_sku"], product_id, 1),)
    if row["components"]:
        found = [(each, components.get((row["user_id"], each["sku"]))) for each in row["components"]]
        parts = tuple(
            Part(each["sku"], ProductId(known["id"]) if known else None, each["quantity"]) for each, known in found
        )
        weights = [known["weight_grams"] and known["weight_grams"] * each["quantity"] for each, known in found if known]
        if weight is None and len(weights) == len(found) and all(weights):
            weight = sum(weights)
    return Product(
        product_id=product_id,
        weight_grams=weight,
        bin=row["bin"],
        location_id=LocationId(location_id) if location_id is not None else None,
        country=countries.get(location_id, ""),
        customs=row["customs"],
        parts=parts,
    )
