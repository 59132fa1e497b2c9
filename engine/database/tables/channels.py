"""What each shop lists on its channel, in which of its warehouses, and what it was last told to have there."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from engine.database.tables.schema import Time, key, metadata, moment, refer

listings = Table(
    "listings",
    metadata,
    key(),
    refer("shop_id", "shops.id"),
    Column("tiktok_product_id", Text, nullable=False),
    Column("tiktok_sku_id", Text, nullable=False),
    Column("seller_sku", Text, nullable=False, server_default=""),
    Column("title", Text, nullable=False, server_default=""),
    Column(
        "status",
        Text,
        nullable=False,
        server_default="",
        comment="TikTok's own word; GONE when it is not there any more",
    ),
    Column("refusal", Text, nullable=False, server_default="", comment="why its stock is not ours to set"),
    moment("channel_updated_at"),
    moment("seen_at", required=True),
    UniqueConstraint("shop_id", "tiktok_sku_id"),
)
Index("listings_sku_index", listings.c.shop_id, listings.c.seller_sku)

warehouses = Table(
    "warehouses",
    metadata,
    refer("shop_id", "shops.id"),
    Column("warehouse_id", Text, nullable=False),
    Column("name", Text, nullable=False, server_default=""),
    Column("is_default", Boolean, nullable=False, server_default=text("false")),
    refer("location_id", "locations.id", nullable=True),
    PrimaryKeyConstraint("shop_id", "warehouse_id"),
    UniqueConstraint("shop_id", "location_id"),
)

listing_stock = Table(
    "listing_stock",
    metadata,
    refer("listing_id", "listings.id", cascade=True),
    Column("warehouse_id", Text, nullable=False),
    Column("channel_quantity", Integer, comment="available there when it was last read"),
    Column("channel_committed", Integer),
    moment("read_at"),
    Column(
        "sequence",
        BigInteger,
        nullable=False,
        server_default="0",
        comment="of the newest push; older answers are ignored",
    ),
    Column("wanted", Integer, comment="what the newest push says"),
    Column("pushed", Integer, comment="what it was last told to have"),
    moment("pushed_at"),
    Column("check_at", Time, comment="when the push is read back; null: it was found as told"),
    Column("mismatches", Integer, nullable=False, server_default="0"),
    Column("retry_at", Time, nullable=False, server_default=text("now()")),
    Column("error", Text, nullable=False, server_default=""),
    PrimaryKeyConstraint("listing_id", "warehouse_id"),
)
Index("listing_stock_check_index", listing_stock.c.check_at, postgresql_where=text("check_at IS NOT NULL"))
