"""Users, shops, locations, data keys, notice preferences."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, Integer, Table, Text, UniqueConstraint, text

from engine.database.tables.schema import Json, Sealed, Time, key, metadata, moment, one_of, refer

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

shops = Table(
    "shops",
    metadata,
    key(),
    refer("user_id", "users.id"),
    refer("location_id", "locations.id"),
    Column("platform", Text, nullable=False, server_default="tiktok_shop"),
    Column("tiktok_shop_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("region", Text, nullable=False, server_default=""),
    Column("timezone", Text, nullable=False, server_default="UTC"),
    Column("cipher", Sealed, comment="shop_cipher of TikTok's API"),
    Column("access_token", Sealed),
    Column("access_expires_at", Time),
    Column("refresh_token", Sealed),
    Column("refresh_expires_at", Time),
    Column("policies", Json, nullable=False, server_default=text("'{}'::jsonb")),
    Column("state", Text, nullable=False, server_default="connected"),
    moment("poll_cursor"),
    Column("poll_due_at", Time, nullable=False, server_default=text("now()")),
    moment("polled_at"),
    Column("poll_error", Text),
    moment("created_at", required=True),
    UniqueConstraint("platform", "tiktok_shop_id"),
    CheckConstraint(one_of("state", ("connected", "paused", "revoked")), name="state"),
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
