"""Sealing anew what lies under retired data keys, and deleting those keys: in small steps, by one daemon at a time, from where it stopped.

A pass goes through every table by its primary key. Rows are locked without waiting, so nobody is held up and nobody holds it up; a row
that somebody else has is left to the next pass. Versions do not rise: nothing that anybody sees has changed.

A key is deleted after a pass that proves that nothing is under it. Such a pass begins when nobody can seal with the key any more (a
process that could not look for new keys for a quarter of an hour seals nothing), and when every transaction that may have seen a value of
before has ended, since it might have copied it. What does not open, and entries of an audit from before values could be sealed anew, keep
their key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from engine.actors import SYSTEM
from engine.audit import chain
from engine.identifiers import UserId
from engine.privacy.cipher import Vault, key_head, key_number
from engine.privacy.rotation import tell
from engine.privacy.sealed_places import SEALED_TABLES, SealedTable
from engine.privacy.terms import KEY_GRACE_SECONDS

if TYPE_CHECKING:
    from engine.database.connection import Database

LEASE = "reseal"
_STUCK_SECONDS = 86_400.0
"""How often it is looked whether what was stuck is gone."""

_RETIRED = "SELECT id FROM data_keys WHERE retired_at IS NOT NULL ORDER BY id"
_STOP = "DELETE FROM privacy_errands WHERE errand LIKE 'reseal%'"

# Only rows that are not there: a pass begins once, whichever daemon begins it.
_BEGIN = """
INSERT INTO privacy_errands (errand, proves) SELECT 'reseal ' || name, $2 FROM unnest($1::text[]) AS name
ON CONFLICT (errand) DO NOTHING
"""
_AGAIN = """
UPDATE privacy_errands SET reached = NULL, looked_at = 0, changed = 0, passed_over = 0, stuck = 0, keys = '{}', proves = $1,
       began_at = now(), progressed_at = now(), finished_at = NULL
WHERE errand LIKE 'reseal %'
"""
_ERRANDS = """
SELECT errand, reached, changed, passed_over, stuck, keys, proves, changed_by, began_at, finished_at,
       finished_at < now() - make_interval(secs => $1) AS long_ago
FROM privacy_errands WHERE errand LIKE 'reseal %' ORDER BY errand
"""
_LOOKED = """
UPDATE privacy_errands SET reached = $2, looked_at = looked_at + $3, passed_over = passed_over + $4, stuck = stuck + $5,
       keys = ARRAY(SELECT DISTINCT unnest(keys || $6::int[])), progressed_at = now(), finished_at = CASE WHEN $7 THEN now() END
WHERE errand = $1
"""
_CHANGED = """
UPDATE privacy_errands SET changed = changed + $2, changed_by = pg_current_xact_id()::text, progressed_at = now() WHERE errand = $1
"""

# A snapshot that does not know of the last change may still see values of before it. Whoever sees it may not see who runs what, but
# sees how old each snapshot is.
_MAY_PROVE = """
SELECT NOT EXISTS (
    SELECT FROM pg_stat_activity a, unnest($1::text[]) AS c(changed_by)
    WHERE a.pid <> pg_backend_pid() AND a.backend_xmin IS NOT NULL AND age(a.backend_xmin) >= age(c.changed_by::xid8::xid))
  AND coalesce((SELECT min(c.changed_by::xid8) < pg_snapshot_xmin(pg_current_snapshot()) FROM unnest($1::text[]) AS c(changed_by)), true)
  AND EXISTS (SELECT FROM data_keys WHERE retired_at <= now() - make_interval(secs => $2))
