"""What comes in (inbox), what goes out (effects), and the daemons' bookkeeping (gates, leases, daemons)."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Sequence,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from engine.database.tables.schema import Json, Sealed, Time, key, metadata, moment, one_of, point, refer
from engine.words import Audience, Dependency, EffectKind, EffectState, NoticeChannel, SendState

claim_tokens = Sequence("claim_tokens", metadata=metadata)
"""One number per claim: the fence named in every later write."""

inbox_keys = Table(
    "inbox_keys",
    metadata,
    Column(
        "key",
        LargeBinary,
        primary_key=True,
        comment="digest of notification id, or of (type, shop, raw body)",
    ),
    Column("inbox_id", Uuid, nullable=False),
    moment("received_at", required=True),
)

inbox = Table(
    "inbox",
    metadata,
    key(),
    refer("shop_id", "shops.id", nullable=True),
    Column("source", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("payload", Sealed, comment="raw bytes as received; cleared by the retention policy"),
    Column("state", Text, nullable=False, server_default="new"),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("due_at", Time, nullable=False, server_default=text("now()")),
    point("daemon_id", nullable=True),
    Column("lease_token", BigInteger),
    Column("lease_until", Time),
    Column("outcome", Text),
    Column("event", Text, comment="what it turned out to be: order.created, order.updated, order.cancelled"),
    moment("received_at", required=True),
    moment("settled_at"),
    CheckConstraint(one_of("source", ("webhook", "poll", "import", "manual")), name="source"),
    CheckConstraint(one_of("state", ("new", "done", "failed", "ignored")), name="state"),
    postgresql_with={"fillfactor": "70"},
)
Index(
    "inbox_open_index",
    inbox.c.due_at,
    inbox.c.id,
    postgresql_where=text("state = 'new' AND kind NOT IN ('webhook', 'cancellation', 'return')"),
)
Index(
    "inbox_asking_index",
    inbox.c.due_at,
    inbox.c.id,
    postgresql_where=text("state = 'new' AND kind IN ('webhook', 'cancellation', 'return')"),
)

effects = Table(
    "effects",
    metadata,
    key(),
    Column("key", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("dependency", Text, nullable=False),
    Column("sequence", BigInteger, Identity(always=True), nullable=False),
    point("order_id", nullable=True),
    point("shop_id", nullable=True),
    point("package_id", nullable=True),
    Column("head", Boolean, nullable=False, server_default=text("true")),
    Column("state", Text, nullable=False, server_default="intent"),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("due_at", Time, nullable=False, server_default=text("now()")),
    point("daemon_id", nullable=True),
    Column("lease_token", BigInteger),
    Column("lease_until", Time),
    Column("provider_reference", Text, nullable=False, server_default=""),
    Column("request", Json, nullable=False, server_default=text("'{}'::jsonb"), comment="never personal"),
    Column("retry", Json, comment="retry_config of the action that meant it; null: the budget of its kind"),
    Column("result", Sealed, comment="JSON; cleared by the retention policy"),
    Column("error_code", Text),
    Column("error", Text),
    moment("created_at", required=True),
    moment("settled_at"),
    CheckConstraint(one_of("kind", EffectKind), name="kind"),
    CheckConstraint(one_of("dependency", Dependency), name="dependency"),
    CheckConstraint(one_of("state", EffectState), name="state"),
    postgresql_with={
        "fillfactor": "50",
        "autovacuum_vacuum_scale_factor": "0.02",
        "autovacuum_vacuum_cost_delay": "0",
    },
)
Index(
    "effects_open_index",
    effects.c.kind,
    effects.c.due_at,
    postgresql_where=text("head"),
)
Index("effects_order_index", effects.c.order_id, effects.c.dependency, effects.c.sequence)

effect_tries = Table(
    "effect_tries",
    metadata,
    key(),
    refer("effect_id", "effects.id", cascade=True),
    Column("attempt", Integer, nullable=False),
    Column("state", Text, nullable=False, comment="what the effect was after this try"),
    Column("error_code", Text),
    Column("error", Text),
    moment("created_at", required=True),
)
Index("effect_tries_effect_index", effect_tries.c.effect_id, effect_tries.c.id)

notice_sends = Table(
    "notice_sends",
    metadata,
    key(),
    point("effect_id"),
    point("target_id", nullable=True),
    Column("label", Text, nullable=False, server_default="", comment="what the target was called"),
    Column("channel", Text, nullable=False),
    Column("audience", Text, nullable=False),
    Column("template", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="queued"),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("due_at", Time, nullable=False, server_default=text("now()")),
    point("message_id", nullable=True),
    point("daemon_id", nullable=True),
    Column("lease_token", BigInteger),
    Column("lease_until", Time),
    Column("reference", Text, nullable=False, server_default="", comment="what the other side knows it by"),
    Column("error_code", Text),
    Column("error", Text),
    moment("created_at", required=True),
    moment("sent_at"),
    moment("settled_at"),
    UniqueConstraint("effect_id", "target_id", postgresql_nulls_not_distinct=True),
    CheckConstraint(one_of("channel", NoticeChannel), name="channel"),
    CheckConstraint(one_of("audience", Audience), name="audience"),
    CheckConstraint(one_of("state", SendState), name="state"),
)
Index(
    "notice_sends_open_index",
    notice_sends.c.due_at,
    postgresql_where=text("state IN ('queued', 'sending', 'failed')"),
)
Index("notice_sends_message_index", notice_sends.c.message_id)

gates = Table(
    "gates",
    metadata,
    Column("dependency", Text, primary_key=True),
    Column("opened_until", Time),
    Column("reason", Text, nullable=False, server_default=""),
    refer("probe_daemon", "daemons.id", nullable=True),
    Column("probe_until", Time),
    moment("updated_at", required=True),
)

dependency_states = Table(
    "dependency_states",
    metadata,
    point("daemon_id"),
    Column("dependency", Text, nullable=False),
    Column("calls", BigInteger, nullable=False, comment="since the daemon started"),
    Column("failures", BigInteger, nullable=False),
    moment("last_success_at"),
    moment("last_failure_at"),
    moment("failing_since"),
    Column("failure_code", Text, nullable=False, server_default=""),
    Column("failure", Text, nullable=False, server_default="", comment="the last failure as a sentence"),
    Column("p95_ms", Double),
    moment("left_alone_until"),
    moment("limited_until"),
    Column("skew_seconds", Double, comment="how far the daemon's clock is ahead of the dependency's"),
    Column("note", Text, nullable=False, server_default="", comment="what it works without"),
    moment("updated_at", required=True),
    PrimaryKeyConstraint("daemon_id", "dependency"),
    postgresql_with={"fillfactor": "50"},
)

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    point("daemon_id", nullable=True),
    Column("term", BigInteger, nullable=False, server_default="0"),
    Column("until", Time, nullable=False),
)

daemons = Table(
    "daemons",
    metadata,
    key(),
    Column("host", Text, nullable=False),
    Column("process_id", Integer, nullable=False),
    Column("version", Text, nullable=False),
    moment("started_at", required=True),
    moment("beat_at", required=True),
    moment("stopped_at"),
)
