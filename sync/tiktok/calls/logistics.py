"""The shop's warehouses, and the carriers that TikTok accepts."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from sync.tiktok.client import TikTokClient
from sync.tiktok.reading import objects, text


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
    is_default: bool = False


class LogisticsCalls:
    """What TikTok knows of how one shop sends."""

    def __init__(self, client: TikTokClient, cipher: str) -> None:
        self._client = client
        self._cipher = cipher
        self._providers: dict[str, tuple[float, tuple[ShippingProvider, ...]]] = {}
        self._lock = asyncio.Lock()

    async def shipping_providers(self, delivery_option_id: str) -> tuple[ShippingProvider, ...]:
        """The carriers that TikTok accepts for a delivery option; remembered for a while."""
        client = self._client
        async with self._lock:
            known = self._providers.get(delivery_option_id)
            if known is not None and known[0] > client.clock():
                return known[1]
            data = await client.call(
                "logistics.shipping_providers",
                cipher=self._cipher,
                path={"delivery_option_id": delivery_option_id},
            )
            providers = tuple(
                ShippingProvider(text(provider, "id"), text(provider, "name"))
                for provider in objects(data, "shipping_providers")
            )
            self._providers[delivery_option_id] = (client.clock() + client.settings.provider_cache_seconds, providers)
            return providers

    async def warehouses(self) -> tuple[Warehouse, ...]:
        """The shop's warehouses."""
        data = await self._client.call("logistics.warehouses", cipher=self._cipher)
        return tuple(
            Warehouse(
                text(warehouse, "id"),
                text(warehouse, "name"),
                text(warehouse, "type"),
                is_default=warehouse.get("is_default") is True,
            )
            for warehouse in objects(data, "warehouses")
        )
