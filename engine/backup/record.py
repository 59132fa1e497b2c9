"""When the last backup was taken and proved, and what went wrong since: for status, alarms and whoever wonders."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from engine.backup.taking import Taken
from engine.identifiers import new_id

if TYPE_CHECKING:
    from engine.database.connection import Database

KEPT = 1000
"""So many lines are kept."""

_TAKEN = """
INSERT INTO backups (id, taken_at, host, path, bytes, orders, sha256) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_FAILED = "INSERT INTO backups (id, taken_at, host, problem) VALUES ($1, now(), $2, $3)"
_PROVED = "UPDATE backups SET proved_at = CASE WHEN $2 = '' THEN now() END, problem = $2 WHERE id = $1"
_FORGET = "DELETE FROM backups WHERE id IN (SELECT id FROM backups ORDER BY id DESC OFFSET $1)"
_UNTRIED = """
SELECT id, path FROM (SELECT * FROM backups WHERE path <> '' AND host = $1 ORDER BY id DESC LIMIT 1) newest
WHERE proved_at IS NULL AND problem = ''
"""
_LAST = """
SELECT max(taken_at) FILTER (WHERE path <> '') AS taken_at,
       extract(epoch FROM now() - max(taken_at) FILTER (WHERE path <> ''))::float8 AS age_seconds,
       max(proved_at) AS proved_at,
       (SELECT problem FROM backups ORDER BY id DESC LIMIT 1) AS problem,
       extract(epoch FROM now() - max(noted_at))::float8 AS tried_seconds
FROM backups
"""


@dataclass(frozen=True, slots=True)
class LastBackup:
    """The newest backup that is on a disk; all None before the first one."""

    taken_at: datetime | None
    age_seconds: float | None
    proved_at: datetime | None
    """When one was last restored and found whole."""
    tried_seconds: float | None
    """Since the last try, well or not."""
    problem: str
    """What is wrong with the last one; empty where nothing is."""


async def last_backup(database: Database) -> LastBackup:
    """What is known of backups, on the database's clock."""
    row = await database.pool.fetchrow(_LAST)
    return LastBackup(row["taken_at"], row["age_seconds"], row["proved_at"], row["tried_seconds"], row["problem"] or "")


@dataclass(frozen=True, slots=True)
class Untried:
    """A backup of this machine that nobody has restored for a try yet."""

    backup_id: UUID
    path: Path


async def newest_untried(database: Database) -> Untried | None:
    """This machine's newest backup, while it is still to be tried: whoever was at it may have been killed."""
    row = await database.pool.fetchrow(_UNTRIED, socket.gethostname())
    return None if row is None else Untried(row["id"], Path(row["path"]))


async def note_taken(database: Database, taken: Taken) -> UUID:
    """One more is on a disk. Answers under which id it is noted."""
    backup_id = new_id()
    manifest = taken.manifest
    async with database.transaction() as connection:
        await connection.execute(
            _TAKEN,
            backup_id,
            manifest.taken_at,
            socket.gethostname(),
            str(taken.path),
            taken.bytes,
            manifest.rows["orders"],
            manifest.dump_sha256,
        )
        await connection.execute(_FORGET, KEPT)
    return backup_id


async def note_proved(database: Database, backup_id: UUID, problem: str) -> None:
    """It was restored for a try; `problem` is what was wrong with it, empty for nothing."""
    await database.pool.execute(_PROVED, backup_id, problem)


async def note_failed(database: Database, sentence: str) -> None:
    """None was written, and why."""
    await database.pool.execute(_FAILED, new_id(), socket.gethostname(), sentence)
