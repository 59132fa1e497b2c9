"""What one order holds, drawn from the seed and its index alone: buyer, units, money."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from random import Random

from sync.simulator.scenario import Fate, Scenario
from sync.simulator.shop.catalogue import Sku, catalogue
from sync.simulator.shop.people import Buyer, draw_buyer, draw_message
from sync.simulator.shop.specials import Special

UNDELIVERABLE_ZIP = "00000"
SHIPPING_FEE_CENTS = 599
RETAIL_DELIVERY_FEE_CENTS = {"CO": 28, "MN": 50}


@dataclass(frozen=True, slots=True)
class Unit:
    """One piece of one SKU, which TikTok calls a line item. Money in cents, before tax."""

    sku: Sku
    original_cents: int
    seller_discount_cents: int
    platform_discount_cents: int
    tax_cents: int
    is_gift: bool

    @property
    def sale_cents(self) -> int:
        """What the buyer pays for it."""
        return self.original_cents - self.seller_discount_cents - self.platform_discount_cents

    def free(self) -> "Unit":
        """Return the same piece for nothing."""
        return replace(self, original_cents=0, seller_discount_cents=0, platform_discount_cents=0, tax_cents=0)


@dataclass(frozen=True, slots=True)
class OrderDetails:
    """Everything about an order that time does not change. Money in cents."""

    buyer: Buyer
    units: tuple[Unit, ...]
    buyer_message: str
    is_sample: bool
    shipping_cents: int
    shipping_seller_discount_cents: int
    shipping_platform_discount_cents: int
    shipping_tax_cents: int
    retail_delivery_fee_cents: int
    ship_by_hours: int


def draw_details(scenario: Scenario, index: int) -> OrderDetails:
    """Draw the order with this index; arrival and timings play no part."""
    random = Random(f"{scenario.seed}/order/{index}")  # noqa: S311 - repeatable on purpose
    trouble = scenario.troubles().get(index)
    fate = trouble.fate if trouble else Fate.COMPLETED
    buyer = draw_buyer(random)
    if scenario.twin_orders and index % 2:
        buyer = draw_buyer(Random(f"{scenario.seed}/order/{index - 1}"))  # noqa: S311 - repeatable on purpose
    if trouble and fate is Fate.BAD_ADDRESS:
        buyer = replace(buyer, postal_code="" if trouble.variant % 3 == 0 else UNDELIVERABLE_ZIP)
    is_sample = random.random() < 0.02
    skus = _draw_skus(random, fate, scenario.in_burst(index))
    units = tuple(unit for sku in skus for unit in _draw_units(random, sku, buyer.tax_basis_points, is_sample))
    if not is_sample and random.random() < 0.04:
        units += (_gift(random.choice(_ordinary_skus())),)
    given = scenario.special(index) in (Special.REPLACEMENT, Special.EXCHANGE)
    if given:
        units = tuple(unit.free() for unit in units)
    shipping = 0 if is_sample or given or sum(unit.sale_cents for unit in units) >= 5000 else SHIPPING_FEE_CENTS
    platform_discount = random.choice((0, 0, 200)) if shipping else 0
    seller_discount = random.choice((0, 0, 100)) if shipping else 0
    charged = shipping - platform_discount - seller_discount
    return OrderDetails(
        buyer=buyer,
        units=units,
        buyer_message=draw_message(random) if random.random() < 0.12 else "",
        is_sample=is_sample,
        shipping_cents=shipping,
        shipping_seller_discount_cents=seller_discount,
        shipping_platform_discount_cents=platform_discount,
        shipping_tax_cents=_tax(charged, buyer.tax_basis_points),
        retail_delivery_fee_cents=0 if is_sample or given else RETAIL_DELIVERY_FEE_CENTS.get(buyer.state_code, 0),
        ship_by_hours=random.choice((6, 12, 24, 36, 48, 48, 72)),
    )


def _draw_skus(random: Random, fate: Fate, in_burst: bool) -> Sequence[Sku]:
    skus = random.sample(_ordinary_skus(), random.choice((1, 1, 1, 1, 2, 2, 3)))
    if in_burst and random.random() < 0.5:
        skus = list(dict.fromkeys([catalogue().viral, *skus[1:]]))
    if fate is Fate.OUT_OF_STOCK:
        skus[0] = random.choice([sku for sku in catalogue().listed if sku.sold_out])
    elif fate is Fate.UNMAPPED_SKU:
        skus[0] = random.choice([sku for sku in catalogue().skus if not sku.listed])
    elif fate is Fate.MISSING_WEIGHT:
        skus[0] = random.choice([sku for sku in catalogue().listed if sku.weight_grams is None])
    return skus


@cache
def _ordinary_skus() -> tuple[Sku, ...]:
    return tuple(sku for sku in catalogue().skus if sku.ordinary)


def _draw_units(random: Random, sku: Sku, tax_basis_points: int, is_sample: bool) -> Sequence[Unit]:
    pieces = 1 if is_sample else random.choices((1, 2, 3, 4), (75, 15, 7, 3))[0]
    original = 0 if is_sample else sku.price_cents
    seller_discount = original * random.choice((0, 0, 0, 10, 20)) // 100
    platform_discount = 0 if is_sample else random.choice((0, 0, 0, 100))
    tax = _tax(original - seller_discount - platform_discount, tax_basis_points)
    return [Unit(sku, original, seller_discount, platform_discount, tax, is_gift=False)] * pieces


def _gift(sku: Sku) -> Unit:
    return Unit(sku, 0, 0, 0, 0, is_gift=True)


def _tax(cents: int, basis_points: int) -> int:
    return (cents * basis_points + 5000) // 10000


def draw_new_address(scenario: Scenario, index: int) -> Buyer:
    """Draw the address to which the buyer of an order moves; name, phone and state stay."""
    there = draw_buyer(Random(f"{scenario.seed}/moved/{index}"))  # noqa: S311 - repeatable on purpose
    here = draw_details(scenario, index).buyer
    return replace(here, street=there.street, apartment=there.apartment)
