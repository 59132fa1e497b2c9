"""What buyers ask for: requests to cancel and returns, seen and answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.actors import Actor
from engine.database.connection import Database
from engine.errors import NotFound, Refused
from engine.identifiers import OrderId, ShopId
from engine.orders import answers, cancellations, opened_returns
from engine.orders.answers import Answer, Answered
from engine.orders.cancellations import CancellationRow
from engine.orders.opened_returns import ReturnKind, Wanted
from engine.shops import shops
from orders_tui.services.door import Door, lost_is_unreachable
from sync.tiktok.reject_reasons import known_reasons


class Buyers:
    """What one person answers to buyers."""

    def __init__(self, database: Database, actor: Actor, door: Door) -> None:
        self._database, self._actor, self._door = database, actor, door

    async def cancellations(self, order_id: OrderId | None = None, *, limit: int = 200) -> list[CancellationRow]:
        """The requests to cancel that wait for an answer, the most urgent first; or every cancellation of one order."""
        with lost_is_unreachable():
            if order_id is None:
                return await cancellations.open_requests(self._database, limit=limit)
            return list(await cancellations.cancellations_of(self._database.pool, order_id))

    async def request_of(self, text: str, order_id: OrderId | None) -> tuple[str, ShopId]:
        """TikTok's id of what waits for an answer, of an order or by itself, and its shop. Raises NotFound."""
        with lost_is_unreachable():
            return await answers.request_of(self._database, text, order_id)

    async def region_of(self, shop_id: ShopId) -> str:
        """The market of a shop."""
        with lost_is_unreachable():
            return (await shops.find_shop(self._database, shop_id)).region

    async def reject_reasons(self, order_id: OrderId) -> Mapping[str, str]:
        """Why a request about this order may be rejected in its market: TikTok's names, and words for people. Raises NotFound."""
        _, shop_id = await self.request_of("", order_id)
        return known_reasons(await self.region_of(shop_id))

    async def shop_named(self, text: str) -> ShopId:
        """The shop of this name or TikTok id; without one the only shop there is. Raises NotFound, Refused."""
        with lost_is_unreachable():
            known = await shops.list_shops(self._database)
        found = [shop for shop in known if not text or text in {shop.name, shop.tiktok_shop_id, str(shop.shop_id)}]
        if not found:
            raise NotFound("shop.unknown", f"There is no shop {text!r}." if text else "No shop is connected yet.")
        if len(found) > 1:
            raise Refused(
                "shop.which", f"There are {len(found)} shops: name one of {', '.join(s.name for s in found)}."
            )
        return found[0].shop_id

    async def wanted_return(self, order_id: OrderId, parts: Sequence[tuple[str, int]]) -> Wanted:
        """What a return would be about. Raises NotFound, Refused."""
        with lost_is_unreachable():
            return await opened_returns.wanted_return(self._database, order_id, parts)

    async def open_return(
        self, order_id: OrderId, kind: ReturnKind, reason: str, parts: Sequence[tuple[str, int]]
    ) -> Wanted:
        """Open a return for a buyer, for a reason by TikTok's name. Raises NotFound, Refused."""
        return await self._door.write(
            opened_returns.open_return(self._database, order_id, kind, reason, parts, actor=self._actor)
        )

    async def answer_cancellation(self, order_id: OrderId, answer: Answer, *, request_id: str = "") -> Answered:
        """Say yes or no to a buyer who asks to cancel. Raises NotFound, Refused."""
        return await self._door.write(
            answers.answer_cancellation(self._database, order_id, answer, actor=self._actor, request_id=request_id)
        )

    async def answer_return(self, return_id: str, answer: Answer) -> Answered:
        """Say what becomes of a return, once for each state of it. Raises NotFound, Refused."""
        return await self._door.write(answers.answer_return(self._database, return_id, answer, actor=self._actor))
