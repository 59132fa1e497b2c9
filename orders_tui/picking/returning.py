"""Goods that are to be put back: the list, and the order that a scan means on it."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content

from engine.errors import NotFound
from engine.orders.picking.views import GoingBack
from engine.orders.plain_text import plain
from orders_tui.picking.lines import back_content
from orders_tui.state import Session


class Returning:
    """What is on its way back to its bin."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.goods: dict[str, GoingBack] = {}

    async def read(self) -> None:
        """All of it, by bin."""
        found = await self._session.services.picking.going_back()
        self.goods = {f"{place}:{each.order_id}:{each.sku}": each for place, each in enumerate(found)}

    def lines(self) -> Iterator[tuple[str, Content]]:
        for key, each in self.goods.items():
            yield key, back_content(each)

    @property
    def nothing(self) -> str:
        """Why the list is empty, and what to press."""
        if self.goods:
            return ""
        return "Nothing is to be put back: goods come here when their order is cancelled or fails after it was picked. tab goes on."

    def of_same_order(self, key: str) -> list[GoingBack]:
        """All goods of the order that a line is about."""
        here = self.goods.get(key)
        return [each for each in self.goods.values() if here is not None and each.order_id == here.order_id]

    def comes_next(self) -> str:
        """What is to be scanned or done now."""
        return (
            "scan an order whose goods you put back, or enter on its line"
            if self.goods
            else "nothing is to be put back"
        )

    async def scan(self, code: str) -> str:
        """The line of the order that the code names. Raises NotFound."""
        order_id = await self._session.services.find(code)
        for key, each in self.goods.items():
            if each.order_id == order_id:
                return key
        raise NotFound("pick.nothing_back", f"Nothing of '{plain(code)}' is to be put back.")
