"""The permissions that a seller grants the app: which the program needs, and for what."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

NEEDED: Final[Mapping[str, str]] = {
    "seller.authorization.info": "to know the shops of a grant and to register webhooks",
    "seller.order.info": "to read orders",
    "seller.fulfillment.basic": "to ship parcels and correct tracking numbers",
    "seller.fulfillment.package.write": "to split and combine packages and to choose pickup times",
    "seller.logistics": "to read warehouses and shipping providers",
    "seller.return_refund.basic": "to cancel orders and to answer cancellations and returns",
    "seller.product.basic": "to read products and their stock",
    "seller.product.write": "to write stock to TikTok",
}
"""TikTok's name for each, and why this program asks for it."""

_PACKAGE_WRITES = frozenset(
    {
        "orders.split",
        "orders.split_attributes",
        "packages.combine",
        "packages.combinable",
        "packages.uncombine",
        "packages.handover_slots",
    }
)

_OF_FAMILY: Final[Mapping[str, str]] = {
    "authorization": "seller.authorization.info",
    "webhooks": "seller.authorization.info",
    "logistics": "seller.logistics",
    "cancellations": "seller.return_refund.basic",
    "returns": "seller.return_refund.basic",
    "refunds": "seller.return_refund.basic",
    "aftersales": "seller.return_refund.basic",
    "products": "seller.product.basic",
    "packages": "seller.fulfillment.basic",
    "conversations": "seller.customer_service",
    "shipping_services": "seller.fulfillment.basic",
}

_OF_CALL: Final[Mapping[str, str]] = {
    "orders.search": "seller.order.info",
    "orders.detail": "seller.order.info",
    "orders.mark_shipped": "seller.fulfillment.basic",
    "orders.update_tracking": "seller.fulfillment.basic",
    "orders.tracking": "seller.fulfillment.basic",
    "inventory.search": "seller.product.basic",
    "inventory.update": "seller.product.write",
    "products.update_inventory": "seller.product.write",
    **dict.fromkeys(_PACKAGE_WRITES, "seller.fulfillment.package.write"),
}


def scope_of(endpoint: str) -> str:
    """The permission that a call needs, by our name for it; empty where that is not known."""
    return _OF_CALL.get(endpoint) or _OF_FAMILY.get(endpoint.partition(".")[0], "")


def missing(granted: Collection[str]) -> dict[str, str]:
    """What the program needs and was not granted, each with what for; nothing where TikTok did not say what was granted."""
    return {scope: why for scope, why in NEEDED.items() if scope not in granted} if granted else {}
