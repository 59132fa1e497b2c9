"""What TikTok Shop calls a reason for cancelling, which each market has names of its own for: data, not code."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from importlib import resources
from types import MappingProxyType

from engine.errors import Misconfigured
from engine.orders.markets import iso
from engine.words import CancelReason

Names = Mapping[str, Mapping[str, str]]
"""Market → our reason → TikTok's name."""

_FILE = "cancel_reasons.toml"
_DEFAULT = "default"


@functools.cache
def shipped_names() -> Names:
    """The names that ship with the program."""
    found = tomllib.loads(resources.files(__package__).joinpath(_FILE).read_text("utf-8"))
    return MappingProxyType(check(found, _FILE))


def check(names: Names, where: str) -> dict[str, dict[str, str]]:
    """The names as they are, if each is one of our reasons. Raises Misconfigured."""
    for market, reasons in names.items():
        for reason in reasons:
            if reason not in set(CancelReason):
                known = ", ".join(CancelReason)
                raise Misconfigured(
                    "cancel_reasons.unknown", f"{where}: {market} names the reason {reason!r}; there are {known}."
                )
        if not reasons:
            raise Misconfigured("cancel_reasons.empty", f"{where}: the market {market} has no reason at all; give one.")
    return {market: dict(reasons) for market, reasons in names.items()}


def name_of(reason: str, region: str, own: Names) -> str:
    """TikTok's name for one of our reasons in a shop's market; the shop owner's own names come first."""
    market = iso(region)
    reasons = {**(shipped_names().get(market) or shipped_names()[_DEFAULT]), **own.get(market, {})}
    return reasons.get(reason) or next(iter(reasons.values()))
