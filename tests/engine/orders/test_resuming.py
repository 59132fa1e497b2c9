"""Resuming with corrected data: the correction and the next step are one transaction, or neither happens."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace
from typing import Any

import orjson
import pytest

from engine.database.connection import Database
from engine.errors import OrdersError
from engine.identifiers import OrderId, new_id
from engine.orders.resuming import Corrections, resume_with
from tests.engine.facts import QUAY, a_unit, an_order
from tests.engine.house import MIRA, House, Standing

NOWHERE = replace(QUAY, postal_code="nowhere")


async def refused(doing: Awaitable[Any]) -> tuple[str, str]:
    with pytest.raises(OrdersError) as error:
        await doing
    return error.value.code, error.value.sentence


async def address(house: House, order_id: OrderId) -> dict[str, str]:
    sealed = await house.store.pool.fetchval("SELECT shipping_address FROM orders WHERE id = $1", order_id)
    plain = house.store.vault.open("orders.shipping_address", order_id, sealed)
    assert plain is not None
    document: dict[str, str] = orjson.loads(plain)
    return document


async def test_one_line_of_the_address_is_corrected_and_the_order_goes_on(house: House) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, address=NOWHERE))
    assert (await house.failure(order_id))["code"] == "bad_address"
    outcome = await resume_with(
        house.store, order_id, Corrections(address={"postal_code": " 98000 "}), actor=MIRA, reason="asked the buyer"
    )
    assert outcome.code == ""
    assert await house.standing(order_id) == Standing("inventory_reserved", "processing", "running", "label")
    assert (await address(house, order_id))["postal_code"] == "98000"
    assert (await address(house, order_id))["line1"] == QUAY.line1
    assert await house.steps(order_id) == ["arrive", "reject", "resume", "validate", "reserve_inventory"]
    reasons = await house.store.pool.fetch("SELECT actor, reason FROM order_workflow_steps WHERE trigger = 'resume'")
    assert [tuple(row) for row in reasons] == [("mira", "asked the buyer")]
    await house.assert_balanced()


async def test_a_sku_is_mapped_and_a_weight_given_in_one_go(house: House, store: Database) -> None:
    await house.stock("FEATHER", 5, weight_grams=None)
    units = (a_unit("1", "MUG-BLUE-OLD"), a_unit("2", "FEATHER"))
    [order_id] = await house.arrive(an_order(house.shop_id, units=units))
    assert (await house.failure(order_id))["code"] == "unmapped_sku"
    corrections = Corrections(products={"MUG-BLUE-OLD": "MUG-BLU"}, weights={"FEATHER": 3})
    outcome = await resume_with(store, order_id, corrections, actor=MIRA)
    assert outcome.code == ""
    assert (await house.standing(order_id)).state == "inventory_reserved"
    assert (await house.level("MUG-BLU"), await house.level("FEATHER")) == ((10, 1), (5, 1))
    assert await store.pool.fetchval("SELECT weight_grams FROM products WHERE sku = 'FEATHER'") == 3
    await house.assert_balanced()


async def test_corrections_that_do_not_suffice_are_kept_and_the_order_fails_anew(house: House) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, address=replace(NOWHERE, city="")))
    await resume_with(house.store, order_id, Corrections(address={"postal_code": "98000"}), actor=MIRA)
    failure = await house.failure(order_id)
    assert (failure["cause"], failure["attempts"]) == ("The shipping address has no city.", 2)
    assert (await address(house, order_id))["postal_code"] == "98000"


@pytest.mark.parametrize(
    ("corrections", "refusal"),
    [
        (
            Corrections(address={"postal_code": "98000"}, weights={"NEVER-SEEN": 4}),
            ("product.unknown", "There is no product with the SKU NEVER-SEEN."),
        ),
        (
            Corrections(address={"postal_code": "98000"}, products={"OLD": "NEVER-SEEN"}),
            ("product.unknown", "There is no product with the SKU NEVER-SEEN."),
        ),
        (
            Corrections(address={"zip": "98000"}),
            (
                "order.no_such_line",
                "An address has no 'zip'; it has name, phone, line1, line2, city, state, postal_code, country.",
            ),
        ),
    ],
)
async def test_a_correction_that_is_refused_takes_the_others_back(
    house: House, corrections: Corrections, refusal: tuple[str, str]
) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, address=NOWHERE))
    counts, version = await house.row_counts(), await house.version(order_id)
    assert await refused(resume_with(house.store, order_id, corrections, actor=MIRA)) == refusal
    assert (await address(house, order_id))["postal_code"] == "nowhere"
    assert (await house.row_counts(), await house.version(order_id)) == (counts, version)


async def test_an_order_that_did_not_fail_is_not_corrected_by_the_way(house: House) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    counts, version = await house.row_counts(), await house.version(order_id)
    code, _ = await refused(resume_with(house.store, order_id, Corrections(address={"city": "Elsewhere"}), actor=MIRA))
    assert code == "workflow.refused"
    assert (await address(house, order_id))["city"] == QUAY.city
    assert (await house.row_counts(), await house.version(order_id)) == (counts, version)
    unknown = await refused(resume_with(house.store, OrderId(new_id()), Corrections(), actor=MIRA))
    assert unknown[0] == "order.unknown"
