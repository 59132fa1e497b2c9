"""What buyers ask for: requests to cancel and returns, seen and answered."""

from __future__ import annotations

from engine.actors import Actor
from engine.database.connection import Database
from engine.identifiers import OrderId, ShopId
from engine.orders import answers, cancellations
from engine.orders.answers import Answer, Answered
from engine.orders.cancellations import CancellationRow
from engine.shops import shops
from orders_tui.services.door import Door, lost_is_unreachable


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

    async def answer_cancellation(self, order_id: OrderId, answer: Answer, *, request_id: str = "") -> Answered:
        """Say yes or no to a buyer who asks to cancel. Raises NotFound, Refused."""
        return await self._door.write(
            answers.answer_cancellation(self._database, order_id, answer, actor=self._actor, request_id=request_id)
        )

    async def answer_return(self, return_id: str, answer: Answer) -> Answered:
        """Say what becomes of a return, once for each state of it. Raises NotFound, Refused."""
        return await self._door.write(answers.answer_return(self._database, return_id, answer, actor=self._actor))
