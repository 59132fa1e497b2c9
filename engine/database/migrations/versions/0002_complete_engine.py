"""What the complete engine keeps: workflow versions, seals, rule runs, kits, priorities, kinds of order."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from engine.workflow.definition_file import packaged_text
from engine.workflow.library import packaged_edition

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


# One trigger a statement costs nothing per row. UPDATE is never let through; what retention may do is in engine/audit/retention.py.
_INSERT_ONLY = """
CREATE FUNCTION orders.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' AND coalesce(current_setting('orders.audit_retention', true), '') = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% is insert-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END $$
"""


def upgrade() -> None:
    op.create_table(
        "audit_seal_heads",
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seal", "subject", name=op.f("audit_seal_heads_pkey")),
        schema="orders",
    )
    op.create_index(
        "audit_seal_heads_subject_index", "audit_seal_heads", ["subject", "seal"], unique=False, schema="orders"
    )
    op.create_table(
        "audit_seals",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "horizon",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="entries begun before this are sealed, here or earlier",
        ),
        sa.Column("subjects", sa.Integer(), nullable=False),
        sa.Column("previous_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("audit_seals_pkey")),
        schema="orders",
    )
    op.create_table(
        "workflow_definitions",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False, comment="the file as it was loaded; open orders finish on it"),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("name", "version", name=op.f("workflow_definitions_pkey")),
        schema="orders",
    )
    # Orders from before definitions were stored are on the one that ships with the program.
    name, version, digest = packaged_edition()
    op.execute(
        sa.text(
            "INSERT INTO orders.workflow_definitions (name, version, text, digest) VALUES (:name, :version, :text, :digest)"
        ).bindparams(name=name, version=version, text=packaged_text(), digest=digest)
    )
    op.create_table(
        "rule_runs",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("rule_id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False, comment="its name then; the trace outlives the rule"),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column(
            "done", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="what the rule did, in words"
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("rule_runs_pkey")),
        schema="orders",
    )
    op.create_index("rule_runs_order_index", "rule_runs", ["order_id"], unique=False, schema="orders")
    op.create_index(
        "audit_log_created_index",
        "audit_log",
        ["created_at"],
        unique=False,
        schema="orders",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "true"},
    )
    op.create_table(
        "audit_cuts",
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("through_sequence", sa.Integer(), nullable=False, comment="the last entry that retention removed"),
        sa.Column(
            "through_hash",
            sa.LargeBinary(),
            nullable=False,
            comment="what the first entry that is left follows",
        ),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("subject", "through_sequence", name=op.f("audit_cuts_pkey")),
        schema="orders",
    )
    op.create_table(
        "effect_tries",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("effect_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="what the effect was after this try"),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["effect_id"], ["orders.effects.id"], name=op.f("effect_tries_effect_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("effect_tries_pkey")),
        schema="orders",
    )
    op.create_index("effect_tries_effect_index", "effect_tries", ["effect_id", "id"], unique=False, schema="orders")
    op.add_column(
        "failures",
        sa.Column("acknowledged_by", sa.Text(), nullable=True, comment="who works on it"),
        schema="orders",
    )
    op.add_column("failures", sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True), schema="orders")
    op.add_column(
        "failures",
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True, comment="when it goes on by itself"),
        schema="orders",
    )
    op.add_column(
        "failures",
        sa.Column("retry_by", sa.Text(), nullable=True, comment="who mended what it failed for"),
        schema="orders",
    )
    op.add_column("failures", sa.Column("retry_reason", sa.Text(), nullable=True), schema="orders")
    op.create_index(
        "orders_completed_index",
        "orders",
        ["shop_id", sa.literal_column("delivered_date DESC")],
        unique=False,
        schema="orders",
        postgresql_where=sa.text("workflow_status = 'completed'"),
    )
    op.execute(_INSERT_ONLY)
    for table in ("audit_log", "audit_seals", "audit_seal_heads", "audit_cuts"):
        op.execute(
            f"CREATE TRIGGER {table}_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON orders.{table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION orders.refuse_change()"
        )
    op.add_column(
        "batches",
        sa.Column(
            "stop_asked",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="end after the part under way",
        ),
        schema="orders",
    )
    op.add_column("batches", sa.Column("undoes", sa.Uuid(), nullable=True), schema="orders")
    op.create_foreign_key(
        op.f("batches_undoes_fkey"),
        "batches",
        "batches",
        ["undoes"],
        ["id"],
        source_schema="orders",
        referent_schema="orders",
    )
    op.add_column(
        "batches",
        sa.Column("unchanged", sa.Integer(), server_default="0", nullable=False, comment="were as asked already"),
        schema="orders",
    )
    op.add_column(
        "batches",
        sa.Column("note", sa.LargeBinary(), nullable=True, comment="text: what of the request may be personal"),
        schema="orders",
    )
    op.alter_column("batches", "errors", comment="gathered from the parts at the end", schema="orders")
    op.add_column(
        "batches",
        sa.Column("progressed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        schema="orders",
    )
    op.create_index(
        "batches_recent_index",
        "batches",
        [sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
        schema="orders",
    )
    op.create_index(
        "batches_undoes_index",
        "batches",
        ["undoes"],
        unique=False,
        schema="orders",
        postgresql_where=sa.text("undoes IS NOT NULL"),
    )
    op.create_table(
        "batch_parts",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False, comment="place of its first order in the batch"),
        sa.Column("order_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column(
            "versions",
            postgresql.ARRAY(sa.Integer()),
            nullable=True,
            comment="the versions a person saw; null: whatever they are",
        ),
        sa.Column(
            "errors",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["orders.batches.id"], name=op.f("batch_parts_batch_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("batch_id", "first", name=op.f("batch_parts_pkey")),
        schema="orders",
    )
    op.drop_index("journal_batch_index", table_name="journal", schema="orders")
    op.create_index("journal_batch_index", "journal", ["batch_id", "order_id"], unique=True, schema="orders")
    op.create_index("journal_expiry_index", "journal", ["expires_at"], unique=False, schema="orders")
    op.add_column(
        "effects",
        sa.Column(
            "retry",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="retry_config of the action that meant it; null: the budget of its kind",
        ),
        schema="orders",
    )
    op.add_column(
        "locations",
        sa.Column(
            "calendar",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="cut-off, working days, holidays",
        ),
        schema="orders",
    )
    op.add_column(
        "orders",
        sa.Column(
            "priority_by_rule",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="gives way to a person's",
        ),
        schema="orders",
    )
    op.add_column(
        "orders",
        sa.Column(
            "priority_override",
            sa.Integer(),
            nullable=True,
            comment="a person's priority; null: derived from the ship-by",
        ),
        schema="orders",
    )
    op.add_column("orders", sa.Column("target_ship_by", sa.DateTime(timezone=True), nullable=True), schema="orders")
    op.add_column("orders", sa.Column("assigned_to", sa.Uuid(), nullable=True), schema="orders")
    op.add_column(
        "orders", sa.Column("order_kind", sa.Text(), server_default="normal", nullable=False), schema="orders"
    )
    op.add_column(
        "orders",
        sa.Column(
            "replaces_order_id",
            sa.Text(),
            nullable=True,
            comment="the TikTok order that a replacement or exchange stands for",
        ),
        schema="orders",
    )
    op.create_foreign_key(
        op.f("orders_assigned_to_fkey"),
        "orders",
        "users",
        ["assigned_to"],
        ["id"],
        source_schema="orders",
        referent_schema="orders",
    )
    op.execute("UPDATE orders.orders SET order_kind = 'sample' WHERE sample")
    op.drop_column("orders", "sample", schema="orders")
    op.create_check_constraint(
        op.f("orders_order_kind_check"),
        "orders",
        "order_kind IN ('normal', 'sample', 'gift', 'replacement', 'exchange')",
        schema="orders",
    )
    op.drop_constraint(op.f("effects_kind_check"), "effects", schema="orders")
    op.create_check_constraint(
        op.f("effects_kind_check"),
        "effects",
        "kind IN ('buy_label', 'void_label', 'ship_package', 'update_tracking', 'cancel_order', 'notice')",
        schema="orders",
    )
    op.drop_constraint(op.f("packages_state_check"), "packages", schema="orders")
    op.create_check_constraint(
        op.f("packages_state_check"),
        "packages",
        "state IN ('planned', 'labelled', 'told', 'in_transit', 'delivered', 'voiding', 'voided', 'combined')",
        schema="orders",
    )
    op.create_index(
        "orders_replaces_index",
        "orders",
        ["replaces_order_id"],
        unique=False,
        schema="orders",
        postgresql_where=sa.text("replaces_order_id IS NOT NULL"),
    )
    op.add_column("packages", sa.Column("combined_into", sa.Uuid(), nullable=True), schema="orders")
    op.add_column(
        "packages",
        sa.Column(
            "backordered",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="its goods wait for stock",
        ),
        schema="orders",
    )
    op.add_column(
        "packages",
        sa.Column(
            "after_void",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="what becomes of it once its label is voided",
        ),
        schema="orders",
    )
    op.add_column(
        "packages",
        sa.Column(
            "left_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when its goods left, should they have left before the order's others",
        ),
        schema="orders",
    )
    op.create_check_constraint(
        op.f("packages_after_void_check"), "packages", "after_void IN ('', 'plan', 'buy')", schema="orders"
    )
    op.add_column(
        "order_item_units",
        sa.Column("package_id", sa.Uuid(), nullable=True, comment="which package of its split line it goes in"),
        schema="orders",
    )
    op.add_column(
        "order_item_units",
        sa.Column(
            "elsewhere",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="shipped outside this program",
        ),
        schema="orders",
    )
    op.create_index(
        "packages_combined_index",
        "packages",
        ["combined_into"],
        unique=False,
        schema="orders",
        postgresql_where=sa.text("combined_into IS NOT NULL"),
    )
    op.add_column(
        "products",
        sa.Column("box", sa.Text(), server_default="", nullable=False, comment="name of the box it ships in"),
        schema="orders",
    )
    op.add_column("products", sa.Column("location_id", sa.Uuid(), nullable=True), schema="orders")
    op.create_foreign_key(
        op.f("products_location_id_fkey"),
        "products",
        "locations",
        ["location_id"],
        ["id"],
        source_schema="orders",
        referent_schema="orders",
    )
    op.create_index(
        "notes_unacknowledged_index",
        "notes",
        ["order_id"],
        unique=False,
        schema="orders",
        postgresql_where=sa.text("must_acknowledge AND acknowledged_at IS NULL"),
    )
    op.create_index(
        "work_stock_index",
        "work",
        ["order_id"],
        unique=False,
        schema="orders",
        postgresql_where=sa.text("waiting_for = 'stock'"),
    )
    op.create_index(
        "work_priority_index",
        "work",
        ["ship_by"],
        unique=False,
        schema="orders",
        postgresql_where=sa.text("priority < 4 AND waiting_for <> 'delivery'"),
    )
    op.create_index(
        "products_components_index",
        "products",
        ["components"],
        unique=False,
        schema="orders",
        postgresql_using="gin",
        postgresql_ops={"components": "jsonb_path_ops"},
        postgresql_where=sa.text("components IS NOT NULL"),
    )
    op.create_table(
        "product_aliases",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False, comment="another SKU that TikTok may call the product by"),
        sa.Column("product_sku", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id", "product_sku"],
            ["orders.products.user_id", "orders.products.sku"],
            name=op.f("product_aliases_user_id_product_sku_fkey"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["orders.users.id"], name=op.f("product_aliases_user_id_fkey")),
        sa.PrimaryKeyConstraint("user_id", "sku", name=op.f("product_aliases_pkey")),
        schema="orders",
    )
    op.create_index(
        "product_aliases_product_index", "product_aliases", ["user_id", "product_sku"], unique=False, schema="orders"
    )
    op.add_column(
        "returns", sa.Column("channel_updated_at", sa.DateTime(timezone=True), nullable=True), schema="orders"
    )
    op.add_column("returns", sa.Column("received_at", sa.DateTime(timezone=True), nullable=True), schema="orders")
    op.add_column("returns", sa.Column("received_by", sa.Text(), nullable=True), schema="orders")
    op.add_column(
        "returns",
        sa.Column(
            "received",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="what came back: [{sku, restocked, damaged}]",
        ),
        schema="orders",
    )
    op.add_column(
        "rules",
        sa.Column("error", sa.Text(), nullable=True, comment="why it broke last; it is skipped until it is saved anew"),
        schema="orders",
    )
    op.add_column(
        "orders",
        sa.Column(
            "rate_rule", sa.Text(), server_default="", nullable=False, comment="how a rule wants its label chosen"
        ),
        schema="orders",
    )
    op.add_column(
        "work",
        sa.Column(
            "happened",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'::text[]"),
            nullable=False,
            comment="events not put to rules yet",
        ),
        schema="orders",
    )
    op.add_column("rules", sa.Column("broke_at", sa.DateTime(timezone=True), nullable=True), schema="orders")
    op.add_column(
        "stock_reservations",
        sa.Column(
            "per_unit",
            sa.Integer(),
            server_default="1",
            nullable=False,
            comment="how many one unit of the line takes: kits",
        ),
        schema="orders",
    )
    # Rows that only the engine writes, in the transaction that wrote or holds their parent: a check of each costs a look-up and a
    # lock on the parent, a seventh of what PostgreSQL spends on an order.
    for table, column in (
        ("documents", "package_id"),
        ("effects", "order_id"),
        ("order_item_units", "order_item_id"),
        ("order_search_words", "order_id"),
        ("order_workflow_steps", "workflow_id"),
        ("package_items", "order_item_id"),
        ("package_items", "package_id"),
        ("packages", "location_id"),
        ("packages", "shop_id"),
        ("pick_lines", "order_item_id"),
        ("stock_movements", "product_id"),
        ("stock_reservations", "order_item_id"),
        ("work", "order_id"),
    ):
        op.drop_constraint(op.f(f"{table}_{column}_fkey"), table, schema="orders", type_="foreignkey")
    # Room for a line's next versions beside it, so that moving it touches no index.
    op.execute("ALTER TABLE orders.order_items SET (fillfactor = 60)")
