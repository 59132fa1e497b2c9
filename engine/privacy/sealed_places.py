"""Every place where sealed values lie, as data: what a key rotation has to go through. A test compares it with the tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_ID = {"id": "uuid"}


@dataclass(frozen=True, slots=True)
class SealedTable:
    """One table with sealed values. A value is bound to its place and to a row's id."""

    name: str
    places: Mapping[str, str]
    """Column → the place its values are bound to."""
    key: Mapping[str, str]
    """Columns of the primary key and their types, in order."""
    row: str = "t.id"
    """The id that values are bound to."""
    window: int = 1000
    """Rows looked at in one statement."""
    together: int = 100
    """Rows sealed anew in one transaction."""


def _of(name: str, *columns: str, window: int = 1000, together: int = 100) -> SealedTable:
    return SealedTable(name, {column: f"{name}.{column}" for column in columns}, _ID, window=window, together=together)


SEALED_TABLES: tuple[SealedTable, ...] = (
    _of("users", "email"),
    _of("grants", "access_token", "refresh_token"),
    _of("shops", "cipher"),
    _of("notice_targets", "address"),
    _of(
        "orders",
        "customer_name",
        "customer_email",
        "customer_phone",
        "shipping_address",
        "notes",
        "buyer_message",
        "seller_note",
    ),
    # A label's address is a copy of its first order's, bound as it is there.
    SealedTable(
        "packages",
        {"label_address": "orders.shipping_address"},
        _ID,
        row="(SELECT c.order_id FROM package_items c WHERE c.package_id = t.id ORDER BY c.order_id LIMIT 1)",
    ),
    _of("documents", "body", window=100, together=10),
    _of("manifests", "body", window=100, together=10),
    _of("notes", "body"),
    _of("holds", "note"),
    _of("cancellations", "answer_comment"),
    _of("returns", "answer_comment"),
    _of("batches", "note"),
    _of("journal", "before"),
    _of("inbox", "payload", window=200, together=50),
    _of("api_answers", "body", window=200, together=50),
    SealedTable(
        "audit_log",
        {"before": "audit_log.before", "after": "audit_log.after"},
        {"subject": "uuid", "sequence": "int"},
        row="t.subject",
    ),
)

NOT_SEALED_BY_DATA_KEYS = {
    "data_keys.wrapped": "sealed by the master key",
    "index_keys.wrapped": "sealed by the master key",
    "orders.channel_digest": "a digest",
    "orders.audit_head": "a digest",
    "effects.result": "nothing is written there",
}
"""Columns that are ciphertext or look like it, and why a rotation passes them by."""
