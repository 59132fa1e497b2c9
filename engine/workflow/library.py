"""The workflows that the database knows: every definition that was ever loaded, by name and version, as its file was.

A version never changes once it is stored, since orders may be on it. The workflow that ships with the program is stored before the
first order starts on it; its name belongs to the program.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from engine.actors import Actor
from engine.audit import chain
from engine.errors import Misconfigured, NotFound, Refused
from engine.identifiers import DEFAULT_CREATOR
from engine.workflow.definition import Definition, Edition, digest_of
from engine.workflow.definition_file import inspect, load_default, packaged_digest, packaged_text
from engine.workflow.machines import Unusable, machines_of

if TYPE_CHECKING:
    from engine.database.connection import Database

_PUBLISH = """
INSERT INTO workflow_definitions (name, version, text, digest) VALUES ($1, $2, $3, $4) ON CONFLICT (name, version) DO NOTHING
"""

_MAY_PUBLISH = "SELECT has_table_privilege('orders.workflow_definitions', 'INSERT')"

# One loader of a name at a time; ours alone by the first number's unlikeliness.
_LOCK = "SELECT pg_advisory_xact_lock(231538, hashtext($1))"

_VERSIONS = "SELECT version, digest FROM workflow_definitions WHERE name = $1 ORDER BY version DESC"

_READ = """
SELECT name, version, text FROM workflow_definitions
WHERE name = $1 AND version = coalesce($2, (SELECT max(version) FROM workflow_definitions WHERE name = $1))
"""

_LIST = """
SELECT d.name, d.version, d.created_at, coalesce(o.orders, 0) AS open_orders,
       coalesce(CASE WHEN d.version = max(d.version) OVER (PARTITION BY d.name) THEN s.shops END, '{}') AS shops
FROM workflow_definitions d
LEFT JOIN (SELECT workflow_name, workflow_version, count(*) AS orders FROM order_workflows
           WHERE workflow_status IN ('running', 'failed', 'paused') GROUP BY 1, 2) o
       ON o.workflow_name = d.name AND o.workflow_version = d.version
LEFT JOIN (SELECT coalesce(policies ->> 'workflow', $1) AS workflow, array_agg(name ORDER BY name) AS shops FROM shops GROUP BY 1) s
       ON s.workflow = d.name
ORDER BY d.name, d.version
"""


@dataclass(frozen=True, slots=True)
class StoredWorkflow:
    """One edition as `list` shows it; `shops` start their new orders on it."""

    name: str
    version: int
    created_at: datetime | None
    """None for the packaged one before its first order."""
    open_orders: int
    shops: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of loading a file; `stored` False: this very text was there already."""

    name: str
    version: int
    stored: bool


def packaged_edition() -> Edition:
    """The workflow that ships with this program."""
    packaged = load_default()
    return Edition(packaged.name, packaged.version, packaged_digest())


def newest_edition(name: str, version: int | None, digest: bytes | None) -> Edition:
    """On what new orders start: the newest stored version, or the packaged workflow where that is newer."""
    packaged = packaged_edition()
    if name == packaged.name and (version is None or version < packaged.version):
        return packaged
    return Edition(name, version or 1, digest)


async def available(connection: Any, edition: Edition, stored: int | None, digest: bytes | None) -> Edition:
    """This edition, the packaged one once it is stored; the newest stored one for somebody who may not store workflows.

    `stored` and `digest` are those of the newest version of its name that is stored, None where none is.
    """
    packaged = packaged_edition()
    if edition != packaged or stored == packaged.version:
        return edition
    # An operator's program may be newer than the daemons' and than whoever leads.
    if stored is not None and not await connection.fetchval(_MAY_PUBLISH):
        return Edition(edition.name, stored, digest)
    await publish(connection)
    return edition


async def publish(connection: Any) -> None:
    """Store the packaged workflow, if it is not there."""
    name, version, digest = packaged_edition()
    await connection.execute(_PUBLISH, name, version, packaged_text(), digest)


async def usable_edition(connection: Any, edition: Edition) -> Edition:
    """This edition, or the newest older one of its name that this program can run where a newer program wrote it."""
    if not isinstance((await machines_of(connection, [edition]))[edition], Unusable):
        return edition
    for row in await connection.fetch(_VERSIONS, edition.name):
        older = Edition(edition.name, row["version"], row["digest"])
        if not isinstance((await machines_of(connection, [older]))[older], Unusable):
            return older
    return edition


