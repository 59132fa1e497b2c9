"""EasyPost's requests and answers as our words: ounces, inches, money strings, tracking words."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from typing import Any

import structlog

from engine.errors import Terminal
from engine.ports import Address, ParcelRequest
from engine.words import TrackingStatus
from sync.shipping.port import Purchase, Quote, Rate, Track, VoidState
from sync.shipping.us_states import US_STATE_CODES

_log = structlog.get_logger(__name__)

_GRAMS_PER_OUNCE = Decimal("28.349523125")
_MILLIMETRES_PER_INCH = Decimal("25.4")
_TENTH = Decimal("0.1")

_TRACKING = {
    "unknown": TrackingStatus.UNKNOWN,
    "error": TrackingStatus.UNKNOWN,
    "pre_transit": TrackingStatus.LABEL_CREATED,
    "in_transit": TrackingStatus.IN_TRANSIT,
    "out_for_delivery": TrackingStatus.OUT_FOR_DELIVERY,
    "available_for_pickup": TrackingStatus.READY_FOR_PICKUP,
    "delivered": TrackingStatus.DELIVERED,
    "return_to_sender": TrackingStatus.RETURNING,
    "failure": TrackingStatus.FAILED,
    "cancelled": TrackingStatus.CANCELLED,
}


def ounces(weight_grams: int) -> float:
    """Ounces with one decimal, rounded up: an under-declared parcel is billed again later."""
    return float((Decimal(weight_grams) / _GRAMS_PER_OUNCE).quantize(_TENTH, ROUND_CEILING))


def inches(millimetres: int) -> float:
    """Inches with one decimal, rounded up."""
    return float((Decimal(millimetres) / _MILLIMETRES_PER_INCH).quantize(_TENTH, ROUND_CEILING))


def shipment_body(request: ParcelRequest, our_reference: str, label_format: str) -> dict[str, object]:
    """The body that makes a shipment; the TikTok order id is printed on the label."""
    parcel: dict[str, object] = {"weight": ounces(request.weight_grams)}
    if request.size_millimetres is not None:
        sides = ("length", "width", "height")
        parcel |= {side: inches(size) for side, size in zip(sides, request.size_millimetres, strict=True)}
    return {
        "shipment": {
            "reference": our_reference,
            "from_address": _address(request.ship_from),
            "to_address": _address(request.ship_to),
            "parcel": parcel,
            "options": {"label_format": label_format, "print_custom_1": request.tiktok_order_id},
        }
    }


def private_words(request: ParcelRequest) -> tuple[str, ...]:
    """What of the parcel must not appear in a sentence."""
    to = request.ship_to
    # The words of the street too: carriers answer with their own spelling of the line.
    words = [word for line in (to.line1, to.line2) for word in line.split() if len(word) > 3]
    return (to.name, to.phone, to.line1, to.line2, to.city, to.postal_code, *to.name.split(), *words)


def read_document(content: bytes) -> dict[str, Any]:
    """A JSON object whose fractions are Decimal. Raises ValueError."""
    document = json.loads(content, parse_float=Decimal)
    if not isinstance(document, dict):
        raise ValueError("not an object")  # noqa: TRY004  # one error for whatever cannot be read
    return document


def read_quote(shipment: dict[str, Any]) -> Quote:
    """The offers of a shipment (or of a rerate, whose shipment is then named by the rates)."""
    rates = tuple(_rate(rate) for rate in shipment.get("rates") or () if isinstance(rate, dict))
    messages = (message for message in shipment.get("messages") or () if isinstance(message, dict))
    return Quote(
        shipment_reference=str(shipment.get("id") or ""),
        rates=tuple(rate for rate in rates if rate is not None),
        messages=tuple(str(message.get("message") or message.get("type") or "") for message in messages),
    )


def read_purchase(shipment: dict[str, Any]) -> Purchase | None:
    """The purchase of a shipment; None while it is not bought.

    Its `status` is the tracking's and says nothing of that.
    """
    label, rate, tracking_number = (shipment.get(name) for name in ("postage_label", "selected_rate", "tracking_code"))
    if not (isinstance(label, dict) and isinstance(rate, dict) and tracking_number):
        return None
    tracker = shipment.get("tracker")
    return Purchase(
        shipment_reference=str(shipment.get("id") or ""),
        our_reference=str(shipment.get("reference") or ""),
        carrier=str(rate.get("carrier") or ""),
        service=str(rate.get("service") or ""),
        tracking_number=str(tracking_number),
        tracker_reference=str(tracker.get("id") or "") if isinstance(tracker, dict) else "",
        cost=_charged(shipment) or _money(rate.get("rate")) or Decimal(0),
        currency=str(rate.get("currency") or "USD"),
        label_address=str(label.get("label_url") or label.get("label_pdf_url") or ""),
        voided=read_void_state(shipment) in {VoidState.SUBMITTED, VoidState.REFUNDED},
    )


def read_void_state(shipment: dict[str, Any]) -> VoidState | None:
    """How the shipment's refund stands; None when none was asked for."""
    status = shipment.get("refund_status")
    if not status:
        return None
    try:
        return VoidState(str(status))
    except ValueError:
        raise Terminal(
            "carrier_refused",
            f"EasyPost calls the refund {str(status)[:40]!r}, which is not known; look at the label there.",
        ) from None


