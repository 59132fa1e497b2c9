"""A TikTok that shows exactly the orders, cancellations and returns a test tells it to, over real HTTP, and who asks it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

from engine.database.connection import Database
from engine.identifiers import DaemonId, ShopId, new_id
from engine.orders import inbox
from engine.orders.inbox import Arrival, Webhook
from sync import hints
from sync.tiktok.connected import ConnectedShop
from sync.tiktok.webhooks import WEBHOOK
from tests.sync.outside import tiktok_at
from tests.sync.scripted_server import Received, reply, scripted

TIKTOK_SHOP = "7495"


def raw_order(order_id: str, status: str = "AWAITING_SHIPMENT", at: int = 1_767_225_600, **more: Any) -> dict[str, Any]:
    """An order as TikTok shows it."""
    return {
        "id": order_id,
        "status": status,
        "create_time": 1_767_222_000,
        "update_time": at,
        "paid_time": 1_767_222_060,
        "payment": {"currency": "USD", "total_amount": "12.50", "shipping_fee": "0"},
        "recipient_address": {
            "name": "Ines Falk",
            "phone_number": "+15550100",
            "address_line1": "7 Quay Street",
            "postal_code": "98000",
            "region_code": "US",
        },
        "line_items": [
            {
                "id": f"{order_id}1",
                "seller_sku": "MUG-BLU",
                "sale_price": "12.50",
                "currency": "USD",
                "product_name": "Mug",
            }
        ],
    } | more


def raw_cancellation(cancel_id: str, order_id: str, status: str, at: int, **more: Any) -> dict[str, Any]:
    """A buyer's request as TikTok shows it."""
    deadline = [{"action": "SELLER_RESPOND_CANCEL", "deadline": at + 172_800}]
    return {
        "cancel_id": cancel_id,
        "order_id": order_id,
        "cancel_type": "BUYER_CANCEL",
        "cancel_status": status,
        "role": "BUYER",
        "cancel_reason": "ecom_order_to_ship_canceled_reason_no_longer_needed",
        "create_time": at,
        "update_time": at,
        "seller_next_action_response": deadline if status.endswith("PENDING") else [],
        "refund_amount": {"currency": "USD", "refund_total": "12.50"},
        "cancel_line_items": [{"order_line_item_id": f"{order_id}1", "seller_sku": "MUG-BLU"}],
    } | more


@dataclass(slots=True)
class Told:
    """What TikTok shows now, what it was asked, and what it answers instead while `refusing`."""

    database: Database
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    cancellations: dict[str, dict[str, Any]] = field(default_factory=dict)
    returns: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    refusing: bytes | None = None
    shop: ConnectedShop = field(init=False)
    daemon_id: DaemonId = field(init=False)
    sent: int = 0

    def answer(self, request: Received) -> bytes:
        target = urlsplit(request.target)
        self.asked.append(target.path)
        if self.refusing is not None:
            return self.refusing
        body = orjson.loads(request.body) if request.body else {}
        if target.path.endswith("/orders"):
            ids = parse_qs(target.query)["ids"][0].split(",")
            return _rows("orders", [self.orders[number] for number in ids if number in self.orders])
        kind, name = ("cancellations", "cancel") if "cancellations" in target.path else ("returns", "return")
        held: dict[str, dict[str, Any]] = getattr(self, kind)
        ids, orders = body.get(f"{name}_ids", []), body.get("order_ids", [])
        rows = [row for number, row in held.items() if number in ids or row["order_id"] in orders]
        return _rows("cancellations" if kind == "cancellations" else "return_orders", rows)

    async def tell(self, kind: int, data: dict[str, Any], *, shop: str = TIKTOK_SHOP, notice: str = "") -> None:
        """A webhook, stored as the listener stores it."""
        self.sent += 1
        name = notice or f"n{self.sent}"
        envelope = {
            "type": kind,
            "tts_notification_id": name,
            "shop_id": shop,
            "timestamp": 1_767_226_000,
            "data": data,
        }
        arrival = Arrival(WEBHOOK, orjson.dumps(envelope), name)
        await inbox.deliver(self.database, [Webhook(new_id(), arrival, shop)])

    async def shop_of(self, _: ShopId) -> ConnectedShop:
        return self.shop

    async def work(self) -> int:
        """One round of the daemon's."""
        return await hints.drain(self.database, self.daemon_id, 100, self.shop_of)

    async def outcomes(self) -> list[tuple[str, str]]:
        """How each payload is remembered, in the order they came."""
        rows = await self.database.pool.fetch("SELECT state, coalesce(outcome, '') AS outcome FROM inbox ORDER BY id")
        return [(row["state"], row["outcome"]) for row in rows]


@asynccontextmanager
async def told(database: Database, daemon_id: DaemonId) -> AsyncIterator[Told]:
    world = Told(database)
    async with scripted(world.answer) as server, tiktok_at(server.url) as (client, _):
        world.shop, world.daemon_id = ConnectedShop(client, "cipher", "US"), daemon_id
        yield world


def _rows(name: str, rows: list[dict[str, Any]]) -> bytes:
    return reply({"code": 0, "data": {name: rows, "next_page_token": "", "total_count": len(rows)}, "request_id": "r"})
