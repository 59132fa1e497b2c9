"""Notices to customers as messages in TikTok Shop, where a shop has that permission; without it the channel switches itself off."""

from __future__ import annotations

from engine.database.connection import Database
from engine.errors import Ambiguous, OrdersError, Terminal
from engine.notices.sends import Message
from engine.orders.parcels.packages import tiktok_order_ids_of
from engine.ports.outcomes import Done, Failed, NoticeSent, Outcome
from sync.notices.templates import Rendered
from sync.settling import outcome_of
from sync.tiktok.connected import ShopDirectory

LONGEST_TEXT = 2000
_NO_SCOPE = "tiktok.scope_missing"


class BuyerMessages:
    """Sends to the buyer of an order through the shop it was bought in."""

    def __init__(self, database: Database, shop: ShopDirectory) -> None:
        self._database = database
        self._shop = shop

    async def send(self, message: Message, words: Rendered) -> tuple[Outcome, bool]:
        """What came of it, and whether no such message can be sent in this shop at all. Raises nothing that is ours."""
        try:
            return Done(NoticeSent(await self._send(message, words))), False
        except OrdersError as error:
            if error.code == _NO_SCOPE:
                sentence = (
                    "TikTok has not granted this app the customer service scope, so customers get mail instead; grant it,"
                    " connect the shop again, then enable the target."
                )
                return Failed("notices.no_scope", sentence), True
            return outcome_of(error), False

    async def _send(self, message: Message, words: Rendered) -> str:
        notice = message.members[0].notice
        if notice.order_id is None or notice.shop_id is None:
            raise _no_buyer()
        shop = await self._shop(notice.shop_id)
        ids = await tiktok_order_ids_of(self._database, [notice.order_id])
        orders = await shop.orders.by_id([ids[notice.order_id]]) if notice.order_id in ids else []
        buyer = str(orders[0].get("user_id") or "") if orders else ""
        if not buyer:
            raise _no_buyer()
        conversation = await shop.customer_service.open(buyer)
        text = words.body.strip()[:LONGEST_TEXT]
        if message.maybe_sent:
            for message_id, said in await shop.customer_service.recent(conversation):
                if said == text:
                    return message_id
        try:
            return await shop.customer_service.send(conversation, text)
        except Ambiguous:
            # It may be there already: look at once, for nothing else can tell.
            for message_id, said in await shop.customer_service.recent(conversation):
                if said == text:
                    return message_id
            raise


def _no_buyer() -> Terminal:
    return Terminal("notices.no_buyer", "TikTok names no buyer for this order, so no message can be sent.")
