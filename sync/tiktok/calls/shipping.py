"""TikTok Shipping: its services, the packages it sells labels for, the documents it prints, where parcels are.

Creating a package costs money and has no idempotency key: read the order before every attempt, the first one included.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from sync.tiktok.client import TikTokClient
from sync.tiktok.reading import amount, objects, text, whole


@dataclass(frozen=True, slots=True)
class ShippingService:
    """One way in which TikTok would ship some units; its id is good for this order only."""

    service_id: str
    name: str
    price: Decimal | None
    currency: str
    earliest_delivery_days: int
    latest_delivery_days: int
    is_default: bool
    provider_name: str


@dataclass(frozen=True, slots=True)
class CreatedPackage:
    """A package made and paid for; the service is TikTok's word for the one it took, which some shops cannot choose."""

    tiktok_package_id: str
    service: ShippingService


@dataclass(frozen=True, slots=True)
class ShippingDocument:
    """Where a document is, for 24 hours."""

    address: str
    tracking_number: str


@dataclass(frozen=True, slots=True)
class TrackingEvent:
    """What happened to an order's parcels."""

    description: str
    at: datetime


class ShippingCalls:
    """TikTok Shipping of one shop."""

    def __init__(self, client: TikTokClient, cipher: str) -> None:
        self._client = client
        self._cipher = cipher

    async def services(self, tiktok_order_id: str, parcel: Mapping[str, object]) -> tuple[ShippingService, ...]:
        """The services that can be had for a parcel (`parcel_body`)."""
        data = await self._client.call(
            "shipping_services.query", cipher=self._cipher, path={"order_id": tiktok_order_id}, body=parcel
        )
        return tuple(_service(service) for service in objects(data, "shipping_services"))

    async def create_package(
        self, tiktok_order_id: str, parcel: Mapping[str, object], service_id: str
    ) -> CreatedPackage:
        """Buy the label of a parcel. After Ambiguous, read the order first."""
        body = {"order_id": tiktok_order_id, **parcel, "shipping_service_id": service_id}
        data = await self._client.call(
            "packages.create", cipher=self._cipher, body=body, about={"order_id": tiktok_order_id}
        )
        told = data.get("shipping_service_info")
        return CreatedPackage(text(data, "package_id"), _service(told if isinstance(told, dict) else {}))

    async def document(
        self, tiktok_package_id: str, document_type: str, *, size: str = "", document_format: str = ""
    ) -> ShippingDocument:
        """Where a package's document is; only after it was arranged and before the carrier scans it."""
        query = {"document_type": document_type}
        query |= {"document_size": size} if size else {}
        query |= {"document_format": document_format} if document_format else {}
        data = await self._client.call(
            "packages.documents", cipher=self._cipher, path={"package_id": tiktok_package_id}, query=query
        )
        return ShippingDocument(text(data, "doc_url"), text(data, "tracking_number"))

    async def fetch(self, document: ShippingDocument) -> tuple[str, bytes]:
        """The document itself with its media type, as far as its host tells one."""
        return await self._client.fetch(document.address, doing="fetch a document")

    async def tracking(self, tiktok_order_id: str) -> tuple[TrackingEvent, ...]:
        """What happened to an order's parcels, newest first. TikTok tells these times in milliseconds."""
        data = await self._client.call("orders.tracking", cipher=self._cipher, path={"order_id": tiktok_order_id})
        events = [
            TrackingEvent(text(event, "description"), datetime.fromtimestamp(millis / 1000, UTC))
            for event in objects(data, "tracking")
            if 0 < (millis := whole(event, "update_time_millis")) < _LATEST_MILLISECOND
        ]
        return tuple(sorted(events, key=lambda event: event.at, reverse=True))


def parcel_body(
    line_item_ids: Sequence[str], weight_grams: int, size_millimetres: tuple[int, int, int] | None
) -> dict[str, object]:
    """A parcel as TikTok wants it described: its units, grams, and centimetres where its size is known."""
    body: dict[str, object] = {
        "order_line_item_ids": list(line_item_ids),
        "weight": {"value": str(weight_grams), "unit": "GRAM"},
    }
    if size_millimetres is not None:
        sides = zip(("length", "width", "height"), size_millimetres, strict=True)
        body["dimension"] = {**{side: f"{Decimal(size) / 10}" for side, size in sides}, "unit": "CM"}
    return body


_LATEST_MILLISECOND = 32_503_680_000_000  # the year 3000


def _service(service: Mapping[str, object]) -> ShippingService:
    found = dict(service)
    return ShippingService(
        service_id=text(found, "id"),
        name=text(found, "name"),
        price=amount(found, "price"),
        currency=text(found, "currency"),
        earliest_delivery_days=whole(found, "earliest_delivery_days"),
        latest_delivery_days=whole(found, "latest_delivery_days"),
        is_default=found.get("is_default") is True,
        provider_name=text(found, "shipping_provider_name"),
    )
