"""Rotating keys while everything works: a new data key for a creator, a new master key for the database, and how far both have come.

A new data key is used at once by whoever hears of it; the old one is retired, opens what lies under it, and is deleted by `resealing`
once nothing does. A new master key wraps the same data keys anew, so no value is touched; programs that have only the master of before
go on with the keys in their memory until they are started again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.actors import Actor
from engine.audit import chain
from engine.database.notify import KEYS
from engine.errors import Misconfigured, Refused
from engine.identifiers import DEFAULT_CREATOR, UserId
from engine.privacy.key_ring import INDEX_BOUND
from engine.privacy.wrapping import Master, read_master, unwrap

if TYPE_CHECKING:
    from engine.database.connection import Database

# Creators in the order of their ids, like whoever makes a creator's first key.
_CREATORS = """
SELECT u.id, u.display_name, (SELECT max(k.id) FROM data_keys k WHERE k.user_id = u.id AND k.retired_at IS NULL) AS number
FROM users u
WHERE EXISTS (SELECT FROM data_keys k WHERE k.user_id = u.id AND k.retired_at IS NULL)
  AND ($1::uuid[] IS NULL OR u.id = ANY($1::uuid[]))
ORDER BY u.id FOR NO KEY UPDATE OF u
"""
_RETIRE = "UPDATE data_keys SET retired_at = now() WHERE user_id = $1 AND id <> $2 AND retired_at IS NULL"
_BEGIN_ANEW = "DELETE FROM privacy_errands WHERE errand LIKE 'reseal%'"

# Daemons that are alive began with the master they were given; those that began before it was rotated have the one of before.
_OLD_DAEMONS = """
SELECT count(*) FROM daemons d, index_keys i
WHERE d.stopped_at IS NULL AND d.beat_at > now() - interval '10 seconds' AND d.started_at < i.wrapped_at AND i.wrapped_at > i.created_at
"""

# No data key is made meanwhile: making one takes a lock on the table that this one excludes.
_NO_NEW_KEYS = "LOCK TABLE data_keys, index_keys IN SHARE ROW EXCLUSIVE MODE"
_WRAPPED = "SELECT id, user_id, wrapped, master FROM data_keys ORDER BY id"
_WRAP_ANEW = """
UPDATE data_keys k SET wrapped = d.wrapped, master = $3 FROM unnest($1::int[], $2::bytea[]) AS d(id, wrapped) WHERE k.id = d.id
"""
_INDEX = "SELECT wrapped, master FROM index_keys"
_WRAP_INDEX = "UPDATE index_keys SET wrapped = $1, master = $2, wrapped_at = clock_timestamp()"

_KEYS = """
SELECT k.id, k.user_id, u.display_name, k.created_at, k.retired_at FROM data_keys k JOIN users u ON u.id = k.user_id
ORDER BY u.display_name, k.id
"""
_MASTER = "SELECT master, wrapped_at, wrapped_at > created_at AS rotated FROM index_keys"
_ERRANDS = """
SELECT errand, looked_at, changed, passed_over, stuck, proves, progressed_at, finished_at FROM privacy_errands
WHERE errand LIKE 'reseal%' ORDER BY errand
"""


@dataclass(frozen=True, slots=True)
class Rotated:
    """One creator's new data key and the one it replaces."""

    creator: str
    old: int
    new: int


@dataclass(frozen=True, slots=True)
class DataKeyState:
    """One data key. A retired one goes once nothing lies under it."""

    number: int
    creator: str
    created_at: datetime
    retired_at: datetime | None


@dataclass(frozen=True, slots=True)
class ResealProgress:
    """How far one table has come in the pass under way."""

    table: str
    looked_at: int
    changed: int
    passed_over: int
    stuck: int
    finished: bool


@dataclass(frozen=True, slots=True)
class KeyStates:
    """All data keys, the master key in force, and how far old values are sealed anew."""

    master: str
    """Its fingerprint; empty where no program with a master key was here yet."""
    master_known: bool
    """Whether this program has the master in force."""
    master_rotated_at: datetime | None
    keys: tuple[DataKeyState, ...]
    progress: tuple[ResealProgress, ...]
    proving: bool
    """Whether the pass under way is the one after which keys are deleted."""


