"""What the fleet tells of itself beside its work: counts minute by minute, figures, and the alerts that stand."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Double, PrimaryKeyConstraint, Table, Text

from engine.database.tables.schema import Time, metadata, moment, one_of

fleet_minutes = Table(
    "fleet_minutes",
    metadata,
    Column("minute", Time, nullable=False),
    Column("counter", Text, nullable=False),
    Column("count", BigInteger, nullable=False),
    PrimaryKeyConstraint("minute", "counter"),
)

fleet_gauges = Table(
    "fleet_gauges",
    metadata,
    Column("gauge", Text, nullable=False),
    Column("source", Text, nullable=False, comment="the daemon that tells it; empty: true of the whole house"),
    Column("value", Double, nullable=False),
    moment("told_at", required=True),
    PrimaryKeyConstraint("gauge", "source"),
    postgresql_with={"fillfactor": "50"},
)

alerts = Table(
    "alerts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("severity", Text, nullable=False),
    Column("state", Text, nullable=False, comment="pending: beyond its threshold, not for long enough yet"),
    Column("since", Time, comment="when the value went beyond the threshold"),
    Column("clear_since", Time, comment="while it fires: when the value came back"),
    moment("fired_at"),
    moment("over_at"),
    Column("episode", BigInteger, nullable=False, server_default="0", comment="how often it has fired"),
    Column("value", Double),
    Column("sentence", Text, nullable=False, server_default=""),
    Column("mend", Text, nullable=False, server_default=""),
    moment("seen_at", required=True),
    CheckConstraint(one_of("state", ("well", "pending", "firing")), name="state"),
)
