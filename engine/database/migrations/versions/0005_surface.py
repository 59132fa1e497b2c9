"""What the daemon's surface keeps.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _amounts()
    _answers()
    _people()
    _tokens()
    _monitoring()
    _backups()


def _amounts() -> None:
    # Nobody is in the middle of a change that the notes tell of in the old way.
    op.execute("LOCK TABLE orders.orders IN SHARE MODE")
    for name in ("from_currency", "to_currency"):
        op.add_column("order_moves", sa.Column(name, sa.Text(), nullable=True), schema="orders")
    for name in ("from_amount", "to_amount"):
        op.add_column("order_moves", sa.Column(name, sa.Numeric(), nullable=True), schema="orders")
    op.execute("DELETE FROM orders.order_moves")
    op.execute("DELETE FROM orders.order_counts")
    op.drop_constraint("order_counts_pkey", "order_counts", schema="orders")
    op.add_column("order_counts", sa.Column("currency", sa.Text(), nullable=False), schema="orders")
    op.add_column("order_counts", sa.Column("amount", sa.Numeric(), nullable=False), schema="orders")
    op.create_primary_key(
        op.f("order_counts_pkey"),
        "order_counts",
        ["shop_id", "order_status", "workflow_status", "currency"],
        schema="orders",
    )
    for event, moved in _TALLIED:
        op.execute(
            f"CREATE OR REPLACE FUNCTION orders.tally_{event}() RETURNS trigger LANGUAGE plpgsql AS $$ "
            f"BEGIN {moved}; RETURN NULL; END $$"
        )
    op.execute(
        """
        INSERT INTO orders.order_counts (shop_id, order_status, workflow_status, currency, orders, amount)
        SELECT shop_id, order_status, workflow_status, currency, count(*), sum(total_amount) FROM orders.orders GROUP BY 1, 2, 3, 4
        """
    )


_TALLIED = (
    (
        "insert",
        """
        INSERT INTO orders.order_moves (shop_id, to_status, to_state, to_currency, orders, to_amount)
        SELECT shop_id, order_status, workflow_status, currency, count(*), sum(total_amount) FROM after_rows GROUP BY 1, 2, 3, 4
        """,
    ),
    (
        "update",
        """
        INSERT INTO orders.order_moves
               (shop_id, from_status, from_state, from_currency, to_status, to_state, to_currency, orders, from_amount, to_amount)
        SELECT a.shop_id, b.order_status, b.workflow_status, b.currency, a.order_status, a.workflow_status, a.currency, count(*),
               sum(b.total_amount), sum(a.total_amount)
        FROM before_rows b JOIN after_rows a ON a.id = b.id
        WHERE a.order_status <> b.order_status OR a.workflow_status <> b.workflow_status OR a.total_amount <> b.total_amount
           OR a.currency <> b.currency
        GROUP BY 1, 2, 3, 4, 5, 6, 7
        """,
    ),
    (
        "delete",
        """
        INSERT INTO orders.order_moves (shop_id, from_status, from_state, from_currency, orders, from_amount)
        SELECT shop_id, order_status, workflow_status, currency, count(*), sum(total_amount) FROM before_rows GROUP BY 1, 2, 3, 4
        """,
    ),
)


def _answers() -> None:
    op.create_table(
        "api_answers",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("caller", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False, comment="the caller's own name for what it asked"),
        sa.Column("asked", sa.LargeBinary(), nullable=False, comment="digest of method, path and body"),
        sa.Column("batch_id", sa.Uuid(), nullable=True, comment="what it began, and goes on with when asked again"),
        sa.Column("status", sa.Integer(), nullable=True, comment="null: not answered yet"),
        sa.Column("etag", sa.Text(), server_default="", nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True, comment="whose data key seals the body; null: it lies open"),
        sa.Column("body", sa.LargeBinary(), nullable=True, comment="the answer, JSON as it was given"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("api_answers_pkey")),
        sa.UniqueConstraint("caller", "key", name=op.f("api_answers_caller_key_key")),
        schema="orders",
    )
    op.create_index("api_answers_created_index", "api_answers", ["created_at"], schema="orders")


def _people() -> None:
    op.add_column(
        "users",
        sa.Column(
            "subject", sa.Text(), nullable=True, comment="the sub of this person's tokens, where it is not the id"
        ),
        schema="orders",
    )
    op.create_unique_constraint(op.f("users_subject_key"), "users", ["subject"], schema="orders")
    op.add_column("users", sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True), schema="orders")


def _tokens() -> None:
    op.create_table(
        "access_tokens",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="what it is for, as whoever issued it says"),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="SHA-256 of its text, which is not kept"),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["orders.users.id"], name=op.f("access_tokens_user_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("access_tokens_pkey")),
        sa.UniqueConstraint("digest", name=op.f("access_tokens_digest_key")),
        schema="orders",
    )


def _monitoring() -> None:
    op.create_table(
        "fleet_minutes",
        sa.Column("minute", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counter", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("minute", "counter", name=op.f("fleet_minutes_pkey")),
        schema="orders",
    )
    op.create_table(
        "fleet_gauges",
        sa.Column("gauge", sa.Text(), nullable=False),
        sa.Column(
            "source", sa.Text(), nullable=False, comment="the daemon that tells it; empty: true of the whole house"
        ),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("gauge", "source", name=op.f("fleet_gauges_pkey")),
        schema="orders",
        postgresql_with={"fillfactor": "50"},
    )
    op.create_table(
        "alerts",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="pending: beyond its threshold, not for long enough yet"),
        sa.Column(
            "since", sa.DateTime(timezone=True), nullable=True, comment="when the value went beyond the threshold"
        ),
        sa.Column(
            "clear_since", sa.DateTime(timezone=True), nullable=True, comment="while it fires: when the value came back"
        ),
        sa.Column("fired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("over_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("episode", sa.BigInteger(), server_default="0", nullable=False, comment="how often it has fired"),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("sentence", sa.Text(), server_default="", nullable=False),
        sa.Column("mend", sa.Text(), server_default="", nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state IN ('well', 'pending', 'firing')", name=op.f("alerts_state_check")),
        sa.PrimaryKeyConstraint("name", name=op.f("alerts_pkey")),
        schema="orders",
    )


def _backups() -> None:
    op.create_table(
        "backups",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), server_default="", nullable=False, comment="empty: none was written"),
        sa.Column("bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("orders", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("sha256", sa.Text(), server_default="", nullable=False, comment="of the dump"),
        sa.Column("proved_at", sa.DateTime(timezone=True), nullable=True, comment="restored for a try, and whole"),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("backups_pkey")),
        schema="orders",
    )
