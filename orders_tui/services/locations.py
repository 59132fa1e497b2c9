"""Locations and their calendars."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, time

from engine.actors import Actor
from engine.database.connection import Database
from engine.inventory import locations, warehouses
from engine.inventory.locations import LocationView
from engine.inventory.warehouses import WarehouseView
from engine.ports.facts import Address
from orders_tui.services.door import Door, lost_is_unreachable


class Locations:
    """Where goods lie and parcels leave, changed by one person."""

    def __init__(self, database: Database, actor: Actor, door: Door) -> None:
        self._database, self._actor, self._door = database, actor, door

    async def list(self) -> Sequence[LocationView]:
        """Every location, by code."""
        with lost_is_unreachable():
            return await locations.list_locations(self._database)

    async def put(self, code: str, *, name: str | None = None, address: Address | None = None) -> LocationView:
        """Add a location, or change its name or address. Raises Refused."""
        return await self._door.write(
            locations.put_location(self._database, code, name=name, address=address, actor=self._actor)
        )

    async def set_calendar(
        self,
        code: str,
        *,
        cut_off: time | None,
        working_days: Collection[int] = (),
        holidays: Collection[date] = (),
        timezone: str | None = None,
    ) -> LocationView:
        """Give a location its calendar, or with no cut-off take it away; open orders get new targets. Raises NotFound, Refused."""
        return await self._door.write(
            locations.set_calendar(
                self._database,
                code,
                cut_off=cut_off,
                working_days=working_days,
                holidays=holidays,
                timezone=timezone,
                actor=self._actor,
            )
        )

    async def warehouses(self) -> Sequence[WarehouseView]:
        """Every shop's warehouses, and the locations they are."""
        with lost_is_unreachable():
            return await warehouses.list_warehouses(self._database)

    async def map(self, warehouse_id: str, location_code: str | None, *, shop: str = "") -> WarehouseView:
        """Say which location a warehouse is; None: none of ours. Raises NotFound, Refused."""
        return await self._door.write(
            warehouses.map_warehouse(self._database, warehouse_id, location_code, shop=shop, actor=self._actor)
        )
