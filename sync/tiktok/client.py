"""The calls of TikTok Shop's API that this program makes: signed, guarded, their refusals named.

A client belongs to one grant, since the access token does; the shop is named at each call by its cipher.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

import httpx

from engine.errors import Retryable, Terminal
from sync.http_client import encode_json
from sync.resilience import Guard
from sync.tiktok.errors import TokenExpired, lost, open_envelope
from sync.tiktok.signing import sign_request
from sync.tiktok.tokens import AppCredentials, TokenSource

RawOrder = dict[str, Any]
"""An order object as TikTok sent it; `sync.tiktok.payloads.read_order` reads it."""


@dataclass(frozen=True, slots=True)
class TikTokSettings:
    """Versions belong to each endpoint separately, and mixing them is normal."""

    authorization_version: str = "202309"
    orders_search_version: str = "202309"
    order_detail_version: str = "202507"
    fulfillment_version: str = "202309"
    logistics_version: str = "202309"
    return_refund_version: str = "202309"
    ids_per_call: int = 50
    chunks_at_once: int = 4
    provider_cache_seconds: float = 3600.0


@dataclass(frozen=True, slots=True)
class AuthorizedShop:
    """One shop of the grant."""

    tiktok_shop_id: str
    name: str
    region: str
    cipher: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a search. `next_page_token` is empty on the last; an order may appear on two pages."""

    orders: tuple[RawOrder, ...]
    total_count: int
    next_page_token: str


@dataclass(frozen=True, slots=True)
class MarkedShipped:
    """TikTok's answer to a parcel marked as shipped; `warning` is for a person."""

    tiktok_package_id: str
    warning: str


@dataclass(frozen=True, slots=True)
class CancelledOrder:
    """TikTok's answer to an order cancelled by its seller."""

    cancel_id: str
    cancel_status: str


@dataclass(frozen=True, slots=True)
class ShippingProvider:
    """A carrier as TikTok knows it for one delivery option."""

    provider_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Warehouse:
    """A warehouse of the shop as TikTok knows it."""

    warehouse_id: str
    name: str
    type: str


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    path: str
    doing: str
    shop_cipher: str | None = None
    query: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    writes: bool = False


