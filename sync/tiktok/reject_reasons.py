"""Why a buyer's request may be rejected, for when TikTok cannot be asked: data, not code."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from importlib import resources

from engine.orders.markets import iso

_FILE = "reject_reasons.toml"


@functools.cache
def _table() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(resources.files(__package__).joinpath(_FILE).read_text("utf-8"))


def known_reasons(region: str) -> Mapping[str, str]:
    """The reasons known for a market: TikTok's names, and words for people."""
    return _table().get(iso(region)) or _table()["default"]
