"""Every call of TikTok Shop's API that this program makes, as data: where it is, its version, what to call it in a sentence.

Versions belong to each endpoint separately, and mixing them is normal; the configuration may name others (`tiktok.versions`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from engine.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One call. `doing` completes "TikTok refused to …" and may name values of the path."""

    method: str
    path: str
    version: str
    doing: str
    writes: bool = False
    """Whether a lost answer may have changed something there."""
    of_shop: bool = True
    """Whether it is about one shop, and names it by its cipher; the others refuse a cipher."""


ENDPOINTS: Final[Mapping[str, Endpoint]] = {
    "authorization.shops": Endpoint(
        "GET", "/authorization/{version}/shops", "202309", "list the authorised shops", of_shop=False
    ),
    "orders.search": Endpoint("POST", "/order/{version}/orders/search", "202309", "search orders"),
    "orders.detail": Endpoint("GET", "/order/{version}/orders", "202507", "read orders"),
    "orders.mark_shipped": Endpoint(
        "POST",
        "/fulfillment/{version}/orders/{order_id}/packages",
        "202309",
        "mark order {order_id} as shipped",
        writes=True,
    ),
    "orders.update_tracking": Endpoint(
        "POST",
        "/fulfillment/{version}/orders/{order_id}/shipping_info/update",
        "202309",
        "correct the tracking number of order {order_id}",
        writes=True,
    ),
    "packages.update_tracking": Endpoint(
        "POST",
        "/fulfillment/{version}/packages/{package_id}/shipping_info/update",
        "202309",
        "correct the tracking number of package {package_id}",
        writes=True,
    ),
    "products.search": Endpoint("POST", "/product/{version}/products/search", "202502", "search products"),
    "inventory.search": Endpoint("POST", "/product/{version}/inventory/search", "202309", "read the stock of products"),
    "inventory.update": Endpoint(
        "POST",
        "/product/{version}/products/{product_id}/inventory/update",
        "202309",
        "set the stock of product {product_id}",
        writes=True,
    ),
    "webhooks.list": Endpoint("GET", "/event/{version}/webhooks", "202309", "list the shop's webhooks"),
    "webhooks.set": Endpoint("PUT", "/event/{version}/webhooks", "202309", "send {event} to this program", writes=True),
    "webhooks.remove": Endpoint("DELETE", "/event/{version}/webhooks", "202309", "stop sending {event}", writes=True),
    "logistics.warehouses": Endpoint("GET", "/logistics/{version}/warehouses", "202309", "list the warehouses"),
    "logistics.shipping_providers": Endpoint(
        "GET",
        "/logistics/{version}/delivery_options/{delivery_option_id}/shipping_providers",
        "202309",
        "list the shipping providers",
    ),
    "packages.detail": Endpoint(
        "GET", "/fulfillment/{version}/packages/{package_id}", "202309", "read package {package_id}"
    ),
    "packages.ship": Endpoint(
        "POST", "/fulfillment/{version}/packages/{package_id}/ship", "202309", "ship package {package_id}", writes=True
    ),
    "packages.ship_many": Endpoint(
        "POST", "/fulfillment/{version}/packages/ship", "202309", "ship {count} packages", writes=True
    ),
    "packages.handover_slots": Endpoint(
        "GET",
        "/fulfillment/{version}/packages/{package_id}/handover_time_slots",
        "202309",
        "read when package {package_id} can be handed over",
    ),
    "shipping_services.query": Endpoint(
        "POST",
        "/fulfillment/{version}/orders/{order_id}/shipping_services/query",
        "202309",
        "ask how order {order_id} may be shipped",
    ),
    "packages.create": Endpoint(
        "POST", "/fulfillment/{version}/packages", "202309", "buy the label of order {order_id}", writes=True
    ),
    "packages.documents": Endpoint(
        "GET",
        "/fulfillment/{version}/packages/{package_id}/shipping_documents",
        "202309",
        "print a document of package {package_id}",
    ),
    "orders.tracking": Endpoint(
        "GET", "/fulfillment/{version}/orders/{order_id}/tracking", "202309", "read the tracking of order {order_id}"
    ),
    "orders.split_attributes": Endpoint(
        "GET", "/fulfillment/{version}/orders/split_attributes", "202309", "ask whether orders may be split"
    ),
    "orders.split": Endpoint(
        "POST", "/fulfillment/{version}/orders/{order_id}/split", "202309", "split order {order_id}", writes=True
    ),
    "packages.combinable": Endpoint(
        "GET", "/fulfillment/{version}/combinable_packages/search", "202309", "search packages that may be combined"
    ),
    "packages.combine": Endpoint(
        "POST", "/fulfillment/{version}/packages/combine", "202309", "combine orders {order_ids}", writes=True
    ),
    "packages.uncombine": Endpoint(
        "POST",
        "/fulfillment/{version}/packages/{package_id}/uncombine",
        "202309",
        "take package {package_id} apart",
        writes=True,
    ),
    "cancellations.create": Endpoint(
        "POST", "/return_refund/{version}/cancellations", "202309", "cancel order {order_id}", writes=True
    ),
    "cancellations.search": Endpoint(
        "POST", "/return_refund/{version}/cancellations/search", "202309", "search cancellations"
    ),
    "cancellations.approve": Endpoint(
        "POST",
        "/return_refund/{version}/cancellations/{cancel_id}/approve",
        "202309",
        "approve cancellation {cancel_id}",
        writes=True,
    ),
    "cancellations.reject": Endpoint(
        "POST",
        "/return_refund/{version}/cancellations/{cancel_id}/reject",
        "202309",
        "reject cancellation {cancel_id}",
        writes=True,
    ),
    "conversations.open": Endpoint(
        "POST", "/customer_service/{version}/conversations", "202309", "open a conversation with a buyer"
    ),
    "conversations.send": Endpoint(
        "POST",
        "/customer_service/{version}/conversations/{conversation_id}/messages",
        "202309",
        "write to a buyer",
        writes=True,
    ),
    "conversations.messages": Endpoint(
        "GET",
        "/customer_service/{version}/conversations/{conversation_id}/messages",
        "202309",
        "read a conversation with a buyer",
    ),
    "aftersales.reject_reasons": Endpoint(
        "GET", "/return_refund/{version}/reject_reasons", "202309", "list the reasons to reject {request_id} for"
    ),
    "refunds.calculate": Endpoint(
        "POST", "/return_refund/{version}/refunds/calculate", "202309", "reckon the refund of order {order_id}"
    ),
    "returns.create": Endpoint(
        "POST", "/return_refund/{version}/returns", "202309", "open a return for order {order_id}", writes=True
    ),
    "returns.search": Endpoint("POST", "/return_refund/{version}/returns/search", "202309", "search returns"),
    "returns.approve": Endpoint(
        "POST",
        "/return_refund/{version}/returns/{return_id}/approve",
        "202309",
        "approve return {return_id}",
        writes=True,
    ),
    "returns.reject": Endpoint(
        "POST",
        "/return_refund/{version}/returns/{return_id}/reject",
        "202309",
        "reject return {return_id}",
        writes=True,
    ),
}
"""By our name for it, which is what the configuration calls it too."""


def checked_versions(versions: Mapping[str, str]) -> dict[str, str]:
    """The versions given for single endpoints, if each is one of ours. Raises Misconfigured naming the first that is not."""
    for name, version in versions.items():
        if name not in ENDPOINTS:
            known = ", ".join(sorted(ENDPOINTS))
            raise Misconfigured("tiktok.unknown_endpoint", f"tiktok.versions names {name!r}; there are {known}.")
        if not (version.isascii() and version.isdigit() and len(version) == 6):
            raise Misconfigured(
                "tiktok.bad_version", f"tiktok.versions gives {name} the version {version!r}; write it as 202309."
            )
    return dict(versions)
