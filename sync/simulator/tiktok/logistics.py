"""The shop's warehouse, its delivery option, and the carriers TikTok knows for it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

WAREHOUSE_ID = "6955000000000000001"
DELIVERY_OPTION_ID = "7091000000000000001"
DELIVERY_OPTION_NAME = "Standard"


@dataclass(frozen=True, slots=True)
class Provider:
    """A carrier, and what its tracking numbers look like."""

    id: str
    name: str
    tracking_number: re.Pattern[str]


PROVIDERS: Mapping[str, Provider] = {
    provider.id: provider
    for provider in (
        Provider("7117858858072016686", "UPS", re.compile(r"1Z[0-9A-Z]{16}")),
        Provider("7117859084333745966", "USPS", re.compile(r"9[1-5]\d{20}|[A-Z]{2}\d{9}US")),
        Provider("7129720299146184490", "FedEx", re.compile(r"\d{12}|\d{15}")),
    )
}


PLATFORM_PROVIDER = Provider("6617000000000000001", "Demo Express", re.compile(r"DX\d{9}"))
"""Who carries the parcels that TikTok itself ships; no seller may name it."""

_NAMES = {provider.id: provider.name for provider in (*PROVIDERS.values(), PLATFORM_PROVIDER)}


def provider_name(provider_id: str) -> str:
    """Return a carrier's name; empty for a package that has none yet."""
    return _NAMES.get(provider_id, "")
