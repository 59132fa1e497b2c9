"""Rows in bulk: COPY, which costs the client and the server a fraction of an INSERT with arrays.

For plain inserts only: whatever needs ON CONFLICT or an answer stays a statement.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

SCHEMA = "orders"


async def insert_rows(connection: Any, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert the rows; columns that are not named take their defaults."""
    if rows:
        await connection.copy_records_to_table(table, schema_name=SCHEMA, columns=columns, records=rows)
