"""Tokens the program issued."""

from __future__ import annotations

from sqlalchemy import Column, LargeBinary, Table, Text

from engine.database.tables.schema import Time, key, metadata, moment, refer

access_tokens = Table(
    "access_tokens",
    metadata,
    key(),
    refer("user_id", "users.id"),
    Column("name", Text, nullable=False, comment="what it is for, as whoever issued it says"),
    Column("digest", LargeBinary, nullable=False, unique=True, comment="SHA-256 of its text, which is not kept"),
    Column("created_by", Text, nullable=False),
    moment("created_at", required=True),
    Column("expires_at", Time, nullable=False),
    moment("revoked_at"),
    moment("used_at"),
)
