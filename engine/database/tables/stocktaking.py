"""Counting the shelves, and what is amiss with stock until somebody or a delivery mends it."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from engine.database.tables.schema import Json, key, metadata, moment, one_of, point, refer

stock_counts = Table(
    "stock_counts",
    metadata,
    key(),
    refer("location_id", "locations.id"),
    Column("name", Text, nullable=False, server_default=""),
    Column("state", Text, nullable=False, server_default="open"),
    Column("opened_by", Text, nullable=False),
    moment("opened_at", required=True),
    Column("approved_by", Text),
    moment("approved_at"),
    Column("posted_by", Text),
    moment("posted_at"),
    CheckConstraint(one_of("state", ("open", "approved", "posted", "dropped")), name="state"),
)

stock_count_lines = Table(
    "stock_count_lines",
    metadata,
    refer("count_id", "stock_counts.id", cascade=True),
    refer("product_id", "products.id"),
    Column("expected_version", BigInteger, nullable=False, comment="of the level, when it was snapped"),
    Column("snapshot", Integer, nullable=False, comment="what the ledger said was on hand when it was snapped"),
    moment("snapped_at", required=True),
    Column("counted", Integer),
    Column("counted_by", Text),
    moment("counted_at"),
    Column("accepted", Boolean, nullable=False, server_default=text("false"), comment="posted although stock moved"),
    PrimaryKeyConstraint("count_id", "product_id"),
    CheckConstraint("counted >= 0", name="counted"),
)

stock_alarms = Table(
    "stock_alarms",
    metadata,
    key(),
    Column("kind", Text, nullable=False),
    point("product_id"),
    Column("detail", Json, nullable=False, server_default=text("'{}'::jsonb")),
    moment("raised_at", required=True),
    moment("cleared_at"),
    Column("acknowledged_by", Text, comment="who has seen it"),
    moment("acknowledged_at"),
    CheckConstraint(one_of("kind", ("low_stock", "oversold", "push")), name="kind"),
)
Index(
    "stock_alarms_open_key",
    stock_alarms.c.kind,
    stock_alarms.c.product_id,
    unique=True,
    postgresql_where=text("cleared_at IS NULL"),
)
