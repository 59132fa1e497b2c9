"""Manifests: the parcels of a day that go on one end-of-day form, of one location and one carrier, each parcel once.

A manifest is written before the carrier is asked for its form, so that after a lost answer the same parcels are asked about again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.actors import Actor
from engine.audit import chain
from engine.errors import Misconfigured
from engine.identifiers import UserId, new_id

if TYPE_CHECKING:
    from engine.database.connection import Database

# Labels bought on that day of the location's own calendar, still in the house, on no form yet. Parcels are locked as everywhere: by id.
_GOING = """
SELECT p.id, p.location_id, p.carrier, s.user_id
FROM packages p JOIN shops s ON s.id = p.shop_id JOIN locations l ON l.id = p.location_id
WHERE p.provider = 'easypost' AND p.state IN ('labelled', 'told') AND p.manifest_id IS NULL AND p.first_scan_at IS NULL
  AND (p.labelled_at AT TIME ZONE l.timezone)::date = $1 AND ($2 = '' OR l.code = $2)
ORDER BY p.id FOR NO KEY UPDATE OF p
"""

_WRITE = """
INSERT INTO manifests (id, user_id, location_id, carrier, day, parcels) VALUES ($1, $2, $3, $4, $5, $6)
"""

_PUT_ON = """
UPDATE packages SET manifest_id = $2, version = version + 1, updated_at = now() WHERE id = ANY($1::uuid[])
"""

_OF_DAY = """
SELECT m.id, m.user_id, m.carrier, m.day, m.state, m.parcels, m.reference, m.error, m.media_type, m.body, l.code AS location,
       m.created_at < now() AS older, coalesce(p.shipments, '{}') AS shipments, coalesce(p.numbers, '{}') AS numbers
FROM manifests m JOIN locations l ON l.id = m.location_id
LEFT JOIN LATERAL (SELECT array_agg(shipment_reference ORDER BY id) AS shipments, array_agg(tracking_number ORDER BY id) AS numbers
                   FROM packages WHERE manifest_id = m.id AND state NOT IN ('voiding', 'voided')) p ON true
WHERE m.day = $1 AND ($2 = '' OR l.code = $2) AND m.state <> 'failed' ORDER BY l.code, m.carrier, m.created_at
"""

_MADE = """
UPDATE manifests SET state = 'made', reference = $2, media_type = $3, body = $4, error = NULL, made_at = now()
WHERE id = $1 AND state = 'making' RETURNING id
"""
_FAILED = "UPDATE manifests SET state = 'failed', error = $2 WHERE id = $1 AND state = 'making' RETURNING id"
_TAKE_OFF = """
UPDATE packages SET manifest_id = NULL, version = version + 1, updated_at = now() WHERE manifest_id = $1
"""


@dataclass(frozen=True, slots=True)
class Manifest:
    """One form and the parcels on it."""

    manifest_id: UUID
    location: str
    carrier: str
    day: date
    state: str
    parcels: int
    shipment_references: tuple[str, ...]
    tracking_numbers: tuple[str, ...]
    media_type: str
    begun_before: bool
    """The carrier may have been asked for it already."""


async def plan_manifests(database: Database, day: date, location: str, *, actor: Actor) -> list[Manifest]:
    """Put the day's parcels that are on no form yet on new ones, and answer all manifests of the day that did not fail."""

    async def write(connection: Any) -> list[Manifest]:
        rows = await connection.fetch(_GOING, day, location)
        groups: dict[tuple[Any, Any, str], list[UUID]] = {}
        for row in rows:
            groups.setdefault((row["user_id"], row["location_id"], row["carrier"]), []).append(row["id"])
        for (user_id, location_id, carrier), packages in sorted(groups.items(), key=lambda group: group[1][0]):
            manifest_id = new_id()
            await connection.execute(_WRITE, manifest_id, user_id, location_id, carrier, day, len(packages))
            await connection.execute(_PUT_ON, packages, manifest_id)
            await _note(connection, database, user_id, manifest_id, "manifest.begun", actor, {"parcels": len(packages)})
        return [_manifest(row) for row in await connection.fetch(_OF_DAY, day, location)]

    planned: list[Manifest] = await database.run(write)
    return planned


async def made(
    database: Database, manifest: Manifest, *, reference: str, media_type: str, body: bytes, actor: Actor
) -> None:
    """The carrier made its form, which is kept sealed."""

    async def write(connection: Any) -> None:
        owner = await connection.fetchval("SELECT user_id FROM manifests WHERE id = $1", manifest.manifest_id)
        sealed = database.vault.seal(owner, "manifests.body", manifest.manifest_id, body)
        if await connection.fetchval(_MADE, manifest.manifest_id, reference, media_type, sealed) is not None:
            told: dict[str, object] = {"reference": reference}
            await _note(connection, database, owner, manifest.manifest_id, "manifest.made", actor, told)

    await database.run(write)


async def failed(database: Database, manifest: Manifest, sentence: str, *, actor: Actor) -> None:
    """The carrier makes no such form; its parcels may go on another one."""

    async def write(connection: Any) -> None:
        owner = await connection.fetchval("SELECT user_id FROM manifests WHERE id = $1", manifest.manifest_id)
        if await connection.fetchval(_FAILED, manifest.manifest_id, sentence) is not None:
            await connection.execute(_TAKE_OFF, manifest.manifest_id)
            told: dict[str, object] = {"error": sentence}
            await _note(connection, database, owner, manifest.manifest_id, "manifest.failed", actor, told)

    await database.run(write)


async def form(database: Database, manifest: Manifest) -> bytes:
    """The form of a manifest that was made. Raises Misconfigured without the master key."""
    sealed = await database.pool.fetchval("SELECT body FROM manifests WHERE id = $1", manifest.manifest_id)
    body = database.vault.open("manifests.body", manifest.manifest_id, sealed)
    if body is None:
        raise Misconfigured(
            "keys.missing", "The form cannot be opened without the master key: set ORDERS_TUI_MASTER_KEY or its file."
        )
    return body


async def _note(
    connection: Any,
    database: Database,
    owner: UUID,
    manifest_id: UUID,
    action: str,
    actor: Actor,
    after: dict[str, object],
) -> None:
    await database.vault.ensure(connection, UserId(owner))
    await chain.append(connection, database.vault, UserId(owner), manifest_id, action, actor, None, after)


def _manifest(row: Any) -> Manifest:
    return Manifest(
        manifest_id=row["id"],
        location=row["location"],
        carrier=row["carrier"],
        day=row["day"],
        state=row["state"],
        parcels=row["parcels"],
        shipment_references=tuple(row["shipments"]),
        tracking_numbers=tuple(row["numbers"]),
        media_type=row["media_type"],
        begun_before=row["older"],
    )
