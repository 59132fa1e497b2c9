"""The carrier adapter for TikTok Shipping: TikTok sells the label and fetches the parcel.

Two ways, by market: where an order has no package yet (US) one is created, which buys its label; where it has one since payment
(UK, EU, SEA, LATAM) that one is shipped by a handover method. Neither has an idempotency key, so the order itself is read before
every attempt, and what is there already is adopted.

Its reference is `tiktok:<order>:<one of its units>`, known before anything is bought: whatever package that unit is in is ours.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from engine.errors import Ambiguous, Retryable, Terminal
from engine.orders.markets import Markets, Telling, market_of
from engine.ports.requests import ParcelRequest
from engine.words import ChannelStatus, TrackingStatus
from sync.shipping.port import Label, LabelFormat, Pending, Purchase, Quote, Rate, Track, VoidState
from sync.shipping.tiktok_documents import TikTokDocuments
from sync.tiktok.calls.fulfilment import Handover, PickupSlot
from sync.tiktok.calls.shipping import parcel_body
from sync.tiktok.connected import ConnectedShop
from sync.tiktok.mapping import channel_status
from sync.tiktok.reading import objects, text

REFERENCE_PREFIX = "tiktok:"

_STAGES = {
    "TO_FULFILL": TrackingStatus.UNKNOWN,
    "PROCESSING": TrackingStatus.LABEL_CREATED,
    "FULFILLING": TrackingStatus.IN_TRANSIT,
    "COMPLETED": TrackingStatus.DELIVERED,
    "CANCELLED": TrackingStatus.CANCELLED,
}
_BOUGHT_ALREADY = frozenset({"tiktok.label_exists", "tiktok.already_shipped"})


@dataclass(frozen=True, slots=True)
class TikTokShippingSettings:
    """How TikTok Shipping is used."""

    markets: Markets = field(default_factory=dict)
    """The owner's own words on what a market asks."""
    document_size: str = "A6"
    label_format: str = LabelFormat.PDF.value
    hold_seconds: float = 60.0


