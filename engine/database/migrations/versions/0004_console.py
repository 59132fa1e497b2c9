"""What the console keeps.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from engine.orders.saved_views import shared_from_the_start, stored

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _activity()
    _views()
    _tallies()
    _paper()
    _picking()
    _stock_lists()
    _rule_runs()
    _lists()
    _presence()


def _presence() -> None:
    op.create_table(
        "presence",
        sa.Column("console_id", sa.Uuid(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("fingerprint", sa.Text(), server_default="", nullable=False),
        sa.Column("edits", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("console_id", name=op.f("presence_pkey")),
        schema="orders",
        prefixes=["UNLOGGED"],
    )


def _activity() -> None:
    # Block ranges do for a seal, not for people who read what was done last.
    op.drop_index("audit_log_created_index", "audit_log", schema="orders")
    op.create_index("audit_log_created_index", "audit_log", ["created_at"], schema="orders")
    for name, columns in (("people", ["created_at"]), ("actor", ["actor", "created_at"])):
        op.create_index(
            f"audit_log_{name}_index",
            "audit_log",
            columns,
            schema="orders",
            postgresql_where=sa.text("source = 'user'"),
        )


def _views() -> None:
    op.add_column(
        "saved_views",
        sa.Column("position", sa.Integer(), nullable=True, comment="the key 1 to 9 that opens it; null: by name only"),
        schema="orders",
    )
    op.add_column(
        "saved_views",
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        schema="orders",
    )
    op.create_unique_constraint(
        op.f("saved_views_user_id_position_key"), "saved_views", ["user_id", "position"], schema="orders"
    )
    op.create_check_constraint(
        op.f("saved_views_position_check"), "saved_views", "position BETWEEN 1 AND 9", schema="orders"
    )
    op.create_index(
        "saved_views_shared_position_key",
        "saved_views",
        ["position"],
        unique=True,
        schema="orders",
        postgresql_where=sa.text("user_id IS NULL"),
    )
    views = sa.table(
        "saved_views",
        sa.column("name", sa.Text()),
        sa.column("filter", postgresql.JSONB()),
        sa.column("position", sa.Integer()),
        schema="orders",
    )
    op.bulk_insert(
        views,
        [{"name": view.name, "filter": stored(view), "position": view.position} for view in shared_from_the_start()],
    )


def _tallies() -> None:
    status = postgresql.ENUM(name="order_status_enum", schema="orders", create_type=False)
    state = postgresql.ENUM(name="workflow_status_enum", schema="orders", create_type=False)
    op.create_table(
        "order_moves",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.Column("from_status", status, nullable=True, comment="null: the orders are new"),
        sa.Column("from_state", state, nullable=True),
        sa.Column("to_status", status, nullable=True, comment="null: the orders are gone"),
        sa.Column("to_state", state, nullable=True),
        sa.Column("orders", sa.Integer(), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("order_moves_pkey")),
        schema="orders",
    )
    op.create_table(
        "order_counts",
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.Column("order_status", status, nullable=False),
        sa.Column("workflow_status", state, nullable=False),
        sa.Column("orders", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("shop_id", "order_status", "workflow_status", name=op.f("order_counts_pkey")),
        schema="orders",
    )
    op.create_table(
        "order_minutes",
        sa.Column("minute", sa.DateTime(timezone=True), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("created", "shipped", "completed", "failed", "cancelled")
        ),
        sa.PrimaryKeyConstraint("minute", "shop_id", name=op.f("order_minutes_pkey")),
        schema="orders",
    )
    for event, tables, moved in _TALLIED:
        name, function = f"tally_{event.lower()}", f"orders.tally_{event.lower()}"
        op.execute(
            f"CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {moved}; RETURN NULL; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {name} AFTER {event} ON orders.orders REFERENCING {tables} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
        )
    op.execute(
        """
        INSERT INTO orders.order_counts (shop_id, order_status, workflow_status, orders)
        SELECT shop_id, order_status, workflow_status, count(*) FROM orders.orders GROUP BY 1, 2, 3
        """
    )


# Statement triggers with transition tables: one row a kind of move, however many orders a statement moves.
_TALLIED = (
    (
        "INSERT",
        "NEW TABLE AS after_rows",
        """
        INSERT INTO orders.order_moves (shop_id, to_status, to_state, orders)
        SELECT shop_id, order_status, workflow_status, count(*) FROM after_rows GROUP BY 1, 2, 3
        """,
    ),
    (
        "UPDATE",
        "OLD TABLE AS before_rows NEW TABLE AS after_rows",
        """
        INSERT INTO orders.order_moves (shop_id, from_status, from_state, to_status, to_state, orders)
        SELECT a.shop_id, b.order_status, b.workflow_status, a.order_status, a.workflow_status, count(*)
        FROM before_rows b JOIN after_rows a ON a.id = b.id
        WHERE a.order_status <> b.order_status OR a.workflow_status <> b.workflow_status
        GROUP BY 1, 2, 3, 4, 5
        """,
    ),
    (
        "DELETE",
        "OLD TABLE AS before_rows",
        """
        INSERT INTO orders.order_moves (shop_id, from_status, from_state, orders)
        SELECT shop_id, order_status, workflow_status, count(*) FROM before_rows GROUP BY 1, 2, 3
        """,
    ),
)


def _paper() -> None:
    op.create_table(
        "stations",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column(
            "printers",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="kind of paper → the printer's name, or the path of a folder",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["location_id"], ["orders.locations.id"], name=op.f("stations_location_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("stations_pkey")),
        sa.UniqueConstraint("code", name=op.f("stations_code_key")),
        schema="orders",
    )
    op.create_table(
        "prints",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="sending", nullable=False),
        sa.Column("station", sa.Text(), server_default="", nullable=False, comment="its code then"),
        sa.Column("destination", sa.Text(), nullable=False, comment="the printer's name, or the folder"),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column(
            "reprints", sa.Integer(), server_default="0", nullable=False, comment="how many of them were printed before"
        ),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('label', 'list', 'slip')", name=op.f("prints_kind_check")),
        sa.CheckConstraint("state IN ('sending', 'printed', 'saved', 'failed')", name=op.f("prints_state_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("prints_pkey")),
        schema="orders",
    )
    op.create_index(
        "prints_recent_index",
        "prints",
        [sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        schema="orders",
    )
    op.create_table(
        "print_subjects",
        sa.Column("print_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False, comment="its place in the document"),
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column(
            "generation", sa.Integer(), server_default="0", nullable=False, comment="of a parcel: which of its labels"
        ),
        sa.ForeignKeyConstraint(
            ["print_id"], ["orders.prints.id"], name=op.f("print_subjects_print_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("print_id", "place", name=op.f("print_subjects_pkey")),
        schema="orders",
    )
    op.create_index("print_subjects_subject_index", "print_subjects", ["subject"], schema="orders")


def _picking() -> None:
    op.add_column("waves", sa.Column("number", sa.BigInteger(), sa.Identity(), nullable=False), schema="orders")
    op.add_column(
        "waves",
        sa.Column("picker_name", sa.Text(), server_default="", nullable=False, comment="who picks it, a user or not"),
        schema="orders",
    )
    op.add_column("waves", sa.Column("made_by", sa.Text(), server_default="", nullable=False), schema="orders")
    op.create_unique_constraint(op.f("waves_number_key"), "waves", ["number"], schema="orders")
    op.create_index(
        "waves_open_index", "waves", ["number"], schema="orders", postgresql_where=sa.text("state <> 'done'")
    )
    op.create_index(
        "pick_lines_wave_index",
        "pick_lines",
        ["wave_id"],
        schema="orders",
        postgresql_where=sa.text("wave_id IS NOT NULL"),
    )
    op.create_index(
        "pick_lines_open_index",
        "pick_lines",
        ["location_id", "order_id"],
        schema="orders",
        postgresql_where=sa.text("state = 'open' AND wave_id IS NULL"),
    )
    picked: list[sa.Column[Any]] = [
        sa.Column("picked", sa.Integer(), server_default="0", nullable=False, comment="how many are off the shelf"),
        sa.Column("picked_by", sa.Text(), nullable=True),
        sa.Column("picked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_by", sa.Text(), nullable=True, comment="who is at it"),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=True),
    ]
    for column in picked:
        op.add_column("stock_reservations", column, schema="orders")
    op.create_check_constraint(
        op.f("stock_reservations_picked_check"), "stock_reservations", "picked >= 0", schema="orders"
    )
    op.create_index(
        "stock_reservations_going_back_index",
        "stock_reservations",
        ["location_id", "order_id"],
        schema="orders",
        postgresql_where=sa.text("state = 'released' AND picked > 0 OR state = 'active' AND picked > quantity"),
    )
    op.create_index("products_barcodes_index", "products", ["barcodes"], schema="orders", postgresql_using="gin")
    packed: list[sa.Column[Any]] = [
        sa.Column("packed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("packed_by", sa.Text(), nullable=True),
        sa.Column("station", sa.Text(), server_default="", nullable=False, comment="where it was packed"),
        sa.Column(
            "label_address", sa.LargeBinary(), nullable=True, comment="the order's address, sealed, as its label has it"
        ),
    ]
    for column in packed:
        op.add_column("packages", column, schema="orders")


def _stock_lists() -> None:
    # Known to the program from the beginning and never made: searches by a product's words walked all products.
    op.create_index(
        "products_name_words_index",
        "products",
        [sa.text("to_tsvector('simple', name)")],
        schema="orders",
        postgresql_using="gin",
    )
    op.create_index("products_sku_order_index", "products", [sa.text('lower(sku) COLLATE "C"'), "id"], schema="orders")
    op.create_index(
        "stock_levels_held_index", "stock_levels", ["product_id"], schema="orders", postgresql_where=sa.text("held > 0")
    )
    op.create_index(
        "stock_reservations_product_index",
        "stock_reservations",
        ["product_id", "created_at"],
        schema="orders",
        postgresql_where=sa.text("state = 'active'"),
    )
    # A product's movements are read newest first: the same index, in that order.
    op.drop_index("stock_movements_product_index", "stock_movements", schema="orders")
    op.create_index(
        "stock_movements_product_index", "stock_movements", ["product_id", "created_at", "id"], schema="orders"
    )
    # How many levels have nothing free is known to the planner; nothing is added to what moves them.
    op.execute(
        "CREATE STATISTICS orders.stock_levels_free_statistics ON (on_hand - reserved - held) FROM orders.stock_levels"
    )
    op.add_column(
        "stock_alarms",
        sa.Column("acknowledged_by", sa.Text(), nullable=True, comment="who has seen it"),
        schema="orders",
    )
    op.add_column(
        "stock_alarms", sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True), schema="orders"
    )


def _lists() -> None:
    """An index for each sort and each filter of the orders table."""
    newest = [sa.text("order_date DESC"), sa.text("id DESC")]

    def index(name: str, columns: list[str | sa.TextClause], *, where: str = "", using: str = "btree") -> None:
        op.create_index(
            f"orders_{name}_index",
            "orders",
            columns,
            schema="orders",
            postgresql_using=using,
            postgresql_where=sa.text(where) if where else None,
        )

    index("changed", [sa.text("updated_at DESC"), sa.text("id DESC")])
    index("total", ["total_amount", "id"])
    due = (
        "(CASE WHEN order_status IN ('pending', 'confirmed', 'processing')"
        " THEN coalesce(expected_ship_date, '9999-01-01 00:00+00'::timestamptz) ELSE '9999-01-01 00:00+00'::timestamptz END)"
    )
    index("ship_by", [sa.text(due), "id"])
    index("state", ["workflow_status", *newest], where="workflow_status <> 'completed'")
    op.drop_index("orders_failed_index", "orders", schema="orders")  # the one before serves what failed, too
    index("shop", ["shop_id", *newest])
    index("assigned", ["assigned_to", *newest], where="assigned_to IS NOT NULL")
    index("unpaid", ["payment_status", *newest], where="payment_status <> 'paid'")
    index("tags", ["tags"], where="cardinality(tags) > 0", using="gin")
    op.drop_index("work_stock_index", "work", schema="orders")
    op.create_index(
        "work_waiting_index",
        "work",
        ["waiting_for"],
        schema="orders",
        postgresql_where=sa.text("waiting_for NOT IN ('', 'delivery')"),
    )


def _rule_runs() -> None:
    op.create_index("rule_runs_rule_index", "rule_runs", ["rule_id", "created_at", "id"], schema="orders")
