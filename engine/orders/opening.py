"""Sealed values opened for a person: printable text, and the mask where a value cannot be opened.

One value that does not open must not take a whole page of orders down: a forged one shows as the mask and is logged.
"""

from __future__ import annotations

import logging
from uuid import UUID

import orjson

from engine.errors import Misconfigured
from engine.orders.plain_text import plain
from engine.ports.facts import Address
from engine.privacy.cipher import MASK, Vault

log = logging.getLogger(__name__)

_ADDRESS_PLACE = "orders.shipping_address"


def open_bytes(vault: Vault, place: str, row: UUID, sealed: bytes | None) -> bytes | None:
    """The plain bytes; None when nothing is stored or it cannot be opened."""
    try:
        return vault.open(place, row, sealed)
    except Misconfigured:
        log.warning("a sealed value of %s does not open: row %s", place, row)
        return None


def open_text(vault: Vault, place: str, row: UUID, sealed: bytes | None) -> str:
    """One printable line; empty when nothing is stored, the mask when it cannot be opened or the channel masked it."""
    if not sealed:
        return ""
    opened = open_bytes(vault, place, row, sealed)
    text = MASK if opened is None else opened.decode(errors="replace")
    return MASK if "*" in text else plain(text)


def open_address(vault: Vault, order_id: UUID, sealed: bytes | None) -> Address | None:
    """The shipping address, None when there is none; every line is the mask when it cannot be opened."""
    if not sealed:
        return None
    opened = open_bytes(vault, _ADDRESS_PLACE, order_id, sealed)
    lines = dict.fromkeys(Address.__slots__, MASK) if opened is None else orjson.loads(opened)
    return Address(**{name: plain(str(lines.get(name) or "")) for name in Address.__slots__})
