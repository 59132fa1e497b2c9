"""What is going to happen: how many orders, when they arrive, and how each of them ends."""

from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import lru_cache
from random import Random

from sync.simulator.shop.specials import Special, Specials

TROUBLE_SHARE = 0.075
BURSTS = ((0.15, 0.40), (0.60, 0.80))  # which parts of all orders a viral video brings
CALM_PACE, BURST_PACE = 0.5, 5.0


class Arrival(StrEnum):
    """How orders come in."""

    BURST = "burst"
    STEADY = "steady"
    IMMEDIATE = "immediate"


class Fate(StrEnum):
    """How an order ends when nobody mends anything."""

    COMPLETED = "completed"
    CANCELLED = "cancelled"
    OUT_OF_STOCK = "out_of_stock"
    BAD_ADDRESS = "bad_address"
    UNMAPPED_SKU = "unmapped_sku"
    MISSING_WEIGHT = "missing_weight"
    CARRIER_REFUSED = "carrier_refused"


TROUBLE_WEIGHTS = {
    Fate.CANCELLED: 30,
    Fate.OUT_OF_STOCK: 12,
    Fate.BAD_ADDRESS: 15,
    Fate.UNMAPPED_SKU: 10,
    Fate.MISSING_WEIGHT: 10,
    Fate.CARRIER_REFUSED: 13,
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """A fate other than completed; `variant` counts orders of that fate and picks its kind."""

    fate: Fate
    variant: int


@dataclass(frozen=True, slots=True)
class Timings:
    """How long each stage lasts, in seconds; the `_after_` three count from the moment a package is marked shipped.

    `webhook_retry_scale` shortens the waits before a webhook is sent again. TikTok's labels are ready `label_after_seconds` after
    their package was arranged.
    """

    unpaid_seconds: float = 0.5
    hold_seconds: float = 1.0
    scan_after_seconds: float = 2.0
    deliver_after_seconds: float = 5.0
    complete_after_seconds: float = 7.0
    webhook_retry_scale: float = 1.0
    label_after_seconds: float = 0.0

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if value < 0:
                raise ValueError(f"{name} is {value}; give a number of seconds that is not negative.")
        if not self.scan_after_seconds <= self.deliver_after_seconds <= self.complete_after_seconds:
            raise ValueError(
                "scan_after_seconds, deliver_after_seconds and complete_after_seconds must not decrease:"
                " a parcel is scanned, then delivered, then its order is completed."
            )

    @property
    def out_for_delivery_after_seconds(self) -> float:
        """Half way between the first scan and delivery."""
        return (self.scan_after_seconds + self.deliver_after_seconds) / 2


@dataclass(frozen=True, slots=True)
class Scenario:
    """One seeded course of events; the fates do not depend on arrival or timings.

    ValueError, with a sentence, when a number makes no sense.
    """

    seed: int = 7
    orders: int = 200
    arrival: Arrival | str = Arrival.BURST
    orders_per_second: float = 10.0
    timings: Timings = field(default_factory=Timings)
    region: str = "US"
    """The shop's market: how parcels are told of, and whether packages exist before they are shipped."""
    tiktok_shipping_share: float = 0.0
    """How many of the orders TikTok itself ships, between 0 and 1."""
    twin_orders: bool = False
    """Whether every second order is by the buyer of the one before it, to the same address."""

    shops: int = 1
    """Among how many shops the orders are shared out, each with a seller and a grant of its own."""
    specials: Specials = field(default_factory=Specials)
    """How many orders are not like the others."""

    def __post_init__(self) -> None:
        if not 0 <= self.orders <= 1_000_000:
            raise ValueError(f"orders is {self.orders}; give a number from 0 to 1000000.")
        if not 1 <= self.shops <= 100:
            raise ValueError(f"shops is {self.shops}; give a number from 1 to 100.")
        if self.orders_per_second <= 0:
            raise ValueError(f"orders_per_second is {self.orders_per_second}; give a number above 0.")
        if not 0 <= self.tiktok_shipping_share <= 1:
            raise ValueError(f"tiktok_shipping_share is {self.tiktok_shipping_share}; give a number from 0 to 1.")
        if not (len(self.region) == 2 and self.region.isascii() and self.region.isalpha() and self.region.isupper()):
            raise ValueError(f"region is {self.region!r}; give two capital letters, such as US.")
        if self.arrival not in tuple(Arrival):
            raise ValueError(f"arrival is {self.arrival!r}; choose one of {', '.join(Arrival)}.")
        object.__setattr__(self, "arrival", Arrival(self.arrival))

    def foretold(self) -> dict[str, int]:
        """Return how many orders end in each fate; the values add up to `orders`."""
        counts = Counter(trouble.fate for trouble in self.troubles().values())
        counts[Fate.COMPLETED] = self.orders - counts.total()
        return {fate.value: counts[fate] for fate in Fate}

    def troubles(self) -> Mapping[int, Trouble]:
        """Return the orders, by index, that do not simply complete."""
        return _draw_troubles(self.seed, self.orders)

    def fate(self, index: int) -> Fate:
        """Return how the order with this index ends."""
        trouble = self.troubles().get(index)
        return trouble.fate if trouble else Fate.COMPLETED

    def shipped_by_tiktok(self, index: int) -> bool:
        """Say whether TikTok itself ships the order with this index."""
        if not self.tiktok_shipping_share:
            return False
        drawn = Random(f"{self.seed}/shipping/{index}").random()  # noqa: S311 - repeatable on purpose
        return drawn < self.tiktok_shipping_share

    def shop(self, index: int) -> int:
        """Return the number of the shop that the order with this index comes in to."""
        return index % self.shops

    def special(self, index: int) -> Special | None:
        """Return what is special about the order with this index."""
        return self.specials.of(self.seed, index)

    def in_burst(self, index: int) -> bool:
        """Say whether the order belongs to a burst, when one viral product takes half of all orders."""
        return any(start <= index / self.orders < end for start, end in BURSTS)

    def arrival_offsets(self) -> "array[float]":
        """Return when each order arrives, in seconds after the start of the world, never decreasing."""
        if self.arrival is Arrival.IMMEDIATE:
            return array("d", bytes(8 * self.orders))
        random = Random(f"{self.seed}/arrivals")  # noqa: S311 - repeatable on purpose
        burst_share = sum(end - start for start, end in BURSTS)
        mean_gap = burst_share / BURST_PACE + (1 - burst_share) / CALM_PACE
        offsets, offset = array("d"), 0.0
        for index in range(self.orders):
            offsets.append(offset)
            gap = random.expovariate(self.orders_per_second)
            if self.arrival is Arrival.BURST:
                gap /= mean_gap * (BURST_PACE if self.in_burst(index) else CALM_PACE)
            offset += gap
        return offsets

    def as_json(self) -> dict[str, object]:
        """Return the scenario as plain JSON values."""
        return asdict(self)


@lru_cache(maxsize=16)
def _draw_troubles(seed: int, orders: int) -> Mapping[int, Trouble]:
    random = Random(f"{seed}/fates")  # noqa: S311 - repeatable on purpose
    positions = random.sample(range(orders), int(orders * TROUBLE_SHARE))
    fates = list(TROUBLE_WEIGHTS)[: len(positions)]  # with enough orders every fate is met at least once
    fates += random.choices(list(TROUBLE_WEIGHTS), list(TROUBLE_WEIGHTS.values()), k=len(positions) - len(fates))
    seen: Counter[Fate] = Counter()
    troubles = {}
    for position, fate in zip(positions, fates, strict=True):
        troubles[position] = Trouble(fate, seen[fate])
        seen[fate] += 1
    return troubles
