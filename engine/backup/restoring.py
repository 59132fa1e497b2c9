"""A backup brought back: into a data directory that is not there yet, or into a shared database that has none of our tables.

Nothing is ever written over a database. A data directory is made under another name and gets its own when everything in it is proved;
into a shared database the dump goes as one transaction. Its shops come back observed: the world went on since the backup, and what
happened meanwhile is read first and worked when a lead says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from engine.access import group_roles, guards
from engine.backup import archive, programs
from engine.backup.manifest import Manifest
from engine.backup.proving import Proof, prove
from engine.backup.taking import count_rows
from engine.database import embedded, migrate
from engine.database.addresses import connected_to, parameters_of
from engine.database.connection import Database, DatabaseSettings, open_database
from engine.database.logins import login_of
from engine.errors import Conflict, Misconfigured, Refused
from engine.identifiers import ShopId
from engine.privacy.secrets import Secrets
from engine.privacy.wrapping import read_master
from engine.shops.policies import set_import_mode
from engine.workflow.facts import ImportMode

if TYPE_CHECKING:
    from engine.actors import Actor

MASTER_KEY = "master_key"
_MASTER_KEY_VARIABLE = "ORDERS_TUI_MASTER_KEY"
_PASSWORD_VARIABLE = "ORDERS_TUI_DATABASE_PASSWORD"  # noqa: S105  # the name of the variable, not the password
_AT_WORK = "SELECT id, name FROM shops WHERE policies ->> 'import_mode' = 'work' ORDER BY name"


@dataclass(frozen=True, slots=True)
class Wishes:
    """How it is to be brought back."""

    actor: Actor
    keep_key: bool = False
    """Write the master key into the new data directory, where nobody gives it otherwise."""
    at_work: bool = False
    """Leave worked shops at work."""
    anyway: bool = False
    """Keep it although something in it is not whole."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back, where, and in what state."""

    where: str
    manifest: Manifest
    proof: Proof
    observing: tuple[str, ...] = ()
    """The shops that were at work and are only observed now."""


def require_key(manifest: Manifest, key: str | None) -> None:
    """Misconfigured without the master key that opens this backup, Refused for another one."""
    if not manifest.key_fingerprint:
        return
    place = f", kept in the {manifest.key_place} when it was taken" if manifest.key_place else ""
    needed = f"the master key {manifest.key_fingerprint}{place}"
    if key is None:
        raise Misconfigured(
            "backup.key_missing",
            f"The personal data in this backup opens with {needed}: give it with --key FILE, or in {_MASTER_KEY_VARIABLE}.",
        )
    if (given := read_master(key).fingerprint.hex()) != manifest.key_fingerprint:
        raise Refused(
            "backup.key_wrong",
            f"The personal data in this backup opens with {needed}, and the one given is {given}: nothing was restored.",
        )


async def restore_into_directory(
    backup: Path,
    directory: Path,
    key: str | None,
    environment: Mapping[str, str],
    wishes: Wishes,
    *,
    on_wait: Callable[[str], None] | None = None,
) -> Restored:
    """A new embedded database in `directory`. Raises Refused, Misconfigured, Unreachable; then `directory` is as it was."""
    directory = _still_free(directory)
    manifest = await asyncio.to_thread(archive.check_whole, backup)
    require_key(manifest, key)
    making = directory.with_name(f"{directory.name}.restoring")
    if not await embedded.discard(making, on_wait=on_wait):
        raise Conflict("restore.under_way", f"Another restore into {directory} is under way: wait for it.")
    try:
        session = await embedded.start(making, environment=environment, on_wait=on_wait)
        try:
            place = DatabaseSettings(url=session.server.address(), statement_seconds=0)
            password = {_PASSWORD_VARIABLE: session.server.password.reveal()}
            restored = await _bring_back(backup, manifest, place, password, key, wishes)
        finally:
            await session.leave(on_wait=on_wait)
        if key is not None and wishes.keep_key:
            Secrets({}, data_directory=making).keep(MASTER_KEY, key)
        making.rename(directory)
    except BaseException:
        await asyncio.shield(embedded.discard(making))
        raise
    return replace(restored, where=str(directory))


def _still_free(directory: Path) -> Path:
    directory = directory.expanduser().absolute()
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise Refused(
            "restore.not_empty",
            f"{directory} is not empty, and a backup is never restored over anything: name a directory that is not there yet.",
        )
    return directory


async def restore_into_shared(
    backup: Path, place: DatabaseSettings, key: str | None, environment: Mapping[str, str], wishes: Wishes
) -> Restored:
    """Into the database at `place.url`, which must not have our schema. Raises Refused, Misconfigured, Unreachable: it is empty then."""
    if place.pooled:
        raise Refused("restore.pooled", "Restoring needs a session of its own: give the direct or the session address.")
    manifest = await asyncio.to_thread(archive.check_whole, backup)
    require_key(manifest, key)
    async with connected_to(place.url, environment) as connection:
        taken = await connection.fetchval("SELECT to_regnamespace($1) IS NOT NULL", migrate.SCHEMA)
    if taken:
        raise Refused(
            "restore.not_empty",
            f"The database at {_shown(place.url)} has a schema {migrate.SCHEMA} already, and a backup is never restored over "
            "anything: name an empty database.",
        )
    restored = await _bring_back(backup, manifest, replace(place, statement_seconds=0), environment, key, wishes)
    return replace(restored, where=_shown(place.url))


async def _bring_back(
    backup: Path,
    manifest: Manifest,
    place: DatabaseSettings,
    environment: Mapping[str, str],
    key: str | None,
    wishes: Wishes,
) -> Restored:
    """Load, count, upgrade, prove, quieten. What does not hold is taken away again, unless it is wanted anyway."""
    keyed = {name: text for name, text in environment.items() if not name.startswith(_MASTER_KEY_VARIABLE)}
    keyed |= {_MASTER_KEY_VARIABLE: key} if key is not None else {}
    async with connected_to(place.url, environment) as connection:
        await group_roles.ensure(connection)
    await asyncio.to_thread(programs.load, login_of(parameters_of(place.url, environment)), archive.pieces_of(backup))
    async with connected_to(place.url, environment) as connection:
        counted = await count_rows(connection)
        await connection.execute("ANALYZE")
    database = await open_database(place, keyed, migrated=True)
    try:
        async with database.transaction() as connection:
            await guards.put(connection)
        proof = await prove(database, counted, manifest.rows)
        if not (proof.whole or wishes.anyway):
            await database.pool.execute(f"DROP SCHEMA {migrate.SCHEMA} CASCADE")
            raise Refused(
                "restore.not_whole",
                f"What came back is not whole, in {proof.findings} places ({proof.sentences[0]}): nothing was restored; take "
                "another backup, or say --anyway.",
            )
        observing = () if wishes.at_work else await _quieten(database, wishes.actor)
    finally:
        await database.close()
    return Restored(_shown(place.url), manifest, proof, observing)


async def _quieten(database: Database, actor: Actor) -> tuple[str, ...]:
    """Only observe every shop that was worked; its lead sets it to work again."""
    shops = await database.pool.fetch(_AT_WORK)
    for shop in shops:
        await set_import_mode(database, ShopId(shop["id"]), ImportMode.OBSERVE, actor=actor)
    return tuple(shop["name"] for shop in shops)


def _shown(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname or 'this machine'}{parts.path}"
