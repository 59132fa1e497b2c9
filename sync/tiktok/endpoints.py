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
    "logistics.warehouses": Endpoint("GET", "/logistics/{version}/warehouses", "202309", "list the warehouses"),
    "logistics.shipping_providers": Endpoint(
        "GET",
        "/logistics/{version}/delivery_options/{delivery_option_id}/shipping_providers",
        "202309",
        "list the shipping providers",
    ),
    "cancellations.create": Endpoint(
        "POST", "/return_refund/{version}/cancellations", "202309", "cancel order {order_id}", writes=True
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
