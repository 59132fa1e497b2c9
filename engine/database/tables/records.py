"""Audit log, its seals and its cuts, notes, batches with their parts and undo journal, saved views, rules, counters."""

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
    desc,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from engine.database.tables.schema import Amount, Json, Sealed, Time, key, metadata, moment, one_of, point, refer
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
    Column("before_digest", LargeBinary, comment="of what was first stored, once that was sealed anew or erased"),
    Column("after_digest", LargeBinary, comment="likewise"),
    PrimaryKeyConstraint("subject", "sequence"),
    CheckConstraint(one_of("source", ChangeSource), name="source"),
)
# Entries of one transaction share their time, so this tree is small, and it grows at its end only.
Index("audit_log_created_index", audit_log.c.created_at)
# What people did is little beside what the program did, and is what people ask for.
Index("audit_log_people_index", audit_log.c.created_at, postgresql_where=text("source = 'user'"))
Index("audit_log_actor_index", audit_log.c.actor, audit_log.c.created_at, postgresql_where=text("source = 'user'"))

audit_seals = Table(
    "audit_seals",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("horizon", Time, nullable=False, comment="entries begun before this are sealed, here or earlier"),
    Column("subjects", Integer, nullable=False),
    Column("previous_hash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    moment("sealed_at", required=True),
)

audit_seal_heads = Table(
    "audit_seal_heads",
    metadata,
    Column("seal", BigInteger, nullable=False),
    Column("subject", Uuid, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("seal", "subject"),
)
Index("audit_seal_heads_subject_index", audit_seal_heads.c.subject, audit_seal_heads.c.seal)

audit_cuts = Table(
    "audit_cuts",
    metadata,
    Column("subject", Uuid, nullable=False),
    Column("through_sequence", Integer, nullable=False, comment="the last entry that retention removed"),
    Column("through_hash", LargeBinary, nullable=False, comment="what the first entry that is left follows"),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    moment("created_at", required=True),
    PrimaryKeyConstraint("subject", "through_sequence"),
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
Index(
    "notes_unacknowledged_index",
    notes.c.order_id,
    postgresql_where=text("must_acknowledge AND acknowledged_at IS NULL"),
)

batches = Table(
    "batches",
    metadata,
    key(),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("request", Json, nullable=False, server_default=text("'{}'::jsonb")),
    Column("note", Sealed, comment="text: what of the request may be personal"),
    Column("total", Integer, nullable=False),
    Column("processed", Integer, nullable=False, server_default="0"),
    Column("failed", Integer, nullable=False, server_default="0"),
    Column("unchanged", Integer, nullable=False, server_default="0", comment="were as asked already"),
    Column(
        "errors", Json, nullable=False, server_default=text("'[]'::jsonb"), comment="gathered from the parts at the end"
    ),
    Column("stop_asked", Boolean, nullable=False, server_default=text("false"), comment="end after the part under way"),
    refer("undoes", "batches.id", nullable=True),
    moment("created_at", required=True),
    moment("progressed_at", required=True),
    moment("finished_at"),
)
Index("batches_recent_index", desc(batches.c.created_at), desc(batches.c.id))
Index("batches_undoes_index", batches.c.undoes, postgresql_where=text("undoes IS NOT NULL"))

# The orders of a batch, fixed when it begins. A part is one transaction: its changes and its `done_at` are there together or not at all.
batch_parts = Table(
    "batch_parts",
    metadata,
    refer("batch_id", "batches.id", cascade=True),
    Column("first", Integer, nullable=False, comment="place of its first order in the batch"),
    Column("order_ids", ARRAY(Uuid), nullable=False),
    Column("versions", ARRAY(Integer), comment="the versions a person saw; null: whatever they are"),
    Column("errors", Json, nullable=False, server_default=text("'[]'::jsonb")),
    moment("done_at"),
    PrimaryKeyConstraint("batch_id", "first"),
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
Index("journal_batch_index", journal.c.batch_id, journal.c.order_id, unique=True)
Index("journal_expiry_index", journal.c.expires_at)

saved_views = Table(
    "saved_views",
    metadata,
    key(),
    refer("user_id", "users.id", nullable=True, cascade=True),
    Column("name", Text, nullable=False),
    Column("filter", Json, nullable=False),
    Column("position", Integer, comment="the key 1 to 9 that opens it; null: by name only"),
    moment("created_at", required=True),
    moment("updated_at", required=True),
    UniqueConstraint("user_id", "name", postgresql_nulls_not_distinct=True),
    UniqueConstraint("user_id", "position"),
    CheckConstraint("position BETWEEN 1 AND 9", name="position"),
)
Index(
    "saved_views_shared_position_key",
    saved_views.c.position,
    unique=True,
    postgresql_where=text("user_id IS NULL"),
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
    Column("error", Text, comment="why it broke last; it is skipped until it is saved anew"),
    moment("broke_at"),
    moment("created_at", required=True),
    moment("updated_at", required=True),
    UniqueConstraint("user_id", "name"),
)

rule_runs = Table(
    "rule_runs",
    metadata,
    key(),
    point("rule_id"),
    Column("rule", Text, nullable=False, comment="its name then; the trace outlives the rule"),
    point("order_id"),
    Column("event", Text, nullable=False),
    Column("done", Json, nullable=False, comment="what the rule did, in words"),
    moment("created_at", required=True),
)
Index("rule_runs_order_index", rule_runs.c.order_id)
Index("rule_runs_rule_index", rule_runs.c.rule_id, rule_runs.c.created_at, rule_runs.c.id)

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

presence = Table(
    "presence",
    metadata,
    Column("console_id", Uuid, primary_key=True),
    Column("who", Text, nullable=False),
    Column("order_id", Uuid),
    Column("fingerprint", Text, nullable=False, server_default=""),
    Column("edits", Boolean, nullable=False, server_default=text("false")),
    moment("beat_at", required=True),
    prefixes=["UNLOGGED"],
)