"""
_EMPTY = """
SELECT id, user_id FROM data_keys
WHERE retired_at <= $1::timestamptz - make_interval(secs => $2) AND id <> ALL($3::int[]) ORDER BY user_id, id
"""
_OWNER = "SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE"
_DELETE = "DELETE FROM data_keys WHERE id = $1"


class Step(StrEnum):
    """What a step was."""

    MOVED = "moved"
    """There is more to do now."""
    WAITS = "waits"
    """Everything is sealed anew; a key waits for its time."""
    IDLE = "idle"
    """No key is retired."""


@dataclass(frozen=True, slots=True)
class _Found:
    """The rows of one window that lie under retired keys."""

    reached: list[str] | None
    rows: int
    keys: list[tuple[Any, ...]]


async def wanted(database: Database) -> bool:
    """Whether any key is retired."""
    return bool(await database.pool.fetchval(f"SELECT EXISTS ({_RETIRED})"))


async def step(database: Database, *, grace_seconds: float = KEY_GRACE_SECONDS) -> Step:
    """Look at one window of rows and seal anew what lies under retired keys, or begin or end a pass."""
    pool = database.pool
    retired = [row["id"] for row in await pool.fetch(_RETIRED)]
    if not retired or not database.vault.has_keys:
        if not retired:
            await pool.execute(_STOP)
        return Step.IDLE
    errands = {row["errand"].partition(" ")[2]: row for row in await pool.fetch(_ERRANDS, _STUCK_SECONDS)}
    if len(errands) < len(SEALED_TABLES):
        await pool.execute(_BEGIN, [table.name for table in SEALED_TABLES], False)
        return Step.MOVED
    for table in SEALED_TABLES:
        if errands[table.name]["finished_at"] is None:
            await _look(database, table, errands[table.name]["reached"], [key_head(number) for number in retired])
            return Step.MOVED
    return await _end_pass(database, list(errands.values()), grace_seconds)


async def _end_pass(database: Database, errands: Sequence[Any], grace_seconds: float) -> Step:
    if any(row["changed"] or row["passed_over"] for row in errands):
        await database.pool.execute(_AGAIN, await _may_prove(database, errands, grace_seconds))
        return Step.MOVED
    if all(row["proves"] for row in errands):
        found = sorted({number for row in errands for number in row["keys"]})
        began = min(row["began_at"] for row in errands)
        if await _delete(database, began, grace_seconds, found):
            await tell(database)
            return Step.MOVED
        if not any(row["long_ago"] for row in errands):
            return Step.WAITS
    if not await _may_prove(database, errands, grace_seconds):
        return Step.WAITS
    await database.pool.execute(_AGAIN, True)
    return Step.MOVED


async def _may_prove(database: Database, errands: Sequence[Any], grace_seconds: float) -> bool:
    marks = [row["changed_by"] for row in errands if row["changed_by"] is not None]
    return bool(await database.pool.fetchval(_MAY_PROVE, marks, grace_seconds))


async def _delete(database: Database, began: Any, grace_seconds: float, found: Sequence[int]) -> int:
    """Delete the keys that a proving pass did not find. Answers how many."""

    async def delete(connection: Any) -> int:
        rows = await connection.fetch(_EMPTY, began, grace_seconds, list(found))
        for row in rows:
            owner = UserId(row["user_id"])
            await connection.execute(_OWNER, owner)
            await connection.execute(_DELETE, row["id"])
            told = {"key": row["id"]}
            await chain.append(connection, database.vault, owner, owner, "keys.deleted", SYSTEM, told, None)
        return len(rows)

    return await database.run(delete)


async def _look(database: Database, table: SealedTable, reached: list[str] | None, heads: list[bytes]) -> None:
    """One window: find what lies under the keys that begin so, seal it anew part by part, and note how far it went."""
    found = await _find(database, table, reached, heads)
    changed, stuck, numbers = 0, 0, set[int]()
    for start in range(0, len(found.keys), table.together):
        part = found.keys[start : start + table.together]
        did, could_not, keys = await _seal_part(database, table, part, heads)
        changed, stuck, numbers = changed + did, stuck + could_not, numbers | keys
    passed_over = len(found.keys) - changed - stuck
    await database.pool.execute(
        _LOOKED,
        f"reseal {table.name}",
        found.reached,
        found.rows,
        passed_over,
        stuck,
        sorted(numbers),
        found.rows < table.window,
    )


async def _find(database: Database, table: SealedTable, reached: list[str] | None, heads: list[bytes]) -> _Found:
    rows = await database.pool.fetch(_window(table, begun=reached is not None), heads, table.window, reached or [])
    hits = [tuple(row[column] for column in table.key) for row in rows if row["hit"]]
    last = [str(rows[-1][column]) for column in table.key] if rows else reached
    return _Found(last, len(rows), hits)


async def _seal_part(
    database: Database, table: SealedTable, keys: Sequence[tuple[Any, ...]], heads: list[bytes]
) -> tuple[int, int, set[int]]:
    """Answers how many rows were sealed anew, how many cannot be, and the keys that those lie under."""

    async def seal(connection: Any) -> tuple[int, int, set[int]]:
        rows = await connection.fetch(_lock(table), heads, *(list(column) for column in zip(*keys, strict=True)))
        anew, stuck, numbers = [], 0, set[int]()
        for row in rows:
            values = _values_anew(database.vault, table, row, heads)
            if values is None:
                stuck += 1
                numbers |= {key_number(row[c]) or 0 for c in table.places if row[c] and row[c][:5] in heads}
            else:
                anew.append((*(row[column] for column in table.key), *values))
        if anew:
            await connection.execute(_write(table), *(list(column) for column in zip(*anew, strict=True)))
            await connection.execute(_CHANGED, f"reseal {table.name}", len(anew))
        return len(anew), stuck, numbers

    return await database.run(seal)


def _values_anew(vault: Vault, table: SealedTable, row: Any, heads: list[bytes]) -> list[bytes | None] | None:
    """The row's values under keys of now; None when one of them does not open or has to stay as it is."""
    if table.name == "audit_log" and chain.is_whole_only(chain.Entry(**{name: row[name] for name in _ENTRY})):
        return None
    values: list[bytes | None] = []
    for column, place in table.places.items():
        value = row[column]
        if value is not None and value[: len(heads[0])] in heads:
            value = vault.seal_anew(place, row["row_id"], value)
            if value is None:
                return None
        values.append(value)
    return values


