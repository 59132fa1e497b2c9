"""What changed between two looks at a database, in a form in which two databases can be compared."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from engine.database.connection import Database
from engine.errors import Misconfigured
from engine.privacy.cipher import Vault

BY_THEMSELVES = frozenset({"daemons", "leases", "dependency_states", "gates", "alembic_version"})
"""Tables that change while nobody does anything."""

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d(?::?\d\d)?)?")
_NEAR_SECONDS = 120.0

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Near:
    """A moment; equal to another within two minutes, since the keys and the command follow each other."""

    at: datetime

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Near) and abs((self.at - other.at).total_seconds()) < _NEAR_SECONDS

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Contents:
    """Every row of every table, sealed values opened."""

    tables: dict[str, dict[str, Row]]

    @property
    def words(self) -> set[str]:
        """Every id and every moment in it."""
        found: set[str] = set()
        for rows in self.tables.values():
            for row in rows.values():
                for text in _texts(row):
                    found.update(_UUID.findall(text))
                    found.update(_TIME.findall(text))
        return found


@dataclass(frozen=True, slots=True)
class Change:
    """One row that came, went or changed: only what changed is in `row`, as [before, after]."""

    table: str
    kind: str
    row: Row


async def contents(database: Database) -> Contents:
    """Read everything at one moment."""
    async with database.pool.acquire() as connection:
        tables = await connection.fetch(
            """
            SELECT c.relname AS name, ARRAY(SELECT a.attname::text FROM pg_index i
                     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY(i.indkey)
                    WHERE i.indrelid = c.oid AND i.indisprimary) AS keys,
                   ARRAY(SELECT a.attname::text FROM pg_attribute a
                    WHERE a.attrelid = c.oid AND a.atttypid = 'bytea'::regtype) AS sealed
              FROM pg_class c
             WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
            """
        )
        about = {table["name"]: table for table in tables if table["name"] not in BY_THEMSELVES}
        everything = " UNION ALL ".join(f"SELECT '{name}' AS name, to_jsonb(x) AS row FROM {name} x" for name in about)  # noqa: S608
        rows = await connection.fetch(everything)
    found: dict[str, dict[str, Row]] = {name: {} for name in about}
    for record in rows:
        table, row = about[record["name"]], dict(record["row"])
        for column in table["sealed"]:
            row[column] = _opened(database.vault, table["name"], column, row)
        key = "|".join(str(row[column]) for column in table["keys"]) or str(len(found[table["name"]]))
        found[table["name"]][key] = row
    return Contents(found)


def changes(before: Contents, after: Contents, known: Collection[str], ignores: Collection[str] = ()) -> list[Change]:
    """What changed, in an order that depends on nothing that may differ. `known` are ids and moments to keep as they are."""
    found: list[Change] = []
    for table in after.tables:
        if table in ignores:
            continue
        old, new = before.tables.get(table, {}), after.tables[table]
        dropped = {name.partition(".")[2] for name in ignores if name.startswith(f"{table}.")}
        for key in old.keys() | new.keys():
            was, now = old.get(key), new.get(key)
            if was is None and now is not None:
                kind, row = "came", {name: value for name, value in now.items() if value is not None}
            elif now is None and was is not None:
                kind, row = "went", was
            elif was is not None and now is not None and was != now:
                kind, row = "changed", {name: [was.get(name), now[name]] for name in now if was.get(name) != now[name]}
            else:
                continue
            kept = {name: _comparable(value, known) for name, value in row.items() if name not in dropped}
            if kind == "came":
                kept = {
                    name: value for name, value in kept.items() if not _is_number_given_by_the_database(name, value)
                }
            if kept:
                found.append(Change(table, kind, kept))
    return sorted(found, key=lambda change: (change.table, change.kind, _sortable(change.row)))


def told(found: Collection[Change]) -> str:
    """The changes as text, one a line."""
    return "\n".join(f"{change.table:<24} {change.kind:<8} {_sortable(change.row)}" for change in found) or "(nothing)"


def _is_number_given_by_the_database(name: str, value: Any) -> bool:
    return name in {"id", "number", "sequence"} and isinstance(value, int)


def _opened(vault: Vault, table: str, column: str, row: Mapping[str, Any]) -> str | None:
    stored = row[column]
    if stored is None:
        return None
    if column.endswith("hash"):
        return "<bytes>"  # chance may let one look like something sealed
    sealed = bytes.fromhex(stored.removeprefix("\\x"))
    for value in row.values():
        if isinstance(value, str) and _UUID.fullmatch(value):
            with contextlib.suppress(Misconfigured, ValueError):
                plain = vault.open(f"{table}.{column}", UUID(value), sealed)
                if plain is not None:
                    return plain.decode(errors="replace")
    return "<bytes>"


def _texts(value: Any) -> list[str]:
    match value:
        case str():
            return [value]
        case dict():
            return [text for each in value.values() for text in _texts(each)] + [str(key) for key in value]
        case list():
            return [text for each in value for text in _texts(each)]
        case _:
            return []


def _comparable(value: Any, known: Collection[str]) -> Any:
    match value:
        case str():
            if _TIME.fullmatch(value) and value not in known:
                at = datetime.fromisoformat(value)
                return Near(at if at.tzinfo else at.replace(tzinfo=UTC))
            named = _UUID.sub(lambda found: found[0] if found[0] in known else "<id>", value)
            return _TIME.sub(lambda found: found[0] if found[0] in known else "<time>", named)
        case dict():
            return {_comparable(name, known): _comparable(each, known) for name, each in value.items()}
        case list():
            return [_comparable(each, known) for each in value]
        case _:
            return value


def _sortable(value: Any) -> str:
    match value:
        case dict():
            return "{" + ", ".join(f"{name}: {_sortable(value[name])}" for name in sorted(value, key=str)) + "}"
        case list():
            return "[" + ", ".join(map(_sortable, value)) + "]"
        case Near():
            return "<time>"
        case _:
            return repr(value)
