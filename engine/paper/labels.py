"""The labels of many parcels in the order in which the parcels stand, and which parcels have none that may be printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.errors import Misconfigured, NotFound, Refused
from engine.identifiers import OrderId, PackageId
from engine.orders.picking.parcels import address_changed
from engine.orders.picking.walk import bin_key
from engine.orders.plain_text import plain
from engine.paper.left_out import LeftOut, stopped
from engine.paper.prints import Subject
from engine.privacy.cipher import Vault

if TYPE_CHECKING:
    from engine.database.connection import Database

MOST_LABELS = 2000
"""The most parcels that one sheet takes: more is printed in waves."""

_AT_ONCE = 100

_ORDERS_OF_WAVE = """
SELECT DISTINCT order_id FROM pick_lines WHERE wave_id = $1 AND state <> 'cancelled' ORDER BY order_id
"""

# Purpose: parcels of these orders with the newest label of each; index: package_items_order_index, documents' unique key.
_PARCELS = """
SELECT p.id, p.state, p.generation, p.provider, p.label_address, p.carrier, p.tracking_number, p.backordered, l.code AS location,
       coalesce(p.handed_over_at, p.first_scan_at, p.left_at) AS gone_at, c.orders, c.numbers, c.addresses, c.bins, c.ship_by,
       d.id AS document_id, coalesce(d.media_type, '') AS media_type
FROM packages p
JOIN locations l ON l.id = p.location_id
JOIN LATERAL (
    SELECT array_agg(DISTINCT o.id) AS orders, array_agg(DISTINCT o.order_number) AS numbers,
           array_agg(o.shipping_address ORDER BY o.id) AS addresses,
           array_agg(DISTINCT coalesce(nullif(m.bin, ''), k.bin, '')) AS bins,
           min(coalesce(o.target_ship_by, o.expected_ship_date)) AS ship_by
    FROM package_items c JOIN orders o ON o.id = c.order_id JOIN order_items i ON i.id = c.order_item_id
    LEFT JOIN products m ON m.id = i.product_id LEFT JOIN pick_lines k ON k.order_item_id = i.id
    WHERE c.package_id = p.id) c ON true
LEFT JOIN LATERAL (
    SELECT d.id, d.media_type FROM documents d
    WHERE d.package_id = p.id AND d.kind = 'label' AND d.generation = p.generation ORDER BY d.created_at, d.id LIMIT 1) d ON true
WHERE p.id IN (SELECT package_id FROM package_items WHERE order_id = ANY($1::uuid[])) AND p.state NOT IN ('voided', 'combined')
ORDER BY p.id
"""

_BODIES = "SELECT id, body FROM documents WHERE id = ANY($1::uuid[])"


class LabelOrder(StrEnum):
    """How labels are sorted."""

    BIN = "bin"
    """As the goods stand: the label lies on top when the bin is reached."""
    SHIP_BY = "ship_by"
    CARRIER = "carrier"
    GIVEN = "given"
    """As the orders were named."""


@dataclass(frozen=True, slots=True)
class SheetLabel:
    """One parcel's label on a sheet."""

    package_id: PackageId
    generation: int
    order_numbers: tuple[str, ...]
    carrier: str
    tracking_number: str
    location: str
    bin: str
    ship_by: datetime | None
    media_type: str
    document_id: UUID

    @property
    def subject(self) -> Subject:
        return Subject(self.package_id, self.generation)


@dataclass(frozen=True, slots=True)
class LabelSheet:
    """Labels in printing order, and what has none that may be printed."""

    labels: tuple[SheetLabel, ...]
    left_out: tuple[LeftOut, ...]
    bodies: dict[UUID, bytes] = field(default_factory=dict, repr=False)


async def orders_of_wave(database: Database, wave_id: UUID) -> list[OrderId]:
    """The orders of a wave. Raises NotFound for one that has none."""
    rows = await database.pool.fetch(_ORDERS_OF_WAVE, wave_id)
    if not rows:
        raise NotFound("wave.unknown", f"There is no wave {wave_id}, or it has no orders.")
    return [OrderId(row["order_id"]) for row in rows]