async def load_workflow(database: Database, text: str, file: str, *, actor: Actor) -> Loaded:
    """Check a workflow file and store it as a version of its name; the same text again changes nothing.

    Raises Misconfigured for a file with mistakes, Refused for a version that is taken or a name that is the program's own.
    """
    definition = _checked(text, file)
    if definition.name == load_default().name:
        raise Refused(
            "workflow.name_reserved",
            f"{file}: the name {definition.name} belongs to the workflow that ships with the program; "
            "give yours a `name` of its own.",
        )
    name, version, digest = definition.name, definition.version, digest_of(text)

    async def write(connection: Any) -> bool:
        await connection.execute(_LOCK, name)
        stored = {row["version"]: row["digest"] for row in await connection.fetch(_VERSIONS, name)}
        if stored.get(version) == digest:
            return False
        if stored and version <= max(stored):
            taken = "is stored with another text" if version in stored else f"is older than version {max(stored)}"
            raise Refused(
                "workflow.version_taken",
                f"{file}: version {version} of {name} {taken}, and orders may be on it: "
                f"raise `version` to {max(stored) + 1}.",
            )
        await connection.execute(_PUBLISH, name, version, text, digest)
        await database.vault.ensure(connection, DEFAULT_CREATOR)
        subject = uuid5(NAMESPACE_URL, f"orders-tui:workflow:{name}")
        after = {"name": name, "version": version, "digest": digest.hex()}
        await chain.append(
            connection, database.vault, DEFAULT_CREATOR, subject, "definition.loaded", actor, None, after
        )
        return True

    return Loaded(name, version, stored=await database.run(write))


async def newest_of(connection: Any, name: str) -> Edition:
    """On what an order of this workflow starts now; the packaged one is stored if it was not. Raises NotFound."""
    rows = await connection.fetch(_VERSIONS, name)
    version, digest = (rows[0]["version"], rows[0]["digest"]) if rows else (None, None)
    edition = newest_edition(name, version, digest)
    if not rows and edition != packaged_edition():
        raise _unknown(name, None)
    return await available(connection, edition, version, digest)


async def require_workflow(connection: Any, name: str) -> None:
    """Raises NotFound unless there is a workflow of this name."""
    if name != load_default().name and not await connection.fetch(_VERSIONS, name):
        raise _unknown(name, None)


async def read_workflow(connection: Any, name: str, version: int | None = None) -> tuple[Definition, str]:
    """The definition and its text, of the newest version where none is given.

    Raises NotFound, or Misconfigured when this program cannot read it.
    """
    row = await connection.fetchrow(_READ, name, version)
    stored = row["version"] if row is not None else None
    if stored is None or version is None:
        newest = newest_edition(name, stored, None)
        if newest == packaged_edition() and version in {None, newest.version}:
            return load_default(), packaged_text()
    if row is None:
        raise _unknown(name, version)
    return _checked(row["text"], f"{row['name']}, version {row['version']}"), row["text"]


async def list_workflows(connection: Any) -> list[StoredWorkflow]:
    """Every edition by name and version, the packaged one among them."""
    found = [
        StoredWorkflow(row["name"], row["version"], row["created_at"], row["open_orders"], tuple(row["shops"]))
        for row in await connection.fetch(_LIST, load_default().name)
    ]
    packaged = packaged_edition()
    if any((each.name, each.version) == packaged[:2] for each in found):
        return found
    return sorted(
        [*found, StoredWorkflow(packaged.name, packaged.version, None, 0, ())],
        key=lambda each: (each.name, each.version),
    )


def _unknown(name: str, version: int | None) -> NotFound:
    which = f"version {version} of the workflow {name}" if version else f"workflow {name}"
    return NotFound("workflow.unknown", f"There is no {which}: orders-tui workflow list names those there are.")


def _checked(text: str, file: str) -> Definition:
    definition, mistakes = inspect(text, file)
    if definition is None:
        raise Misconfigured("workflow.malformed", "\n".join(mistakes))
    return definition
