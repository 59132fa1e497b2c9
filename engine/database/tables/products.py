"""Products and the stock ledger: levels, reservations, movements."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    func,
    literal_column,
    text,
)

from engine.database.tables.schema import SCHEMA, Json, Texts, key, metadata, moment, one_of, point, refer

products = Table(
    "products",
    metadata,
    key(),
    refer("user_id", "users.id"),
    Column("sku", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("barcodes", Texts, nullable=False, server_default=text("'{}'::text[]")),
    Column("weight_grams", Integer),
    Column("length_millimetres", Integer),
    Column("width_millimetres", Integer),
    Column("height_millimetres", Integer),
    Column("bin", Text, nullable=False, server_default=""),
    Column("customs", Json),
    Column("components", Json, comment="for kits: [{sku, quantity}]"),
    Column("box", Text, nullable=False, server_default="", comment="name of the box it ships in"),
    refer("location_id", "locations.id", nullable=True),
    Column("low_stock_at", Integer, comment="an alarm is raised when no more than this is available"),
    Column("stock_buffer", Integer, comment="units kept from the channels; null: as each shop says"),
    moment("created_at", required=True),
    moment("updated_at", required=True),
    UniqueConstraint("user_id", "sku"),
    CheckConstraint("weight_grams > 0", name="weight"),
    CheckConstraint("low_stock_at >= 0", name="low_stock"),
    CheckConstraint("stock_buffer >= 0", name="stock_buffer"),
)
Index(
    "products_name_words_index",
    func.to_tsvector(literal_column("'simple'"), products.c.name),
    postgresql_using="gin",
)

# The stock list is read in this order, small and capital letters alike; the beginning of a SKU is a part of it.
Index("products_sku_order_index", text('lower(sku) COLLATE "C"'), products.c.id)
Index("products_barcodes_index", products.c.barcodes, postgresql_using="gin")
Index(
    "products_components_index",
    products.c.components,
    postgresql_using="gin",
    postgresql_ops={"components": "jsonb_path_ops"},
    postgresql_where=text("components IS NOT NULL"),
)

product_aliases = Table(
    "product_aliases",
    metadata,
    refer("user_id", "users.id"),
    Column("sku", Text, nullable=False, comment="another SKU that TikTok may call the product by"),
    Column("product_sku", Text, nullable=False),
    moment("created_at", required=True),
    PrimaryKeyConstraint("user_id", "sku"),
    ForeignKeyConstraint(["user_id", "product_sku"], [f"{SCHEMA}.products.user_id", f"{SCHEMA}.products.sku"]),
)
Index("product_aliases_product_index", product_aliases.c.user_id, product_aliases.c.product_sku)

stock_levels = Table(
    "stock_levels",
    metadata,
    refer("product_id", "products.id"),
    refer("location_id", "locations.id"),
    Column("on_hand", Integer, nullable=False, server_default="0"),
    Column("reserved", Integer, nullable=False, server_default="0"),
    Column("held", Integer, nullable=False, server_default="0"),
    Column("version", BigInteger, nullable=False, server_default="0"),
    PrimaryKeyConstraint("product_id", "location_id"),
    CheckConstraint("on_hand >= 0 AND reserved >= 0 AND held >= 0", name="not_negative"),
    CheckConstraint("reserved + held <= on_hand", name="covered"),
    postgresql_with={"fillfactor": "50"},
)

Index("stock_levels_held_index", stock_levels.c.product_id, postgresql_where=text("held > 0"))

stock_reservations = Table(
    "stock_reservations",
    metadata,
    key(),
    point("order_id"),
    point("order_item_id"),
    point("product_id"),
    point("location_id"),
    Column("quantity", Integer, nullable=False),
    Column(
        "per_unit", Integer, nullable=False, server_default="1", comment="how many one unit of the line takes: kits"
    ),
    Column("state", Text, nullable=False, server_default="active"),
    Column("attempt", Integer, nullable=False, server_default="1"),
    Column("picked", Integer, nullable=False, server_default="0", comment="how many are off the shelf"),
    Column("picked_by", Text),
    moment("picked_at"),
    Column("held_by", Text, comment="who is at it"),
    moment("held_at"),
    moment("created_at", required=True),
    moment("closed_at"),
    CheckConstraint("quantity > 0", name="quantity"),
    CheckConstraint("picked >= 0", name="picked"),
    CheckConstraint(one_of("state", ("active", "released", "consumed")), name="state"),
)
Index(
    "stock_reservations_active_key",
    stock_reservations.c.order_item_id,
    stock_reservations.c.product_id,
    stock_reservations.c.location_id,
    unique=True,
    postgresql_where=text("state = 'active'"),
)
Index("stock_reservations_order_index", stock_reservations.c.order_id)
Index(
    "stock_reservations_going_back_index",
    stock_reservations.c.location_id,
    stock_reservations.c.order_id,
    postgresql_where=text("state = 'released' AND picked > 0 OR state = 'active' AND picked > quantity"),
)
Index(
    "stock_reservations_product_index",
    stock_reservations.c.product_id,
    stock_reservations.c.created_at,
    postgresql_where=text("state = 'active'"),
)

stock_movements = Table(
    "stock_movements",
    metadata,
    key(),
    point("product_id"),
    point("location_id"),
    Column("kind", Text, nullable=False),
    Column("delta_on_hand", Integer, nullable=False, server_default="0"),
    Column("delta_reserved", Integer, nullable=False, server_default="0"),
    Column("delta_held", Integer, nullable=False, server_default="0"),
    Column("reason", Text, nullable=False, server_default=""),
    Column("actor", Text, nullable=False, server_default="system"),
    point("order_id", nullable=True),
    Column("idempotency_key", Text, nullable=False, unique=True),
    moment("created_at", required=True),
    CheckConstraint(
        one_of("kind", ("reserve", "release", "consume", "adjust", "transfer", "count", "restock", "hold")),
        name="kind",
    ),
)
Index("stock_movements_product_index", stock_movements.c.product_id, stock_movements.c.created_at, stock_movements.c.id)
