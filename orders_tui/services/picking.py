"""Picking and packing by one person: waves, walks, units confirmed, short picks, parcels packed, goods put back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from engine.actors import Actor
from engine.database.connection import Database
from engine.errors import NotFound, Refused
from engine.identifiers import OrderId, PackageId, ProductId
from engine.orders.picking import confirming, packing, parcels, putting_back, short, walk, waves
from engine.orders.picking.codes import meant_by
from engine.orders.picking.lines import Scope
from engine.orders.picking.views import (
    Confirmed,
    GoingBack,
    ParcelAtHand,
    ShortPick,
    WalkLine,
    WaveId,
    WaveMade,
    WaveView,
)
from engine.orders.picking.walk import WaitingForWave
from engine.orders.picking.waves import USUAL_ORDERS
from engine.orders.plain_text import plain
from engine.orders.queries import find
from engine.orders.views import OrderFilter
from orders_tui.services.door import Door, lost_is_unreachable

_LONGEST_WAVE_NUMBER = 9


class Picking:
    """What one person picks and packs."""

    def __init__(self, database: Database, actor: Actor, door: Door) -> None:
        self._database, self._actor, self._door = database, actor, door

    # ------------------------------------------------------------------ waves

    async def waves(self, *, done: bool = False, limit: int = 100) -> list[WaveView]:
        """The waves, newest first; those that are done only when asked for."""
        with lost_is_unreachable():
            return await waves.list_waves(self._database, done=done, limit=limit)

    async def waiting(self) -> list[WaitingForWave]:
        """What waits for a wave, by location."""
        with lost_is_unreachable():
            return await walk.waiting_for_wave(self._database.pool)

    async def make_wave(
        self,
        order_ids: Sequence[OrderId] = (),
        *,
        order_filter: OrderFilter | None = None,
        location: str | None = None,
        most: int = USUAL_ORDERS,
        name: str = "",
        picker: str = "",
    ) -> WaveMade:
        """A new wave of these orders, of a filter, or of what leaves first. Raises NotFound, Refused."""
        return await self._door.write(
            waves.make_wave(
                self._database,
                actor=self._actor,
                location_code=location,
                order_ids=order_ids,
                order_filter=order_filter,
                most=most,
                name=name,
                picker=picker,
            )
        )

    async def close_wave(self, wave_id: WaveId) -> int:
        """End a wave; answers how many orders are free for another one. Raises NotFound, Refused."""
        return await self._door.write(waves.close_wave(self._database, wave_id, actor=self._actor))

    async def give_wave(self, wave_id: WaveId, picker: str) -> WaveView:
        """Say who picks a wave. Raises NotFound, Refused."""
        return await self._door.write(waves.give_wave(self._database, wave_id, picker))

    async def scope(self, text: str) -> Scope:
        """The walk that a person names: a wave by its number, or an order. Raises NotFound."""
        typed = text.strip()
        with lost_is_unreachable():
            if typed.isascii() and typed.isdigit() and len(typed) <= _LONGEST_WAVE_NUMBER:
                try:
                    return Scope(await waves.find_wave(self._database, int(typed)))
                except NotFound:
                    if (found := await find(self._database, typed)) is None:
                        raise
                    return Scope(order_id=found)
            found = await find(self._database, typed)
        if found is None:
            raise NotFound("pick.no_walk", f"{plain(text)!r} is no wave and no order.")
        return Scope(order_id=found)

    # ------------------------------------------------------------------ picking

    async def walk(self, scope: Scope) -> list[WalkLine]:
        """What is to be picked, by bin."""
        with lost_is_unreachable():
            return await walk.read_walk(self._database, scope)

    async def product(self, code: str) -> ProductId:
        """The one product that a SKU or barcode means. Raises NotFound, Refused."""
        with lost_is_unreachable():
            found = await meant_by(self._database.pool, code)
        if not found:
            raise NotFound("pick.unknown_code", f"{plain(code)!r} is no SKU and no barcode that is known here.")
        if len(found) > 1:
            named = ", ".join(plain(each.sku) for each in found)
            raise Refused("pick.ambiguous", f"{plain(code)!r} may be {named}: give the SKU.")
        return found[0].product_id

    async def name_of(self, code: str) -> str:
        """What a code means, as SKU and name; empty when nobody knows it."""
        with lost_is_unreachable():
            found = await meant_by(self._database.pool, code)
        return f"{plain(found[0].sku)} ({plain(found[0].name)})" if found else ""

    async def scan(self, scope: Scope, code: str) -> Confirmed:
        """Confirm one unit of what this code means. Raises NotFound, Refused: the alarm in a sentence."""
        return await self._door.write(confirming.confirm_scan(self._database, scope, code, actor=self._actor))

    async def confirm(self, scope: Scope, product_id: ProductId, units: int | None = None) -> Confirmed:
        """Confirm so many units of a product without scanning them, or all that are left. Raises NotFound, Refused."""
        return await self._door.write(
            confirming.confirm_units(self._database, scope, product_id, units, actor=self._actor)
        )

    async def take_back(self, scope: Scope, product_id: ProductId, units: int | None = None) -> Confirmed:
        """Undo one confirmed unit, so many, or with 0 all that are not packed. Raises NotFound, Refused."""
        return await self._door.write(confirming.take_back(self._database, scope, product_id, units, actor=self._actor))

    async def hold_line(self, scope: Scope, product_id: ProductId) -> None:
        """Show the others that this person is at a line. Raises Conflict when somebody else is."""
        await self._door.write(confirming.hold_line(self._database, scope, product_id, actor=self._actor))

    async def short(
        self, scope: Scope, product_id: ProductId, there: int, *, ship: bool = False, carry_from: str | None = None
    ) -> ShortPick:
        """Say that only so many are there. Raises NotFound, Refused."""
        return await self._door.write(
            short.short_pick(
                self._database, scope, product_id, there, actor=self._actor, ship=ship, carry_from=carry_from
            )
        )

    # ------------------------------------------------------------------ packing

    async def parcel(self, code: str) -> ParcelAtHand:
        """The parcel that a code means, and whether it may be packed. Raises NotFound, Refused."""
        with lost_is_unreachable():
            return await parcels.parcel_at_hand(self._database, code)

    async def pack(self, package_id: PackageId, *, station: str = "") -> ParcelAtHand:
        """Say that a parcel is packed. Raises NotFound, Refused: the alarm in a sentence."""
        return await self._door.write(packing.pack(self._database, package_id, actor=self._actor, station=station))

    async def unpack(self, package_id: PackageId) -> None:
        """Take back that a parcel is packed. Raises NotFound, Refused."""
        await self._door.write(packing.unpack(self._database, package_id, actor=self._actor))

    async def going_back(self, location: str | None = None) -> list[GoingBack]:
        """What is to be put back, by bin. Raises NotFound for an unknown location."""
        with lost_is_unreachable():
            return await putting_back.going_back(self._database, location)

    async def put_back(self, order_id: OrderId, *, damaged: Counter[str] | None = None) -> list[GoingBack]:
        """Say that an order's goods are back in their bins. Raises NotFound, Refused."""
        return await self._door.write(
            putting_back.put_back(self._database, order_id, actor=self._actor, damaged=damaged)
        )
