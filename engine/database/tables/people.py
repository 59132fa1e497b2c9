"""Users, grants, shops and what was polled of them, locations, data keys, who gets which notice where."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from engine.database.tables.schema import Json, Sealed, Texts, Time, key, metadata, moment, one_of, refer
from engine.words import Audience, NoticeChannel, PollTopic, TargetState

users = Table(
    "users",
    metadata,
    key(),
    Column("display_name", Text, nullable=False),
    Column("email", Sealed),
    Column("role", Text, nullable=False),
    Column("login_role", Text, unique=True, comment="the database login that is this person"),
    Column("subject", Text, unique=True, comment="the sub of this person's tokens, where it is not the id"),
    Column("disabled_at", Time),
    moment("created_at", required=True),
    CheckConstraint(one_of("role", ("viewer", "operator", "supervisor", "admin", "creator", "service")), name="role"),
)

data_keys = Table(
    "data_keys",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    refer("user_id", "users.id"),
    Column("wrapped", Sealed, nullable=False, comment="AES-256 key sealed by the master key"),
    Column("master", LargeBinary, comment="fingerprint of the master key; null: of before there were any"),
    moment("created_at", required=True),
    Column("retired_at", Time, comment="since when nothing new is sealed with it"),
)

index_keys = Table(
    "index_keys",
    metadata,
    Column("one", Boolean, primary_key=True, server_default=text("true")),
    Column("wrapped", Sealed, nullable=False, comment="key of the blind index sealed by the master key"),
    Column("master", LargeBinary, nullable=False, comment="fingerprint of the master key in force"),
    moment("wrapped_at", required=True),
    moment("created_at", required=True),
    CheckConstraint("one", name="one"),
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

notice_targets = Table(
    "notice_targets",
    metadata,
    key(),
    Column("label", Text, nullable=False, unique=True, comment="what people call it; never secret"),
    Column("audience", Text, nullable=False),
    Column("channel", Text, nullable=False),
    refer("user_id", "users.id", nullable=True, cascade=True),
    refer("shop_id", "shops.id", nullable=True, cascade=True),
    Column(
        "address", Sealed, comment="a mail address or an Apprise URL, which holds secrets; none for TikTok messages"
    ),
    Column("templates", Texts, nullable=False, server_default=text("'{}'::text[]"), comment="only these; none: all"),
    Column("enabled", Boolean, nullable=False, server_default=text("true")),
    Column("state", Text, nullable=False, server_default="unchecked"),
    Column("problem", Text, nullable=False, server_default="", comment="one sentence on why it is failing"),
    Column("failures_in_a_row", Integer, nullable=False, server_default="0"),
    moment("checked_at"),
    moment("created_at", required=True),
    moment("updated_at", required=True),
    CheckConstraint(one_of("audience", Audience), name="audience"),
    CheckConstraint(one_of("channel", NoticeChannel), name="channel"),
    CheckConstraint(one_of("state", TargetState), name="state"),
    CheckConstraint("audience <> 'creator' OR user_id IS NOT NULL", name="creator"),
)

notice_refusals = Table(
    "notice_refusals",
    metadata,
    Column("word", BigInteger, nullable=False, comment="blind index of a mail address that wants no mail"),
    Column("template", Text, nullable=False, server_default="*"),
    Column("why", Text, nullable=False),
    moment("created_at", required=True),
    PrimaryKeyConstraint("word", "template"),
    CheckConstraint(one_of("why", ("asked", "bounced")), name="why"),
)

notice_directory = Table(
    "notice_directory",
    metadata,
    Column("one", Boolean, primary_key=True, server_default=text("true")),
    Column("version", BigInteger, nullable=False, comment="rises with every change of who gets what"),
    CheckConstraint("one", name="one"),
)
