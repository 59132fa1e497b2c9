"""Every table of the specification and of the design, the default creator and the default location."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute(sa.schema.CreateSequence(sa.Sequence("claim_tokens", schema="orders")))
    op.create_table(
        "audit_log",
        sa.Column("subject", sa.Uuid(), nullable=False, comment="the order, product, shop or user it is about"),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("before", sa.LargeBinary(), nullable=True, comment="JSON"),
        sa.Column("after", sa.LargeBinary(), nullable=True, comment="JSON"),
        sa.Column("previous_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("source IN ('system', 'user', 'tiktok_shop')", name=op.f("audit_log_source_check")),
        sa.PrimaryKeyConstraint("subject", "sequence", name=op.f("audit_log_pkey")),
        schema="orders",
    )
    op.create_table(
        "batches",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column(
            "request", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("processed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failed", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "errors", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("batches_pkey")),
        schema="orders",
    )
    op.create_table(
        "daemons",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("process_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("daemons_pkey")),
        schema="orders",
    )
    op.create_table(
        "inbox_keys",
        sa.Column(
            "key", sa.LargeBinary(), nullable=False, comment="digest of notification id, or of (type, shop, raw body)"
        ),
        sa.Column("inbox_id", sa.Uuid(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("inbox_keys_pkey")),
        schema="orders",
    )
    op.create_table(
        "locations",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "address",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="the warehouse's own address; a business one, not a person's",
        ),
        sa.Column("timezone", sa.Text(), server_default="UTC", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("locations_pkey")),
        sa.UniqueConstraint("code", name=op.f("locations_code_key")),
        schema="orders",
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("email", sa.LargeBinary(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("login_role", sa.Text(), nullable=True, comment="the database login that is this person"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "role IN ('viewer', 'operator', 'supervisor', 'admin', 'creator', 'service')", name=op.f("users_role_check")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("users_pkey")),
        sa.UniqueConstraint("login_role", name=op.f("users_login_role_key")),
        schema="orders",
    )
    op.create_table(
        "creator_metrics",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("orders_completed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("units_completed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "revenue",
            sa.Numeric(precision=14, scale=2),
            server_default="0",
            nullable=False,
            comment="samples and gifts left out",
        ),
        sa.Column("workflow_seconds", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["orders.users.id"], name=op.f("creator_metrics_user_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "day", "currency", name=op.f("creator_metrics_pkey")),
        schema="orders",
    )
    op.create_table(
        "data_keys",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False, comment="AES-256 key sealed by the master key"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["orders.users.id"], name=op.f("data_keys_user_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("data_keys_pkey")),
        schema="orders",
    )
    op.create_table(
        "gates",
        sa.Column("dependency", sa.Text(), nullable=False),
        sa.Column("opened_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("probe_daemon", sa.Uuid(), nullable=True),
        sa.Column("probe_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["probe_daemon"], ["orders.daemons.id"], name=op.f("gates_probe_daemon_fkey")),
        sa.PrimaryKeyConstraint("dependency", name=op.f("gates_pkey")),
        schema="orders",
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("daemon_id", sa.Uuid(), nullable=True),
        sa.Column("term", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("leases_pkey")),
        schema="orders",
    )
    op.create_table(
        "notice_preferences",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("quiet_hours", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["orders.users.id"], name=op.f("notice_preferences_user_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("notice_preferences_pkey")),
        sa.UniqueConstraint(
            "user_id", "template", "channel", name=op.f("notice_preferences_user_id_template_channel_key")
        ),
        schema="orders",
    )
    op.create_table(
        "products",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("barcodes", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column("weight_grams", sa.Integer(), nullable=True),
        sa.Column("length_millimetres", sa.Integer(), nullable=True),
        sa.Column("width_millimetres", sa.Integer(), nullable=True),
        sa.Column("height_millimetres", sa.Integer(), nullable=True),
        sa.Column("bin", sa.Text(), server_default="", nullable=False),
        sa.Column("customs", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column(
            "components", postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment="for kits: [{sku, quantity}]"
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("weight_grams > 0", name=op.f("products_weight_check")),
        sa.ForeignKeyConstraint(["user_id"], ["orders.users.id"], name=op.f("products_user_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("products_pkey")),
        sa.UniqueConstraint("user_id", "sku", name=op.f("products_user_id_sku_key")),
        schema="orders",
    )
    op.create_table(
        "rules",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("condition", sa.Text(), server_default="true", nullable=False),
        sa.Column("actions", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("stop", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("enabled", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["orders.users.id"], name=op.f("rules_user_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("rules_pkey")),
        sa.UniqueConstraint("user_id", "name", name=op.f("rules_user_id_name_key")),
        schema="orders",
    )
    op.create_table(
        "saved_views",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("filter", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["orders.users.id"], name=op.f("saved_views_user_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("saved_views_pkey")),
        sa.UniqueConstraint(
            "user_id", "name", name=op.f("saved_views_user_id_name_key"), postgresql_nulls_not_distinct=True
        ),
        schema="orders",
    )
    op.create_table(
        "shops",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.Text(), server_default="tiktok_shop", nullable=False),
        sa.Column("tiktok_shop_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), server_default="", nullable=False),
        sa.Column("timezone", sa.Text(), server_default="UTC", nullable=False),
        sa.Column("cipher", sa.LargeBinary(), nullable=True, comment="shop_cipher of TikTok's API"),
        sa.Column("access_token", sa.LargeBinary(), nullable=True),
        sa.Column("access_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refresh_token", sa.LargeBinary(), nullable=True),
        sa.Column("refresh_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "policies", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("state", sa.Text(), server_default="connected", nullable=False),
        sa.Column("poll_cursor", sa.DateTime(timezone=True), nullable=True),
        sa.Column("poll_due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("polled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("poll_error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state IN ('connected', 'paused', 'revoked')", name=op.f("shops_state_check")),
        sa.ForeignKeyConstraint(["location_id"], ["orders.locations.id"], name=op.f("shops_location_id_fkey")),
        sa.ForeignKeyConstraint(["user_id"], ["orders.users.id"], name=op.f("shops_user_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("shops_pkey")),
        sa.UniqueConstraint("platform", "tiktok_shop_id", name=op.f("shops_platform_tiktok_shop_id_key")),
        schema="orders",
    )
    op.create_table(
        "waves",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("picker", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('open', 'picking', 'done')", name=op.f("waves_state_check")),
        sa.ForeignKeyConstraint(["location_id"], ["orders.locations.id"], name=op.f("waves_location_id_fkey")),
        sa.ForeignKeyConstraint(["picker"], ["orders.users.id"], name=op.f("waves_picker_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("waves_pkey")),
        schema="orders",
    )
    op.create_table(
        "event_counters",
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["orders.shops.id"], name=op.f("event_counters_shop_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("shop_id", "day", "event", name=op.f("event_counters_pkey")),
        schema="orders",
    )
    op.create_table(
        "inbox",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "payload", sa.LargeBinary(), nullable=True, comment="raw bytes as received; cleared by the retention policy"
        ),
        sa.Column("state", sa.Text(), server_default="new", nullable=False),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("daemon_id", sa.Uuid(), nullable=True),
        sa.Column("lease_token", sa.BigInteger(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("source IN ('webhook', 'poll', 'import', 'manual')", name=op.f("inbox_source_check")),
        sa.CheckConstraint("state IN ('new', 'done', 'failed', 'ignored')", name=op.f("inbox_state_check")),
        sa.ForeignKeyConstraint(["shop_id"], ["orders.shops.id"], name=op.f("inbox_shop_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("inbox_pkey")),
        schema="orders",
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index(
        "inbox_open_index",
        "inbox",
        ["due_at", "id"],
        unique=False,
        schema="orders",
        postgresql_where=sa.text("state = 'new'"),
    )
    op.create_table(
        "orders",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("tiktok_order_id", sa.Text(collation="C"), nullable=False),
        sa.Column("order_number", sa.Text(), nullable=False),
        sa.Column(
            "order_status",
            sa.Enum(
                "pending",
                "confirmed",
                "processing",
                "shipped",
                "delivered",
                "cancelled",
                "returned",
                name="order_status_enum",
                schema="orders",
            ),
            server_default="pending",
            nullable=False,
        ),
        sa.Column(
            "workflow_status",
            sa.Enum(
                "new",
                "validated",
                "inventory_reserved",
                "ready_to_ship",
                "shipped",
                "completed",
                "failed",
                name="workflow_status_enum",
                schema="orders",
            ),
            server_default="new",
            nullable=False,
        ),
        sa.Column("total_amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("currency", sa.Text(), server_default="USD", nullable=False),
        sa.Column(
            "payment_status",
            sa.Enum(
                "pending",
                "paid",
                "failed",
                "refunded",
                "partially_refunded",
                name="payment_status_enum",
                schema="orders",
            ),
            server_default="pending",
            nullable=False,
        ),
        sa.Column("customer_name", sa.LargeBinary(), nullable=True, comment="text; null until TikTok gives it"),
        sa.Column("customer_email", sa.LargeBinary(), nullable=True, comment="text"),
        sa.Column("customer_phone", sa.LargeBinary(), nullable=True, comment="text"),
        sa.Column(
            "shipping_address", sa.LargeBinary(), nullable=True, comment="JSON of engine.ports.Address; null until paid"
        ),
        sa.Column("shipping_method", sa.Text(), nullable=True),
        sa.Column("shipping_cost", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("order_date", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expected_ship_date", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shipped_date", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_date", sa.DateTime(timezone=True), nullable=True),
        sa.Column("order_source", sa.Text(), server_default="tiktok_shop", nullable=True),
        sa.Column("priority_level", sa.Integer(), server_default="1", nullable=False),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column("notes", sa.LargeBinary(), nullable=True, comment="text"),
        sa.Column("last_tiktok_sync", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sync_status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("sync_attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.Column("channel_status", sa.Text(), nullable=False, comment="TikTok's own status"),
        sa.Column("channel_updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel_digest", sa.LargeBinary(), nullable=False, comment="digest of the last fact applied"),
        sa.Column("shipping_type", sa.Text(), server_default="SELLER", nullable=False),
        sa.Column("fulfilled_by_tiktok", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("delivery_option_id", sa.Text(), server_default="", nullable=False),
        sa.Column("warehouse_id", sa.Text(), server_default="", nullable=False),
        sa.Column("collect_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("auto_cancel_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cash_on_delivery", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("sample", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("cancel_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("masked", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("buyer_message", sa.LargeBinary(), nullable=True, comment="text"),
        sa.Column("seller_note", sa.LargeBinary(), nullable=True, comment="text"),
        sa.Column(
            "failed_from",
            sa.Enum(
                "new",
                "validated",
                "inventory_reserved",
                "ready_to_ship",
                "shipped",
                "completed",
                "failed",
                name="workflow_status_enum",
                schema="orders",
            ),
            nullable=True,
            comment="the state a failed order resumes from",
        ),
        sa.Column("audit_sequence", sa.Integer(), server_default="0", nullable=False),
        sa.Column("audit_head", sa.LargeBinary(), server_default=sa.text("'\\x'::bytea"), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["orders.shops.id"], name=op.f("orders_shop_id_fkey")),
        sa.ForeignKeyConstraint(["user_id"], ["orders.users.id"], name=op.f("orders_user_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("orders_pkey")),
        sa.UniqueConstraint("tiktok_order_id", name=op.f("orders_tiktok_order_id_key")),
        schema="orders",
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index(
        "orders_failed_index",
        "orders",
        [sa.literal_column("order_date DESC"), sa.literal_column("id DESC")],
        unique=False,
        schema="orders",
        postgresql_where=sa.text("workflow_status = 'failed'"),
    )
    op.create_index(
        "orders_newest_index",
        "orders",
        [sa.literal_column("order_date DESC"), sa.literal_column("id DESC")],
        unique=False,
        schema="orders",
    )
    op.create_index(
        "orders_status_index",
        "orders",
        ["order_status", sa.literal_column("order_date DESC"), sa.literal_column("id DESC")],
        unique=False,
        schema="orders",
    )
    op.create_table(
        "packages",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), server_default="planned", nullable=False),
        sa.Column(
            "generation", sa.Integer(), server_default="1", nullable=False, comment="rises after a recorded void only"
        ),
        sa.Column("weight_grams", sa.Integer(), nullable=True),
        sa.Column("provider", sa.Text(), server_default="", nullable=False),
        sa.Column("carrier", sa.Text(), server_default="", nullable=False),
        sa.Column("service", sa.Text(), server_default="", nullable=False),
        sa.Column("tracking_number", sa.Text(collation="C"), server_default="", nullable=False),
        sa.Column("tracking_status", sa.Text(), server_default="unknown", nullable=False),
        sa.Column("tracking_detail", sa.Text(), server_default="", nullable=False),
        sa.Column("shipment_reference", sa.Text(), server_default="", nullable=False),
        sa.Column("tracker_reference", sa.Text(), server_default="", nullable=False),
        sa.Column("tiktok_package_id", sa.Text(), server_default="", nullable=False),
        sa.Column("label_cost", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("label_currency", sa.Text(), nullable=True),
        sa.Column("labelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_tracking_number", sa.Text(), server_default="", nullable=False),
        sa.Column("handed_over_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_scan_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("track_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "state IN ('planned', 'labelled', 'told', 'in_transit', 'delivered', 'voiding', 'voided')",
            name=op.f("packages_state_check"),
        ),
        sa.CheckConstraint(
            "tracking_status IN ('unknown', 'label_created', 'in_transit', 'out_for_delivery', 'ready_for_pickup', 'delivered', 'returning', 'failed', 'cancelled')",
            name=op.f("packages_tracking_status_check"),
        ),
        sa.ForeignKeyConstraint(["location_id"], ["orders.locations.id"], name=op.f("packages_location_id_fkey")),
        sa.ForeignKeyConstraint(["shop_id"], ["orders.shops.id"], name=op.f("packages_shop_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("packages_pkey")),
        schema="orders",
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index(
        "packages_track_due_index",
        "packages",
        ["track_due_at"],
        unique=False,
        schema="orders",
        postgresql_where=sa.text("track_due_at IS NOT NULL"),
    )
    op.create_index(
        "packages_tracking_number_index",
        "packages",
        ["tracking_number"],
        unique=False,
        schema="orders",
        postgresql_where=sa.text("tracking_number <> ''"),
    )
    op.create_table(
        "stock_levels",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("on_hand", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reserved", sa.Integer(), server_default="0", nullable=False),
        sa.Column("held", sa.Integer(), server_default="0", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "on_hand >= 0 AND reserved >= 0 AND held >= 0", name=op.f("stock_levels_not_negative_check")
        ),
        sa.CheckConstraint("reserved + held <= on_hand", name=op.f("stock_levels_covered_check")),
        sa.ForeignKeyConstraint(["location_id"], ["orders.locations.id"], name=op.f("stock_levels_location_id_fkey")),
        sa.ForeignKeyConstraint(["product_id"], ["orders.products.id"], name=op.f("stock_levels_product_id_fkey")),
        sa.PrimaryKeyConstraint("product_id", "location_id", name=op.f("stock_levels_pkey")),
        schema="orders",
        postgresql_with={"fillfactor": "50"},
    )
    op.create_table(
        "stock_movements",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("delta_on_hand", sa.Integer(), server_default="0", nullable=False),
        sa.Column("delta_reserved", sa.Integer(), server_default="0", nullable=False),
        sa.Column("delta_held", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("actor", sa.Text(), server_default="system", nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('reserve', 'release', 'consume', 'adjust', 'transfer', 'count', 'restock')",
            name=op.f("stock_movements_kind_check"),
        ),
        sa.ForeignKeyConstraint(["product_id"], ["orders.products.id"], name=op.f("stock_movements_product_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("stock_movements_pkey")),
        sa.UniqueConstraint("idempotency_key", name=op.f("stock_movements_idempotency_key_key")),
        schema="orders",
    )
    op.create_index(
        "stock_movements_product_index", "stock_movements", ["product_id", "location_id"], unique=False, schema="orders"
    )
    op.create_table(
        "documents",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("package_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('label', 'packing_slip', 'customs')", name=op.f("documents_kind_check")),
        sa.ForeignKeyConstraint(
            ["package_id"], ["orders.packages.id"], name=op.f("documents_package_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("documents_pkey")),
        sa.UniqueConstraint("package_id", "kind", "generation", name=op.f("documents_package_id_kind_generation_key")),
        schema="orders",
    )
    op.create_table(
        "effects",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("dependency", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("shop_id", sa.Uuid(), nullable=True),
        sa.Column("package_id", sa.Uuid(), nullable=True),
        sa.Column("head", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("state", sa.Text(), server_default="intent", nullable=False),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("daemon_id", sa.Uuid(), nullable=True),
        sa.Column("lease_token", sa.BigInteger(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("provider_reference", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "request",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="never personal",
        ),
        sa.Column("result", sa.LargeBinary(), nullable=True, comment="JSON; cleared by the retention policy"),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("dependency IN ('tiktok', 'carrier', 'notices')", name=op.f("effects_dependency_check")),
        sa.CheckConstraint(
            "kind IN ('buy_label', 'void_label', 'ship_package', 'update_tracking', 'notice')",
            name=op.f("effects_kind_check"),
        ),
        sa.CheckConstraint(
            "state IN ('intent', 'sent', 'done', 'failed', 'ambiguous', 'voided')", name=op.f("effects_state_check")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.orders.id"], name=op.f("effects_order_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("effects_pkey")),
        sa.UniqueConstraint("key", name=op.f("effects_key_key")),
        schema="orders",
        postgresql_with={
            "fillfactor": "50",
            "autovacuum_vacuum_scale_factor": "0.02",
            "autovacuum_vacuum_cost_delay": "0",
        },
    )
    op.create_index(
        "effects_open_index",
        "effects",
        ["kind", "due_at"],
        unique=False,
        schema="orders",
        postgresql_where=sa.text("head"),
    )
    op.create_index(
        "effects_order_index", "effects", ["order_id", "dependency", "sequence"], unique=False, schema="orders"
    )
    op.create_table(
        "failures",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("workflow_id", sa.Uuid(), nullable=False),
        sa.Column(
            "failed_from",
            sa.Enum(
                "new",
                "validated",
                "inventory_reserved",
                "ready_to_ship",
                "shipped",
                "completed",
                "failed",
                name="workflow_status_enum",
                schema="orders",
            ),
            nullable=False,
        ),
        sa.Column("code", sa.Text(), nullable=False, comment="stable name of the cause"),
        sa.Column("error_class", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False, comment="failures with one mend share it"),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column(
            "evidence", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("what_to_do", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="1", nullable=False),
        sa.Column("assigned_to", sa.Uuid(), nullable=True),
        sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by", sa.Text(), nullable=True),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "error_class IN ('validation', 'integration', 'business', 'system')",
            name=op.f("failures_error_class_check"),
        ),
        sa.ForeignKeyConstraint(["assigned_to"], ["orders.users.id"], name=op.f("failures_assigned_to_fkey")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.orders.id"], name=op.f("failures_order_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("failures_pkey")),
        schema="orders",
    )
    op.create_index(
        "failures_open_index",
        "failures",
        ["fingerprint", "created_at"],
        unique=False,
        schema="orders",
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.create_index("failures_order_index", "failures", ["order_id"], unique=False, schema="orders")
    op.create_table(
        "holds",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True, comment="text"),
        sa.Column("placed_by", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "reason IN ('payment', 'fraud', 'address', 'stock', 'cooling-off', 'other')",
            name=op.f("holds_reason_check"),
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.orders.id"], name=op.f("holds_order_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("holds_pkey")),
        schema="orders",
    )
    op.create_index(
        "holds_active_key",
        "holds",
        ["order_id", "reason"],
        unique=True,
        schema="orders",
        postgresql_where=sa.text("released_at IS NULL"),
    )
    op.create_index(
        "holds_until_index",
        "holds",
        ["until"],
        unique=False,
        schema="orders",
        postgresql_where=sa.text("released_at IS NULL AND until IS NOT NULL"),
    )
    op.create_table(
        "journal",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("before", sa.LargeBinary(), nullable=False, comment="JSON of what undo puts back"),
        sa.Column("version_after", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["orders.batches.id"], name=op.f("journal_batch_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.orders.id"], name=op.f("journal_order_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("journal_pkey")),
        schema="orders",
    )
    op.create_index("journal_batch_index", "journal", ["batch_id"], unique=False, schema="orders")
    op.create_table(
        "notes",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="text"),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("must_acknowledge", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.orders.id"], name=op.f("notes_order_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("notes_pkey")),
        schema="orders",
    )
    op.create_index("notes_order_index", "notes", ["order_id"], unique=False, schema="orders")
    op.create_table(
        "order_items",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=True),
        sa.Column("tiktok_product_id", sa.Text(), server_default="", nullable=False),
        sa.Column("tiktok_sku_id", sa.Text(), server_default="", nullable=False),
        sa.Column("product_name", sa.Text(), nullable=False),
        sa.Column("product_sku", sa.Text(collation="C"), nullable=False),
        sa.Column("variant_name", sa.Text(), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_price", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("total_price", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column(
            "fulfillment_status",
            sa.Enum(
                "pending",
                "reserved",
                "picked",
                "packed",
                "shipped",
                "delivered",
                "cancelled",
                name="fulfillment_status_enum",
                schema="orders",
                postgresql_with={"fillfactor": "60"},
            ),
            server_default="pending",
            nullable=False,
        ),
        sa.Column("shipped_quantity", sa.Integer(), server_default="0", nullable=False),
        sa.Column("cancelled_quantity", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("order_items_quantity_check")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.orders.id"], name=op.f("order_items_order_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["product_id"], ["orders.products.id"], name=op.f("order_items_product_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("order_items_pkey")),
        schema="orders",
    )
    op.create_index("order_items_order_index", "order_items", ["order_id"], unique=False, schema="orders")
    op.create_index("order_items_sku_index", "order_items", ["product_sku", "order_id"], unique=False, schema="orders")
    op.create_table(
        "order_search_words",
        sa.Column("word", sa.BigInteger(), nullable=False, comment="keyed digest of a normalised word (blind index)"),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.orders.id"], name=op.f("order_search_words_order_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("word", "order_id", name=op.f("order_search_words_pkey")),
        schema="orders",
    )
    op.create_table(
        "order_status_history",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column(
            "previous_status",
            sa.Enum(
                "pending",
                "confirmed",
                "processing",
                "shipped",
                "delivered",
                "cancelled",
                "returned",
                name="order_status_enum",
                schema="orders",
            ),
            nullable=True,
        ),
        sa.Column(
            "new_status",
            sa.Enum(
                "pending",
                "confirmed",
                "processing",
                "shipped",
                "delivered",
                "cancelled",
                "returned",
                name="order_status_enum",
                schema="orders",
            ),
            nullable=False,
        ),
        sa.Column("status_reason", sa.Text(), nullable=True),
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        sa.Column("change_source", sa.Text(), server_default="system", nullable=False),
        sa.Column("metadata", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["changed_by"], ["orders.users.id"], name=op.f("order_status_history_changed_by_fkey")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.orders.id"], name=op.f("order_status_history_order_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("order_status_history_pkey")),
        schema="orders",
    )
    op.create_index(
        "order_status_history_order_index", "order_status_history", ["order_id", "id"], unique=False, schema="orders"
    )
    op.create_table(
        "order_workflows",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("workflow_name", sa.Text(), nullable=False),
        sa.Column("workflow_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("current_step", sa.Text(), nullable=False),
        sa.Column(
            "workflow_status",
            sa.Enum(
                "running",
                "completed",
                "failed",
                "paused",
                "cancelled",
                name="workflow_execution_status",
                schema="orders",
            ),
            server_default="running",
            nullable=False,
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("workflow_config", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("error_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("retry_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.orders.id"], name=op.f("order_workflows_order_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("order_workflows_pkey")),
        schema="orders",
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index(
        "order_workflows_running_key",
        "order_workflows",
        ["order_id"],
        unique=True,
        schema="orders",
        postgresql_where=sa.text("workflow_status IN ('running', 'failed', 'paused')"),
    )
    op.create_table(
        "returns",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("tiktok_return_id", sa.Text(), nullable=False),
        sa.Column("return_type", sa.Text(), nullable=False),
        sa.Column("channel_status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("refund_amount", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("respond_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "lines", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.orders.id"], name=op.f("returns_order_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("returns_pkey")),
        sa.UniqueConstraint("tiktok_return_id", name=op.f("returns_tiktok_return_id_key")),
        schema="orders",
    )
    op.create_index("returns_order_index", "returns", ["order_id"], unique=False, schema="orders")
    op.create_table(
        "work",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("workflow_id", sa.Uuid(), nullable=False),
        sa.Column("priority", sa.Integer(), server_default="1", nullable=False),
        sa.Column("ship_by", sa.DateTime(timezone=True), server_default=sa.text("'infinity'"), nullable=False),
        sa.Column("ready", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column(
            "due_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when a sleeping order is looked at again; null: only when something happens",
        ),
        sa.Column("waiting_for", sa.Text(), server_default="", nullable=False),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.orders.id"], name=op.f("work_order_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("order_id", name=op.f("work_pkey")),
        schema="orders",
        postgresql_with={
            "fillfactor": "50",
            "autovacuum_vacuum_scale_factor": "0.02",
            "autovacuum_vacuum_cost_delay": "0",
        },
    )
    op.create_index(
        "work_due_index",
        "work",
        ["due_at"],
        unique=False,
        schema="orders",
        postgresql_where=sa.text("NOT ready AND due_at IS NOT NULL"),
    )
    op.create_index(
        "work_ready_index",
        "work",
        [sa.literal_column("priority DESC"), "ship_by", "order_id"],
        unique=False,
        schema="orders",
        postgresql_where=sa.text("ready"),
    )
    op.create_table(
        "order_item_units",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("order_item_id", sa.Uuid(), nullable=False),
        sa.Column("tiktok_line_id", sa.Text(), nullable=False),
        sa.Column("channel_status", sa.Text(), nullable=False),
        sa.Column("price", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("is_gift", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("tiktok_package_id", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["order_item_id"],
            ["orders.order_items.id"],
            name=op.f("order_item_units_order_item_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("order_item_units_pkey")),
        sa.UniqueConstraint("order_id", "tiktok_line_id", name=op.f("order_item_units_order_id_tiktok_line_id_key")),
        schema="orders",
    )
    op.create_table(
        "order_workflow_steps",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("workflow_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column(
            "from_state",
            sa.Enum(
                "new",
                "validated",
                "inventory_reserved",
                "ready_to_ship",
                "shipped",
                "completed",
                "failed",
                name="workflow_status_enum",
                schema="orders",
            ),
            nullable=True,
        ),
        sa.Column(
            "to_state",
            sa.Enum(
                "new",
                "validated",
                "inventory_reserved",
                "ready_to_ship",
                "shipped",
                "completed",
                "failed",
                name="workflow_status_enum",
                schema="orders",
            ),
            nullable=False,
        ),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["workflow_id"],
            ["orders.order_workflows.id"],
            name=op.f("order_workflow_steps_workflow_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("order_workflow_steps_pkey")),
        schema="orders",
    )
    op.create_index(
        "order_workflow_steps_order_index", "order_workflow_steps", ["order_id", "id"], unique=False, schema="orders"
    )
    op.create_table(
        "package_items",
        sa.Column("package_id", sa.Uuid(), nullable=False),
        sa.Column("order_item_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("package_items_quantity_check")),
        sa.ForeignKeyConstraint(
            ["order_item_id"],
            ["orders.order_items.id"],
            name=op.f("package_items_order_item_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["package_id"], ["orders.packages.id"], name=op.f("package_items_package_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("package_id", "order_item_id", name=op.f("package_items_pkey")),
        schema="orders",
    )
    op.create_index("package_items_order_index", "package_items", ["order_id"], unique=False, schema="orders")
    op.create_table(
        "pick_lines",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("order_item_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("wave_id", sa.Uuid(), nullable=True),
        sa.Column("bin", sa.Text(), server_default="", nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('open', 'picked', 'cancelled')", name=op.f("pick_lines_state_check")),
        sa.ForeignKeyConstraint(
            ["order_item_id"], ["orders.order_items.id"], name=op.f("pick_lines_order_item_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["wave_id"], ["orders.waves.id"], name=op.f("pick_lines_wave_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("pick_lines_pkey")),
        sa.UniqueConstraint("order_item_id", name=op.f("pick_lines_order_item_id_key")),
        schema="orders",
    )
    op.create_index("pick_lines_order_index", "pick_lines", ["order_id"], unique=False, schema="orders")
    op.create_table(
        "stock_reservations",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("order_item_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), server_default="active", nullable=False),
        sa.Column("attempt", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('active', 'released', 'consumed')", name=op.f("stock_reservations_state_check")),
        sa.CheckConstraint("quantity > 0", name=op.f("stock_reservations_quantity_check")),
        sa.ForeignKeyConstraint(
            ["order_item_id"], ["orders.order_items.id"], name=op.f("stock_reservations_order_item_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("stock_reservations_pkey")),
        schema="orders",
    )
    op.create_index(
        "stock_reservations_active_key",
        "stock_reservations",
        ["order_item_id", "product_id", "location_id"],
        unique=True,
        schema="orders",
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_index("stock_reservations_order_index", "stock_reservations", ["order_id"], unique=False, schema="orders")
    op.create_index("order_workflows_order_index", "order_workflows", ["order_id"], unique=False, schema="orders")
    op.create_index(
        "orders_cancel_requested_index",
        "orders",
        ["id"],
        unique=False,
        schema="orders",
        postgresql_where=sa.text("cancel_requested"),
    )
    op.create_index(
        "orders_due_index",
        "orders",
        [sa.literal_column("(coalesce(expected_ship_date, '9999-01-01 00:00+00'::timestamptz))"), "id"],
        unique=False,
        schema="orders",
        postgresql_where=sa.text("order_status IN ('pending', 'confirmed', 'processing')"),
    )
    op.create_index(
        "packages_exception_index",
        "packages",
        ["id"],
        unique=False,
        schema="orders",
        postgresql_where=sa.text("tracking_status IN ('returning', 'failed')"),
    )
    op.create_index(
        "packages_tiktok_package_index",
        "packages",
        ["tiktok_package_id"],
        unique=False,
        schema="orders",
        postgresql_where=sa.text("tiktok_package_id <> ''"),
    )
    # Ciphertext does not get smaller: trying to compress it would only cost.
    op.execute("ALTER TABLE orders.inbox ALTER COLUMN payload SET STORAGE EXTERNAL")
    op.execute("ALTER TABLE orders.documents ALTER COLUMN body SET STORAGE EXTERNAL")
    op.execute(
        "INSERT INTO orders.users (id, display_name, role)"
        " VALUES ('01900000-0000-7000-8000-000000000001', 'Default creator', 'creator')"
    )
    op.execute(
        "INSERT INTO orders.locations (id, code, name, address)"
        " VALUES ('01900000-0000-7000-8000-000000000002', 'MAIN', 'Main warehouse', '{}')"
    )
