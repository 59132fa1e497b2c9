"""Orders that are not like the others, by rate: fulfilled by TikTok, paid on delivery, pre-ordered, replacements, moved buyers.

Every rate is 0 unless a scenario asks, and what is drawn for an order depends on the seed and its index alone.
"""

from dataclasses import asdict, dataclass
from enum import StrEnum
from random import Random

DAY_SECONDS = 86_400.0


class Special(StrEnum):
    """What is special about an order; at most one of these holds for it."""

    FULFILLED_BY_TIKTOK = "fulfilled_by_tiktok"
    REPLACEMENT = "replacement"
    EXCHANGE = "exchange"
    PRE_ORDER = "pre_order"
    CASH_ON_DELIVERY = "cash_on_delivery"


CHANGES_OF_MIND = ("address_change", "buyer_cancels", "buyer_returns")


@dataclass(frozen=True, slots=True)
class Specials:
    """Shares of orders between 0 and 1, and how TikTok behaves about them.

    ValueError, with a sentence, when a number makes no sense.
    """

    fulfilled_by_tiktok: float = 0.0
    replacement: float = 0.0
    exchange: float = 0.0
    pre_order: float = 0.0
    cash_on_delivery: float = 0.0
    address_change: float = 0.0
    """Of all orders: the buyer moves after payment, before anything is shipped."""
    buyer_cancels: float = 0.0
    """Of all orders: the buyer asks to cancel while it waits for shipment."""
    buyer_returns: float = 0.0
    """Of all orders: the buyer asks to send it back once it is delivered."""
    buyer_asks_after_seconds: float = 0.3
    pre_order_hold_seconds: float = 21 * DAY_SECONDS
    address_change_after_seconds: float = 0.5
    edits_move_update_time: bool = False
    """Whether what is no change of status moves `update_time`, which TikTok leaves open."""
    mask_after_completion_seconds: float = 30 * DAY_SECONDS
    mask_detail_of_tiktok_shipping: bool = False
    """As announced for the United States from August 2026: the street of orders that TikTok ships is masked as well."""

    def __post_init__(self) -> None:
        shares = {name: value for name, value in asdict(self).items() if name in {*Special, *CHANGES_OF_MIND}}
        for name, value in shares.items():
            if not 0 <= value <= 1:
                raise ValueError(f"{name} is {value}; give a number from 0 to 1.")
        if sum(shares[special] for special in Special) > 1:
            raise ValueError(f"The shares of {', '.join(Special)} add up to more than 1; give smaller ones.")

    @property
    def any(self) -> bool:
        """Whether any order may be special."""
        return any(getattr(self, special) for special in Special)

    def of(self, seed: int, index: int) -> Special | None:
        """Return what is special about the order with this index."""
        if not self.any:
            return None
        drawn = Random(f"{seed}/special/{index}").random()  # noqa: S311 - repeatable on purpose
        for special in Special:
            share = getattr(self, special)
            if drawn < share:
                return special
            drawn -= share
        return None

    def changes_mind(self, what: str, seed: int, index: int) -> bool:
        """Say whether the buyer of the order with this index does `what`, one of CHANGES_OF_MIND."""
        share: float = getattr(self, what)
        if not share:
            return False
        drawn = Random(f"{seed}/{what}/{index}").random()  # noqa: S311 - repeatable on purpose
        return drawn < share
