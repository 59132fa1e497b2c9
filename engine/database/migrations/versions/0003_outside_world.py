"""What the outside world adds: grants, polls by topic, cancellations and their answers, more kinds of effects."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


_KINDS = (
    "buy_label",
    "void_label",
    "ship_package",
    "update_tracking",
    "cancel_order",
    "answer_cancellation",
    "answer_return",
    "split_order",
    "combine_packages",
    "uncombine_package",
    "reserve_stock",
    "release_stock",
    "adjust_stock",
    "notice",
)
_DEPENDENCIES = ("tiktok", "carrier", "inventory", "notices")


def upgrade() -> None:
    _grants()
    _polls()
    _aftersales()
    _inbox()
    _effects()
    _stocktaking()
    _offline_shops()
    _dependency_states()
    _channels()
    _notices()
    _documents()
    _manifests()


def _grants() -> None:
    op.create_table(
        "grants",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("open_id", sa.Text(), nullable=False, comment="TikTok's name for the seller who granted access"),
        sa.Column("seller_name", sa.Text(), server_default="", nullable=False),
        sa.Column("region", sa.Text(), server_default="", nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column("access_token", sa.LargeBinary(), nullable=True),
        sa.Column("access_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refresh_token", sa.LargeBinary(), nullable=True),
        sa.Column(
            "refresh_expires_at", sa.DateTime(timezone=True), nullable=True, comment="the end of the grant itself"
        ),
        sa.Column("state", sa.Text(), server_default="active", nullable=False),
        sa.Column(
            "refresh_due_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when its tokens are to be refreshed; claimed by one daemon",
        ),
        sa.Column(
            "claim",
            sa.BigInteger(),
            nullable=True,
            comment="of whoever refreshes now; named in the write of the new tokens",
        ),
        sa.Column("claim_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refreshed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True, comment="why the last refresh failed, or why it ended"),
        sa.Column(
            "warned_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when people were last told that it ends soon",
        ),
        sa.Column("connected_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state IN ('active', 'expired', 'revoked')", name=op.f("grants_state_check")),
        sa.ForeignKeyConstraint(["user_id"], ["orders.users.id"], name=op.f("grants_user_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("grants_pkey")),
        sa.UniqueConstraint("open_id", name=op.f("grants_open_id_key")),
        schema="orders",
    )
    op.add_column("shops", sa.Column("grant_id", sa.Uuid(), nullable=True), schema="orders")
    op.add_column(
        "shops",
        sa.Column("seller_type", sa.Text(), server_default="", nullable=False, comment="LOCAL or CROSS_BORDER"),
        schema="orders",
    )
    op.create_foreign_key(
        op.f("shops_grant_id_fkey"),
        "shops",
        "grants",
        ["grant_id"],
        ["id"],
        source_schema="orders",
        referent_schema="orders",
    )
    op.add_column(
        "shops",
        sa.Column(
            "state_reason",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="why it is not connected, for a person",
        ),
        schema="orders",
    )
    # Tokens belong to grants. No release ever kept any in these columns, so that nothing is lost with them.
    for column in ("access_token", "access_expires_at", "refresh_token", "refresh_expires_at"):
        op.drop_column("shops", column, schema="orders")
    _recheck("shops", "state", ("connected", "paused", "revoked", "disconnected"))


def _polls() -> None:
    op.create_table(
        "polls",
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("cursor", sa.DateTime(timezone=True), nullable=True),
        sa.Column("position", sa.Uuid(), nullable=True, comment="the last open order of a round through all of them"),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("polled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "topic IN ('orders', 'open_orders', 'cancellations', 'returns', 'products', 'stock')",
            name=op.f("polls_topic_check"),
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["orders.shops.id"], name=op.f("polls_shop_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("shop_id", "topic", name=op.f("polls_pkey")),
        schema="orders",
    )
    # Each shop goes on from where it was.
    op.execute(
        "INSERT INTO orders.polls (shop_id, topic, cursor, due_at, polled_at, error)"
        " SELECT id, 'orders', poll_cursor, poll_due_at, polled_at, poll_error FROM orders.shops"
    )
    for column in ("poll_cursor", "poll_due_at", "polled_at", "poll_error"):
        op.drop_column("shops", column, schema="orders")


def _aftersales() -> None:
    op.create_table(
        "cancellations",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("tiktok_cancel_id", sa.Text(), nullable=False),
        sa.Column("cancel_type", sa.Text(), nullable=False, comment="CANCEL or BUYER_CANCEL"),
        sa.Column("channel_status", sa.Text(), nullable=False),
        sa.Column(
            "role", sa.Text(), server_default="", nullable=False, comment="who asked: BUYER, SELLER, SYSTEM, OPERATOR"
        ),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("refund_amount", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("respond_by", sa.DateTime(timezone=True), nullable=True, comment="TikTok approves it by itself then"),
        sa.Column(
            "lines", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.Column("channel_updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision", sa.Text(), server_default="", nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "reject_reason",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="TikTok's name for why it was rejected",
        ),
        sa.Column("answer_comment", sa.LargeBinary(), nullable=True, comment="text: what the buyer is told besides"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("decision IN ('', 'approve', 'reject')", name=op.f("cancellations_decision_check")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.orders.id"], name=op.f("cancellations_order_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("cancellations_pkey")),
        sa.UniqueConstraint("tiktok_cancel_id", name=op.f("cancellations_tiktok_cancel_id_key")),
        schema="orders",
    )
    op.create_index(
        "cancellations_open_index",
        "cancellations",
        ["respond_by"],
        unique=False,
        schema="orders",
        postgresql_where=sa.text("channel_status LIKE '%PENDING'"),
    )
    op.create_index("cancellations_order_index", "cancellations", ["order_id"], unique=False, schema="orders")
    op.add_column("returns", sa.Column("decision", sa.Text(), server_default="", nullable=False), schema="orders")
    op.add_column("returns", sa.Column("decided_by", sa.Text(), nullable=True), schema="orders")
    op.add_column("returns", sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True), schema="orders")
    op.add_column(
        "returns",
        sa.Column(
            "reject_reason",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="TikTok's name for why it was rejected",
        ),
        schema="orders",
    )
    op.add_column(
        "returns",
        sa.Column("answer_comment", sa.LargeBinary(), nullable=True, comment="text: what the buyer is told besides"),
        schema="orders",
    )
    _recheck("returns", "decision", ("", "approve", "reject"))


def _inbox() -> None:
    op.add_column(
        "inbox",
        sa.Column(
            "event",
            sa.Text(),
            nullable=True,
            comment="what it turned out to be: order.created, order.updated, order.cancelled",
        ),
        schema="orders",
    )
    # What TikTok has to be asked about waits apart, so that a slow answer keeps nothing else waiting.
    op.drop_index("inbox_open_index", "inbox", schema="orders")
    asking = "kind IN ('webhook', 'cancellation', 'return')"
    for name, which in (("inbox_open_index", asking.replace("IN", "NOT IN")), ("inbox_asking_index", asking)):
        where = sa.text(f"state = 'new' AND {which}")
        op.create_index(name, "inbox", ["due_at", "id"], schema="orders", postgresql_where=where)
    op.add_column(
        "packages",
        sa.Column(
            "tracked_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when the carrier last changed what it says of it",
        ),
        schema="orders",
    )


def _effects() -> None:
    _recheck("effects", "kind", _KINDS)
    _recheck("effects", "dependency", _DEPENDENCIES)


def _dependency_states() -> None:
    op.create_table(
        "dependency_states",
        sa.Column("daemon_id", sa.Uuid(), nullable=False),
        sa.Column("dependency", sa.Text(), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False, comment="since the daemon started"),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("last_success_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_failure_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure_code", sa.Text(), server_default="", nullable=False),
        sa.Column("failure", sa.Text(), server_default="", nullable=False, comment="the last failure as a sentence"),
        sa.Column("p95_ms", sa.Double(), nullable=True),
        sa.Column("left_alone_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("limited_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "skew_seconds",
            sa.Double(),
            nullable=True,
            comment="how far the daemon's clock is ahead of the dependency's",
        ),
        sa.Column("note", sa.Text(), server_default="", nullable=False, comment="what it works without"),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("daemon_id", "dependency", name=op.f("dependency_states_pkey")),
        schema="orders",
        postgresql_with={"fillfactor": "50"},
    )


def _stocktaking() -> None:
    op.add_column(
        "products",
        sa.Column(
            "low_stock_at",
            sa.Integer(),
            nullable=True,
            comment="an alarm is raised when no more than this is available",
        ),
        schema="orders",
    )
    op.create_check_constraint(op.f("products_low_stock_check"), "products", "low_stock_at >= 0", schema="orders")
    _recheck(
        "stock_movements",
        "kind",
        ("reserve", "release", "consume", "adjust", "transfer", "count", "restock", "hold"),
    )
    op.create_table(
        "stock_counts",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("posted_by", sa.Text(), nullable=True),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('open', 'approved', 'posted', 'dropped')", name=op.f("stock_counts_state_check")),
        sa.ForeignKeyConstraint(["location_id"], ["orders.locations.id"], name=op.f("stock_counts_location_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("stock_counts_pkey")),
        schema="orders",
    )
    op.create_table(
        "stock_count_lines",
        sa.Column("count_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("expected_version", sa.BigInteger(), nullable=False, comment="of the level, when it was snapped"),
        sa.Column(
            "snapshot", sa.Integer(), nullable=False, comment="what the ledger said was on hand when it was snapped"
        ),
        sa.Column("snapped_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=True),
        sa.Column("counted_by", sa.Text(), nullable=True),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "accepted",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="posted although stock moved",
        ),
        sa.CheckConstraint("counted >= 0", name=op.f("stock_count_lines_counted_check")),
        sa.ForeignKeyConstraint(
            ["count_id"], ["orders.stock_counts.id"], name=op.f("stock_count_lines_count_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["product_id"], ["orders.products.id"], name=op.f("stock_count_lines_product_id_fkey")),
        sa.PrimaryKeyConstraint("count_id", "product_id", name=op.f("stock_count_lines_pkey")),
        schema="orders",
    )
    op.create_table(
        "stock_alarms",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column(
            "detail", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("raised_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('low_stock', 'oversold', 'push')", name=op.f("stock_alarms_kind_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("stock_alarms_pkey")),
        schema="orders",
    )
    op.create_index(
        "stock_alarms_open_key",
        "stock_alarms",
        ["kind", "product_id"],
        unique=True,
        schema="orders",
        postgresql_where=sa.text("cleared_at IS NULL"),
    )


def _offline_shops() -> None:
    _recheck("shops", "state", ("connected", "paused", "revoked", "disconnected", "offline"))
    op.create_table(
        "tracking_exports",
        sa.Column("package_id", sa.Uuid(), nullable=False),
        sa.Column("tracking_number", sa.Text(), nullable=False, comment="the number that a file for upload has"),
        sa.Column("exported_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("exported_by", sa.Text(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by", sa.Text(), nullable=True, comment="who said that the file was uploaded"),
        sa.ForeignKeyConstraint(
            ["package_id"], ["orders.packages.id"], name=op.f("tracking_exports_package_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("package_id", name=op.f("tracking_exports_pkey")),
        schema="orders",
    )


def _channels() -> None:
    op.add_column(
        "shops",
        sa.Column(
            "push_stock",
            sa.Boolean(),
            server_default=sa.text("true"),
            nullable=False,
            comment="once its orders are worked",
        ),
        schema="orders",
    )
    op.add_column(
        "shops",
        sa.Column(
            "stock_buffer", sa.Integer(), server_default="0", nullable=False, comment="units kept from the channel"
        ),
        schema="orders",
    )
    op.create_check_constraint(op.f("shops_stock_buffer_check"), "shops", "stock_buffer >= 0", schema="orders")
    op.add_column(
        "products",
        sa.Column(
            "stock_buffer",
            sa.Integer(),
            nullable=True,
            comment="units kept from the channels; null: as each shop says",
        ),
        schema="orders",
    )
    op.create_check_constraint(op.f("products_stock_buffer_check"), "products", "stock_buffer >= 0", schema="orders")
    op.create_table(
        "listings",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.Column("tiktok_product_id", sa.Text(), nullable=False),
        sa.Column("tiktok_sku_id", sa.Text(), nullable=False),
        sa.Column("seller_sku", sa.Text(), server_default="", nullable=False),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "status",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="TikTok's own word; GONE when it is not there any more",
        ),
        sa.Column("refusal", sa.Text(), server_default="", nullable=False, comment="why its stock is not ours to set"),
        sa.Column("channel_updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["orders.shops.id"], name=op.f("listings_shop_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("listings_pkey")),
        sa.UniqueConstraint("shop_id", "tiktok_sku_id", name=op.f("listings_shop_id_tiktok_sku_id_key")),
        schema="orders",
    )
    op.create_index("listings_sku_index", "listings", ["shop_id", "seller_sku"], unique=False, schema="orders")
    op.create_table(
        "warehouses",
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("is_default", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["location_id"], ["orders.locations.id"], name=op.f("warehouses_location_id_fkey")),
        sa.ForeignKeyConstraint(["shop_id"], ["orders.shops.id"], name=op.f("warehouses_shop_id_fkey")),
        sa.PrimaryKeyConstraint("shop_id", "warehouse_id", name=op.f("warehouses_pkey")),
        sa.UniqueConstraint("shop_id", "location_id", name=op.f("warehouses_shop_id_location_id_key")),
        schema="orders",
    )
    op.create_table(
        "listing_stock",
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Text(), nullable=False),
        sa.Column("channel_quantity", sa.Integer(), nullable=True, comment="available there when it was last read"),
        sa.Column("channel_committed", sa.Integer(), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "sequence",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="of the newest push; older answers are ignored",
        ),
        sa.Column("wanted", sa.Integer(), nullable=True, comment="what the newest push says"),
        sa.Column("pushed", sa.Integer(), nullable=True, comment="what it was last told to have"),
        sa.Column("pushed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "check_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when the push is read back; null: it was found as told",
        ),
        sa.Column("mismatches", sa.Integer(), server_default="0", nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["orders.listings.id"], name=op.f("listing_stock_listing_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("listing_id", "warehouse_id", name=op.f("listing_stock_pkey")),
        schema="orders",
    )
    op.create_index(
        "listing_stock_check_index",
        "listing_stock",
        ["check_at"],
        unique=False,
        schema="orders",
        postgresql_where=sa.text("check_at IS NOT NULL"),
    )


def _notices() -> None:
    channels = "channel IN ('email', 'apprise', 'tiktok_message')"
    audiences = "audience IN ('customer', 'creator', 'warehouse', 'support')"
    op.create_table(
        "notice_targets",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("label", sa.Text(), nullable=False, comment="what people call it; never secret"),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("shop_id", sa.Uuid(), nullable=True),
        sa.Column(
            "address",
            sa.LargeBinary(),
            nullable=True,
            comment="a mail address or an Apprise URL, which holds secrets; none for TikTok messages",
        ),
        sa.Column(
            "templates",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'::text[]"),
            nullable=False,
            comment="only these; none: all",
        ),
        sa.Column("enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("state", sa.Text(), server_default="unchecked", nullable=False),
        sa.Column("problem", sa.Text(), server_default="", nullable=False, comment="one sentence on why it is failing"),
        sa.Column("failures_in_a_row", sa.Integer(), server_default="0", nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(audiences, name=op.f("notice_targets_audience_check")),
        sa.CheckConstraint(channels, name=op.f("notice_targets_channel_check")),
        sa.CheckConstraint("state IN ('unchecked', 'fine', 'failing')", name=op.f("notice_targets_state_check")),
        sa.CheckConstraint("audience <> 'creator' OR user_id IS NOT NULL", name=op.f("notice_targets_creator_check")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["orders.users.id"], name=op.f("notice_targets_user_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["orders.shops.id"], name=op.f("notice_targets_shop_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("notice_targets_pkey")),
        sa.UniqueConstraint("label", name=op.f("notice_targets_label_key")),
        schema="orders",
    )
    op.create_table(
        "notice_refusals",
        sa.Column("word", sa.BigInteger(), nullable=False, comment="blind index of a mail address that wants no mail"),
        sa.Column("template", sa.Text(), server_default="*", nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("why IN ('asked', 'bounced')", name=op.f("notice_refusals_why_check")),
        sa.PrimaryKeyConstraint("word", "template", name=op.f("notice_refusals_pkey")),
        schema="orders",
    )
    op.create_table(
        "notice_directory",
        sa.Column("one", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False, comment="rises with every change of who gets what"),
        sa.CheckConstraint("one", name=op.f("notice_directory_one_check")),
        sa.PrimaryKeyConstraint("one", name=op.f("notice_directory_pkey")),
        schema="orders",
    )
    op.create_table(
        "notice_sends",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("effect_id", sa.Uuid(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=True),
        sa.Column("label", sa.Text(), server_default="", nullable=False, comment="what the target was called"),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="queued", nullable=False),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("daemon_id", sa.Uuid(), nullable=True),
        sa.Column("lease_token", sa.BigInteger(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reference", sa.Text(), server_default="", nullable=False, comment="what the other side knows it by"),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(channels, name=op.f("notice_sends_channel_check")),
        sa.CheckConstraint(audiences, name=op.f("notice_sends_audience_check")),
        sa.CheckConstraint(
            "state IN ('queued', 'sending', 'sent', 'failed', 'dead', 'bounced', 'suppressed')",
            name=op.f("notice_sends_state_check"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("notice_sends_pkey")),
        sa.UniqueConstraint(
            "effect_id",
            "target_id",
            name=op.f("notice_sends_effect_id_target_id_key"),
            postgresql_nulls_not_distinct=True,
        ),
        schema="orders",
    )
    op.create_index(
        "notice_sends_open_index",
        "notice_sends",
        ["due_at"],
        unique=False,
        schema="orders",
        postgresql_where=sa.text("state IN ('queued', 'sending', 'failed')"),
    )
    op.create_index("notice_sends_message_index", "notice_sends", ["message_id"], unique=False, schema="orders")


def _documents() -> None:
    op.add_column(
        "documents",
        sa.Column("size", sa.Text(), server_default="", nullable=False, comment="A6, A5; empty where there is but one"),
        schema="orders",
    )
    op.drop_constraint("documents_package_id_kind_generation_key", "documents", schema="orders")
    op.create_unique_constraint(
        op.f("documents_package_id_kind_generation_media_type_size_key"),
        "documents",
        ["package_id", "kind", "generation", "media_type", "size"],
        schema="orders",
    )
    _recheck(
        "documents",
        "kind",
        ("label", "packing_slip", "customs", "label_and_slip", "label_picture", "hazmat_label", "invoice_label"),
    )


def _manifests() -> None:
    op.create_table(
        "manifests",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False, comment="by the location's own calendar"),
        sa.Column("state", sa.Text(), server_default="making", nullable=False),
        sa.Column("parcels", sa.Integer(), nullable=False),
        sa.Column("reference", sa.Text(), server_default="", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("media_type", sa.Text(), server_default="", nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('making', 'made', 'failed')", name=op.f("manifests_state_check")),
        sa.ForeignKeyConstraint(["user_id"], ["orders.users.id"], name=op.f("manifests_user_id_fkey")),
        sa.ForeignKeyConstraint(["location_id"], ["orders.locations.id"], name=op.f("manifests_location_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("manifests_pkey")),
        schema="orders",
    )
    op.create_index("manifests_day_index", "manifests", ["day"], unique=False, schema="orders")
    op.add_column("packages", sa.Column("manifest_id", sa.Uuid(), nullable=True), schema="orders")
    op.create_index(
        "packages_manifest_index",
        "packages",
        ["manifest_id"],
        unique=False,
        schema="orders",
        postgresql_where=sa.text("manifest_id IS NOT NULL"),
    )


def _recheck(table: str, column: str, words: Sequence[str]) -> None:
    """Let a column have these words and no others."""
    op.execute(f"ALTER TABLE orders.{table} DROP CONSTRAINT IF EXISTS {table}_{column}_check")
    op.create_check_constraint(
        op.f(f"{table}_{column}_check"),
        table,
        f"{column} IN ({', '.join(repr(word) for word in words)})",
        schema="orders",
    )
