"""What becomes of personal data: how long it is kept, and the errands that seal it anew or forget it."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Integer, Table, Text, UniqueConstraint

from engine.database.tables.schema import Texts, key, metadata, moment, refer

retention_policies = Table(
    "retention_policies",
    metadata,
    key(),
    refer("user_id", "users.id", nullable=True, cascade=True),
    refer("shop_id", "shops.id", nullable=True, cascade=True),
    Column(
        "orders_days", Integer, comment="a closed order's person is forgotten after so long; null: as said above it"
    ),
    Column("payloads_days", Integer, comment="what came in and went out as it was sent; null: likewise"),
    Column("set_by", Text, nullable=False),
    moment("set_at", required=True),
    UniqueConstraint("user_id", "shop_id", postgresql_nulls_not_distinct=True),
    CheckConstraint("user_id IS NULL OR shop_id IS NULL", name="one_place"),
    CheckConstraint("orders_days >= 0 AND payloads_days >= 0", name="days"),
)

privacy_errands = Table(
    "privacy_errands",
    metadata,
    Column("errand", Text, primary_key=True, comment="reseal orders, retention orders …"),
    Column("reached", Texts, comment="key of the last row looked at; null: not begun"),
    Column("looked_at", BigInteger, nullable=False, server_default="0", comment="rows, in this pass"),
    Column("changed", BigInteger, nullable=False, server_default="0", comment="rows, in this pass"),
    Column(
        "passed_over",
        BigInteger,
        nullable=False,
        server_default="0",
        comment="rows somebody else held, or that do not open",
    ),
    moment("began_at", required=True),
    moment("progressed_at", required=True),
    moment("finished_at"),
)
