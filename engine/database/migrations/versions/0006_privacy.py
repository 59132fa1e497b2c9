"""Keys that rotate, people who are forgotten, and who may see and write what.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.access import guards

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _keys()
    _audit_digests()
    _retention()
    _guards()  # the last: it covers every table that is there


def _keys() -> None:
    # The key of the blind index is wrapped by the first program that has the master key: one that master implies, where words are made.
    op.create_table(
        "index_keys",
        sa.Column("one", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column(
            "wrapped", sa.LargeBinary(), nullable=False, comment="key of the blind index sealed by the master key"
        ),
        sa.Column("master", sa.LargeBinary(), nullable=False, comment="fingerprint of the master key in force"),
        sa.Column("wrapped_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("one", name=op.f("index_keys_one_check")),
        sa.PrimaryKeyConstraint("one", name=op.f("index_keys_pkey")),
        schema="orders",
    )
    op.add_column(
        "data_keys",
        sa.Column(
            "master",
            sa.LargeBinary(),
            nullable=True,
            comment="fingerprint of the master key; null: of before there were any",
        ),
        schema="orders",
    )
    op.alter_column("data_keys", "retired_at", comment="since when nothing new is sealed with it", schema="orders")


# What an entry says may be sealed anew or erased, and nothing else of it: its digest stays, and its hash covers that.
_REFUSE_CHANGE = """
CREATE OR REPLACE FUNCTION orders.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' AND coalesce(current_setting('orders.audit_retention', true), '') = 'on' THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'audit_log'
       AND coalesce(current_setting('orders.audit_values', true), '') = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% is insert-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END $$
"""
_KEEP_DIGESTS = """
CREATE FUNCTION orders.keep_audit_digests() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.subject, NEW.sequence, NEW.action, NEW.actor, NEW.source, NEW.previous_hash, NEW.hash, NEW.created_at)
       IS DISTINCT FROM
       (OLD.subject, OLD.sequence, OLD.action, OLD.actor, OLD.source, OLD.previous_hash, OLD.hash, OLD.created_at) THEN
        RAISE EXCEPTION 'audit_log is insert-only: only values may be sealed anew or erased'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    NEW.before_digest := coalesce(OLD.before_digest, sha256(OLD.before));
    NEW.after_digest := coalesce(OLD.after_digest, sha256(OLD.after));
    RETURN NEW;
END $$
"""

# Each opens the door for itself alone and shuts it again; only closed orders are erased and cut.
_CLOSED = """
SELECT o.id FROM orders.orders o WHERE o.id = ANY(subjects) AND o.order_status IN ('delivered', 'cancelled', 'returned')
  AND NOT EXISTS (SELECT FROM orders.work w WHERE w.order_id = o.id)
"""
_DEFINED = "LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
_AUDIT_DOORS = (
    f"""
CREATE FUNCTION orders.erase_audit(subjects uuid[], kept text[]) RETURNS bigint {_DEFINED} AS $$
DECLARE erased bigint;
BEGIN
    PERFORM set_config('orders.audit_values', 'on', true);
    UPDATE orders.audit_log a SET before = NULL, after = NULL
    WHERE a.subject IN ({_CLOSED}) AND (a.before IS NOT NULL OR a.after IS NOT NULL) AND a.action <> ALL(kept)
      AND NOT (a.source = 'system' AND a.action LIKE 'workflow.%' AND a.action NOT IN ('workflow.fail', 'workflow.postpone'));
    GET DIAGNOSTICS erased = ROW_COUNT;
    PERFORM set_config('orders.audit_values', 'off', true);
    RETURN erased;
END $$
""",  # noqa: S608
    f"""
CREATE FUNCTION orders.cut_audit(subjects uuid[], sequences integer[], actor text, reason text) RETURNS bigint {_DEFINED} AS $$
DECLARE cut bigint;
BEGIN
    PERFORM set_config('orders.audit_retention', 'on', true);
    INSERT INTO orders.audit_cuts (subject, through_sequence, through_hash, actor, reason)
    SELECT a.subject, a.sequence, a.hash, cut_audit.actor, cut_audit.reason
    FROM unnest(subjects, sequences) AS d(subject, sequence)
    JOIN orders.audit_log a ON a.subject = d.subject AND a.sequence = d.sequence WHERE a.subject IN ({_CLOSED});
    DELETE FROM orders.audit_log a USING unnest(subjects, sequences) AS d(subject, sequence)
    WHERE a.subject = d.subject AND a.sequence <= d.sequence AND a.subject IN ({_CLOSED});
    GET DIAGNOSTICS cut = ROW_COUNT;
    PERFORM set_config('orders.audit_retention', 'off', true);
    RETURN cut;
