"""Validation: every problem at once, in words; the rules of each country; nothing held against what is masked."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from engine.database.connection import Database
from engine.identifiers import DEFAULT_LOCATION
from engine.inventory.locations import set_address
from engine.inventory.product_card import Component, Customs, ProductChange
from engine.inventory.product_master import set_product
from engine.ports.facts import Address
from engine.workflow.facts import Backorder
from tests.engine.facts import QUAY, a_unit, an_order, units_of
from tests.engine.house import MIRA, WORKING, House

CUSTOMS = Customs.of("691200", "DE", "Stoneware mug", Decimal("12.50"), "USD")
DOCK = Address("Dock", "5550100", "1 Dock Road", "", "Reno", "NV", "89501", "US")


def of_country(country: str, city: str, state: str, postal_code: str, **more: str) -> Address:
    return replace(QUAY, country=country, city=city, state=state, postal_code=postal_code, **more)


async def problems(house: House, address: Address | None = QUAY, **changes: Any) -> list[str]:
    """What keeps this order from being worked: the most telling first, the others by the alphabet."""
    number = str(await house.store.pool.fetchval("SELECT count(*) FROM orders"))
    fact = replace(an_order(house.shop_id, number, address=address), **changes)
    [order_id] = await house.arrive(fact)
    failure = await house.failure(order_id)
    if failure is None:
        return []
    return [failure["cause"], *sorted(set(failure["evidence"].values()) - {failure["cause"]})]


async def test_everything_that_is_wrong_is_said_at_once(house: House, store: Database) -> None:
    await house.stock("FEATHER", 5, weight_grams=None)
    address = replace(QUAY, line1="", state="", postal_code="nowhere")
    assert await problems(
        house,
        address,
        units=units_of("NEVER-SEEN", "FEATHER", "NEVER-SEEN", "MUG-BLU"),
        total_amount=Decimal(-1),
        currency="dollar",
    ) == [
        "The SKU NEVER-SEEN is not among the products.",
        "The order's currency is not a three-letter code.",
        "The order's total is negative.",
        "The postal code of the shipping address is not a US ZIP code.",
        "The product FEATHER has no weight, so no carrier can quote it.",
        "The shipping address has no line1.",
        "The shipping address has no state.",
    ]


@pytest.mark.parametrize(
    "address",
    [
        QUAY,
        replace(QUAY, state="Washington", postal_code="98000-1234"),
        replace(QUAY, state="washington", postal_code="980001234"),
        of_country("DE", "Hamburg", "", "20095"),
        of_country("GB", "Leeds", "", "ls1 4ap"),
        of_country("CA", "Halifax", "NS", "B3H 0A9"),
        of_country("HK", "Kowloon", "Kowloon", ""),
        of_country("SG", "", "", "546080"),
        of_country("JP", "", "Tokyo", "154-0023"),
        of_country("ID", "Bandung", "Jawa Barat", "40115"),
        # Masked values are not judged.
        replace(QUAY, postal_code="98***", state="W***"),
    ],
    ids=lambda address: f"{address.country} {address.postal_code}",
)
async def test_an_address_that_its_country_takes_is_valid(house: House, store: Database, address: Address) -> None:
    await set_product(store, "MUG-BLU", ProductChange(customs=CUSTOMS), actor=MIRA)
    assert await problems(house, address) == []


@pytest.mark.parametrize(
    ("address", "sentences"),
    [
        (None, ["The order has no shipping address."]),
        (replace(QUAY, name="", country=""), ["The shipping address has no country.", "The shipping address has no name."]),
        (replace(QUAY, country="USA"), ["The country of the shipping address is not a two-letter code."]),
        (replace(QUAY, country="XX"), ["The country of the shipping address is not a two-letter code."]),
        (replace(QUAY, state="Narnia"), ["The state of the shipping address is none of US."]),
        (replace(QUAY, postal_code="10001"), ["The ZIP code of the shipping address lies in another state."]),
        (of_country("CA", "Halifax", "", "B3H 0A9"), ["The shipping address has no province."]),
        (of_country("CA", "Halifax", "NS", "10001"), ["The postal code of the shipping address is not a CA postal code."]),
        (
            of_country("DE", "", "", "2009"),
            ["The shipping address has no city.", "The postal code of the shipping address is not a DE postal code."],
        ),
        (
            of_country("TH", "Bangkok", "", "10150", phone=""),
            ["The shipping address has no phone number, and carriers there ask for one."],
        ),
    ],
)  # fmt: skip
async def test_an_address_that_its_country_does_not_take_is_a_bad_address(
    house: House, address: Address | None, sentences: list[str]
) -> None:
    assert await problems(house, address) == sentences
    assert await house.store.pool.fetchval("SELECT DISTINCT code FROM failures") == "bad_address"


async def test_an_address_at_home_needs_no_phone_and_one_abroad_does(house: House, store: Database) -> None:
    await set_product(store, "MUG-BLU", ProductChange(customs=CUSTOMS), actor=MIRA)
    await set_address(store, DEFAULT_LOCATION, DOCK, actor=MIRA)
    assert await problems(house, replace(QUAY, phone="")) == []
    abroad = of_country("DE", "Hamburg", "", "20095", phone="")
    assert await problems(house, abroad) == [
        "The shipping address has no phone number, and carriers there ask for one."
    ]


async def test_what_crosses_a_border_needs_customs_data(house: House, store: Database) -> None:
    await set_address(store, DEFAULT_LOCATION, DOCK, actor=MIRA)
    hamburg = of_country("DE", "Hamburg", "", "20095")
    assert await problems(house, hamburg) == ["The parcel goes from US to DE, and MUG-BLU has no customs data."]
    assert await store.pool.fetchval("SELECT fingerprint FROM failures") == "customs_missing:MUG-BLU"
    assert await problems(house) == []
    await set_product(store, "MUG-BLU", ProductChange(customs=CUSTOMS), actor=MIRA)
    assert await problems(house, hamburg) == []


async def test_goods_of_a_location_in_the_buyer_s_customs_area_cross_no_border(house: House, store: Database) -> None:
    await set_address(store, DEFAULT_LOCATION, DOCK, actor=MIRA)
    await store.pool.execute(
        "INSERT INTO locations (code, name, address) VALUES ('LYON', 'Lyon', $1)", {"country": "FR", "city": "Lyon"}
    )
    await set_product(store, "MUG-BLU", ProductChange(location="LYON"), actor=MIRA)
    await house.set_policies(replace(WORKING, backorder=Backorder.WAIT))
    assert await problems(house, of_country("DE", "Hamburg", "", "20095")) == []
    assert await problems(house) == ["The parcel goes from FR to US, and MUG-BLU has no customs data."]


async def test_a_kit_that_is_broken_or_weighs_nothing_says_so(house: House, store: Database) -> None:
    await house.stock("SPOON", 5, weight_grams=None)
    await set_product(
        store, "SET", ProductChange(components=(Component("MUG-BLU", 1), Component("SPOON", 2))), actor=MIRA
    )
    unit = (a_unit(sku="SET"),)
    assert await problems(house, units=unit) == [
        "The kit SET has no weight, nor have all of its components, so no carrier can quote it."
    ]
    await store.pool.execute(
        """UPDATE products SET components = '[{"sku": "GONE", "quantity": 1}]' WHERE sku = 'SET'"""
    )
    assert await problems(house, units=unit) == ["The kit SET contains GONE, which is not among the products."]
    assert await store.pool.fetch("SELECT 1 FROM failures WHERE fingerprint = 'kit_broken:SET'")
    await set_product(store, "SET", ProductChange(components=(Component("MUG-BLU", 1),), weight_grams=500), actor=MIRA)
    assert await problems(house, units=unit) == []
