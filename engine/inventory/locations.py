"""Locations: where goods lie and parcels leave, and each one's calendar."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.actors import Actor
from engine.audit import chain
from engine.database.locks import lock_work
from engine.errors import NotFound, Refused
from engine.identifiers import DEFAULT_CREATOR, LocationId, OrderId, new_id
from engine.orders.address_rules import is_country
from engine.orders.deadlines import Calendar, target_ship_by
from engine.orders.plain_text import plain
from engine.orders.priority import MOVE_DEADLINES, derived_level
from engine.ports.facts import Address

if TYPE_CHECKING:
    from engine.database.connection import Database

_LIST = """
SELECT id, code, name, timezone, calendar, coalesce(address ->> 'city', '') AS city, coalesce(address ->> 'country', '') AS country
FROM locations ORDER BY code
"""

_OPEN = """
SELECT k.order_id FROM work k JOIN orders o ON o.id = k.order_id JOIN shops s ON s.id = o.shop_id
WHERE s.location_id = $1 AND k.order_id > $2 AND o.expected_ship_date IS NOT NULL ORDER BY k.order_id LIMIT $3
"""

_DEADLINES = """
SELECT id, expected_ship_date, priority_override, now() AS now FROM orders
WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE
"""

_CODE = re.compile(r"[A-Z0-9_-]{1,20}")
_BATCH = 1000
_FIRST = UUID(int=0)


@dataclass(frozen=True, slots=True)
class LocationView:
    """A location, for people."""

    location_id: LocationId
    code: str
    name: str
    city: str
    country: str
    timezone: str
    cut_off: str
    """Empty without a calendar."""
    working_days: tuple[int, ...]
    holidays: tuple[date, ...]


async def list_locations(database: Database) -> list[LocationView]:
    """Every location, by code."""
    return [_view(row) for row in await database.pool.fetch(_LIST)]


async def put_location(
    database: Database,
    code: str,
    *,
    name: str | None,
    address: Address | None,
    actor: Actor,
) -> LocationView:
    """Add a location, or change its name or the address that labels are sent from. Raises Refused for what cannot be."""
    if not _CODE.fullmatch(code):
        raise Refused(
            "location.code",
            f"{plain(code)!r} is no code: give 1 to 20 capital letters, digits, hyphens or underscores.",
        )
    if address is not None and not is_country(address.country):
        raise Refused("location.country", f"{plain(address.country)!r} is no country: give its two letters.")

    async def write(connection: Any) -> None:
        await connection.execute(
            "INSERT INTO locations (id, code, name, address) VALUES ($1, $2, $2, '{}') ON CONFLICT (code) DO NOTHING",
            new_id(),
            code,
        )
        row = await connection.fetchrow("SELECT id, name, address FROM locations WHERE code = $1 FOR UPDATE", code)
        new_name = plain(name) or row["name"]
        new_address = row["address"] if address is None else asdict(address)
        await connection.execute(
            "UPDATE locations SET name = $2, address = $3 WHERE id = $1", row["id"], new_name, new_address
        )
        await database.vault.ensure(connection, DEFAULT_CREATOR)
        await chain.append(
            connection,
            database.vault,
            DEFAULT_CREATOR,
            row["id"],
            "location.put",
            actor,
            {"name": row["name"], "address": row["address"]},
            {"name": new_name, "address": new_address},
        )

    await database.run(write)
    return next(view for view in await list_locations(database) if view.code == code)


async def set_address(database: Database, location: LocationId, address: Address, *, actor: Actor) -> None:
    """Give a location the address that labels are sent from. Raises NotFound."""

    async def write(connection: Any) -> None:
        changed = await connection.execute("UPDATE locations SET address = $2 WHERE id = $1", location, asdict(address))
        if changed == "UPDATE 0":
            raise NotFound("location.unknown", "There is no such location.")
        after = {"city": address.city}
        await chain.append(
            connection, database.vault, DEFAULT_CREATOR, location, "location.address", actor, None, after
        )

    await database.run(write)


async def set_calendar(
    database: Database,
    code: str,
    *,
    cut_off: time | None,
    working_days: Collection[int],
    holidays: Collection[date],
    timezone: str | None,
    actor: Actor,
) -> LocationView:
    """Give a location its cut-off, working days and holidays, or with no cut-off take them away; open orders get new targets."""
    if cut_off is not None and not working_days:
        raise Refused("location.calendar", "A calendar without working days has no cut-off: name at least one day.")
    if timezone is not None:
        _check_zone(timezone)

    async def write(connection: Any) -> LocationId:
        row = await connection.fetchrow("SELECT id, calendar, timezone FROM locations WHERE code = $1 FOR UPDATE", code)
        if row is None:
            raise NotFound("location.unknown", f"There is no location {plain(code)}.")
        zone = timezone or row["timezone"]
        document: dict[str, Any] = {}
        if cut_off is not None:
            document = Calendar(cut_off, frozenset(working_days), frozenset(holidays), ZoneInfo(zone)).document()
        await connection.execute(
            "UPDATE locations SET calendar = $2, timezone = $3 WHERE id = $1", row["id"], document, zone
        )
        before, after = row["calendar"] | {"timezone": row["timezone"]}, document | {"timezone": zone}
        await database.vault.ensure(connection, DEFAULT_CREATOR)
        await chain.append(
            connection, database.vault, DEFAULT_CREATOR, row["id"], "location.calendar", actor, before, after
        )
        return LocationId(row["id"])

    location_id = await database.run(write)
    await _move_targets(database, location_id)
    return next(view for view in await list_locations(database) if view.location_id == location_id)


async def _move_targets(database: Database, location_id: LocationId) -> None:
    """A transaction for each thousand orders; whoever stops half way leaves targets that the same command sets right."""
    after: UUID | None = _FIRST

    async def move(connection: Any) -> UUID | None:
        ids = [OrderId(row["order_id"]) for row in await connection.fetch(_OPEN, location_id, after, _BATCH)]
        if not ids:
            return None
        row = await connection.fetchrow("SELECT calendar, timezone FROM locations WHERE id = $1", location_id)
        calendar = Calendar.read(row["calendar"], row["timezone"])
        await lock_work(connection, ids)
        orders = await connection.fetch(_DEADLINES, ids)
        targets = [target_ship_by(order["expected_ship_date"], calendar) for order in orders]
        levels = [derived_level(target, order["now"]) for target, order in zip(targets, orders, strict=True)]
        await connection.execute(MOVE_DEADLINES, [order["id"] for order in orders], targets, levels)
        return ids[-1]

    while after is not None:
        after = await database.run(move)


def _check_zone(timezone: str) -> None:
    try:
        datetime.now(UTC).astimezone(ZoneInfo(timezone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Refused(
            "location.timezone", f"There is no time zone {plain(timezone)}: give one as Europe/Berlin."
        ) from None


def _view(row: Any) -> LocationView:
    calendar = Calendar.read(row["calendar"], row["timezone"])
    return LocationView(
        location_id=LocationId(row["id"]),
        code=plain(row["code"]),
        name=plain(row["name"]),
        city=plain(row["city"]),
        country=plain(row["country"]),
        timezone=row["timezone"],
        cut_off=calendar.cut_off.isoformat("minutes") if calendar else "",
        working_days=tuple(sorted(calendar.working_days)) if calendar else (),
        holidays=tuple(sorted(calendar.holidays)) if calendar else (),
    )
