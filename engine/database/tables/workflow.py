"""Workflows, their steps, work, holds and failures."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    desc,
    text,
)

from engine.database.tables.schema import (
    Json,
    Sealed,
    Texts,
    Time,
    execution_status,
    key,
    metadata,
    moment,
    one_of,
    point,
    refer,
    workflow_status,
)
from engine.words import ErrorClass, HoldReason

workflow_definitions = Table(
    "workflow_definitions",
    metadata,
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("text", Text, nullable=False, comment="the file as it was loaded; open orders finish on it"),
    Column("digest", LargeBinary, nullable=False),
    moment("created_at", required=True),
    PrimaryKeyConstraint("name", "version"),
)

order_workflows = Table(
    "order_workflows",
    metadata,
    key(),
    refer("order_id", "orders.id", cascade=True),
    Column("workflow_name", Text, nullable=False),
    Column("workflow_version", Integer, nullable=False, server_default="1"),
    Column("current_step", Text, nullable=False),
    Column("workflow_status", execution_status, nullable=False, server_default="running"),
    moment("started_at", required=True),
    moment("completed_at"),
    moment("failed_at"),
    Column("workflow_config", Json),
    Column("error_count", Integer, nullable=False, server_default="0"),
    Column("last_error", Text),
    moment("retry_after"),
    moment("created_at", required=True),
    moment("updated_at", required=True),
    postgresql_with={"fillfactor": "70"},
)
Index(
    "order_workflows_running_key",
    order_workflows.c.order_id,
    unique=True,
    postgresql_where=text("workflow_status IN ('running', 'failed', 'paused')"),
)

Index("order_workflows_order_index", order_workflows.c.order_id)

order_workflow_steps = Table(
    "order_workflow_steps",
    metadata,
    key(),
    point("workflow_id"),
    point("order_id"),
    Column("from_state", workflow_status),
    Column("to_state", workflow_status, nullable=False),
    Column("trigger", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    moment("created_at", required=True),
)
Index("order_workflow_steps_order_index", order_workflow_steps.c.order_id, order_workflow_steps.c.id)

work = Table(
    "work",
    metadata,
    Column("order_id", Uuid, primary_key=True),
    point("workflow_id"),
    Column("priority", Integer, nullable=False, server_default="1"),
    Column("ship_by", Time, nullable=False, server_default=text("'infinity'")),
    Column("ready", Boolean, nullable=False, server_default=text("true")),
    Column("due_at", Time, comment="when a sleeping order is looked at again; null: only when something happens"),
    Column("waiting_for", Text, nullable=False, server_default=""),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column(
        "happened", Texts, nullable=False, server_default=text("'{}'::text[]"), comment="events not put to rules yet"
    ),
    postgresql_with={
        "fillfactor": "50",
        "autovacuum_vacuum_scale_factor": "0.02",
        "autovacuum_vacuum_cost_delay": "0",
    },
)
Index("work_ready_index", desc(work.c.priority), work.c.ship_by, work.c.order_id, postgresql_where=text("ready"))
Index("work_priority_index", work.c.ship_by, postgresql_where=text("priority < 4 AND waiting_for <> 'delivery'"))
Index("work_waiting_index", work.c.waiting_for, postgresql_where=text("waiting_for NOT IN ('', 'delivery')"))
Index("work_due_index", work.c.due_at, postgresql_where=text("NOT ready AND due_at IS NOT NULL"))

holds = Table(
    "holds",
    metadata,
    key(),
    refer("order_id", "orders.id", cascade=True),
    Column("reason", Text, nullable=False),
    Column("note", Sealed, comment="text"),
    Column("placed_by", Text, nullable=False),
    moment("placed_at", required=True),
    Column("until", Time),
    moment("released_at"),
    Column("released_by", Text),
    CheckConstraint(one_of("reason", HoldReason), name="reason"),
)
Index(
    "holds_active_key",
    holds.c.order_id,
    holds.c.reason,
    unique=True,
    postgresql_where=text("released_at IS NULL"),
)
Index("holds_until_index", holds.c.until, postgresql_where=text("released_at IS NULL AND until IS NOT NULL"))

failures = Table(
    "failures",
    metadata,
    key(),
    refer("order_id", "orders.id", cascade=True),
    point("workflow_id"),
    Column("failed_from", workflow_status, nullable=False),
    Column("code", Text, nullable=False, comment="stable name of the cause"),
    Column("error_class", Text, nullable=False),
    Column("fingerprint", Text, nullable=False, comment="failures with one mend share it"),
    Column("cause", Text, nullable=False),
    Column("evidence", Json, nullable=False, server_default=text("'{}'::jsonb")),
    Column("what_to_do", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="1"),
    refer("assigned_to", "users.id", nullable=True),
    Column("acknowledged_by", Text, comment="who works on it"),
    moment("acknowledged_at"),
    moment("snoozed_until"),
    Column("retry_at", Time, comment="when it goes on by itself"),
    Column("retry_by", Text, comment="who mended what it failed for"),
    Column("retry_reason", Text),
    moment("created_at", required=True),
    moment("resolved_at"),
    Column("resolved_by", Text),
    Column("resolution", Text),
    CheckConstraint(one_of("error_class", ErrorClass), name="error_class"),
)
Index("failures_order_index", failures.c.order_id)
Index(
    "failures_open_index",
    failures.c.fingerprint,
    failures.c.created_at,
    postgresql_where=text("resolved_at IS NULL"),
)
