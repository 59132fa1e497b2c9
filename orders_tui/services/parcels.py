"""Parcels: split, combined, handed over, their labels voided and read again; and orders cancelled or sent back."""

from __future__ import annotations

from collections.abc import Sequence

from engine.actors import Actor
from engine.database.connection import Database
from engine.identifiers import OrderId, PackageId
from engine.orders import part_cancelling
from engine.orders.bulk.requests import BulkKind, BulkRequest
from engine.orders.parcels import combining, documents, handover, receiving, splitting, voiding
from engine.orders.parcels.combining import Combination
from engine.orders.parcels.documents import LabelDocument
from engine.orders.parcels.receiving import ReceivedLine, ReturnView
from engine.orders.parcels.rows import live_parcels, parts_by_sku
from engine.orders.views import ChangeOutcome
from engine.words import CancelReason
from orders_tui.services.bulk import Bulk
from orders_tui.services.door import Door, lost_is_unreachable


class Parcels:
    """What one person does to parcels and to the orders in them."""

    def __init__(self, database: Database, actor: Actor, door: Door, bulk: Bulk) -> None:
        self._database, self._actor, self._door, self._bulk = database, actor, door, bulk

    async def cancel(
        self, order_ids: Sequence[OrderId], because: CancelReason, *, note: str = "", write: bool = True
    ) -> list[ChangeOutcome]:
        """Cancel these orders; with `write` False only say what would become of each. Refusals are in the outcomes."""
        request = BulkRequest(BulkKind.CANCEL, {"because": because.value}, note)
        return await self._bulk.do(request, order_ids, write=write)

    async def cancel_units(self, order_id: OrderId, parts: Sequence[tuple[str, int]], *, note: str = "") -> list[str]:
        """Ask TikTok to cancel so many of each SKU, out of stock. Raises NotFound, Refused."""
        return await self._door.write(
            part_cancelling.cancel_units(self._database, order_id, parts, actor=self._actor, note=note)
        )

    async def of_order(self, order_id: OrderId) -> list[PackageId]:
        """The parcels an order is in now."""
        with lost_is_unreachable():
            return await live_parcels(self._database, order_id)

    async def split(self, order_id: OrderId, parts: Sequence[tuple[str, int]], *, reason: str = "") -> PackageId:
        """Move so many of each SKU into a parcel of their own. Raises NotFound, Refused."""
        with lost_is_unreachable():
            wanted = await parts_by_sku(self._database, order_id, parts)
        return await self._door.write(
            splitting.split(self._database, order_id, wanted, actor=self._actor, reason=reason)
        )

    async def ship_what_is_there(self, order_id: OrderId, *, reason: str = "") -> PackageId:
        """Let a short order go on with what is in stock; the rest waits. Raises NotFound, Refused."""
        return await self._door.write(
            splitting.ship_what_is_there(self._database, order_id, actor=self._actor, reason=reason)
        )

    async def combine(self, order_ids: Sequence[OrderId], *, reason: str = "", write: bool = True) -> Combination:
        """Put orders of one buyer into one parcel, or say why not. Raises Refused for too few or too many."""
        return await self._door.write(
            combining.combine(self._database, order_ids, actor=self._actor, reason=reason, write=write)
        )

    async def uncombine(self, package_id: PackageId, *, reason: str = "") -> list[OrderId]:
        """Give the orders of a combined parcel their own ones back. Raises NotFound, Refused."""
        return await self._door.write(combining.uncombine(self._database, package_id, actor=self._actor, reason=reason))

    async def hand_over(self, package_ids: Sequence[PackageId], *, reason: str = "") -> None:
        """Say that these parcels left the house, all or none. Raises NotFound, Refused."""
        await self._door.write(handover.hand_over(self._database, package_ids, actor=self._actor, reason=reason))

    async def void_label(self, package_id: PackageId, *, reason: str, buy_again: bool = False) -> None:
        """Give a label back to the carrier. Raises NotFound, Refused."""
        await self._door.write(
            voiding.void_label(self._database, package_id, actor=self._actor, reason=reason, buy_again=buy_again)
        )

    async def buy_label(self, package_id: PackageId, *, reason: str = "") -> None:
        """Buy another label for a parcel whose label was voided. Raises NotFound, Refused."""
        await self._door.write(voiding.buy_label(self._database, package_id, actor=self._actor, reason=reason))

    async def labels(self, order_id: OrderId, media_type: str = "") -> list[LabelDocument]:
        """The stored labels of an order's parcels, in one format or as they were bought; nothing is bought. Raises NotFound."""
        with lost_is_unreachable():
            return await documents.labels(self._database, order_id, media_type)

    async def returns(
        self, order_id: OrderId | None = None, *, limit: int = 200, to_receive: bool = False
    ) -> list[ReturnView]:
        """Returns, newest first: of one order, or of all; `to_receive` leaves those whose goods nobody has received yet."""
        with lost_is_unreachable():
            return await receiving.list_returns(self._database, order_id, limit=limit, to_receive=to_receive)

    async def receive_return(self, return_id: str, lines: Sequence[ReceivedLine]) -> None:
        """Book what came back. Raises NotFound, Refused."""
        await self._door.write(receiving.receive_return(self._database, return_id, lines, actor=self._actor))
