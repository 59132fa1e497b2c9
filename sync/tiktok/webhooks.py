"""What a webhook of TikTok's hints at: which orders, cancellations and returns to read again, and what else to look at.

What it says of them is never used: events come twice, late and in any order, and only a fresh read is the truth.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import orjson

from engine.errors import Terminal
from engine.words import PollTopic
from sync.tiktok.reading import objects

WEBHOOK = "webhook"
"""The kind of a payload that is a webhook of TikTok's."""


@dataclass(frozen=True, slots=True)
class Hint:
    """What to read again. Everything is empty for what concerns nothing here; `topic` is TikTok's name for the event, or its number."""

    topic: str
    order_ids: tuple[str, ...] = ()
    cancel_ids: tuple[str, ...] = ()
    return_ids: tuple[str, ...] = ()
    changed_at: datetime | None = None
    """When the order's status changed; a read that shows an older one came too early."""
    polls: tuple[PollTopic, ...] = ()
    revoked: bool = False
    """The seller took the grant back."""
    ends_at: datetime | None = None
    """When the grant ends, if it is about to."""
    tiktok_shop_id: str = ""
    sent_at: datetime | None = None

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.order_ids or self.cancel_ids or self.return_ids or self.polls or self.revoked or self.ends_at)


Reader = Callable[[str, dict[str, Any]], Hint]


def read_hint(payload: bytes) -> Hint:
    """What the webhook hints at. Raises Terminal for what is no webhook."""
    try:
        envelope = orjson.loads(payload)
    except orjson.JSONDecodeError:
        envelope = None
    if not isinstance(envelope, dict):
        raise Terminal(
            "tiktok.malformed_webhook",
            "A webhook with TikTok's signature is no JSON object; nothing can be read from it, polling tells what changed.",
        )
    kind, data = envelope.get("type"), envelope.get("data")
    # Some payloads have carried their data as a string of JSON.
    if isinstance(data, str):
        try:
            data = orjson.loads(data)
        except orjson.JSONDecodeError:
            data = None
    topic, reader = _EVENTS.get(kind, ("", None)) if isinstance(kind, int) else ("", None)
    name = topic or f"event {str(kind)[:20]}"
    hint = reader(name, data if isinstance(data, dict) else {}) if reader else Hint(name)
    shop = _ids(envelope.get("shop_id"))
    return replace(hint, tiktok_shop_id=shop[0] if shop else "", sent_at=_moment(envelope.get("timestamp")))


def _order_status(topic: str, data: dict[str, Any]) -> Hint:
    return Hint(topic, _ids(data.get("order_id")), changed_at=_moment(data.get("update_time")))


def _order(topic: str, data: dict[str, Any]) -> Hint:
    return Hint(topic, _ids(data.get("order_id")))


def _package(topic: str, data: dict[str, Any]) -> Hint:
    named = [number for package in objects(data, "package_list") for number in _list(package.get("order_id_list"))]
    return Hint(topic, _ids(*named))


def _cancellation(topic: str, data: dict[str, Any]) -> Hint:
    return Hint(topic, _ids(data.get("order_id")), cancel_ids=_ids(data.get("cancel_id")))


def _return(topic: str, data: dict[str, Any]) -> Hint:
    return Hint(topic, _ids(data.get("order_id")), return_ids=_ids(data.get("return_id")))


def _invoice(topic: str, data: dict[str, Any]) -> Hint:
    return Hint(topic, _ids(*_list(data.get("order_ids"))))


def _aftersales(topic: str, data: dict[str, Any]) -> Hint:
    """Its own endpoints are not documented: the orders that it names are read again, and their returns are polled for."""
    named = [line.get("main_order_id") for line in objects(data, "line_items")]
    orders = _ids(data.get("order_id"), data.get("main_order_id"), *named)
    return Hint(topic, orders, return_ids=_ids(data.get("return_id")), polls=(PollTopic.RETURNS,))


def _products(topic: str, _: dict[str, Any]) -> Hint:
    return Hint(topic, polls=(PollTopic.PRODUCTS,))


def _stock(topic: str, _: dict[str, Any]) -> Hint:
    return Hint(topic, polls=(PollTopic.STOCK,))


def _revoked(topic: str, _: dict[str, Any]) -> Hint:
    return Hint(topic, revoked=True)


def _ending(topic: str, data: dict[str, Any]) -> Hint:
    ends = data.get("expiration_time")  # text, other than all its relatives
    return Hint(topic, ends_at=_moment(int(ends) if isinstance(ends, str) and ends.isdecimal() else ends))


_EVENTS: Mapping[int, tuple[str, Reader | None]] = {
    1: ("ORDER_STATUS_CHANGE", _order_status),
    2: ("REVERSE_STATUS_UPDATE", _order),
    3: ("RECIPIENT_ADDRESS_UPDATE", _order),
    4: ("PACKAGE_UPDATE", _package),
    5: ("PRODUCT_STATUS_CHANGE", _products),
    6: ("SELLER_DEAUTHORIZATION", _revoked),
    7: ("UPCOMING_AUTHORIZATION_EXPIRATION", _ending),
    11: ("CANCELLATION_STATUS_CHANGE", _cancellation),
    12: ("RETURN_STATUS_CHANGE", _return),
    13: ("NEW_CONVERSATION", None),
    14: ("NEW_MESSAGE", None),
    15: ("PRODUCT_INFORMATION_CHANGE", _products),
    16: ("PRODUCT_CREATION", _products),
    18: ("PRODUCT_CATEGORY_CHANGE", _products),
    21: ("INBOUND_FBT_ORDER_STATUS_CHANGE", None),
    24: ("FBT_INVENTORY_UPDATE", None),
    27: ("INVENTORY_STATUS_CHANGE", _stock),
    36: ("INVOICE_STATUS_CHANGE", _invoice),
    37: ("PRODUCT_AUDIT_STATUS_CHANGE", _products),
    58: ("FBT_MULTI_CHANNEL_ORDER_STATUS_CHANGE", None),
    64: ("AFTERSALES_REQUEST_CHANGE", _aftersales),
    65: ("RMA_CHANGE", _aftersales),
    67: ("REFUND_SUCCESS", _aftersales),
    68: ("INVENTORY_CHANGE", _stock),
}
"""By TikTok's number; the numbers are sparse and grow. A reader of None: it concerns nothing here."""

_LONGEST_ID = 64


def _ids(*values: object) -> tuple[str, ...]:
    """The ids among the values, each once; ids are text by contract, but numbers have been seen."""
    found = [
        str(value)
        for value in values
        if (isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)))
        and str(value).isascii()
        and str(value).isalnum()
        and len(str(value)) <= _LONGEST_ID
    ]
    return tuple(dict.fromkeys(found))


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _moment(seconds: object) -> datetime | None:
    usable = isinstance(seconds, int) and not isinstance(seconds, bool) and 0 < seconds < 32_503_680_000
    return datetime.fromtimestamp(seconds, UTC) if usable and isinstance(seconds, int) else None
