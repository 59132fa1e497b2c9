"""The providers that the conformance suite asks, each over its own side of the simulator."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from engine.ports.requests import ParcelRequest
from sync.shipping.port import Carrier, VoidState
from sync.shipping.tiktok_shipping import TikTokShipping, TikTokShippingSettings
from tests.sync.outside import Outside, outside
from tests.sync.shipping.parcels import parcel_of


@dataclass(frozen=True, slots=True)
class Bench:
    """One provider, the parcels it can be asked to label, and what is promised of it."""

    name: str
    carrier: Carrier
    world: Outside
    parcels: list[ParcelRequest]
    buys: str
    """The simulator's operation that spends the money."""
    gives_back: VoidState
    """How a label that nobody scanned is taken back."""
    tells_cost: bool
    """Where TikTok's packages exist before they are shipped, they are handed over at no price that is told."""

    async def bought(self) -> int:
        state = await self.world.state()
        return int(state["labels_bought"] if self.name == "easypost" else state["packages_by_state"]["shipped"])

    async def aim(self, failure: str) -> None:
        """Let the next purchase fail in this way."""
        answer = await self.world.admin.post("/admin/aim", json={"operation": self.buys, "failure": failure})
        answer.raise_for_status()

    async def twice(self) -> int:
        """Labels that were paid for although their parcel had one."""
        state = await self.world.state()
        return int(state["orders_with_two_labels"])


def _parcels(orders: list[dict[str, Any]]) -> list[ParcelRequest]:
    whole = [order for order in orders if order["status"] == "AWAITING_SHIPMENT"]
    return [parcel_of(order) for order in whole if order["recipient_address"]["postal_code"] not in ("", "00000")]


@asynccontextmanager
async def easypost() -> AsyncIterator[Bench]:
    async with outside(orders=12) as world:
        parcels = _parcels(await world.raw_orders())
        yield Bench(
            "easypost", world.easypost, world, parcels, "easypost.shipments.buy", VoidState.SUBMITTED, tells_cost=True
        )


def _at_tiktok(region: str) -> Callable[[], AbstractAsyncContextManager[Bench]]:
    @asynccontextmanager
    async def bench() -> AsyncIterator[Bench]:
        async with outside(orders=12, region=region, tiktok_shipping_share=1.0) as world:
            created = region == "US"
            yield Bench(
                "tiktok",
                TikTokShipping(world.shop, TikTokShippingSettings()),
                world,
                _parcels(await world.raw_orders()),
                "tiktok.shipping.create_package" if created else "tiktok.fulfilment.ship_package",
                VoidState.NOT_APPLICABLE,
                tells_cost=created,
            )

    return bench


BENCHES: dict[str, Callable[[], AbstractAsyncContextManager[Bench]]] = {
    "EasyPost": easypost,
    "TikTok Shipping in the US": _at_tiktok("US"),
    "TikTok Shipping in the UK": _at_tiktok("GB"),
    "TikTok Shipping in Brazil": _at_tiktok("BR"),
}
