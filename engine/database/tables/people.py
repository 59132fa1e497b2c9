"""Users, grants, shops and what was polled of them, locations, data keys, notice preferences."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from engine.database.tables.schema import Json, Sealed, Texts, Time, key, metadata, moment, one_of, refer
from engine.words import PollTopic

users = Table(
    "users",
    metadata,
    key(),
    Column("display_name", Text, nullable=False),
    Column("email", Sealed),
    Column("role", Text, nullable=False),
    Column("login_role", Text, unique=True, comment="the database login that is this person"),
    moment("created_at", required=True),
    CheckConstraint(one_of("role", ("viewer", "operator", "supervisor", "admin", "creator", "service")), name="role"),
)

data_keys = Table(
    "data_keys",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    refer("user_id", "users.id"),
    Column("wrapped", Sealed, nullable=False, comment="AES-256 key sealed by the master key"),
    moment("created_at", required=True),
    moment("retired_at"),
)

locations = Table(
    "locations",
    metadata,
    key(),
    Column("code", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("address", Json, nullable=False, comment="the warehouse's own address; a business one, not a person's"),
    Column("timezone", Text, nullable=False, server_default="UTC"),
    Column(
        "calendar", Json, nullable=False, server_default=text("'{}'::jsonb"), comment="cut-off, working days, holidays"
    ),
    moment("created_at", required=True),
)

grants = Table(
    "grants",
    metadata,
    key(),
    refer("user_id", "users.id"),
    Column("open_id", Text, nullable=False, unique=True, comment="TikTok's name for the seller who granted access"),
    Column("seller_name", Text, nullable=False, server_default=""),
    Column("region", Text, nullable=False, server_default=""),
    Column("scopes", Texts, nullable=False, server_default=text("'{}'::text[]")),
    Column("access_token", Sealed),
    Column("access_expires_at", Time),
    Column("refresh_token", Sealed),
    Column("refresh_expires_at", Time, comment="the end of the grant itself"),
    Column("state", Text, nullable=False, server_default="active"),
    Column("refresh_due_at", Time, comment="when its tokens are to be refreshed; claimed by one daemon"),
    Column("claim", BigInteger, comment="of whoever refreshes now; named in the write of the new tokens"),
    Column("claim_until", Time),
    moment("refreshed_at"),
    Column("error", Text, comment="why the last refresh failed, or why it ended"),
    Column("warned_at", Time, comment="when people were last told that it ends soon"),
    moment("connected_at", required=True),
    moment("created_at", required=True),
    moment("updated_at", required=True),
    CheckConstraint(one_of("state", ("active", "expired", "revoked")), name="state"),
)

shops = Table(
    "shops",
    metadata,
    key(),
    refer("user_id", "users.id"),
    refer("location_id", "locations.id"),
    refer("grant_id", "grants.id", nullable=True),
    Column("platform", Text, nullable=False, server_default="tiktok_shop"),
    Column("tiktok_shop_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("region", Text, nullable=False, server_default=""),
    Column("seller_type", Text, nullable=False, server_default="", comment="LOCAL or CROSS_BORDER"),
    Column("timezone", Text, nullable=False, server_default="UTC"),
    Column("cipher", Sealed, comment="shop_cipher of TikTok's API"),
    Column("policies", Json, nullable=False, server_default=text("'{}'::jsonb")),
    Column("push_stock", Boolean, nullable=False, server_default=text("true"), comment="once its orders are worked"),
    Column("stock_buffer", Integer, nullable=False, server_default="0", comment="units kept from the channel"),
    Column("state", Text, nullable=False, server_default="connected"),
    Column("state_reason", Text, nullable=False, server_default="", comment="why it is not connected, for a person"),
    moment("created_at", required=True),
    UniqueConstraint("platform", "tiktok_shop_id"),
    CheckConstraint(one_of("state", ("connected", "paused", "revoked", "disconnected", "offline")), name="state"),
    CheckConstraint("stock_buffer >= 0", name="stock_buffer"),
)

polls = Table(
    "polls",
    metadata,
    refer("shop_id", "shops.id", cascade=True),
    Column("topic", Text, nullable=False),
    moment("cursor"),
    Column("position", Uuid, comment="the last open order of a round through all of them"),
    Column("due_at", Time, nullable=False, server_default=text("now()")),
    moment("polled_at"),
    Column("error", Text),
    PrimaryKeyConstraint("shop_id", "topic"),
    CheckConstraint(one_of("topic", PollTopic), name="topic"),
)

notice_preferences = Table(
    "notice_preferences",
    metadata,
    key(),
    refer("user_id", "users.id", cascade=True),
    Column("template", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("enabled", Boolean, nullable=False, server_default=text("true")),
    Column("quiet_hours", Json),
    UniqueConstraint("user_id", "template", "channel"),
)
