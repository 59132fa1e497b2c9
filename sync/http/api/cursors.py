"""A place in a list of orders as an opaque word: good for the list it was given for, and for no other.

It tells nothing that its holder was not shown, and what is read from it stays what the holder may see: so it is checked, not signed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from engine.errors import NotFound
from engine.identifiers import OrderId
from engine.orders.views import OrderKey, OrderSort

_VERSION = 1
_LAYOUT = struct.Struct(">B?8sIq16s")
_LONGEST: Final = 80
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Place:
    """What lies beside a key. `page` is the number of the page that begins or ends there."""

    key: OrderKey
    before: bool
    page: int


def list_digest(text: str) -> bytes:
    """What tells one list from another: of everything that says which orders and in what order."""
    return hashlib.blake2b(text.encode(), digest_size=8).digest()


def write(place: Place, digest: bytes) -> str:
    """The word for a place in the list of this digest."""
    value = place.key.value
    if isinstance(value, datetime):
        number = (value - _BEGINNING) // _MICROSECOND
    elif isinstance(value, Decimal):
        number = int(value / _CENT)
    else:
        raise TypeError(type(value).__name__)
    page = min(place.page, 0xFFFF_FFFF)
    packed = _LAYOUT.pack(_VERSION, place.before, digest, page, number, place.key.order_id.bytes)
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def read(word: str, digest: bytes, sort: OrderSort) -> Place:
    """The place that a word stands for. Raises NotFound for one that was not given for this list."""
    try:
        packed = base64.b64decode(word + "=" * (-len(word) % 4), altchars=b"-_", validate=True)
        version, before, of_list, page, number, order_id = _LAYOUT.unpack(packed[:_LONGEST])
        value = _BEGINNING + number * _MICROSECOND if sort is not OrderSort.TOTAL_AMOUNT else number * _CENT
    except (binascii.Error, ValueError, struct.error, OverflowError):
        raise _unknown() from None
    if version != _VERSION or of_list != digest:
        raise _unknown()
    return Place(OrderKey(value, OrderId(UUID(bytes=order_id))), before, page)


def _unknown() -> NotFound:
    return NotFound(
        "cursor.unknown",
        "This cursor was not given for this list: take the one of an answer to the same query, or none.",
    )