class TikTokClient:
    """TikTok Shop for one grant.

    Every call raises Retryable, Terminal or, for a write, Ambiguous; an expired token is renewed once without the
    caller noticing.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        app: AppCredentials,
        token: TokenSource,
        guard: Guard,
        *,
        settings: TikTokSettings | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._http = http
        self._app = app
        self._token = token
        self._guard = guard
        self._settings = settings or TikTokSettings()
        self._clock = clock
        self._providers: dict[tuple[str, str], tuple[float, tuple[ShippingProvider, ...]]] = {}
        self._providers_lock = asyncio.Lock()

    async def authorized_shops(self) -> tuple[AuthorizedShop, ...]:
        """The shops that the grant covers."""
        path = f"/authorization/{self._settings.authorization_version}/shops"
        data = await self._call(_Request("GET", path, "list the authorised shops"))
        return tuple(
            AuthorizedShop(_text(shop, "id"), _text(shop, "name"), _text(shop, "region"), _text(shop, "cipher"))
            for shop in _objects(data, "shops")
        )

    async def search_orders(
        self, shop_cipher: str, *, update_time_ge: datetime, update_time_lt: datetime, page_size: int = 100
    ) -> AsyncIterator[Page]:
        """Pages of the orders changed in [ge, lt), oldest change first.

        Orders move while the search runs: the same order may come twice, and `update_time` may lie outside. Raises
        Retryable when TikTok repeats a page token, which would never end.
        """
        path = f"/order/{self._settings.orders_search_version}/orders/search"
        window = {"update_time_ge": int(update_time_ge.timestamp()), "update_time_lt": int(update_time_lt.timestamp())}
        body = encode_json(window)
        query = {"page_size": str(page_size), "sort_field": "update_time", "sort_order": "ASC"}
        seen: set[str] = set()
        while True:
            data = await self._call(_Request("POST", path, "search orders", shop_cipher, query, body))
            next_page_token = _text(data, "next_page_token")
            total = data.get("total_count")
            yield Page(tuple(_objects(data, "orders")), total if isinstance(total, int) else 0, next_page_token)
            if not next_page_token:
                return
            if next_page_token in seen:
                raise Retryable(
                    "tiktok.repeated_page", "TikTok repeats the same page of orders; the search starts again later."
                )
            seen.add(next_page_token)
            query = {**query, "page_token": next_page_token}

    async def orders(self, shop_cipher: str, tiktok_order_ids: Sequence[str]) -> list[RawOrder]:
        """The details of these orders in no promised order; ids that TikTok does not know are absent."""
        ids = list(dict.fromkeys(tiktok_order_ids))
        size = self._settings.ids_per_call
        slots = asyncio.Semaphore(self._settings.chunks_at_once)

        async def chunk(start: int) -> list[RawOrder]:
            async with slots:
                return await self._order_details(shop_cipher, ids[start : start + size])

        chunks = await asyncio.gather(*(chunk(start) for start in range(0, len(ids), size)))
        return [order for orders in chunks for order in orders]

    async def ship_order(
        self,
        shop_cipher: str,
        tiktok_order_id: str,
        *,
        tracking_number: str,
        shipping_provider_id: str,
        line_item_ids: Sequence[str],
    ) -> MarkedShipped:
        """Mark these units as shipped with this tracking number.

        There is no idempotency key: after Ambiguous, read the order first.
        """
        path = f"/fulfillment/{self._settings.fulfillment_version}/orders/{tiktok_order_id}/packages"
        told = {
            "tracking_number": tracking_number,
            "shipping_provider_id": shipping_provider_id,
            "order_line_item_ids": list(line_item_ids),
        }
        doing = f"mark order {tiktok_order_id} as shipped"
        data = await self._call(_Request("POST", path, doing, shop_cipher, body=encode_json(told), writes=True))
        warning = data.get("warning")
        return MarkedShipped(_text(data, "package_id"), _text(warning, "message") if isinstance(warning, dict) else "")

    async def update_tracking(
        self, shop_cipher: str, tiktok_order_id: str, *, tracking_number: str, shipping_provider_id: str
    ) -> None:
        """Correct the tracking number of a shipped order; TikTok allows it once.

        There is no idempotency key: after Ambiguous, read the order first.
        """
        path = f"/fulfillment/{self._settings.fulfillment_version}/orders/{tiktok_order_id}/shipping_info/update"
        body = encode_json({"tracking_number": tracking_number, "shipping_provider_id": shipping_provider_id})
        doing = f"correct the tracking number of order {tiktok_order_id}"
        await self._call(_Request("POST", path, doing, shop_cipher, body=body, writes=True))

    async def update_package_tracking(
        self, shop_cipher: str, tiktok_package_id: str, *, tracking_number: str, shipping_provider_id: str
    ) -> None:
        """Correct the tracking number of one of several parcels of an order.

        There is no idempotency key: after Ambiguous, read the order first.
        """
        path = f"/fulfillment/{self._settings.fulfillment_version}/packages/{tiktok_package_id}/shipping_info/update"
        body = encode_json({"tracking_number": tracking_number, "shipping_provider_id": shipping_provider_id})
        doing = f"correct the tracking number of package {tiktok_package_id}"
        await self._call(_Request("POST", path, doing, shop_cipher, body=body, writes=True))

    async def cancel_order(self, shop_cipher: str, tiktok_order_id: str, *, cancel_reason: str) -> CancelledOrder:
        """Cancel a whole order, for a reason by the name that its market has for it.

        There is no idempotency key: after Ambiguous, read the order first.
        """
        path = f"/return_refund/{self._settings.return_refund_version}/cancellations"
        body = encode_json({"order_id": tiktok_order_id, "cancel_reason": cancel_reason})
        doing = f"cancel order {tiktok_order_id}"
        data = await self._call(_Request("POST", path, doing, shop_cipher, body=body, writes=True))
        return CancelledOrder(_text(data, "cancel_id"), _text(data, "cancel_status"))

    async def shipping_providers(self, shop_cipher: str, delivery_option_id: str) -> tuple[ShippingProvider, ...]:
        """The carriers that TikTok accepts for a delivery option; remembered for a while."""
        key = (shop_cipher, delivery_option_id)
        async with self._providers_lock:
            known = self._providers.get(key)
            if known is not None and known[0] > self._clock():
                return known[1]
            version = self._settings.logistics_version
            path = f"/logistics/{version}/delivery_options/{delivery_option_id}/shipping_providers"
            data = await self._call(_Request("GET", path, "list the shipping providers", shop_cipher))
            providers = tuple(
                ShippingProvider(_text(provider, "id"), _text(provider, "name"))
                for provider in _objects(data, "shipping_providers")
            )
            self._providers[key] = (self._clock() + self._settings.provider_cache_seconds, providers)
            return providers

    async def warehouses(self, shop_cipher: str) -> tuple[Warehouse, ...]:
        """The shop's warehouses."""
        path = f"/logistics/{self._settings.logistics_version}/warehouses"
        data = await self._call(_Request("GET", path, "list the warehouses", shop_cipher))
        return tuple(
            Warehouse(_text(warehouse, "id"), _text(warehouse, "name"), _text(warehouse, "type"))
            for warehouse in _objects(data, "warehouses")
        )

    async def _order_details(self, shop_cipher: str, ids: list[str]) -> list[RawOrder]:
        path = f"/order/{self._settings.order_detail_version}/orders"
        query = {"ids": ",".join(ids)}
        try:
            data = await self._call(_Request("GET", path, "read orders", shop_cipher, query))
        except Terminal as error:
            if error.code != "tiktok.order_unknown":
                raise
            if len(ids) == 1:
                return []
            # One unknown id spoils the whole answer: find the others around it.
            middle = len(ids) // 2
            return [
                *await self._order_details(shop_cipher, ids[:middle]),
                *await self._order_details(shop_cipher, ids[middle:]),
            ]
        return _objects(data, "orders")

    async def _call(self, request: _Request) -> dict[str, object]:
        token = await self._token.access()
        try:
            return await self._guarded(request, token)
        except TokenExpired:
            return await self._guarded(request, await self._token.renew(token))

    async def _guarded(self, request: _Request, token: str) -> dict[str, object]:
        # TikTok counts calls by app, shop and API.
        budget = f"{request.shop_cipher}{request.doing if not request.writes else 'write'}"
        if request.writes:
            return await self._guard.write(lambda: self._send(request, token), budget=budget)
        return await self._guard.read(lambda: self._send(request, token), budget=budget)

    async def _send(self, request: _Request, token: str) -> dict[str, object]:
        # Signed at every attempt: the time in the signature is only good for five minutes back and half a minute ahead.
        query = {**request.query, "app_key": self._app.app_key, "timestamp": str(int(self._clock()))}
        if request.shop_cipher is not None:
            query["shop_cipher"] = request.shop_cipher
        query["sign"] = sign_request(request.path, query, request.body, self._app.app_secret)
        headers = {"x-tts-access-token": token, "content-type": "application/json"}
        try:
            response = await self._http.request(
                request.method, request.path, params=query, content=request.body or None, headers=headers
            )
        except httpx.HTTPError as error:
            failure = lost(error, doing=request.doing, writes=request.writes)
        else:
            secrets = (token, self._app.app_secret, self._app.app_key, request.shop_cipher or "")
            return open_envelope(response, doing=request.doing, writes=request.writes, secrets=secrets)
        # Outside the `except`, so that the signed address in the cause is not carried along.
        raise failure


def _objects(data: dict[str, object], name: str) -> list[dict[str, Any]]:
    values = data.get(name)
    if not isinstance(values, list):
        return []
    return [cast("dict[str, Any]", value) for value in values if isinstance(value, dict)]


def _text(data: dict[str, Any], name: str) -> str:
    value = data.get(name)
    return "" if value is None else str(value)
