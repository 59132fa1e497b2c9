"""Three carriers, their services, prices by weight, and the tracking numbers they give out."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from zlib import crc32

from sync.simulator.credentials import digest, digits

HEAVIEST_OUNCES = 1120.0  # 70 lb


@dataclass(frozen=True, slots=True)
class Service:
    """What a carrier offers; cents for any parcel, cents per ounce, days on the way."""

    carrier: str
    name: str
    base_cents: int
    cents_per_ounce: float
    days: int


SERVICES = (
    Service("USPS", "GroundAdvantage", 468, 11.0, 4),
    Service("USPS", "Priority", 745, 19.0, 2),
    Service("UPS", "Ground", 832, 8.0, 4),
    Service("UPS", "2ndDayAir", 1890, 24.0, 2),
    Service("FedEx", "FEDEX_GROUND", 861, 7.5, 3),
    Service("FedEx", "FEDEX_2_DAY", 1795, 23.0, 2),
)
CARRIER_ACCOUNTS: Mapping[str, str] = {carrier: f"ca_{digest(carrier)[:32]}" for carrier in ("USPS", "UPS", "FedEx")}


@dataclass(frozen=True, slots=True)
class Rate:
    """One offer for one shipment; `position` is the service's place in SERVICES."""

    id: str
    service: Service
    position: int
    cents: int


@lru_cache(maxsize=2_048)
def rates_for(seed: int, shipment_number: int, generation: int, weight_ounces: float) -> tuple[Rate, ...]:
    """Return the offers for a parcel, in no order worth relying on; none when it is too heavy."""
    if weight_ounces > HEAVIEST_OUNCES:
        return ()
    mark = f"{seed}/{shipment_number}/{generation}"
    rates = [
        Rate(
            id=f"rate_{crc32(f'{mark}/{position}'.encode()):08x}{shipment_number:08x}{generation:04x}{position:04x}",
            service=service,
            position=position,
            cents=round(service.base_cents + service.cents_per_ounce * weight_ounces),
        )
        for position, service in enumerate(SERVICES)
    ]
    return tuple(sorted(rates, key=lambda rate: rate.id))


def tracking_number(seed: int, carrier: str, shipment_number: int) -> str:
    """Return the carrier's number for a shipment, well formed for that carrier."""
    match carrier:
        case "USPS":
            return f"9400{digits(8, seed, 'usps')}{shipment_number:010d}"
        case "UPS":
            return f"1Z{digest(seed, 'ups')[:6].upper()}03{shipment_number:08d}"
        case _:
            return f"{digits(4, seed, 'fedex')}{shipment_number:08d}"
