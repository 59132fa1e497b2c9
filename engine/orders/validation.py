"""Validation: everything wrong with an order's data at once, in words, each with its mend. What the channel masks is not judged."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from engine.orders.address_rules import AddressRules, postal_code_of_state, rules_of
from engine.orders.problems import Problem
from engine.ports.facts import Address
from engine.workflow.facts import ItemFacts, OrderFacts

_CURRENCY = re.compile(r"[A-Z]{3}")
_UNBROKEN_ZIP = 9
_MASK = "*"

_NEEDS_PHONE = frozenset({"AE", "BR", "ID", "MX", "MY", "PH", "SA", "SG", "TH", "VN"})
"""Where parcels are delivered by appointment: carriers take none without a phone number. Across a border they want one anywhere."""

_ONE_CUSTOMS_AREA: tuple[frozenset[str], ...] = (
    frozenset(
        "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MC MT NL PL PT RO SE SI SK".split()  # noqa: SIM905
    ),
    frozenset({"US", "PR"}),
)
"""Countries between which goods cross without customs data."""


def problems_of(order: OrderFacts) -> list[Problem]:
    """What keeps the order from being worked, the most telling first; empty when it is valid."""
    found = [*_item_problems(order), *_address_problems(order), *_money_problems(order)]
    return list({problem.fingerprint: problem for problem in found}.values()) if len(found) > 1 else found


def _item_problems(order: OrderFacts) -> Iterator[Problem]:
    if not order.items:
        yield Problem(
            "invalid_order", "items", "The order has no items.", "Look the order up in TikTok Shop, then retry."
        )
    country = order.address.country if order.address is not None else ""
    wanting = [item for item in order.items if not _is_whole(item, country)]
    for item in wanting:
        if item.product_id is None:
            sku = item.sku or "(empty)"
            yield Problem(
                "unmapped_sku",
                item.sku,
                f"The SKU {sku} is not among the products.",
                f"Add a product with the SKU {sku}, or map it to one there is, then retry.",
            )
    for item in wanting:
        for part in item.parts:
            if part.product_id is None:
                yield Problem(
                    "kit_broken",
                    item.sku,
                    f"The kit {item.sku} contains {part.sku}, which is not among the products.",
                    f"Add a product with the SKU {part.sku}, or correct what {item.sku} consists of, then retry.",
                )
    for item in wanting:
        if item.product_id is not None and item.weight_grams is None and all(part.product_id for part in item.parts):
            yield _weightless(item)
    for item in wanting:
        if item.product_id is not None and not item.customs and crosses_customs(item.country, country):
            yield Problem(
                "customs_missing",
                item.sku,
                f"The parcel goes from {item.country} to {country}, and {item.sku} has no customs data.",
                f"Enter HS code, origin, description and value of {item.sku}, then retry.",
            )


def _is_whole(item: ItemFacts, country: str) -> bool:
    """Whether there is nothing to look at: true of nearly every item, so it is asked first and cheaply."""
    if item.product_id is None or item.weight_grams is None:
        return False
    return (item.customs or item.country == country) and None not in [part.product_id for part in item.parts]


def _weightless(item: ItemFacts) -> Problem:
    if len(item.parts) == 1 and item.parts[0].product_id == item.product_id:
        return Problem(
            "missing_weight",
            item.sku,
            f"The product {item.sku} has no weight, so no carrier can quote it.",
            f"Weigh {item.sku} and enter its weight in grams, then retry.",
        )
    return Problem(
        "missing_weight",
        item.sku,
        f"The kit {item.sku} has no weight, nor have all of its components, so no carrier can quote it.",
        f"Weigh {item.sku} or its components ({', '.join(part.sku for part in item.parts)}), then retry.",
    )


def crosses_customs(source: str, target: str) -> bool:
    """Whether goods from one country to another pass customs; a country that is not known does not say so."""
    if not source or source == target or rules_of(target) is None:
        return False
    return not any(source in area and target in area for area in _ONE_CUSTOMS_AREA)


def _address_problems(order: OrderFacts) -> Iterator[Problem]:
    if order.shipped_by_tiktok:
        return  # TikTok prints the address, and shows us little or nothing of it
    address = order.address
    if address is None:
        yield _wrong("address", "The order has no shipping address.")
        return
    country = address.country.strip()
    rules = rules_of(country)
    if not country:
        yield _wrong("country", "The shipping address has no country.")
    elif rules is None:
        yield _wrong("country", "The country of the shipping address is not a two-letter code.")
    required = ("line1", "city", "postal_code") if rules is None else rules.required
    for name in ("name", *required):
        if not getattr(address, name).strip():
            word = rules.words["state"] if rules is not None and name == "state" else name.replace("_", " ")
            yield _wrong(word, f"The shipping address has no {word}.")
    if rules is not None:
        yield from _area_problems(address, country, rules)
    if not address.phone.strip() and (
        country in _NEEDS_PHONE or any(crosses_customs(item.country, country) for item in order.items)
    ):
        yield _wrong("phone", "The shipping address has no phone number, and carriers there ask for one.")


def _area_problems(address: Address, country: str, rules: AddressRules) -> Iterator[Problem]:
    """A state and a postal code that the country does not have, or that do not belong together."""
    code = address.postal_code.strip().upper()
    if len(code) == _UNBROKEN_ZIP and code.isdigit():
        code = f"{code[:5]}-{code[5:]}"
    state = address.state.strip()
    state_code = rules.states.get(state.casefold())
    if state and rules.states and state_code is None and _MASK not in state:
        word = rules.words["state"]
        yield _wrong(word, f"The {word} of the shipping address is none of {country}.")
    if not code or rules.postal_code is None or _MASK in code:
        return
    if not rules.postal_code.fullmatch(code):
        word = rules.words["postal_code"]
        yield _wrong("postal code", f"The postal code of the shipping address is not a {country} {word}.")
    elif state_code is not None:
        begins = postal_code_of_state(country, state_code)
        if begins is not None and not begins.match(code):
            word = rules.words["postal_code"]
            yield _wrong("postal code", f"The {word} of the shipping address lies in another {rules.words['state']}.")


def _wrong(about: str, sentence: str) -> Problem:
    return Problem("bad_address", about, sentence, "Correct the address with the buyer's help, then retry.")


def _money_problems(order: OrderFacts) -> Iterator[Problem]:
    def wrong(about: str, sentence: str) -> Problem:
        return Problem("invalid_order", about, sentence, "Look the order up in TikTok Shop.")

    if order.total_amount < Decimal(0):
        yield wrong("total", "The order's total is negative.")
    if any(item.unit_price < Decimal(0) for item in order.items):
        yield wrong("price", "An item of the order has a negative price.")
    if not _CURRENCY.fullmatch(order.currency):
        yield wrong("currency", "The order's currency is not a three-letter code.")
