"""A shipment as JSON, the way EasyPost shows it."""

from collections.abc import Mapping
from typing import Any

from sync.simulator.credentials import digest
from sync.simulator.easypost.envelope import timestamp
from sync.simulator.easypost.rates import CARRIER_ACCOUNTS, Rate
from sync.simulator.easypost.shipments import Purchase, Shipment, Shipments
from sync.simulator.shop.order_details import UNDELIVERABLE_ZIP

LABEL_FEE_CENTS = 5
LEAST_INSURANCE_CENTS = 50  # and a hundredth of what is insured
LABEL_SIZE = "4x6"
MEDIA_TYPES: Mapping[str, str] = {
    "PNG": "image/png",
    "PDF": "application/pdf",
    "ZPL": "application/zpl",
    "EPL2": "application/epl2",
}
ADDRESS_FIELDS = ("name", "company", "street1", "street2", "city", "state", "zip", "country", "phone", "email")


def shipment_payload(shipments: Shipments, shipment: Shipment, *, now: float, origin: str) -> dict[str, Any]:
    """Return the shipment as JSON values; `origin` is where label files are fetched from."""
    request, purchase = shipment.request, shipment.purchase
    rates = () if goes_nowhere(request) else shipments.rates(shipment)
    return {
        "id": shipment.id,
        "object": "Shipment",
        "mode": "test",
        "status": "unknown",
        "reference": shipment.reference,
        "created_at": timestamp(shipment.created_at),
        "updated_at": timestamp(purchase.at if purchase else shipment.created_at),
        "is_return": False,
        "tracking_code": purchase.tracking_code if purchase else None,
        "to_address": _address(shipment, "to_address", normalised=purchase is not None),
        "from_address": _address(shipment, "from_address", normalised=False),
        "parcel": _parcel(shipment),
        "options": {"currency": "USD", **shipment.options},
        "customs_info": _customs(shipment),
        "insurance": purchase.insurance if purchase else None,
        "refund_status": shipment.refund_status(now),
        "messages": _messages(shipment) if not rates else [],
        "rates": [rate_payload(rate, shipment) for rate in rates],
        "selected_rate": rate_payload(purchase.rate, shipment) if purchase else None,
        "postage_label": _label(shipment, purchase, origin) if purchase else None,
        "fees": _fees(purchase) if purchase else [],
        "tracker": None,
    }


def rate_payload(rate: Rate, shipment: Shipment) -> dict[str, Any]:
    """Return one offer as JSON values."""
    service = rate.service
    return {
        "id": rate.id,
        "object": "Rate",
        "mode": "test",
        "carrier": service.carrier,
        "service": service.name,
        "rate": dollars(rate.cents),
        "currency": "USD",
        "list_rate": dollars(rate.cents * 108 // 100),
        "list_currency": "USD",
        "retail_rate": dollars(rate.cents * 135 // 100),
        "retail_currency": "USD",
        "delivery_days": service.days,
        "est_delivery_days": service.days,
        "delivery_date": None,
        "delivery_date_guaranteed": False,
        "carrier_account_id": CARRIER_ACCOUNTS[service.carrier],
        "shipment_id": shipment.id,
    }


def goes_nowhere(request: Mapping[str, Any]) -> bool:
    """Say whether no carrier takes the shipment: nobody delivers there, or it is to cross a border undeclared."""
    return delivers_nowhere(request["to_address"]) or undeclared(request)


def undeclared(request: Mapping[str, Any]) -> bool:
    """Say whether a shipment goes to another country without customs data."""
    origin, destination = (str(request[part].get("country") or "US") for part in ("from_address", "to_address"))
    return origin != destination and not request.get("customs_info")


def delivers_nowhere(address: Mapping[str, Any]) -> bool:
    """Say whether no carrier goes to this address."""
    return str(address.get("zip") or "").strip()[:5] in ("", UNDELIVERABLE_ZIP)


def dollars(cents: int) -> str:
    """Return cents as EasyPost writes money."""
    return f"{cents // 100}.{cents % 100:02d}"


def label_path(shipment: Shipment, label_format: str) -> str:
    """Return the path of a label file, which nobody guesses."""
    return f"/easypost-files/postage_label/{shipment.id}-{digest(shipment.id)[:16]}.{label_format.lower()}"


def _address(shipment: Shipment, part: str, *, normalised: bool) -> dict[str, Any]:
    given = shipment.request[part]
    address: dict[str, Any] = {name: given.get(name) for name in ADDRESS_FIELDS}
    if normalised:
        address = {name: value.upper() if isinstance(value, str) else value for name, value in address.items()}
    mark = digest(shipment.id, part)[:32]
    return {"id": f"adr_{mark}", "object": "Address", "mode": "test", **address, "residential": normalised or None}


def _parcel(shipment: Shipment) -> dict[str, Any]:
    sides = {side: shipment.request["parcel"].get(side) for side in ("length", "width", "height")}
    numbers = {side: float(value) if value is not None else None for side, value in sides.items()}
    return {
        "id": f"prcl_{digest(shipment.id, 'parcel')[:32]}",
        "object": "Parcel",
        "mode": "test",
        **numbers,
        "predefined_package": shipment.request["parcel"].get("predefined_package"),
        "weight": shipment.weight_ounces,
    }


def _customs(shipment: Shipment) -> dict[str, Any] | None:
    declared = shipment.request.get("customs_info")
    if not declared:
        return None
    return {"id": f"cstinfo_{digest(shipment.id, 'customs')[:32]}", "object": "CustomsInfo", "mode": "test", **declared}


def _messages(shipment: Shipment) -> list[dict[str, str]]:
    undeliverable = delivers_nowhere(shipment.request["to_address"])
    reason = "Invalid destination postal code." if undeliverable else "The parcel exceeds the weight limit of 70 lb."
    if not undeliverable and undeclared(shipment.request):
        reason = "Customs info is required for international shipments."
    return [
        {"carrier": carrier, "carrier_account_id": account, "type": "rate_error", "message": reason}
        for carrier, account in CARRIER_ACCOUNTS.items()
    ]


def _label(shipment: Shipment, purchase: Purchase, origin: str) -> dict[str, Any]:
    made = {purchase.format, *shipment.converted}
    urls = {label_format: origin + label_path(shipment, label_format) for label_format in made}
    return {
        "id": f"pl_{digest(shipment.id, 'label')[:32]}",
        "object": "PostageLabel",
        "created_at": timestamp(purchase.at),
        "label_date": timestamp(purchase.at),
        "label_resolution": 203 if purchase.format == "PNG" else 300,
        "label_size": LABEL_SIZE,
        "label_type": "default",
        "label_file_type": MEDIA_TYPES[purchase.format],
        "label_url": urls[purchase.format],
        "label_pdf_url": urls.get("PDF"),
        "label_zpl_url": urls.get("ZPL"),
        "label_epl2_url": urls.get("EPL2"),
    }


def _fees(purchase: Purchase) -> list[dict[str, Any]]:
    charged = [("LabelFee", LABEL_FEE_CENTS), ("PostageFee", purchase.rate.cents)]
    if purchase.insurance and float(purchase.insurance) > 0:
        charged.append(("InsuranceFee", max(LEAST_INSURANCE_CENTS, round(float(purchase.insurance)))))
    return [
        {"object": "Fee", "type": kind, "amount": f"{dollars(cents)}000", "charged": True, "refunded": False}
        for kind, cents in charged
    ]
