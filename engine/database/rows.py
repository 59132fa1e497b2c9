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
    rows = list(records)
    into = f"INSERT INTO {schema_name}.{table} ({', '.join(columns)})"
    types = await _types(connection, f"{schema_name}.{table}", tuple(columns)) if len(rows) > 1 else None
    if types is None:
        places = ", ".join(f"${place}" for place in range(1, len(columns) + 1))
        await connection.executemany(f"{into} VALUES ({places})", rows)
        return
    arrays = ", ".join(f"${place}::{of}[]" for place, of in enumerate(types, 1))
    statement = f"{into} SELECT * FROM unnest({arrays})"  # noqa: S608  # names of ours
    await connection.execute(statement, *(list(column) for column in zip(*rows, strict=True)))


_OF_COLUMNS = """
SELECT format_type(a.atttypid, a.atttypmod) AS type, t.typcategory = 'A' AS is_array
FROM unnest($2::text[]) WITH ORDINALITY AS c (name, place)
JOIN pg_attribute a ON a.attrelid = $1::text::regclass AND a.attname = c.name JOIN pg_type t ON t.oid = a.atttypid
ORDER BY c.place
"""
_known: dict[tuple[str, tuple[str, ...]], tuple[str, ...] | None] = {}


async def _types(connection: Any, table: str, columns: tuple[str, ...]) -> tuple[str, ...] | None:
    """What the columns hold, asked once; None where one holds arrays, which arrays of rows cannot carry."""
    if (table, columns) not in _known:
        found = await connection.fetch(_OF_COLUMNS, table, list(columns))
        arrays = any(row["is_array"] for row in found)
        _known[table, columns] = None if arrays else tuple(row["type"] for row in found)
    return _known[table, columns]