_ENTRY = tuple(chain.Entry.__slots__)


def _hit(table: SealedTable) -> str:
    return (
        "("
        + " OR ".join(f"coalesce(substr(t.{column}, 1, 5) = ANY($1::bytea[]), false)" for column in table.places)
        + ")"
    )


def _window(table: SealedTable, *, begun: bool) -> str:
    keys = ", ".join(f"t.{column}" for column in table.key)
    after = ", ".join(f"($3::text[])[{place}]::{kind}" for place, kind in enumerate(table.key.values(), 1))
    where = f"WHERE ({keys}) > ({after})" if begun else "WHERE $3::text[] IS NOT NULL"
    return f"SELECT {keys}, {_hit(table)} AS hit FROM {table.name} t {where} ORDER BY {keys} LIMIT $2"  # noqa: S608


def _lock(table: SealedTable) -> str:
    keys = ", ".join(f"t.{column}" for column in table.key)
    wanted = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(table.key.values(), 2))
    return f"""
    SELECT t.*, {table.row} AS row_id FROM {table.name} t
    WHERE ({keys}) IN (SELECT * FROM unnest({wanted})) AND {_hit(table)} ORDER BY {keys} FOR NO KEY UPDATE OF t SKIP LOCKED
    """  # noqa: S608


def _write(table: SealedTable) -> str:
    if table.name == "audit_log":
        return "SELECT orders.seal_audit_anew($1::uuid[], $2::int[], $3::bytea[], $4::bytea[])"
    columns = [*table.key, *table.places]
    kinds = [*table.key.values(), *("bytea" for _ in table.places)]
    given = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(kinds, 1))
    sets = ", ".join(f"{column} = d.{column}" for column in table.places)
    joined = " AND ".join(f"t.{column} = d.{column}" for column in table.key)
    return f"UPDATE {table.name} t SET {sets} FROM unnest({given}) AS d({', '.join(columns)}) WHERE {joined}"  # noqa: S608
