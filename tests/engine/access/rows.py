"""A row of each of two creators in every table, whatever its columns are: what the database matrix is tried on."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Table
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import (
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Double,
    Enum,
    Integer,
    LargeBinary,
    Numeric,
    Text,
    Uuid,
)

from engine.database.tables import metadata

TABLES = {table.name: table for table in metadata.sorted_tables}

_CHECKS = """
SELECT r.relname, pg_get_constraintdef(c.oid) AS rule FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid
WHERE c.contype = 'c' AND c.connamespace = 'orders'::regnamespace
"""
_WORDS = re.compile(r"\(?(\w+)(?:\)::\w+)? = (?:ANY \(ARRAY\[)?'(\w+)'::text")
_PLACES = ("user_id", "shop_id", "order_id", "package_id", "product_id", "listing_id", "effect_id", "caller")


def creator_of(number: int) -> UUID:
    """The creators are 1 and 2; what is theirs has their number in its id."""
    return UUID(int=0xC0DE_0000 + number)


async def words(connection: Any) -> dict[tuple[str, str], str]:
    """For each column that takes only some words, one of them."""
    found: dict[tuple[str, str], str] = {}
    for row in await connection.fetch(_CHECKS):
        for column, word in _WORDS.findall(row["rule"]):
            found.setdefault((row["relname"], column), word)
    return found


def values(table: Table, number: int, known: dict[tuple[str, str], str], *, fresh: int = 0) -> dict[str, Any]:
    """The row of creator `number`; each `fresh` is another row of his."""
    keys = {column.name for column in table.primary_key}
    own: dict[str, Any] = {}
    for column in table.columns:
        if table.name == "retention_policies" and column.name == "shop_id":
            continue  # it is of a creator or of a shop
        if column.name == "id" and isinstance(column.type, Uuid):
            own["id"] = creator_of(number + 100 * fresh)
        elif column.name in _PLACES or (column.name == "subject" and isinstance(column.type, Uuid)):
            own[column.name] = creator_of(number)
        elif column.nullable or column.server_default is not None:
            continue
        else:
            own[column.name] = known.get((table.name, column.name)) or _value(column, number, fresh)
    if fresh and not keys & set(own).difference(_PLACES, {"one"}):
        # All of the key is somebody else's: another row has another owner of the same creator's.
        own |= {name: creator_of(number + 100 * fresh) for name in keys & set(_PLACES)}
    return own


def _value(column: Column[Any], number: int, fresh: int) -> Any:
    unique = number + 100 * fresh
    match column.type:
        case Enum():
            return column.type.enums[0]
        case Uuid():
            return creator_of(unique)
        case Boolean():
            return True
        case BigInteger() | Integer():
            return unique
        case Numeric() | Double():
            return Decimal(unique)
        case ARRAY():
            return []
        case JSONB():
            return {}
        case LargeBinary():
            return b"\x00" + bytes([number])
        case DateTime():
            return datetime(2026, 3, number, fresh, tzinfo=UTC)
        case Date():
            return date(2026, 3, unique % 28 + 1)
        case Text():
            return f"{column.name}-{unique}"
        case _:
            raise AssertionError(f"{column} has a type these tests know no value for")
