"""Which backups were taken, and how they went."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Table, Text

from engine.database.tables.schema import Time, key, metadata, moment

backups = Table(
    "backups",
    metadata,
    key(),
    Column("taken_at", Time, nullable=False),
    Column("host", Text, nullable=False),
    Column("path", Text, nullable=False, server_default="", comment="empty: none was written"),
    Column("bytes", BigInteger, nullable=False, server_default="0"),
    Column("orders", BigInteger, nullable=False, server_default="0"),
    Column("sha256", Text, nullable=False, server_default="", comment="of the dump"),
    Column("proved_at", Time, comment="restored for a try, and whole"),
    Column("problem", Text, nullable=False, server_default=""),
    moment("noted_at", required=True),
)