class TikTokShipping:
    """`sync.shipping.port.Carrier` for one shop."""

    name = "tiktok"
    asks_first = True

    def __init__(self, shop: ConnectedShop, settings: TikTokShippingSettings) -> None:
        self._shop = shop
        self._settings = settings
        self._market = market_of(shop.region, settings.markets)
        self._documents = TikTokDocuments(shop, size=settings.document_size)

    async def quote(self, request: ParcelRequest, our_reference: str) -> Quote:
        """`our_reference` is not told: TikTok keeps no name of ours."""
        return await self.requote(request, _reference(request))

    async def requote(self, request: ParcelRequest, shipment_reference: str) -> Quote:
        if self._market.tiktok is not Telling.CREATE_PACKAGE:
            found = await self._look(shipment_reference, request)
            if isinstance(found, Quote) and found.rates:
                return found
        services = await self._shop.shipping.services(request.tiktok_order_id, _parcel(request))
        rates = tuple(
            Rate(
                rate_id=f"service:{service.service_id}",
                carrier=service.provider_name,
                service=service.name,
                amount=service.price,
                currency=service.currency,
                delivery_days=service.latest_delivery_days or None,
                is_default=service.is_default,
            )
            for service in services
            if service.price is not None
        )
        return Quote(shipment_reference, rates)

    async def buy(self, request: ParcelRequest, shipment_reference: str, rate: Rate) -> Purchase | Pending:
        kind, _, what = rate.rate_id.partition(":")
        cost: Decimal | None = None
        currency = rate.currency
        try:
            if kind == "handover":
                package_id, _, how = what.partition(":")
                await self._shop.fulfilment.ship_package(package_id, _handover(how))
            else:
                made = await self._shop.shipping.create_package(request.tiktok_order_id, _parcel(request), what)
                cost, currency = made.service.price or rate.amount, made.service.currency or currency
        except Terminal as refusal:
            if refusal.code not in _BOUGHT_ALREADY:
                raise
            return await self._bought_before(shipment_reference, refusal)
        return await self._just_bought(shipment_reference, rate, cost, currency)

    async def lookup(self, shipment_reference: str) -> Purchase | Pending | Quote:
        return await self._look(shipment_reference)

    async def find(self, request: ParcelRequest, our_reference: str) -> Purchase | Pending | Quote | None:
        """By the parcel's own units, whoever arranged them. Raises what keeps the order from being arranged at all."""
        found = await self._look(_reference(request), request)
        return None if isinstance(found, Quote) and not found.rates else found

    async def label(self, purchase: Purchase) -> Label:
        return await self._documents.label(purchase.tiktok_package_id, LabelFormat(self._settings.label_format))

    async def convert(self, shipment_reference: str, label_format: LabelFormat) -> Label:
        """TikTok prints its labels anew, until the carrier scans them."""
        found = await self.lookup(shipment_reference)
        if not isinstance(found, Purchase):
            raise Terminal("carrier.no_format", "TikTok has no label of this parcel to print in another format.")
        return await self._documents.label(found.tiktok_package_id, label_format, strictly=True)

    async def void(self, shipment_reference: str) -> VoidState:
        """TikTok takes no label back by a call: cancelling the order, or its package in the seller centre, gives it back."""
        return VoidState.NOT_APPLICABLE

    async def void_state(self, shipment_reference: str) -> VoidState | None:
        return VoidState.NOT_APPLICABLE

    async def track(self, tracker_reference: str) -> Track:
        order_id, package_id = _parts(tracker_reference)
        package = await self._shop.fulfilment.package(package_id)
        events = await self._shop.shipping.tracking(order_id)
        newest = events[0] if events else None
        status = _STAGES.get(package.status, TrackingStatus.UNKNOWN)
        raw = "" if package.status in _STAGES else f"{package.status}: "
        now = datetime.now(UTC)
        return Track(
            tracker_reference=tracker_reference,
            tracking_number=package.tracking_number,
            carrier=package.shipping_provider_name,
            status=status,
            occurred_at=newest.at if newest else now,
            detail=f"{raw}{newest.description if newest else ''}"[:100].removesuffix(": "),
            created_at=now,
        )

    async def _look(self, shipment_reference: str, request: ParcelRequest | None = None) -> Purchase | Pending | Quote:
        """What TikTok has of the units now; a quote without rates where nothing is there yet."""
        order_id, line_id = _parts(shipment_reference)
        order = next(iter(await self._shop.orders.by_id([order_id])), None)
        if order is None:
            raise Terminal("order_unknown", f"TikTok does not know order {order_id} in this shop; check the shop.")
        wanted = set(request.tiktok_line_ids if request else ()) or {line_id}
        lines = [line for line in objects(order, "line_items") if text(line, "id") in wanted]
        live = [line for line in lines if text(line, "package_status") != "CANCELLED"]
        packages = {text(line, "package_id") for line in live} - {""}
        if len(packages) > 1:
            raise Terminal(
                "tiktok.packed_otherwise",
                f"TikTok has the units of this parcel of order {order_id} in {len(packages)} packages; "
                "split the order here the same way, then retry.",
            )
        arranged = [line for line in lines if _is_arranged(order, line)]
        if arranged and packages:
            return self._adopted(shipment_reference, order_id, arranged[0])
        self._refuse_unready(order, order_id, rejected=request is not None and request.cancel_rejected)
        if not packages:
            return self._without_package(shipment_reference, order_id)
        return Quote(shipment_reference, await self._handovers(packages.pop()))

    def _without_package(self, shipment_reference: str, order_id: str) -> Quote:
        if self._market.tiktok is not Telling.SHIP_PACKAGE:
            return Quote(shipment_reference, ())
        raise Terminal(
            "tiktok.no_package",
            f"TikTok has no package of order {order_id} yet, and in this market makes it itself; "
            "look at the order in the seller centre, then retry.",
        )

    def _refuse_unready(self, order: dict[str, Any], order_id: str, *, rejected: bool) -> None:
        match channel_status(text(order, "status")):
            case ChannelStatus.CANCELLED:
                raise Terminal("order_cancelled", f"Order {order_id} was cancelled at TikTok; no label was bought.")
            case ChannelStatus.UNPAID | ChannelStatus.ON_HOLD:
                raise Retryable(
                    "tiktok.on_hold",
                    f"Order {order_id} is still on hold at TikTok; its label is bought later.",
                    retry_after_seconds=self._settings.hold_seconds,
                    postponed=True,
                )
            case _:
                pass
        # Where a no is said by shipping, TikTok goes on asking until the label is bought.
        if order.get("is_buyer_request_cancel") is True and not (rejected and self._market.reject_by_shipping):
            raise Terminal(
                "cancel_requested",
                f"The buyer asks to cancel order {order_id}; answer that before its label is bought, then retry.",
            )

    async def _handovers(self, package_id: str) -> tuple[Rate, ...]:
        """How TikTok takes the package, as offers that cost nothing: the service is the method."""
        slots = await self._shop.fulfilment.handover_slots(package_id)
        ways = ["DROP_OFF"] if slots.can_drop_off else []
        ways += [f"PICKUP:{slot.start_time}:{slot.end_time}" for slot in slots.slots[:1]] if slots.can_pickup else []
        if not ways:
            raise Terminal(
                "tiktok.no_handover",
                f"TikTok offers neither a pickup nor a drop-off for package {package_id}; arrange it in the seller centre.",
            )
        return tuple(
            Rate(
                rate_id=f"handover:{package_id}:{way}",
                carrier="TikTok",
                service=way.partition(":")[0],
                amount=Decimal(0),
                currency="",
                delivery_days=None,
                is_default=way.startswith(self._market.handover),
            )
            for way in ways
        )

    def _adopted(self, shipment_reference: str, order_id: str, line: dict[str, Any]) -> Purchase | Pending:
        if not text(line, "tracking_number"):
            return Pending(
                shipment_reference, f"TikTok has arranged order {order_id} and gives no tracking number yet."
            )
        package_id = text(line, "package_id")
        return Purchase(
            shipment_reference=shipment_reference,
            our_reference=None,
            carrier=text(line, "shipping_provider_name"),
            service="TikTok Shipping",
            tracking_number=text(line, "tracking_number"),
            tracker_reference=f"{REFERENCE_PREFIX}{order_id}:{package_id}",
            cost=None,
            currency="",
            label_address="",
            tiktok_package_id=package_id,
        )

    async def _just_bought(
        self, shipment_reference: str, rate: Rate, cost: Decimal | None, currency: str
    ) -> Purchase | Pending:
        order_id, _ = _parts(shipment_reference)
        try:
            found = await self.lookup(shipment_reference)
        except (Retryable, Terminal) as error:
            raise Ambiguous(error.code, f"The label is bought but could not be read back. {error.sentence}") from None
        if not isinstance(found, Purchase):
            return Pending(
                shipment_reference, f"TikTok has sold the label of order {order_id} and does not show it yet."
            )
        return Purchase(
            shipment_reference=found.shipment_reference,
            our_reference=None,
            carrier=found.carrier or rate.carrier,
            service=rate.service,
            tracking_number=found.tracking_number,
            tracker_reference=found.tracker_reference,
            cost=cost,
            currency=currency,
            label_address="",
            tiktok_package_id=found.tiktok_package_id,
        )

    async def _bought_before(self, shipment_reference: str, refusal: Terminal) -> Purchase | Pending:
        try:
            found = await self.lookup(shipment_reference)
        except (Retryable, Terminal) as error:
            raise Ambiguous(error.code, f"{refusal.sentence} It could not be read back.") from None
        if isinstance(found, Quote):
            return Pending(shipment_reference, f"{refusal.sentence} TikTok does not show it yet.")
        return found


