"""What the HTTP surface answered to whoever named its request, so that asking again does nothing twice."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from engine.database.tables.schema import Sealed, key, metadata, moment, point

api_answers = Table(
    "api_answers",
    metadata,
    key(),
    point("caller"),
    Column("key", Text, nullable=False, comment="the caller's own name for what it asked"),
    Column("asked", LargeBinary, nullable=False, comment="digest of method, path and body"),
    point("batch_id", nullable=True),
    Column("status", Integer, comment="null: not answered yet"),
    Column("etag", Text, nullable=False, server_default=""),
    point("user_id", nullable=True),
    Column("body", Sealed, comment="the answer, JSON as it was given"),
    moment("created_at", required=True),
    UniqueConstraint("caller", "key"),
)
Index("api_answers_created_index", api_answers.c.created_at)
