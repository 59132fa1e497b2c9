"""The personal part of an order: sealed for storage, and the words it may be found by."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from engine.identifiers import OrderId, UserId
from engine.ports.facts import OrderFact
from engine.privacy.cipher import Vault, search_words


@dataclass(frozen=True, slots=True)
class Sealed:
    """An order's personal columns, sealed; None where the fact has nothing."""

    name: bytes | None
    email: bytes | None
    phone: bytes | None
    address: bytes | None
    buyer_message: bytes | None
    seller_note: bytes | None


def seal_fact(vault: Vault, owner: UserId, order_id: OrderId, fact: OrderFact) -> Sealed:
    """Seal what a fact says of a person."""

    def text(place: str, value: str) -> bytes | None:
        return vault.seal_text(owner, f"orders.{place}", order_id, value)

    address = fact.address
    return Sealed(
        name=text("customer_name", fact.customer.name),
        email=text("customer_email", fact.customer.email),
        phone=text("customer_phone", fact.customer.phone),
        address=vault.seal(owner, "orders.shipping_address", order_id, orjson.dumps(address)) if address else None,
        buyer_message=text("buyer_message", fact.buyer_message),
        seller_note=text("seller_note", fact.seller_note),
    )


def words_of(vault: Vault, fact: OrderFact) -> set[int]:
    """The blind-index words of a fact's customer."""
    if not vault.has_keys:
        return set()
    customer = fact.customer
    return {vault.word(word) for word in search_words(customer.name, customer.email, customer.phone)}
