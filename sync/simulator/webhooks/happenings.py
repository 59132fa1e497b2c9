"""What TikTok tells: a type number, the fields of its `data`, and whose it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

TOPICS: Mapping[int, str] = {
    1: "ORDER_STATUS_CHANGE",
    2: "REVERSE_STATUS_UPDATE",
    3: "RECIPIENT_ADDRESS_UPDATE",
    4: "PACKAGE_UPDATE",
    5: "PRODUCT_STATUS_CHANGE",
    6: "SELLER_DEAUTHORIZATION",
    7: "UPCOMING_AUTHORIZATION_EXPIRATION",
    11: "CANCELLATION_STATUS_CHANGE",
    12: "RETURN_STATUS_CHANGE",
    13: "NEW_CONVERSATION",
    14: "NEW_MESSAGE",
    15: "PRODUCT_INFORMATION_CHANGE",
    16: "PRODUCT_CREATION",
    18: "PRODUCT_CATEGORY_CHANGE",
    21: "FBT_INBOUND",
    24: "FBT_INVENTORY",
    27: "INVENTORY_STATUS_CHANGE",
    36: "INVOICE_STATUS_CHANGE",
    37: "PRODUCT_AUDIT_STATUS_CHANGE",
    58: "FBT_MULTI_CHANNEL_ORDER",
    64: "AFTERSALES_REQUEST",
    65: "RMA",
    67: "REFUND_SUCCESS",
    68: "INVENTORY_CHANGE",
}
WITHOUT_NOTIFICATION_ID = frozenset({3})
OF_THE_SELLER = frozenset({21, 24, 58})
"""Fulfilled-by-TikTok events name the seller, not the shop."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing TikTok tells; `shop_id` None is the first shop; `at` in unix seconds."""

    type: int
    data: Mapping[str, Any]
    at: float
    shop_id: str | None = None

    @property
    def topic(self) -> str:
        """The name under which it is asked for; a number nobody knows yet has none but itself."""
        return TOPICS.get(self.type, f"TYPE_{self.type}")


def order_status(order_id: str, status: str, *, on_hold: bool, at: float, shop_id: str | None = None) -> Happening:
    """Tell that an order has another status, in the spelling of the event: CANCEL, not CANCELLED."""
    data = {
        "order_id": order_id,
        "order_status": "CANCEL" if status == "CANCELLED" else status,
        "is_on_hold_order": on_hold,
        "update_time": int(at),
    }
    return Happening(1, data, at, shop_id)


def address_update(order_id: str, *, at: float, shop_id: str | None = None) -> Happening:
    """Tell that the buyer changed the address, without saying to what."""
    return Happening(3, {"order_id": order_id, "update_time": int(at)}, at, shop_id)


def package_update(
    sc_type: str, role: str, packages: Sequence[tuple[str, Sequence[str]]], *, at: float, shop_id: str | None = None
) -> Happening:
    """Tell how packages were split or combined; `packages` are pairs of id and order ids, `role` is ROLE_SELLER…"""
    rows = [{"package_id": package_id, "order_id_list": list(order_ids)} for package_id, order_ids in packages]
    data = {"sc_type": sc_type, "role_type": role, "package_list": rows, "update_time": int(at)}
    return Happening(4, data, at, shop_id)


def product_status(product_id: str, status: str, reason: str, *, at: float, shop_id: str | None = None) -> Happening:
    """Tell that a product has another status; its id comes as a JSON number."""
    data = {"product_id": int(product_id), "status": status, "suspended_reason": reason, "update_time": int(at)}
    return Happening(5, data, at, shop_id)


def deauthorization(*, at: float, shop_id: str | None = None) -> Happening:
    """Tell that the seller took the app's access away."""
    return Happening(6, {"message": "The seller has deauthorized your app."}, at, shop_id)


def authorization_expiry(expires_at: float, *, at: float, shop_id: str | None = None) -> Happening:
    """Tell that the grant ends soon; the time comes as a string."""
    data = {"message": "The authorization expires soon.", "expiration_time": str(int(expires_at))}
    return Happening(7, data, at, shop_id)


def cancellation_status(
    order_id: str, cancel_id: str, role: str, status: str, *, created_at: float, at: float, shop_id: str | None = None
) -> Happening:
    """Tell how a cancellation stands."""
    data = {
        "order_id": order_id,
        "cancellations_role": role,
        "cancel_status": status,
        "cancel_id": cancel_id,
        "create_time": int(created_at),
    }
    return Happening(11, data, at, shop_id)


def return_status(
    order_id: str,
    return_id: str,
    role: str,
    kind: str,
    status: str,
    *,
    created_at: float,
    at: float,
    shop_id: str | None = None,
) -> Happening:
    """Tell how a return stands; `kind` is REFUND, RETURN_AND_REFUND or REPLACEMENT."""
    data = {
        "order_id": order_id,
        "return_role": role,
        "return_type": kind,
        "return_status": status,
        "return_id": return_id,
        "create_time": int(created_at),
        "update_time": int(at),
    }
    return Happening(12, data, at, shop_id)


def inventory_alert(
    product_id: str, sku_id: str, reason: str, status: str, quantity: int, *, at: float, shop_id: str | None = None
) -> Happening:
    """Tell that a SKU is low or out of stock at TikTok."""
    data = {
        "product_id": product_id,
        "sku_id": sku_id,
        "trigger_reason": reason,
        "current_inventory_status": status,
        "inventory_distribution": {"in_shop_inventory": {"quantity": quantity}},
    }
    return Happening(27, data, at, shop_id)
