"""How a row becomes a record: personal columns opened, text from outside cleaned, nothing else changed."""

from __future__ import annotations

from dataclasses import fields
from typing import Any
from uuid import UUID

import orjson

from engine.orders.opening import open_bytes, open_text
from engine.orders.plain_text import plain
from engine.orders.records.values import HistoryRecord, ItemRecord, OrderRecord, ParcelRecord, StepRecord
from engine.ports.facts import Address
from engine.privacy.cipher import MASK, Vault

_OWN = ", ".join(f"o.{field.name}" for field in fields(OrderRecord) if field.name != "notes")

# For orders that were picked first, as `o`. Index: notes_order_index.
RECORD_COLUMNS = f"{_OWN}, n.note_ids, n.note_bodies"
NOTES = """
    LEFT JOIN LATERAL (
        SELECT array_agg(n.id ORDER BY n.created_at, n.id) AS note_ids, array_agg(n.body ORDER BY n.created_at, n.id) AS note_bodies
          FROM notes n WHERE n.order_id = o.id) n ON true
"""

_ADDRESS = tuple(Address.__slots__)
_ADDRESS_PLACE = "orders.shipping_address"


def to_record(row: Any, vault: Vault) -> OrderRecord:
    """One row of RECORD_COLUMNS."""
    order_id = row["id"]
    return OrderRecord(
        id=order_id,
        user_id=row["user_id"],
        tiktok_order_id=plain(row["tiktok_order_id"]),
        order_number=plain(row["order_number"]),
        order_status=row["order_status"],
        workflow_status=row["workflow_status"],
        total_amount=row["total_amount"],
        currency=row["currency"],
        payment_status=row["payment_status"],
        customer_name=open_text(vault, "orders.customer_name", order_id, row["customer_name"]) or None,
        customer_email=open_text(vault, "orders.customer_email", order_id, row["customer_email"]) or None,
        customer_phone=open_text(vault, "orders.customer_phone", order_id, row["customer_phone"]) or None,
        shipping_address=_address(vault, order_id, row["shipping_address"]),
        shipping_method=plain(row["shipping_method"]) or None,
        shipping_cost=row["shipping_cost"],
        order_date=row["order_date"],
        expected_ship_date=row["expected_ship_date"],
        shipped_date=row["shipped_date"],
        delivered_date=row["delivered_date"],
        order_source=row["order_source"],
        priority_level=row["priority_level"],
        tags=[plain(tag) for tag in row["tags"]],
        notes=_notes(vault, row["note_ids"], row["note_bodies"]),
        last_tiktok_sync=row["last_tiktok_sync"],
        sync_status=row["sync_status"],
        sync_attempts=row["sync_attempts"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        version=row["version"],
    )


def to_item(row: Any) -> ItemRecord:
    """One row of `order_items`."""
    values = {field: row[field] for field in _ITEM}
    return ItemRecord(
        **values
        | {"product_name": plain(values["product_name"]), "product_sku": plain(values["product_sku"])}
        | {"variant_name": plain(values["variant_name"]) or None}
    )


def to_step(row: Any) -> StepRecord:
    """One row of `order_workflow_steps`."""
    return StepRecord(
        row["from_state"], row["to_state"], row["trigger"], plain(row["actor"]), plain(row["reason"]), row["created_at"]
    )


def to_history(row: Any) -> HistoryRecord:
    """One row of `order_status_history`."""
    values = {field: row[field] for field in _HISTORY}
    return HistoryRecord(**values | {"status_reason": plain(values["status_reason"]) or None})


def to_parcel(row: Any) -> ParcelRecord:
    """One row of `packages`."""
    values = {field: row[field] for field in _PARCEL}
    texts = {name: plain(values[name]) for name in ("carrier", "service", "tracking_detail")}
    return ParcelRecord(**values | texts | {"tracking_number": plain(values["tracking_number"]) or None})


def _address(vault: Vault, order_id: UUID, sealed: bytes | None) -> dict[str, str] | None:
    if not sealed:
        return None
    opened = open_bytes(vault, _ADDRESS_PLACE, order_id, sealed)
    if opened is None:
        return dict.fromkeys(_ADDRESS, MASK)
    lines, text = orjson.loads(opened), opened.decode()
    if text.isascii() and text.isprintable() and "\\" not in text:  # nothing in it hides behind an escape
        return {name: lines.get(name) or "" for name in _ADDRESS}
    return {name: plain(str(lines.get(name) or "")) for name in _ADDRESS}


def _notes(vault: Vault, ids: list[UUID] | None, bodies: list[bytes] | None) -> str | None:
    if not ids or bodies is None:
        return None
    return "\n".join(open_text(vault, "notes.body", note, body) for note, body in zip(ids, bodies, strict=True))


_ITEM = tuple(field.name for field in fields(ItemRecord))
_HISTORY = tuple(field.name for field in fields(HistoryRecord))
_PARCEL = tuple(field.name for field in fields(ParcelRecord))
