"""Telling TikTok that parcels left: orders marked as shipped, or packages shipped that exist there before.

No call here has an idempotency key: after Ambiguous, read the order or the package first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sync.tiktok.client import TikTokClient
from sync.tiktok.errors import PartialError, partial_errors
from sync.tiktok.reading import moment, objects, text, texts, whole


@dataclass(frozen=True, slots=True)
class MarkedShipped:
    """TikTok's answer to a parcel marked as shipped; `warning` is for a person."""

    tiktok_package_id: str
    warning: str


@dataclass(frozen=True, slots=True)
class SelfShipment:
    """A parcel that goes with the seller's own carrier."""

    tracking_number: str
    shipping_provider_id: str


@dataclass(frozen=True, slots=True)
class PickupSlot:
    """When TikTok's courier comes, in unix seconds."""

    start_time: int
    end_time: int


@dataclass(frozen=True, slots=True)
class Handover:
    """How a parcel with TikTok's own label gets to the courier: `PICKUP`, with its slot, or `DROP_OFF`."""

    method: str
    slot: PickupSlot | None = None


@dataclass(frozen=True, slots=True)
class HandoverSlots:
    """How one package may be handed over; only the slots that can be had."""

    can_pickup: bool
    can_drop_off: bool
    slots: tuple[PickupSlot, ...]


@dataclass(frozen=True, slots=True)
class PackageDetail:
    """One package as TikTok has it now; what it does not say is empty."""

    tiktok_package_id: str
    status: str
    split_and_combine_tag: str
    shipping_type: str
    handover_method: str
    delivery_option_id: str
    shipping_provider_id: str
    shipping_provider_name: str
    tracking_number: str
    tiktok_order_ids: tuple[str, ...]
    line_item_ids: tuple[str, ...]
    created_at: datetime | None
    updated_at: datetime | None


class FulfilmentCalls:
    """The parcels of one shop."""

    def __init__(self, client: TikTokClient, cipher: str) -> None:
        self._client = client
        self._cipher = cipher

    async def mark_shipped(
        self, tiktok_order_id: str, *, tracking_number: str, shipping_provider_id: str, line_item_ids: Sequence[str]
    ) -> MarkedShipped:
        """Mark these units as shipped with this tracking number."""
        data = await self._client.call(
            "orders.mark_shipped",
            cipher=self._cipher,
            path={"order_id": tiktok_order_id},
            body={
                "tracking_number": tracking_number,
                "shipping_provider_id": shipping_provider_id,
                "order_line_item_ids": list(line_item_ids),
            },
        )
        warning = data.get("warning")
        return MarkedShipped(text(data, "package_id"), text(warning, "message") if isinstance(warning, dict) else "")

    async def ship_package(self, tiktok_package_id: str, how: SelfShipment | Handover) -> None:
        """Ship one package that exists at TikTok already."""
        await self._client.call(
            "packages.ship", cipher=self._cipher, path={"package_id": tiktok_package_id}, body=_shipping(how)
        )

    async def ship_packages(self, how: Mapping[str, SelfShipment | Handover]) -> dict[str, PartialError]:
        """Ship many packages by one call. Answers those that were refused; the others are shipped."""
        data = await self._client.call(
            "packages.ship_many",
            cipher=self._cipher,
            body={"packages": [{"id": package_id, **_shipping(each)} for package_id, each in how.items()]},
            about={"count": str(len(how))},
        )
        refused: dict[str, PartialError] = {}
        for error in partial_errors(data):
            named = error.named("package_id")
            # One that names no package may mean any of them.
            for package_id in [named] if named else list(how):
                refused[package_id] = error
        return refused

    async def package(self, tiktok_package_id: str) -> PackageDetail:
        """One package as it is now."""
        data = await self._client.call("packages.detail", cipher=self._cipher, path={"package_id": tiktok_package_id})
        return PackageDetail(
            tiktok_package_id=text(data, "package_id") or tiktok_package_id,
            status=text(data, "package_status"),
            split_and_combine_tag=text(data, "split_and_combine_tag"),
            shipping_type=text(data, "shipping_type"),
            handover_method=text(data, "handover_method"),
            delivery_option_id=text(data, "delivery_option_id"),
            shipping_provider_id=text(data, "shipping_provider_id"),
            shipping_provider_name=text(data, "shipping_provider_name"),
            tracking_number=text(data, "tracking_number"),
            tiktok_order_ids=tuple(text(order, "id") for order in objects(data, "orders")),
            line_item_ids=texts(data, "order_line_item_ids"),
            created_at=moment(data, "create_time"),
            updated_at=moment(data, "update_time"),
        )

    async def handover_slots(self, tiktok_package_id: str) -> HandoverSlots:
        """How and when a package may be handed over."""
        data = await self._client.call(
            "packages.handover_slots", cipher=self._cipher, path={"package_id": tiktok_package_id}
        )
        # TikTok spells it so; should that be mended one day, both are read.
        free = [slot for slot in objects(data, "pickup_slots") if slot.get("avaliable", slot.get("available")) is True]
        return HandoverSlots(
            can_pickup=data.get("can_pickup") is True,
            can_drop_off=data.get("can_drop_off") is True,
            slots=tuple(PickupSlot(whole(slot, "start_time"), whole(slot, "end_time")) for slot in free),
        )

    async def update_tracking(
        self, tiktok_order_id: str, *, tracking_number: str, shipping_provider_id: str, tiktok_package_id: str = ""
    ) -> None:
        """Correct the tracking number of a shipped order, or of one of its parcels; TikTok allows it once."""
        body = {"tracking_number": tracking_number, "shipping_provider_id": shipping_provider_id}
        if tiktok_package_id:
            await self._client.call(
                "packages.update_tracking", cipher=self._cipher, path={"package_id": tiktok_package_id}, body=body
            )
        else:
            await self._client.call(
                "orders.update_tracking", cipher=self._cipher, path={"order_id": tiktok_order_id}, body=body
            )


def _shipping(how: SelfShipment | Handover) -> dict[str, Any]:
    if isinstance(how, SelfShipment):
        return {
            "self_shipment": {
                "tracking_number": how.tracking_number,
                "shipping_provider_id": how.shipping_provider_id,
            }
        }
    body: dict[str, Any] = {"handover_method": how.method}
    if how.slot is not None:
        body["pickup_slot"] = {"start_time": how.slot.start_time, "end_time": how.slot.end_time}
    return body