def _is_arranged(order: dict[str, Any], line: dict[str, Any]) -> bool:
    """Whether the unit's package is on its way to the carrier: it then has a number, or is no longer to be fulfilled."""
    if text(line, "package_status") == "CANCELLED" or not text(line, "package_id"):
        return False
    waiting = channel_status(text(order, "status")) is ChannelStatus.AWAITING_SHIPMENT
    return bool(text(line, "tracking_number")) or not (waiting or text(line, "package_status") == "TO_FULFILL")


def _reference(request: ParcelRequest) -> str:
    if not request.tiktok_line_ids:
        raise Terminal("package_gone", "No units are left in the parcel; no label was bought.")
    return f"{REFERENCE_PREFIX}{request.tiktok_order_id}:{request.tiktok_line_ids[0]}"


def _parts(reference: str) -> tuple[str, str]:
    order_id, _, part = reference.removeprefix(REFERENCE_PREFIX).partition(":")
    return order_id, part


def _parcel(request: ParcelRequest) -> dict[str, object]:
    return parcel_body(request.tiktok_line_ids, request.weight_grams, request.size_millimetres)


def _handover(how: str) -> Handover:
    method, *times = how.split(":")
    return Handover(method, PickupSlot(int(times[0]), int(times[1])) if len(times) == 2 else None)
