"""Audit log, notes, batches and their undo journal, saved views, rules, counters."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from engine.database.tables.schema import Amount, Json, Sealed, key, metadata, moment, one_of, refer
from engine.words import ChangeSource

audit_log = Table(
    "audit_log",
    metadata,
    Column("subject", Uuid, nullable=False, comment="the order, product, shop or user it is about"),
    Column("sequence", Integer, nullable=False),
    Column("action", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("before", Sealed, comment="JSON"),
    Column("after", Sealed, comment="JSON"),
    Column("previous_hash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    moment("created_at", required=True),
    PrimaryKeyConstraint("subject", "sequence"),
    CheckConstraint(one_of("source", ChangeSource), name="source"),
)

notes = Table(
    "notes",
    metadata,
    key(),
    refer("order_id", "orders.id", cascade=True),
    Column("body", Sealed, nullable=False, comment="text"),
    Column("author", Text, nullable=False),
    Column("must_acknowledge", Boolean, nullable=False, server_default=text("false")),
    Column("acknowledged_by", Text),
    moment("acknowledged_at"),
    moment("created_at", required=True),
)
Index("notes_order_index", notes.c.order_id)

batches = Table(
    "batches",
    metadata,
    key(),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("request", Json, nullable=False, server_default=text("'{}'::jsonb")),
    Column("total", Integer, nullable=False),
    Column("processed", Integer, nullable=False, server_default="0"),
    Column("failed", Integer, nullable=False, server_default="0"),
    Column("errors", Json, nullable=False, server_default=text("'[]'::jsonb")),
    moment("created_at", required=True),
    moment("finished_at"),
)

journal = Table(
    "journal",
    metadata,
    key(),
    refer("batch_id", "batches.id", cascade=True),
    refer("order_id", "orders.id", cascade=True),
    Column("before", Sealed, nullable=False, comment="JSON of what undo puts back"),
    Column("version_after", Integer, nullable=False),
    moment("expires_at", required=True),
    moment("undone_at"),
)
Index("journal_batch_index", journal.c.batch_id)

saved_views = Table(
    "saved_views",
    metadata,
    key(),
    refer("user_id", "users.id", nullable=True, cascade=True),
    Column("name", Text, nullable=False),
    Column("filter", Json, nullable=False),
    moment("created_at", required=True),
    UniqueConstraint("user_id", "name", postgresql_nulls_not_distinct=True),
)

rules = Table(
    "rules",
    metadata,
    key(),
    refer("user_id", "users.id"),
    Column("name", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("event", Text, nullable=False),
    Column("condition", Text, nullable=False, server_default="true"),
    Column("actions", Json, nullable=False),
    Column("stop", Boolean, nullable=False, server_default=text("false")),
    Column("enabled", Boolean, nullable=False, server_default=text("false")),
    moment("created_at", required=True),
    moment("updated_at", required=True),
    UniqueConstraint("user_id", "name"),
)

creator_metrics = Table(
    "creator_metrics",
    metadata,
    refer("user_id", "users.id", cascade=True),
    Column("day", Date, nullable=False),
    Column("currency", Text, nullable=False),
    Column("orders_completed", BigInteger, nullable=False, server_default="0"),
    Column("units_completed", BigInteger, nullable=False, server_default="0"),
    Column("revenue", Amount, nullable=False, server_default="0", comment="samples and gifts left out"),
    Column("workflow_seconds", BigInteger, nullable=False, server_default="0"),
    PrimaryKeyConstraint("user_id", "day", "currency"),
)

event_counters = Table(
    "event_counters",
    metadata,
    refer("shop_id", "shops.id", cascade=True),
    Column("day", Date, nullable=False),
    Column("event", Text, nullable=False),
    Column("count", BigInteger, nullable=False, server_default="0"),
    PrimaryKeyConstraint("shop_id", "day", "event"),
)
