"""What a border is told of a parcel, from the product master."""

from __future__ import annotations

from decimal import Decimal

from engine.errors import Terminal
from engine.orders.validation import crosses_customs
from engine.ports.requests import CustomsItem, ParcelItem, ParcelRequest
from sync.shipping.units import exact_ounces

_MOST_WORDS = 255

_DECLARED_STATES = frozenset({"AA", "AE", "AP", "AS", "GU", "MP", "PR", "VI"})
"""Parts of the US to which EasyPost wants goods declared, though no border lies between."""


def customs_info(request: ParcelRequest, *, signer: str, export_code: str) -> dict[str, object] | None:
    """EasyPost's `customs_info` for this parcel; None where nothing need be declared.

    Raises Terminal naming the SKUs without customs data, or whose values are in several currencies.
    """
    origin, destination = request.ship_from.country, request.ship_to.country
    if origin == destination and request.ship_to.state.strip().upper() not in _DECLARED_STATES:
        return None
    missing = sorted({item.sku for item in request.items if item.customs is None})
    if missing and not crosses_customs(origin, destination):
        return None
    if missing:
        raise Terminal(
            "customs_missing",
            f"The parcel goes from {origin} to {destination}, and {', '.join(missing)} has no customs data; "
            "enter HS code, origin, description and value, then retry.",
        )
    declared = [(item, item.customs) for item in request.items if item.customs is not None]
    currencies = {customs.currency for _, customs in declared}
    if len(currencies) > 1:
        raise Terminal(
            "customs_missing",
            f"The customs values of {', '.join(sorted(item.sku for item, _ in declared))} are in "
            f"{' and '.join(sorted(currencies))}; give them all in one currency, then retry.",
        )
    return {
        "contents_type": "merchandise",
        "contents_explanation": ", ".join(customs.description for _, customs in declared)[:_MOST_WORDS],
        "restriction_type": "none",
        "non_delivery_option": "return",
        "eel_pfc": export_code,
        "customs_certify": True,
        "customs_signer": signer or request.ship_from.name,
        "customs_items": [_line(item, customs) for item, customs in declared],
    }


def _line(item: ParcelItem, customs: CustomsItem) -> dict[str, object]:
    """One kind of goods; value and weight are those of the whole line."""
    return {
        "description": customs.description,
        "quantity": item.quantity,
        "value": str((customs.value * item.quantity).quantize(Decimal("0.01"))),
        "currency": customs.currency,
        "weight": exact_ounces(item.weight_grams * item.quantity),
        "hs_tariff_number": customs.hs_code,
        "origin_country": customs.origin,
        "code": item.sku,
    }