async def rotate_data_keys(
    database: Database, creators: Collection[UserId] | None, *, actor: Actor, reason: str = ""
) -> list[Rotated]:
    """Give these creators, or all of them, a new data key in one transaction. Raises Refused, Misconfigured; then nothing has changed."""
    vault = database.vault
    if not vault.has_keys:
        raise _no_master()

    async def write(connection: Any) -> list[Rotated]:
        if stale := await connection.fetchval(_OLD_DAEMONS):
            raise Refused(
                "keys.old_daemons",
                f"{stale} of the daemons still run with the master key of before: start them again with the new one first.",
            )
        rotated = []
        for row in await connection.fetch(_CREATORS, None if creators is None else list(creators)):
            owner = UserId(row["id"])
            made = await vault.ring.make(connection, owner)
            await connection.execute(_RETIRE, owner, made["id"])
            before, after = {"key": row["number"]}, {"key": made["id"], "reason": reason}
            await chain.append(connection, vault, owner, owner, "keys.rotated", actor, before, after)
            rotated.append(Rotated(row["display_name"], row["number"], made["id"]))
        if rotated:
            await connection.execute(_BEGIN_ANEW)
        return rotated

    rotated = await database.run(write)
    await tell(database)
    return rotated


async def rotate_master(database: Database, following: str, *, actor: Actor) -> int:
    """Wrap every key by the master key that is to follow, in one transaction; answers how many. Raises Refused, Misconfigured."""
    new = read_master(following)
    known = [*database.vault.ring.masters, new]
    if not database.vault.has_keys:
        raise _no_master()

    async def write(connection: Any) -> int:
        await connection.execute(_NO_NEW_KEYS)
        index = await connection.fetchrow(_INDEX)
        if index["master"] == new.fingerprint:
            raise Refused("keys.master_in_force", "That master key is in force already: nothing is to be done.")
        numbers, wrapped = [], []
        for row in await connection.fetch(_WRAPPED):
            numbers.append(row["id"])
            wrapped.append(_wrapped_anew(known, new, row, UserId(row["user_id"]).bytes))
        await connection.execute(_WRAP_ANEW, numbers, wrapped, new.fingerprint)
        await connection.execute(_WRAP_INDEX, _wrapped_anew(known, new, index, INDEX_BOUND), new.fingerprint)
        before, after = {"master": index["master"].hex()}, {"master": new.fingerprint.hex(), "keys": len(numbers)}
        await chain.append(
            connection, database.vault, DEFAULT_CREATOR, DEFAULT_CREATOR, "keys.master_rotated", actor, before, after
        )
        return len(numbers)

    return await database.run(write)


async def key_states(database: Database) -> KeyStates:
    """How all keys stand."""
    async with database.pool.acquire() as connection:
        keys = await connection.fetch(_KEYS)
        master = await connection.fetchrow(_MASTER)
        errands = await connection.fetch(_ERRANDS)
    fingerprint = master["master"] if master else b""
    return KeyStates(
        master=fingerprint.hex(),
        master_known=any(each.fingerprint == fingerprint for each in database.vault.ring.masters),
        master_rotated_at=master["wrapped_at"] if master and master["rotated"] else None,
        keys=tuple(DataKeyState(row["id"], row["display_name"], row["created_at"], row["retired_at"]) for row in keys),
        progress=tuple(
            ResealProgress(
                row["errand"].partition(" ")[2],
                row["looked_at"],
                row["changed"],
                row["passed_over"],
                row["stuck"],
                row["finished_at"] is not None,
            )
            for row in errands
        ),
        proving=any(row["proves"] for row in errands),
    )


async def tell(database: Database) -> None:
    """Let every process look at the keys, this one at once."""
    await database.pool.execute(f"NOTIFY {KEYS}")
    await database.vault.load(database.pool)


def _wrapped_anew(known: Sequence[Master], new: Master, row: Any, bound: bytes) -> bytes:
    key = unwrap(known, row["wrapped"], row["master"], bound)
    if key is None:
        raise Misconfigured(
            "keys.master_wrong",
            "A key is wrapped by a master key that is not here: give the one in force as master_key, the new one as"
            " master_key_new.",
        )
    return new.wrap(key, bound)


def _no_master() -> Misconfigured:
    return Misconfigured(
        "keys.missing",
        "Keys cannot be rotated without the master key: set ORDERS_TUI_MASTER_KEY or its credential file.",
    )
