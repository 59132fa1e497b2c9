"""Stations: places of work, each at a location and with a printer, or a folder, for each kind of paper."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.actors import Actor
from engine.audit import chain
from engine.errors import NotFound, Refused
from engine.identifiers import DEFAULT_CREATOR, new_id
from engine.orders.plain_text import plain
from engine.words import PaperKind

if TYPE_CHECKING:
    from engine.database.connection import Database

_LIST = """
SELECT s.id, s.code, s.name, s.printers, l.code AS location
FROM stations s JOIN locations l ON l.id = s.location_id ORDER BY s.code
"""
_LOCK = """
SELECT s.id, s.code, s.name, s.printers, l.code AS location
FROM stations s JOIN locations l ON l.id = s.location_id WHERE s.code = $1 FOR UPDATE OF s
"""
_ADD = """
INSERT INTO stations (id, code, name, location_id) VALUES ($1, $2, $2, $3) ON CONFLICT (code) DO NOTHING
"""
_WRITE = """
UPDATE stations SET name = $2, location_id = (SELECT id FROM locations WHERE code = $3), printers = $4, updated_at = now() WHERE id = $1
"""

_CODE = re.compile(r"[A-Z0-9_-]{1,20}")
_PRINTER = re.compile(r"[\w.@:][\w.@:/ -]{0,126}")


@dataclass(frozen=True, slots=True)
class Station:
    """A place of work. A printer is a name that the print command knows; what begins with / or ~ is a folder."""

    code: str
    name: str
    location: str
    printers: Mapping[PaperKind, str]


async def list_stations(database: Database) -> list[Station]:
    """Every station, by code."""
    return [_station(row) for row in await database.pool.fetch(_LIST)]


async def put_station(
    database: Database,
    code: str,
    *,
    name: str | None,
    location: str | None,
    printers: Mapping[PaperKind, str],
    actor: Actor,
) -> Station:
    """Add a station, or change what is given of it; an empty printer takes that one away. Raises Refused, NotFound."""
    if not _CODE.fullmatch(code):
        raise Refused(
            "station.code",
            f"{plain(code)!r} is no code: give 1 to 20 capital letters, digits, hyphens or underscores.",
        )
    for printer in printers.values():
        _check(printer)

    async def write(connection: Any) -> Station:
        place = await _location(connection, location)
        await connection.execute(_ADD, new_id(), code, place[0])
        row = await connection.fetchrow(_LOCK, code)
        before = _station(row)
        merged = {**before.printers, **printers}
        after = Station(
            code,
            plain(name) or before.name,
            place[1] if location is not None else before.location,
            {kind: printer for kind, printer in merged.items() if printer},
        )
        await connection.execute(_WRITE, row["id"], after.name, after.location, _document(after)["printers"])
        await _note(connection, database, row["id"], "station.put", actor, before, after)
        return after

    return await database.run(write)


async def delete_station(database: Database, code: str, *, actor: Actor) -> None:
    """Take a station away; what was printed at it stays on record. Raises NotFound."""

    async def write(connection: Any) -> None:
        row = await connection.fetchrow(_LOCK, code)
        if row is None:
            raise NotFound("station.unknown", f"There is no station {plain(code)}.")
        await connection.execute("DELETE FROM stations WHERE id = $1", row["id"])
        await _note(connection, database, row["id"], "station.deleted", actor, _station(row), None)

    await database.run(write)


def is_folder(printer: str) -> bool:
    """Whether paper for this printer is kept in a folder."""
    return printer.startswith(("/", "~"))


def _check(printer: str) -> None:
    if printer and not is_folder(printer) and not _PRINTER.fullmatch(printer):
        raise Refused(
            "station.printer",
            f"{plain(printer)!r} is no printer: give the name the print command knows it by, or a folder that begins with /.",
        )


async def _location(connection: Any, code: str | None) -> tuple[Any, str]:
    """The location with this code; without one, the only one there is, else the first by code."""
    row = await connection.fetchrow(
        "SELECT id, code FROM locations WHERE $1::text IS NULL OR code = $1 ORDER BY code LIMIT 1", code
    )
    if row is None:
        raise NotFound("location.unknown", f"There is no location {plain(code)}." if code else "There is no location.")
    return row["id"], row["code"]


async def _note(
    connection: Any,
    database: Database,
    station_id: Any,
    action: str,
    actor: Actor,
    before: Station,
    after: Station | None,
) -> None:
    await database.vault.ensure(connection, DEFAULT_CREATOR)
    documents = [_document(station) if station else None for station in (before, after)]
    await chain.append(connection, database.vault, DEFAULT_CREATOR, station_id, action, actor, *documents)


def _document(station: Station) -> dict[str, Any]:
    return {
        "code": station.code,
        "name": station.name,
        "location": station.location,
        "printers": {kind.value: printer for kind, printer in station.printers.items()},
    }


def _station(row: Any) -> Station:
    return Station(
        plain(row["code"]),
        plain(row["name"]),
        plain(row["location"]),
        {PaperKind(kind): plain(printer) for kind, printer in row["printers"].items()},
    )
