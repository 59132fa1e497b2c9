"""Labels, slips and the like: kept sealed once they are fetched, and read again as often as somebody prints them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.errors import Misconfigured, NotFound
from engine.identifiers import OrderId, PackageId, ShopId, new_id
from engine.words import DocumentKind

if TYPE_CHECKING:
    from engine.database.connection import Database

# The labels of the packages an order is in, of each its newest generation; a combined one's for each of its orders.
_LABELS = """
SELECT DISTINCT ON (p.id) d.id, p.id AS package_id, p.tracking_number, d.media_type, d.body
FROM package_items c JOIN packages p ON p.id = c.package_id
JOIN documents d ON d.package_id = p.id AND d.kind = 'label' AND d.generation = p.generation
WHERE c.order_id = $1 AND p.state NOT IN ('planned', 'voiding', 'voided', 'combined') AND (d.media_type = $2 OR $2 = '')
ORDER BY p.id, d.created_at
"""

_PARCELS = """
SELECT DISTINCT p.id, p.shop_id, p.provider, p.carrier, p.tracking_number, p.shipment_reference, p.tiktok_package_id, p.generation
FROM package_items c JOIN packages p ON p.id = c.package_id
WHERE c.order_id = $1 AND p.state NOT IN ('planned', 'voiding', 'voided', 'combined') ORDER BY p.id
"""

_STORED = """
SELECT id, media_type, body FROM documents
WHERE package_id = $1 AND kind = $2 AND generation = $3 AND size = $4 AND (media_type = $5 OR $5 = '') ORDER BY created_at LIMIT 1
"""

_OWNER = "SELECT s.user_id FROM packages p JOIN shops s ON s.id = p.shop_id WHERE p.id = $1"

# A label of an earlier generation, whose parcel was labelled anew while this one was fetched, is nobody's any more.
_KEEP = """
INSERT INTO documents (id, package_id, kind, generation, media_type, size, body)
SELECT $1, p.id, $3, p.generation, $5, $6, $7 FROM packages p WHERE p.id = $2 AND p.generation = $4
ON CONFLICT (package_id, kind, generation, media_type, size) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class LabelDocument:
    """A stored label."""

    package_id: PackageId
    tracking_number: str
    media_type: str
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class LabelledParcel:
    """A parcel that has its label, and who sold it."""

    package_id: PackageId
    shop_id: ShopId
    provider: str
    carrier: str
    tracking_number: str
    shipment_reference: str
    tiktok_package_id: str
    generation: int


async def labels(database: Database, order_id: OrderId, media_type: str = "") -> list[LabelDocument]:
    """The stored labels of an order's parcels, of one media type or as they were bought. Raises NotFound when there is none."""
    rows = await database.pool.fetch(_LABELS, order_id, media_type)
    if not rows:
        raise NotFound("label.none", "There is no label of that order: none is bought yet, or it was voided.")
    return [
        LabelDocument(PackageId(row["package_id"]), row["tracking_number"], row["media_type"], _opened(database, row))
        for row in rows
    ]


async def labelled_parcels(database: Database, order_id: OrderId) -> list[LabelledParcel]:
    """The parcels of an order that have their labels. Raises NotFound when there is none."""
    rows = await database.pool.fetch(_PARCELS, order_id)
    if not rows:
        raise NotFound("label.none", "There is no label of that order: none is bought yet, or it was voided.")
    return [
        LabelledParcel(
            PackageId(row["id"]),
            ShopId(row["shop_id"]),
            row["provider"],
            row["carrier"],
            row["tracking_number"],
            row["shipment_reference"],
            row["tiktok_package_id"],
            row["generation"],
        )
        for row in rows
    ]


async def stored(
    database: Database, parcel: LabelledParcel, kind: DocumentKind, *, size: str = "", media_type: str = ""
) -> tuple[str, bytes] | None:
    """A document of a parcel's present label as it was kept, with its media type; None when it never was."""
    row = await database.pool.fetchrow(_STORED, parcel.package_id, kind.value, parcel.generation, size, media_type)
    return None if row is None else (row["media_type"], _opened(database, row))


async def keep(
    database: Database, parcel: LabelledParcel, kind: DocumentKind, *, size: str, media_type: str, body: bytes
) -> None:
    """Keep a document, sealed; one that is kept already stays."""

    async def write(connection: Any) -> None:
        owner = await connection.fetchval(_OWNER, parcel.package_id)
        document_id: UUID = new_id()
        sealed = database.vault.seal(owner, "documents.body", document_id, body)
        await connection.execute(
            _KEEP, document_id, parcel.package_id, kind.value, parcel.generation, media_type, size, sealed
        )

    await database.run(write)


def _opened(database: Database, row: Any) -> bytes:
    body = database.vault.open("documents.body", row["id"], row["body"])
    if body is None:
        raise Misconfigured(
            "keys.missing",
            "The document cannot be opened without the master key: set ORDERS_TUI_MASTER_KEY or its file.",
        )
    return body
