"""Validation: everything wrong with an order's data at once, in words, each with its mend."""

from __future__ import annotations

import re
from decimal import Decimal

from engine.orders.problems import Problem
from engine.workflow.facts import OrderFacts

_US_POSTAL_CODE = re.compile(r"\d{5}(-?\d{4})?")
_COUNTRY = re.compile(r"[A-Z]{2}")


def problems_of(order: OrderFacts) -> list[Problem]:
    """What keeps the order from being worked, the most telling first; empty when it is valid."""
    return [*_item_problems(order), *_address_problems(order), *_money_problems(order)]


def _item_problems(order: OrderFacts) -> list[Problem]:
    if not order.items:
        return [
            Problem(
                "invalid_order", "items", "The order has no items.", "Look the order up in TikTok Shop, then retry."
            )
        ]
    unmapped = [
        Problem(
            "unmapped_sku",
            item.sku,
            f"The SKU {item.sku or '(empty)'} is not among the products.",
            f"Add a product with the SKU {item.sku or '(empty)'}, or mend the SKU in TikTok Shop, then retry.",
        )
        for item in order.items
        if item.product_id is None
    ]
    weightless = [
        Problem(
            "missing_weight",
            item.sku,
            f"The product {item.sku} has no weight, so no carrier can quote it.",
            f"Weigh {item.sku} and enter its weight in grams, then retry.",
        )
        for item in order.items
        if item.product_id is not None and item.weight_grams is None
    ]
    return unmapped + weightless


def _address_problems(order: OrderFacts) -> list[Problem]:
    def wrong(about: str, sentence: str) -> Problem:
        return Problem("bad_address", about, sentence, "Correct the address with the buyer's help, then retry.")

    address = order.address
    if address is None:
        return [wrong("address", "The order has no shipping address.")]
    found = [
        wrong(name.replace("_", " "), f"The shipping address has no {name.replace('_', ' ')}.")
        for name in ("name", "line1", "city", "postal_code", "country")
        if not getattr(address, name).strip()
    ]
    if address.country and not _COUNTRY.fullmatch(address.country):
        found.append(wrong("country", "The country of the shipping address is not a two-letter code."))
    if address.country == "US":
        if address.postal_code.strip() and not _US_POSTAL_CODE.fullmatch(address.postal_code.strip()):
            found.append(wrong("postal code", "The postal code of the shipping address is not a US ZIP code."))
        if not address.state.strip():
            found.append(wrong("state", "The shipping address has no state."))
    return found


def _money_problems(order: OrderFacts) -> list[Problem]:
    if order.total_amount < Decimal(0):
        return [
            Problem("invalid_order", "total", "The order's total is negative.", "Look the order up in TikTok Shop.")
        ]
    return []
