"""Rows in bulk: COPY, which costs the client and the server a fraction of an INSERT with arrays.

For plain inserts only: whatever needs ON CONFLICT or an answer stays a statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

SCHEMA = "orders"


async def insert_rows(connection: Any, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert the rows; columns that are not named take their defaults."""
    if rows:
        await connection.copy_records_to_table(table, schema_name=SCHEMA, columns=columns, records=rows)


async def insert_each(
    connection: Any, table: str, *, records: Iterable[Sequence[Any]], columns: Sequence[str], schema_name: str
) -> None:
    """The same by INSERT, for a login that row-level security holds for: PostgreSQL refuses it COPY."""
    places = ", ".join(f"${place}" for place in range(1, len(columns) + 1))
    statement = f"INSERT INTO {schema_name}.{table} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608  # names of ours
    await connection.executemany(statement, records)
