"""Orders, line items, units, status history, search words.

Names and columns of the specification, then our own. `tiktok_order_id` is compared byte by byte (`COLLATE "C"`) so that its unique
index also answers prefix searches.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    desc,
    text,
)

from engine.database.tables.schema import (
    Amount,
    Json,
    Sealed,
    Texts,
    Time,
    fulfillment_status,
    key,
    metadata,
    moment,
    one_of,
    order_status,
    payment_status,
    point,
    refer,
    workflow_status,
)
from engine.words import OrderKind

orders = Table(
    "orders",
    metadata,
    key(),
    refer("user_id", "users.id"),
    Column("tiktok_order_id", Text(collation="C"), nullable=False, unique=True),
    Column("order_number", Text, nullable=False),
    Column("order_status", order_status, nullable=False, server_default="pending"),
    Column("workflow_status", workflow_status, nullable=False, server_default="new"),
    Column("total_amount", Amount, nullable=False),
    Column("currency", Text, nullable=False, server_default="USD"),
    Column("payment_status", payment_status, nullable=False, server_default="pending"),
    Column("customer_name", Sealed, comment="text; null until TikTok gives it"),
    Column("customer_email", Sealed, comment="text"),
    Column("customer_phone", Sealed, comment="text"),
    Column("shipping_address", Sealed, comment="JSON of engine.ports.Address; null until paid"),
    Column("shipping_method", Text),
    Column("shipping_cost", Amount),
    Column("order_date", Time, nullable=False),
    moment("expected_ship_date"),
    moment("shipped_date"),
    moment("delivered_date"),
    Column("order_source", Text, server_default="tiktok_shop"),
    Column("priority_level", Integer, nullable=False, server_default="1"),
    Column("priority_override", Integer, comment="a person's priority; null: derived from the ship-by"),
    Column(
        "priority_by_rule", Boolean, nullable=False, server_default=text("false"), comment="gives way to a person's"
    ),
    moment("target_ship_by"),
    refer("assigned_to", "users.id", nullable=True),
    Column("tags", Texts, nullable=False, server_default=text("'{}'::text[]")),
    Column("notes", Sealed, comment="text"),
    moment("last_tiktok_sync"),
    Column("sync_status", Text, nullable=False, server_default="pending"),
    Column("sync_attempts", Integer, nullable=False, server_default="0"),
    moment("created_at", required=True),
    moment("updated_at", required=True),
    Column("version", Integer, nullable=False, server_default="1"),
    refer("shop_id", "shops.id"),
    Column("channel_status", Text, nullable=False, comment="TikTok's own status"),
    Column("channel_updated_at", Time, nullable=False),
    Column("channel_digest", Sealed, nullable=False, comment="digest of the last fact applied"),
    Column("shipping_type", Text, nullable=False, server_default="SELLER"),
    Column("fulfilled_by_tiktok", Boolean, nullable=False, server_default=text("false")),
    Column("delivery_option_id", Text, nullable=False, server_default=""),
    Column("warehouse_id", Text, nullable=False, server_default=""),
    moment("collect_by"),
    moment("auto_cancel_at"),
    Column("cash_on_delivery", Boolean, nullable=False, server_default=text("false")),
    Column("order_kind", Text, nullable=False, server_default="normal"),
    Column("replaces_order_id", Text, comment="the TikTok order that a replacement or exchange stands for"),
    Column("cancel_requested", Boolean, nullable=False, server_default=text("false")),
    Column("cancel_reason", Text, nullable=False, server_default=""),
    Column("masked", Boolean, nullable=False, server_default=text("false")),
    Column("buyer_message", Sealed, comment="text"),
    Column("seller_note", Sealed, comment="text"),
    Column("failed_from", workflow_status, comment="the state a failed order resumes from"),
    Column("rate_rule", Text, nullable=False, server_default="", comment="how a rule wants its label chosen"),
    Column("audit_sequence", Integer, nullable=False, server_default="0"),
    Column("audit_head", Sealed, nullable=False, server_default=text("'\\x'::bytea")),
    Column("forgotten_at", Time, comment="when its person was forgotten; nothing personal is taken in for it since"),
    CheckConstraint(one_of("order_kind", OrderKind), name="order_kind"),
    postgresql_with={"fillfactor": "80"},
)
Index("orders_newest_index", desc(orders.c.order_date), desc(orders.c.id))
Index("orders_changed_index", desc(orders.c.updated_at), desc(orders.c.id))
Index("orders_total_index", orders.c.total_amount, orders.c.id)
Index(
    "orders_ship_by_index",
    text(
        "(CASE WHEN order_status IN ('pending', 'confirmed', 'processing')"
        " THEN coalesce(expected_ship_date, '9999-01-01 00:00+00'::timestamptz) ELSE '9999-01-01 00:00+00'::timestamptz END)"
    ),
    orders.c.id,
)
Index("orders_shop_index", orders.c.shop_id, desc(orders.c.order_date), desc(orders.c.id))
Index(
    "orders_assigned_index",
    orders.c.assigned_to,
    desc(orders.c.order_date),
    desc(orders.c.id),
    postgresql_where=text("assigned_to IS NOT NULL"),
)
Index("orders_tags_index", orders.c.tags, postgresql_using="gin", postgresql_where=text("cardinality(tags) > 0"))
Index(
    "orders_unpaid_index",
    orders.c.payment_status,
    desc(orders.c.order_date),
    desc(orders.c.id),
    postgresql_where=text("payment_status <> 'paid'"),
)
Index("orders_status_index", orders.c.order_status, desc(orders.c.order_date), desc(orders.c.id))
Index(
    "orders_state_index",
    orders.c.workflow_status,
    desc(orders.c.order_date),
    desc(orders.c.id),
    postgresql_where=text("workflow_status <> 'completed'"),
)

Index(
    "orders_completed_index",
    orders.c.shop_id,
    desc(orders.c.delivered_date),
    postgresql_where=text("workflow_status = 'completed'"),
)
Index("orders_replaces_index", orders.c.replaces_order_id, postgresql_where=text("replaces_order_id IS NOT NULL"))
Index("orders_cancel_requested_index", orders.c.id, postgresql_where=text("cancel_requested"))
Index(
    "orders_due_index",
    text("(coalesce(expected_ship_date, '9999-01-01 00:00+00'::timestamptz))"),
    orders.c.id,
    postgresql_where=text("order_status IN ('pending', 'confirmed', 'processing')"),
)

order_items = Table(
    "order_items",
    metadata,
    key(),
    refer("order_id", "orders.id", cascade=True),
    refer("product_id", "products.id", nullable=True),
    Column("tiktok_product_id", Text, nullable=False, server_default=""),
    Column("tiktok_sku_id", Text, nullable=False, server_default=""),
    Column("product_name", Text, nullable=False),
    Column("product_sku", Text(collation="C"), nullable=False),
    Column("variant_name", Text),
    Column("quantity", Integer, nullable=False),
    Column("unit_price", Amount, nullable=False),
    Column("total_price", Amount, nullable=False),
    Column("fulfillment_status", fulfillment_status, nullable=False, server_default="pending"),
    Column("shipped_quantity", Integer, nullable=False, server_default="0"),
    Column("cancelled_quantity", Integer, nullable=False, server_default="0"),
    moment("created_at", required=True),
    moment("updated_at", required=True),
    CheckConstraint("quantity > 0", name="quantity"),
    postgresql_with={"fillfactor": "60"},
)
Index("order_items_order_index", order_items.c.order_id)
Index("order_items_sku_index", order_items.c.product_sku, order_items.c.order_id)

order_item_units = Table(
    "order_item_units",
    metadata,
    key(),
    point("order_id"),
    point("order_item_id"),
    Column("tiktok_line_id", Text, nullable=False),
    Column("channel_status", Text, nullable=False),
    Column("price", Amount, nullable=False),
    Column("is_gift", Boolean, nullable=False, server_default=text("false")),
    Column("tiktok_package_id", Text, nullable=False, server_default=""),
    Column("package_id", Uuid, comment="which package of its split line it goes in"),
    Column("elsewhere", Boolean, nullable=False, server_default=text("false"), comment="shipped outside this program"),
    UniqueConstraint("order_id", "tiktok_line_id"),
)

order_status_history = Table(
    "order_status_history",
    metadata,
    key(),
    refer("order_id", "orders.id", cascade=True),
    Column("previous_status", order_status),
    Column("new_status", order_status, nullable=False),
    Column("status_reason", Text),
    refer("changed_by", "users.id", nullable=True),
    Column("change_source", Text, nullable=False, server_default="system"),
    Column("metadata", Json),
    moment("created_at", required=True),
)
Index("order_status_history_order_index", order_status_history.c.order_id, order_status_history.c.id)

order_search_words = Table(
    "order_search_words",
    metadata,
    Column("word", BigInteger, nullable=False, comment="keyed digest of a normalised word (blind index)"),
    point("order_id"),
    PrimaryKeyConstraint("word", "order_id"),
)
