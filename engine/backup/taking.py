"""A backup taken: one snapshot dumped and counted while everybody goes on working.

The snapshot is ours and lent to pg_dump, so that the rows counted are the rows dumped. It holds back the clearing of dead rows for as
long as the dump takes, as any long transaction does.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.backup import archive, programs
from engine.backup.archive import DumpWriter
from engine.backup.manifest import Manifest
from engine.database.migrate import SCHEMA
from engine.errors import Refused

if TYPE_CHECKING:
    from engine.database.connection import Connection, Database

SUFFIX = ".zip"
PRESENCE = "presence"
"""Who looks at what this minute: not worth keeping, and gone after a crash anyway."""

_ARGUMENTS = (
    f"--schema={SCHEMA}",
    f"--exclude-table-data={SCHEMA}.{PRESENCE}",
    "--no-owner",
    "--no-privileges",  # they name roles of this cluster; ours are given anew, others' are not ours to give
    "--lock-wait-timeout=60s",
)
_FACTS = """
SELECT date_trunc('second', now()) AS at, current_setting('server_version') AS server_version,
       current_setting('server_version_num')::int AS server, (SELECT version_num FROM {schema}.alembic_version) AS revision,
       (SELECT encode(master, 'hex') FROM {schema}.index_keys) AS master
"""
_TABLES = """
SELECT relname FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition AND relname <> $2
ORDER BY relname
"""
_BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
_PATIENT = """
SELECT set_config(s, '0', true) FROM unnest(ARRAY['statement_timeout', 'idle_in_transaction_session_timeout', 'lock_timeout']) AS s
"""
_NEWER_THAN_15 = b"SET transaction_timeout = 0;\n"  # every later dump begins with it, and servers before 17 refuse it


@dataclass(frozen=True, slots=True)
class Taken:
    """A backup that is on the disk."""

    path: Path
    bytes: int
    manifest: Manifest


async def take_backup(database: Database, place: Path, *, program_version: str) -> Taken:
    """Write a backup to `place`: a file, or a folder in which it is named by its time (UTC).

    Raises Refused where it may not or cannot be taken, Unreachable for a full disk or a database that went away: no file is left then.
    """
    if database.pooled:
        raise Refused(
            "backup.pooled",
            "A backup needs a session of its own, which a transaction pooler does not give: run it with database.url at the "
            "direct or the session address (ORDERS_TUI_DATABASE__URL, ORDERS_TUI_DATABASE__POOLED=false).",
        )
    async with _snapshot(database) as (connection, snapshot):
        facts = await connection.fetchrow(_FACTS.format(schema=SCHEMA))
        if facts["server"] // 10_000 > programs.NEWEST_SERVER:
            raise Refused(
                "backup.server_newer",
                f"The database is PostgreSQL {facts['server_version']} and this program's pg_dump is {programs.NEWEST_SERVER}: "
                "install a newer Orders TUI for backups.",
            )
        target = place if place.suffix == SUFFIX else place / f"orders-{facts['at']:%Y%m%dT%H%M%SZ}{SUFFIX}"
        key = database.secrets.read("master_key")
        masters = database.vault.ring.masters
        fingerprint = facts["master"] or (masters[0].fingerprint.hex() if masters else "")
        loop = asyncio.get_running_loop()

        def manifest(writer: DumpWriter) -> Manifest:
            return Manifest(
                program_version=program_version,
                taken_at=facts["at"],
                server_version=facts["server_version"],
                schema_revision=facts["revision"],
                embedded=database.data_directory is not None,
                rows=asyncio.run_coroutine_threadsafe(count_rows(connection), loop).result(),
                dump_bytes=writer.bytes,
                dump_sha256=writer.sha256,
                key_fingerprint=fingerprint,
                key_place=f"{key.origin}, {key.place}" if key else "",
            )

        return await _in_a_thread(database, target, snapshot, manifest)


async def count_rows(connection: Connection) -> dict[str, int]:
    """How many rows each table has, in one snapshot of the caller's."""
    tables = [row["relname"] for row in await connection.fetch(_TABLES, SCHEMA, PRESENCE)]
    return {table: await connection.fetchval(f'SELECT count(*) FROM {SCHEMA}."{table}"') for table in tables}  # noqa: S608


@contextlib.asynccontextmanager
async def _snapshot(database: Database) -> AsyncIterator[tuple[Connection, str]]:
    """A connection inside a snapshot that others may use until the block ends, and its name."""
    connection = await database.connect()
    try:
        await connection.execute(_BEGIN)  # it ends with its connection
        await connection.execute(_PATIENT)
        yield connection, await connection.fetchval("SELECT pg_export_snapshot()")
    finally:
        await connection.close()


async def _in_a_thread(
    database: Database, target: Path, snapshot: str, manifest: Callable[[DumpWriter], Manifest]
) -> Taken:
    """Dump beside the loop; whoever no longer waits ends pg_dump, and only then goes on."""
    running: list[subprocess.Popen[bytes]] = []
    writing = asyncio.ensure_future(asyncio.to_thread(_write, database, target, snapshot, manifest, running))
    try:
        return await asyncio.shield(writing)
    except asyncio.CancelledError:
        for child in running:
            child.kill()
        with contextlib.suppress(Exception):
            await writing
        raise


def _write(
    database: Database,
    target: Path,
    snapshot: str,
    manifest: Callable[[DumpWriter], Manifest],
    running: list[subprocess.Popen[bytes]],
) -> Taken:
    told: list[Manifest] = []

    def dump(writer: DumpWriter) -> None:
        def take(piece: bytes) -> None:
            writer.write(piece if writer.bytes else piece.replace(_NEWER_THAN_15, b"", 1))

        assert database.login is not None, "one person's view of a database is not all of it"
        programs.dump(database.login, [*_ARGUMENTS, f"--snapshot={snapshot}"], take, running)

    def tell(writer: DumpWriter) -> Manifest:
        told.append(manifest(writer))
        return told[0]

    with archive.appearing(target) as file:
        archive.write_archive(file, dump, tell)
        size = file.tell()
    return Taken(target, size, told[0])
