"""What the markets of TikTok Shop ask of parcels and of answers to buyers: data (`markets.toml`), not code."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from importlib import resources
from typing import Any

from engine.errors import Misconfigured

_FILE = "markets.toml"
_DEFAULT = "default"
_SAME_MARKET = {"UK": "GB"}


class Telling(StrEnum):
    """How TikTok hears of a parcel."""

    MARK_SHIPPED = "mark_shipped"
    SHIP_PACKAGE = "ship_package"
    CREATE_PACKAGE = "create_package"
    LOOK = "look"
    """The order itself shows it: it has a package before it is shipped, or it has none."""


@dataclass(frozen=True, slots=True)
class Market:
    """What one market asks; `markets.toml` says what each word means."""

    seller: Telling
    tiktok: Telling
    handover: str
    whole_skus: bool
    reject_by_shipping: bool
    partial_cancel: bool
    correction_hours: int


_ALLOWED: Mapping[str, frozenset[str]] = {
    "seller": frozenset({"mark_shipped", "ship_package", "look"}),
    "tiktok": frozenset({"create_package", "ship_package", "look"}),
    "handover": frozenset({"DROP_OFF", "PICKUP"}),
}
_NAMES = frozenset(field.name for field in fields(Market))

Markets = Mapping[str, Mapping[str, Any]]
"""Market → what it asks otherwise than by default."""


def iso(region: str) -> str:
    """A market as ISO 3166 calls it."""
    return _SAME_MARKET.get(region.upper(), region.upper())


@functools.cache
def shipped_markets() -> Markets:
    """The markets that ship with the program."""
    found = tomllib.loads(resources.files(__package__).joinpath(_FILE).read_text("utf-8"))
    return check(found, _FILE)


def check(markets: Markets, where: str) -> Markets:
    """The markets as they are, if each key and word is known. Raises Misconfigured naming the first that is not."""
    for market, asked in markets.items():
        for name, value in asked.items():
            if name not in _NAMES:
                known = ", ".join(sorted(_NAMES))
                raise Misconfigured("markets.unknown", f"{where}: {market} has {name!r}; there are {known}.")
            allowed = _ALLOWED.get(name)
            if allowed is not None and value not in allowed:
                words = ", ".join(sorted(allowed))
                raise Misconfigured("markets.word", f"{where}: {market}.{name} is {value!r}; choose one of {words}.")
            if allowed is None and (not isinstance(value, int) or value < 0):
                raise Misconfigured(
                    "markets.word", f"{where}: {market}.{name} is {value!r}; give a number or a yes or no."
                )
    return markets


def market_of(region: str, own: Markets | None = None) -> Market:
    """What a shop's market asks; the configuration's own words come first."""
    shipped, key = shipped_markets(), iso(region)
    asked = {**shipped[_DEFAULT], **shipped.get(key, {}), **(own or {}).get(key, {})}
    return Market(**{**asked, "seller": Telling(str(asked["seller"])), "tiktok": Telling(str(asked["tiktok"]))})
