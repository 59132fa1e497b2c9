"""A small client of both services, written for the tests alone: it signs, pages and retries by itself."""

import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import httpx

Json = dict[str, Any]

FROM_ADDRESS = {
    "company": "Harbor Lane Goods",
    "street1": "1 Dock Rd",
    "city": "Reno",
    "state": "NV",
    "zip": "89501",
    "country": "US",
    "phone": "7755550100",
}
PROVIDER_IDS = {"UPS": "7117858858072016686", "USPS": "7117859084333745966", "FedEx": "7129720299146184490"}
TRIES = 12


class Seller:
    """One shop's view of the simulator."""

    def __init__(self, http: httpx.AsyncClient, keys: Json) -> None:
        self.http = http
        self.keys = keys
        self.access_token = keys["access_token"]

    async def tiktok(
        self,
        method: str,
        path: str,
        query: dict[str, str] | None = None,
        body: Json | None = None,
        *,
        timestamp: int | None = None,
        cipher: bool = True,
    ) -> httpx.Response:
        """Send one signed call, once."""
        values = {
            "app_key": self.keys["app_key"],
            "timestamp": str(timestamp if timestamp is not None else int(time.time())),
            **({"shop_cipher": self.keys["shop_cipher"]} if cipher else {}),
            **(query or {}),
        }
        raw = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        values.setdefault("sign", sign(self.keys["app_secret"], path, values, raw))
        encoded = "&".join(f"{name}={quote(value, safe='')}" for name, value in values.items())
        headers = {"x-tts-access-token": self.access_token, "content-type": "application/json"}
        return await self.http.request(method, f"{path}?{encoded}", content=raw, headers=headers)

    async def easypost(self, method: str, path: str, body: Json | None = None, **query: str) -> httpx.Response:
        """Send one call to EasyPost, once."""
        auth = httpx.BasicAuth(self.keys["easypost_api_key"], "")
        return await self.http.request(method, path, json=body, params=query, auth=auth)

    async def ask(self, method: str, path: str, query: dict[str, str] | None = None, body: Json | None = None) -> Json:
        """Call TikTok until it answers with JSON that is no passing failure; return the envelope."""
        for _ in range(TRIES):
            try:
                response = await self.tiktok(method, path, query, body)
            except httpx.TransportError:
                continue
            if response.status_code != 429 and response.status_code < 500:
                return dict(response.json())
        message = f"{method} {path} failed {TRIES} times in a row"
        raise AssertionError(message)

    async def carrier(self, method: str, path: str, body: Json | None = None, **query: str) -> httpx.Response:
        """Call EasyPost until it answers with no passing failure."""
        for _ in range(TRIES):
            try:
                response = await self.easypost(method, path, body, **query)
            except httpx.TransportError:
                continue
            if response.status_code != 429 and response.status_code < 500:
                return response
        message = f"{method} {path} failed {TRIES} times in a row"
        raise AssertionError(message)

    async def state(self) -> Json:
        """Return the simulator's own numbers."""
        return dict((await self.http.get("/admin/state")).json())

    async def orders(self, size: int = 100, sort_order: str = "ASC", **filters: Any) -> list[Json]:
        """Return all orders of a search by update time, page by page."""
        rows: list[Json] = []
        token = ""
        while True:
            query = {"page_size": str(size), "sort_field": "update_time", "sort_order": sort_order}
            data = (
                await self.ask(
                    "POST", "/order/202309/orders/search", query | ({"page_token": token} if token else {}), filters
                )
            )["data"]
            rows += data["orders"]
            token = data["next_page_token"]
            if not token:
                return rows

    async def order(self, order_id: str) -> Json:
        """Return one order by id."""
        answer = await self.ask("GET", "/order/202309/orders", {"ids": order_id})
        return dict(answer["data"]["orders"][0])

    async def shipment(self, order: Json, **changes: Any) -> httpx.Response:
        """Create a shipment for an order."""
        request = {
            "reference": f"pkg-{order['id']}-1",
            "to_address": to_address(order),
            "from_address": FROM_ADDRESS,
            "parcel": {"length": 9, "width": 6, "height": 4, "weight": 20.5},
            "options": {"label_format": "PDF", "print_custom_1": order["id"]},
        }
        return await self.carrier("POST", "/v2/shipments", {"shipment": request | changes})

    async def label(self, order: Json, **changes: Any) -> Json:
        """Create a shipment for an order and buy its cheapest label."""
        shipment = (await self.shipment(order, **changes)).json()
        bought = await self.buy(shipment)
        assert bought.status_code == 200, bought.text
        return dict(bought.json())

    async def buy(self, shipment: Json) -> httpx.Response:
        """Buy the cheapest rate of a shipment."""
        cheapest = min(shipment["rates"], key=lambda rate: float(rate["rate"]))
        return await self.carrier("POST", f"/v2/shipments/{shipment['id']}/buy", {"rate": {"id": cheapest["id"]}})

    async def mark_shipped(self, order: Json, label: Json, **more: Any) -> Json:
        """Tell TikTok that the order was shipped with a label; return the envelope."""
        body = {
            "tracking_number": label["tracking_code"],
            "shipping_provider_id": PROVIDER_IDS[label["selected_rate"]["carrier"]],
            **more,
        }
        return await self.ask("POST", f"/fulfillment/202309/orders/{order['id']}/packages", None, body)


def sign(secret: str, path: str, query: dict[str, str], body: bytes) -> str:
    """Sign a request the way the fact sheet words it."""
    text = path + "".join(name + query[name] for name in sorted(query) if name not in ("sign", "access_token"))
    return hmac.new(
        secret.encode(), secret.encode() + text.encode() + body + secret.encode(), hashlib.sha256
    ).hexdigest()


def to_address(order: Json) -> Json:
    """Return the recipient of an order as EasyPost wants it."""
    address = order["recipient_address"]
    places = {district["address_level"]: district["address_name"] for district in address["district_info"]}
    return {
        "name": address["name"],
        "street1": address["address_line1"],
        "street2": address["address_line2"],
        "city": places.get("L3", ""),
        "state": places.get("L1", ""),
        "zip": address["postal_code"],
        "country": "US",
        "phone": address["phone_number"],
    }


@asynccontextmanager
async def seller_at(url: str) -> AsyncIterator[Seller]:
    """Connect a seller to a simulator."""
    async with httpx.AsyncClient(base_url=url, timeout=20, limits=httpx.Limits(max_connections=20)) as http:
        yield Seller(http, (await http.get("/admin/credentials")).json())
