"""Stock as people book it: adjusted, moved, held back, counted, checked; its alarms."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from engine.access.permissions import Permission
from engine.actors import Actor
from engine.database.connection import Database
from engine.errors import NotFound
from engine.inventory import alarms, availability, checking, counts, ledger, movements, pushing
from engine.inventory.alarms import Alarm
from engine.inventory.availability import AvailabilityResult
from engine.inventory.checking import StockDifference
from engine.inventory.counts import CountSheet, Posted
from engine.inventory.ledger import Adjusted
from engine.inventory.movements import Movement
from engine.inventory.pushing import PushedView, ShopPush
from engine.orders.views import StockRow
from engine.shops.policies import set_policies
from engine.shops.shops import list_shops
from engine.words import StockReason
from engine.workflow.facts import StockSource
from orders_tui.services.door import Door, lost_is_unreachable


class Inventory:
    """The ledger, kept by one person. Writes raise NotFound, Refused, Conflict."""

    def __init__(self, database: Database, actor: Actor, door: Door) -> None:
        self._database, self._actor, self._door = database, actor, door

    async def available(
        self, items: Sequence[tuple[str, int]], *, location_code: str | None = None
    ) -> AvailabilityResult:
        """How it stands with these SKUs and quantities: advisory."""
        with lost_is_unreachable():
            return await availability.check_availability(self._database, items, location_code=location_code)

    async def adjust(
        self,
        sku: str,
        delta: int,
        *,
        reason: StockReason,
        location_code: str | None = None,
        from_held: bool = False,
        force: bool = False,
        idempotency_key: str | None = None,
    ) -> Adjusted:
        """Book a difference."""
        return await self._door.write(
            ledger.adjust(
                self._database,
                sku,
                delta,
                reason=reason,
                actor=self._actor,
                location_code=location_code,
                from_held=from_held,
                force=force,
                idempotency_key=idempotency_key,
            )
        )

    async def set_counted(
        self, sku: str, counted: int, *, location_code: str | None = None, force: bool = False
    ) -> Adjusted:
        """Make what is on hand this number."""
        return await self._door.write(
            ledger.set_counted(
                self._database, sku, counted, actor=self._actor, location_code=location_code, force=force
            )
        )

    async def transfer(self, sku: str, quantity: int, *, source: str, target: str) -> tuple[StockRow, StockRow]:
        """Move units from one location to another."""
        return await self._door.write(
            ledger.transfer(self._database, sku, quantity, source=source, target=target, actor=self._actor)
        )

    async def hold(self, sku: str, quantity: int, *, reason: StockReason, location_code: str | None = None) -> StockRow:
        """Take units out of sale."""
        return await self._door.write(
            ledger.hold_back(
                self._database, sku, quantity, reason=reason, actor=self._actor, location_code=location_code
            )
        )

    async def release(self, sku: str, quantity: int, *, location_code: str | None = None) -> StockRow:
        """Put held units back into sale."""
        return await self._door.write(
            ledger.release_held(self._database, sku, quantity, actor=self._actor, location_code=location_code)
        )

    async def reverse(self, movement_id: UUID, *, force: bool = False) -> Movement:
        """Take a movement back by another one, once; answers what was taken back."""
        return await self._door.write(movements.reverse(self._database, movement_id, actor=self._actor, force=force))

    async def acknowledge(self, sku: str) -> int:
        """Say that a product's alarms are seen; answers how many were not before."""
        return await self._door.write(alarms.acknowledge(self._database, sku, actor=self._actor))

    async def alarms(self, *, cleared: bool = False, limit: int = 200) -> Sequence[Alarm]:
        """What is amiss, newest first."""
        with lost_is_unreachable():
            return await alarms.list_alarms(self._database, cleared=cleared, limit=limit)

    async def check(self) -> Sequence[StockDifference]:
        """Every level that its movements and reservations do not explain."""
        with lost_is_unreachable():
            return await checking.check_stock(self._database)

    async def pushed(self, search: str = "", *, limit: int = 1000) -> Sequence[PushedView]:
        """What shops were told of stock, and what they showed when it was read back."""
        with lost_is_unreachable():
            return await pushing.list_pushed(self._database, search, limit=limit)

    async def shop_pushes(self) -> Sequence[ShopPush]:
        """Whether each shop is told of stock, and with what buffer."""
        with lost_is_unreachable():
            return await pushing.list_shop_pushes(self._database)

    async def set_push(self, shop: str, *, enabled: bool | None = None, buffer: int | None = None) -> None:
        """Whether a shop is told of stock, and how much of each product is kept from it."""
        await self._door.write(
            pushing.set_shop_push(self._database, shop, enabled=enabled, buffer=buffer, actor=self._actor),
            needs=Permission.SHOPS_CHANGE,
        )

    async def follow(self, shop: str, source: StockSource) -> None:
        """Who has the last word on a shop's stock: the ledger, or the inventory service. Raises NotFound."""
        with lost_is_unreachable():
            found = [
                each
                for each in await list_shops(self._database)
                if shop.casefold() in {each.name.casefold(), each.tiktok_shop_id}
            ]
        if not found:
            raise NotFound("shop.unknown", f"There is no shop {shop}: give its name or its id at TikTok.")
        await self._door.write(
            set_policies(self._database, found[0].shop_id, {"inventory": source.value}, actor=self._actor)
        )

    # Counts

    async def open_count(
        self, skus: Collection[str] = (), *, name: str = "", location_code: str | None = None
    ) -> CountSheet:
        """A sheet for these SKUs, or for all that lie at the location."""
        return await self._door.write(
            counts.open_count(self._database, skus, name=name, location_code=location_code, actor=self._actor)
        )

    async def enter_counted(self, count_id: UUID, counted: Mapping[str, int]) -> CountSheet:
        """Write down what lies there."""
        return await self._door.write(counts.enter_counted(self._database, count_id, counted, actor=self._actor))

    async def recount(self, count_id: UUID, skus: Collection[str]) -> CountSheet:
        """Have lines counted again."""
        return await self._door.write(counts.recount(self._database, count_id, skus))

    async def approve_count(self, count_id: UUID, *, accept: Collection[str] = ()) -> CountSheet:
        """Freeze a sheet."""
        return await self._door.write(counts.approve_count(self._database, count_id, accept=accept, actor=self._actor))

    async def post_count(self, count_id: UUID, *, force: bool = False) -> Posted:
        """Book an approved sheet, once."""
        return await self._door.write(counts.post_count(self._database, count_id, force=force, actor=self._actor))

    async def drop_count(self, count_id: UUID) -> None:
        """Throw a sheet away."""
        await self._door.write(counts.drop_count(self._database, count_id))

    async def counts(self, *, limit: int = 50) -> Sequence[CountSheet]:
        """The sheets, newest first, without their lines."""
        with lost_is_unreachable():
            return await counts.list_counts(self._database, limit=limit)

    async def count(self, count_id: UUID) -> CountSheet:
        """One sheet with its lines."""
        with lost_is_unreachable():
            return await counts.show_count(self._database, count_id)
