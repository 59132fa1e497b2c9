"""EasyPost's requests and answers as our words: ounces, inches, money strings, tracking words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson
import structlog

from engine.errors import Terminal
from engine.ports.facts import Address
from engine.ports.requests import ParcelRequest
from engine.words import TrackingStatus
from sync.shipping.customs import customs_info
from sync.shipping.port import AddressCheck, EndOfDay, Purchase, Quote, Rate, Track, VoidState
from sync.shipping.units import grams, inches, ounces
from sync.shipping.us_states import US_STATE_CODES

_log = structlog.get_logger(__name__)

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


@dataclass(frozen=True, slots=True)
class Terms:
    """What the settings add to every shipment; empty values add nothing."""

    carrier_accounts: tuple[str, ...] = ()
    """EasyPost's ids of the accounts that are asked for rates; all of them when none is named."""
    options: Mapping[str, str] = field(default_factory=dict)
    """Further options of EasyPost's, such as `delivery_confirmation`."""
    customs_signer: str = ""
    """Who vouches for customs forms; the warehouse's name when nobody is named."""
    export_code: str = "NOEEI 30.37(a)"
    """What US customs wants to hear of goods below 2,500 USD a tariff code."""


def shipment_body(
    request: ParcelRequest, our_reference: str, label_format: str, terms: Terms | None = None
) -> dict[str, object]:
    """The body that makes a shipment; the TikTok order id is printed on the label.

    Raises Terminal for a parcel across a border that cannot be declared, naming the SKUs that keep it here.
    """
    terms = terms or Terms()
    parcel: dict[str, object] = {"weight": ounces(request.weight_grams)}
    if request.size_millimetres is not None:
        sides = ("length", "width", "height")
        parcel |= {side: inches(size) for side, size in zip(sides, request.size_millimetres, strict=True)}
    shipment: dict[str, object] = {
        "reference": our_reference,
        "from_address": easypost_address(request.ship_from),
        "to_address": easypost_address(request.ship_to),
        "parcel": parcel,
        "options": {**terms.options, "label_format": label_format, "print_custom_1": request.tiktok_order_id},
    }
    if terms.carrier_accounts:
        shipment["carrier_accounts"] = list(terms.carrier_accounts)
    if declared := customs_info(request, signer=terms.customs_signer, export_code=terms.export_code):
        shipment["customs_info"] = declared
    return {"shipment": shipment}


def private_words(request: ParcelRequest) -> tuple[str, ...]:
    """What of the parcel must not appear in a sentence."""
    to = request.ship_to
    # The words of the street too: carriers answer with their own spelling of the line.
    words = [word for line in (to.line1, to.line2) for word in line.split() if len(word) > 3]
    return (to.name, to.phone, to.line1, to.line2, to.city, to.postal_code, *to.name.split(), *words)


def read_document(content: bytes) -> dict[str, Any]:
    """A JSON object. Raises ValueError.

    Money comes as text nearly everywhere; where it is a JSON number its shortest form is what was sent (`_money`).
    """
    document = orjson.loads(content)
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
    parcel = shipment.get("parcel")
    weight = _money(parcel.get("weight")) if isinstance(parcel, dict) else None
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
        weight_grams=None if weight is None else grams(weight),
    )


def is_of(shipment: dict[str, Any], request: ParcelRequest) -> bool:
    """Whether an unbought shipment was made for this parcel as it is now: an address or a weight may have been corrected since."""
    there, parcel = shipment.get("to_address"), shipment.get("parcel")
    if not isinstance(there, dict) or not isinstance(parcel, dict):
        return False
    ours = easypost_address(request.ship_to)
    weight = _money(parcel.get("weight"))
    same_place = all(
        _plain(there.get(name)) == _plain(ours[name]) for name in ("name", "street1", "street2", "city", "zip")
    )
    return same_place and weight is not None and float(weight) == ounces(request.weight_grams)


def label_addresses(shipment: dict[str, Any]) -> dict[str, str]:
    """Where the label's file is, by format, for those formats there are."""
    label = shipment.get("postage_label")
    if not isinstance(label, dict):
        return {}
    found = {name: label.get(f"label_{name.lower()}_url") for name in ("PDF", "ZPL", "EPL2")}
    made_as = str(label.get("label_file_type") or "image/png").partition("/")[2].upper()
    return {name: str(address) for name, address in {**found, made_as: label.get("label_url")}.items() if address}


def read_address_check(address: dict[str, Any]) -> AddressCheck:
    """What a verified address says: carriers deliver there only if the check succeeded and named no error."""
    checks = address.get("verifications")
    delivery = checks.get("delivery") if isinstance(checks, dict) else None
    if not isinstance(delivery, dict):
        return AddressCheck(deliverable=False, problems=("EasyPost did not check it",))
    problems = tuple(
        str(error.get("message") or error.get("code") or "") if isinstance(error, dict) else str(error)
        for error in delivery.get("errors") or ()
    )
    suggestion = Address(
        name=str(address.get("name") or ""),
        phone=str(address.get("phone") or ""),
        line1=str(address.get("street1") or ""),
        line2=str(address.get("street2") or ""),
        city=str(address.get("city") or ""),
        state=str(address.get("state") or ""),
        postal_code=str(address.get("zip") or ""),
        country=str(address.get("country") or ""),
    )
    good = delivery.get("success") is True and not problems
    return AddressCheck(
        good, problems or (() if good else ("no reason given",)), suggestion if suggestion.line1 else None
    )


def read_end_of_day(form: dict[str, Any]) -> tuple[EndOfDay, str]:
    """A scan form, and where its file is; empty while there is none."""
    codes = tuple(str(code) for code in form.get("tracking_codes") or ())
    failed = str(form.get("message") or "no reason given") if form.get("status") == "failed" else ""
    return EndOfDay(str(form.get("id") or ""), codes, failure=failed), str(form.get("form_url") or "")


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
        status, raw = TrackingStatus.UNKNOWN, f"{word}: "
    else:
        raw = ""
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
        detail=f"{raw}{tracker.get('status_detail') or ''}"[:100].removesuffix(": "),
        created_at=created_at,
        is_return=bool(tracker.get("is_return")),
        told_at=_moment(tracker.get("updated_at")),
    )


def easypost_address(address: Address) -> dict[str, str]:
    """An address as EasyPost takes it."""
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
        account=str(rate.get("carrier_account_id") or ""),
    )


def _charged(shipment: dict[str, Any]) -> Decimal | None:
    """The sum of what was really charged; None when no fee is listed."""
    listed = [fee for fee in shipment.get("fees") or () if isinstance(fee, dict)]
    fees = [fee for fee in listed if fee.get("charged") is not False and fee.get("refunded") is not True]
    if listed and not fees and all(fee.get("refunded") is True for fee in listed):
        return Decimal("0.00")
    amounts = [amount for fee in fees if (amount := _money(fee.get("amount"))) is not None]
    return sum(amounts, Decimal(0)).quantize(Decimal("0.01")) if amounts else None


def _money(value: object) -> Decimal | None:
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return None
    try:
        # The shortest form of a JSON number is how it was written.
        amount = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
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


def _plain(value: object) -> str:
    return str(value or "").strip().casefold()