async def label_sheet(
    database: Database, order_ids: Sequence[OrderId], order: LabelOrder, *, with_bodies: bool = True
) -> LabelSheet:
    """The stored labels of these orders' parcels; nothing is bought. Raises Refused for too many, Misconfigured without the key."""
    async with database.pool.acquire() as connection:
        numbers, left_out = await stopped(connection, order_ids)
        going = [order_id for order_id in order_ids if order_id in numbers and order_id not in left_out]
        rows = await connection.fetch(_PARCELS, going)
        if len(rows) > MOST_LABELS:
            raise Refused(
                "labels.too_many",
                f"These are {len(rows):,} labels, and one sheet takes {MOST_LABELS:,}: print them wave by wave.",
            )
        others = {OrderId(each) for row in rows for each in row["orders"]}.difference(order_ids)
        _, also_stopped = await stopped(connection, list(others)) if others else ({}, {})
        labels, missing = _sorted_out(database.vault, rows, also_stopped)
        seen = {OrderId(each) for row in rows for each in row["orders"]}
        for order_id in going:
            if order_id not in seen:
                sentence = "No label is bought yet: it has no parcel before its stock is reserved."
                left_out[order_id] = LeftOut(numbers[order_id], sentence, order_id)
        labels.sort(
            key=_sorting(order, {number: place for place, number in enumerate(numbers[each] for each in going)})
        )
        bodies: dict[UUID, bytes] = {}
        for start in range(0, len(labels) if with_bodies else 0, _AT_ONCE):
            wanted = [label.document_id for label in labels[start : start + _AT_ONCE]]
            for row in await connection.fetch(_BODIES, wanted):
                bodies[row["id"]] = _opened(database, row)
    return LabelSheet(
        tuple(labels),
        (*(left_out[order_id] for order_id in order_ids if order_id in left_out), *missing),
        bodies,
    )


def _sorted_out(
    vault: Vault, rows: Sequence[Any], also_stopped: dict[OrderId, LeftOut]
) -> tuple[list[SheetLabel], list[LeftOut]]:
    labels: list[SheetLabel] = []
    missing: list[LeftOut] = []
    for row in rows:
        numbers = tuple(sorted(plain(number) for number in row["numbers"]))
        with_stopped = next((also_stopped[each] for each in row["orders"] if each in also_stopped), None)
        sentence = (
            f"It shares a parcel with {with_stopped.order_number}: {with_stopped.sentence}"
            if with_stopped
            else _why_no_label(vault, row)
        )
        if sentence:
            missing.append(LeftOut(", ".join(numbers), sentence, OrderId(row["orders"][0])))
            continue
        labels.append(
            SheetLabel(
                package_id=PackageId(row["id"]),
                generation=row["generation"],
                order_numbers=numbers,
                carrier=plain(row["carrier"]),
                tracking_number=plain(row["tracking_number"]),
                location=plain(row["location"]),
                bin=plain(min(row["bins"] or [""], key=bin_key)),
                ship_by=row["ship_by"],
                media_type=row["media_type"],
                document_id=row["document_id"],
            )
        )
    return labels, missing


def _why_no_label(vault: Vault, row: Any) -> str:
    if row["gone_at"] is not None or row["state"] in {"in_transit", "delivered"}:
        return f"Parcel {plain(row['tracking_number'])} left the house."
    if row["state"] == "voiding":
        return "Its label is being voided: it must not be used."
    if row["backordered"]:
        return "No label is bought yet: its goods wait for stock."
    if row["state"] == "planned":
        return "No label is bought yet."
    first = {"id": row["orders"][0], "shipping_address": row["addresses"][0]}
    if address_changed(vault, row, first):
        return "Its address changed after its label was bought: void it and buy another."
    if row["document_id"] is None:
        return f"The label of parcel {plain(row['tracking_number'])} is not kept here: fetch it with orders label --format."
    return ""


def _sorting(order: LabelOrder, places: dict[str, int]) -> Any:
    def given(label: SheetLabel) -> tuple[Any, ...]:
        return min((places.get(number, len(places)) for number in label.order_numbers), default=0), label.package_id

    def by_bin(label: SheetLabel) -> tuple[Any, ...]:
        return label.location, bin_key(label.bin), given(label)

    def by_ship_by(label: SheetLabel) -> tuple[Any, ...]:
        return label.ship_by is None, label.ship_by.timestamp() if label.ship_by else 0.0, by_bin(label)

    def by_carrier(label: SheetLabel) -> tuple[Any, ...]:
        return label.carrier, by_bin(label)

    return {
        LabelOrder.BIN: by_bin,
        LabelOrder.SHIP_BY: by_ship_by,
        LabelOrder.CARRIER: by_carrier,
        LabelOrder.GIVEN: given,
    }[order]


def _opened(database: Database, row: Any) -> bytes:
    body = database.vault.open("documents.body", row["id"], row["body"])
    if body is None:
        raise Misconfigured(
            "keys.missing",
            "The labels cannot be opened without the master key: set ORDERS_TUI_MASTER_KEY or its file.",
        )
    return body