END $$
""",  # noqa: S608
    f"""
CREATE FUNCTION orders.seal_audit_anew(subjects uuid[], sequences integer[], befores bytea[], afters bytea[]) RETURNS void {_DEFINED} AS $$
BEGIN
    PERFORM set_config('orders.audit_values', 'on', true);
    UPDATE orders.audit_log a SET before = d.before, after = d.after
    FROM unnest(subjects, sequences, befores, afters) AS d(subject, sequence, before, after)
    WHERE a.subject = d.subject AND a.sequence = d.sequence
      AND (a.before IS NULL) = (d.before IS NULL) AND (a.after IS NULL) = (d.after IS NULL);
    PERFORM set_config('orders.audit_values', 'off', true);
END $$
""",  # noqa: S608
)


def _audit_digests() -> None:
    op.add_column(
        "audit_log",
        sa.Column(
            "before_digest",
            sa.LargeBinary(),
            nullable=True,
            comment="of what was first stored, once that was sealed anew or erased",
        ),
        schema="orders",
    )
    op.add_column(
        "audit_log", sa.Column("after_digest", sa.LargeBinary(), nullable=True, comment="likewise"), schema="orders"
    )
    op.execute(_REFUSE_CHANGE)
    op.execute(_KEEP_DIGESTS)
    op.execute(
        "CREATE TRIGGER audit_log_keep_digests BEFORE UPDATE ON orders.audit_log "
        "FOR EACH ROW EXECUTE FUNCTION orders.keep_audit_digests()"
    )
    for function in _AUDIT_DOORS:
        op.execute(function)


def _retention() -> None:
    op.add_column(
        "orders",
        sa.Column(
            "forgotten_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when its person was forgotten; nothing personal is taken in for it since",
        ),
        schema="orders",
    )
    op.create_table(
        "retention_policies",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("shop_id", sa.Uuid(), nullable=True),
        sa.Column(
            "orders_days",
            sa.Integer(),
            nullable=True,
            comment="a closed order's person is forgotten after so long; null: as said above it",
        ),
        sa.Column(
            "payloads_days",
            sa.Integer(),
            nullable=True,
            comment="what came in and went out as it was sent; null: likewise",
        ),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("orders_days >= 0 AND payloads_days >= 0", name=op.f("retention_policies_days_check")),
        sa.CheckConstraint("user_id IS NULL OR shop_id IS NULL", name=op.f("retention_policies_one_place_check")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["orders.users.id"], name=op.f("retention_policies_user_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["orders.shops.id"], name=op.f("retention_policies_shop_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("retention_policies_pkey")),
        sa.UniqueConstraint(
            "user_id",
            "shop_id",
            name=op.f("retention_policies_user_id_shop_id_key"),
            postgresql_nulls_not_distinct=True,
        ),
        schema="orders",
    )
    op.create_table(
        "privacy_errands",
        sa.Column("errand", sa.Text(), nullable=False, comment="reseal orders, retention orders …"),
        sa.Column(
            "reached",
            sa.ARRAY(sa.Text()),
            nullable=True,
            comment="key of the last row looked at; null: not begun",
        ),
        sa.Column("looked_at", sa.BigInteger(), server_default="0", nullable=False, comment="rows, in this pass"),
        sa.Column("changed", sa.BigInteger(), server_default="0", nullable=False, comment="rows, in this pass"),
        sa.Column(
            "passed_over", sa.BigInteger(), server_default="0", nullable=False, comment="rows that somebody else held"
        ),
        sa.Column("stuck", sa.BigInteger(), server_default="0", nullable=False, comment="rows that cannot be changed"),
        sa.Column(
            "keys",
            sa.ARRAY(sa.Integer()),
            server_default=sa.text("'{}'::int[]"),
            nullable=False,
            comment="found in this pass",
        ),
        sa.Column(
            "proves",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="what it does not find is nowhere",
        ),
        sa.Column(
            "changed_by",
            sa.Text(),
            nullable=True,
            comment="transaction of the last change: whoever began before it may know values of before",
        ),
        sa.Column("began_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("progressed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("errand", name=op.f("privacy_errands_pkey")),
        schema="orders",
    )


def _guards() -> None:
    guards.apply(op.get_bind())