def read_track(tracker: dict[str, Any]) -> Track | None:
    """What a tracker says; None for one that names no parcel.

    An unknown word is UNKNOWN and is logged, never an error.
    """
    number, reference = tracker.get("tracking_code"), tracker.get("id")
    if not number or not reference:
        return None
    word = str(tracker.get("status") or "unknown")
    status = _TRACKING.get(word)
    if status is None:
        _log.warning("unknown_tracking_status", status=word[:40])
        status = TrackingStatus.UNKNOWN
    created_at = _moment(tracker.get("created_at")) or datetime.now(UTC)
    details = [detail for detail in tracker.get("tracking_details") or () if isinstance(detail, dict)]
    if status is TrackingStatus.DELIVERED:
        details = [detail for detail in details if detail.get("status") == "delivered"] or details
    moments = [moment for detail in details if (moment := _moment(detail.get("datetime")))]
    return Track(
        tracker_reference=str(reference),
        tracking_number=str(number),
        carrier=str(tracker.get("carrier") or ""),
        status=status,
        occurred_at=max(moments, default=None) or _moment(tracker.get("updated_at")) or created_at,
        detail=str(tracker.get("status_detail") or "")[:100],
        created_at=created_at,
        is_return=bool(tracker.get("is_return")),
    )


def _address(address: Address) -> dict[str, str]:
    state = address.state
    if address.country == "US":
        # TikTok spells states out; carriers want the two letters.
        state = US_STATE_CODES.get(state.strip().casefold(), state)
    return {
        "name": address.name,
        "phone": address.phone,
        "street1": address.line1,
        "street2": address.line2,
        "city": address.city,
        "state": state,
        "zip": address.postal_code,
        "country": address.country,
    }


def _rate(rate: dict[str, Any]) -> Rate | None:
    amount = _money(rate.get("rate"))
    if amount is None or not rate.get("id"):
        return None
    days = rate.get("delivery_days")
    return Rate(
        rate_id=str(rate["id"]),
        carrier=str(rate.get("carrier") or ""),
        service=str(rate.get("service") or ""),
        amount=amount,
        currency=str(rate.get("currency") or "USD"),
        delivery_days=days if isinstance(days, int) else None,
    )


def _charged(shipment: dict[str, Any]) -> Decimal | None:
    """The sum of what was really charged; None when no fee is listed."""
    fees = [fee for fee in shipment.get("fees") or () if isinstance(fee, dict) and fee.get("charged") is not False]
    amounts = [amount for fee in fees if (amount := _money(fee.get("amount"))) is not None]
    return sum(amounts, Decimal(0)).quantize(Decimal("0.01")) if amounts else None


def _money(value: object) -> Decimal | None:
    if not isinstance(value, str | int | Decimal) or isinstance(value, bool):
        return None
    try:
        amount = Decimal(value)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and abs(amount) < Decimal("1e9") else None


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(value)) if value else None
    except ValueError:
        return None
    if moment is not None and moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC) if moment is not None else None
