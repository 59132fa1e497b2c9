"""Mends: what is corrected sends on what had failed for it; the other side is tried again by itself; what is broken is told at once."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from engine.database.connection import Database
from engine.errors import Conflict
from engine.identifiers import OrderId
from engine.inventory.products import ProductEntry, Weight, put_products, set_weight
from engine.orders.correction import correct_address
from engine.ports.outcomes import Failed, Postponed
from engine.words import EffectKind, ErrorClass
from engine.workflow.failures import INTEGRATION_RETRIES
from engine.workflow.mends import _catalogue
from tests.engine.facts import QUAY, an_order, units_of
from tests.engine.house import MIRA, House

BUY = EffectKind.BUY_LABEL


async def exhaust(house: House) -> None:
    """The carrier gives no answer until the budget is used up."""
    for _ in range(3):
        await house.store.pool.execute("UPDATE effects SET due_at = now()")
        await house.settle(await house.claim_one(BUY), Postponed("carrier_down", "503.", 0.0))


async def last_step(store: Database, order_id: OrderId) -> tuple[str, str]:
    row = await store.pool.fetchrow(
        "SELECT actor, reason FROM order_workflow_steps WHERE order_id = $1 AND trigger = 'resume' ORDER BY id DESC LIMIT 1",
        order_id,
    )
    return row["actor"], row["reason"]


async def test_a_weight_sends_on_every_order_that_failed_for_want_of_it(house: House, store: Database) -> None:
    await put_products(store, [ProductEntry("BOWL-LG", "Bowl", "", None), ProductEntry("JAR", "Jar", "", None)])
    await house.receive("BOWL-LG", 10)
    first, second, other = await house.arrive(
        an_order(house.shop_id, "1", units=units_of("BOWL-LG")),
        an_order(house.shop_id, "2", units=units_of("MUG-BLU", "BOWL-LG")),
        an_order(house.shop_id, "3", units=units_of("JAR")),
    )
    assert (await house.failure(first))["fingerprint"] == "missing_weight:BOWL-LG"
    assert await set_weight(store, "BOWL-LG", 800, actor=MIRA) == 2
    await house.run()
    for order_id in (first, second):
        assert (await house.standing(order_id)).state == "inventory_reserved"
        assert await last_step(store, order_id) == ("mira", "the weight of BOWL-LG is known now")
    assert (await house.failure(other))["fingerprint"] == "missing_weight:JAR"
    await house.assert_balanced()


async def test_a_product_that_becomes_known_sends_on_its_unmapped_orders(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, units=units_of("VASE")))
    assert (await house.failure(order_id))["code"] == "unmapped_sku"
    await put_products(store, [ProductEntry("VASE", "Vase", "", 300)])
    await house.run()
    assert (await house.standing(order_id)).state in {"validated", "failed"}
    assert (await house.failure(order_id))["code"] == "out_of_stock", "it went on as far as the shelf"


async def test_a_corrected_address_sends_its_order_on_in_the_person_s_name(house: House, store: Database) -> None:
    bad = replace(QUAY, postal_code="nowhere")
    order_id, other = await house.arrive(
        an_order(house.shop_id, "1", address=bad), an_order(house.shop_id, "2", address=bad)
    )
    await correct_address(store, order_id, QUAY, actor=MIRA)
    await house.run()
    assert (await house.standing(order_id)).state == "inventory_reserved"
    assert await last_step(store, order_id) == ("mira", "address corrected")
    assert (await house.standing(other)).execution == "failed", "another buyer's address is another mend"


async def test_an_address_the_carrier_refused_is_tried_again_when_it_is_corrected(
    house: House, store: Database
) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    await house.settle(await house.claim_one(BUY), Failed("bad_address", "The carrier knows no such street."))
    failure = await house.failure(order_id)
    assert (failure["error_class"], failure["failed_from"]) == ("validation", "inventory_reserved")
    await house.run()
    assert (await house.standing(order_id)).execution == "failed", "nothing was corrected"
    await correct_address(store, order_id, replace(QUAY, line1="9 Quay Street"), actor=MIRA)
    await house.run()
    assert (await house.claim_one(BUY)).attempt == 1


async def test_an_address_the_buyer_corrected_at_tiktok_lets_the_order_go_on(house: House) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, address=replace(QUAY, postal_code="nowhere")))
    assert (await house.standing(order_id)).execution == "failed"
    await house.arrive(an_order(house.shop_id, minute=1))
    assert (await house.standing(order_id)).state == "inventory_reserved"
    await house.assert_balanced()


async def test_a_screen_that_shows_another_weight_is_told_who_changed_it(house: House, store: Database) -> None:
    await set_weight(store, "MUG-BLU", 410, actor=MIRA)
    before = await house.row_counts()
    with pytest.raises(Conflict) as refused:
        await set_weight(store, "MUG-BLU", 420, actor=MIRA, seen=Weight(400))
    assert refused.value.code == "product.changed_meanwhile"
    assert "it is 410 g, mira entered it at" in refused.value.sentence
    assert await store.pool.fetchval("SELECT weight_grams FROM products WHERE sku = 'MUG-BLU'") == 410
    assert await house.row_counts() == before
    await set_weight(store, "MUG-BLU", 420, actor=MIRA, seen=Weight(410))


async def test_what_the_other_side_kept_failing_comes_back_by_itself_and_later_each_time(
    house: House, store: Database
) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    await exhaust(house)
    for number in range(1, INTEGRATION_RETRIES.max_attempts + 1):
        failure = await house.failure(order_id)
        assert (failure["code"], failure["attempts"]) == ("attempts_exhausted", number)
        wait = await store.pool.fetchval(
            "SELECT extract(epoch FROM retry_at - created_at)::float8 FROM failures WHERE id = $1", failure["id"]
        )
        assert wait == 300 * 3 ** (number - 1)
        assert (await house.standing(order_id)).waiting_for == "retry"
        assert await store.pool.fetchval("SELECT due_at FROM work WHERE order_id = $1", order_id) == failure["retry_at"]
        await house.run()
        assert (await house.standing(order_id)).execution == "failed", "not before its time"
        await store.pool.execute("UPDATE failures SET retry_at = now() WHERE resolved_at IS NULL")
        await store.pool.execute("UPDATE work SET ready = true")
        await house.run()
        assert (await house.standing(order_id)).state == "inventory_reserved"
        assert await last_step(store, order_id) == ("system", "tried again by itself")
        await exhaust(house)
    assert (await house.failure(order_id))["retry_at"] is None
    assert (await house.standing(order_id)).waiting_for == "person"
    await house.assert_balanced()


async def test_news_of_a_resting_order_does_not_forget_when_it_comes_back(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    await exhaust(house)
    due = await store.pool.fetchval("SELECT due_at FROM work")
    await house.arrive(an_order(house.shop_id, minute=1, buyer_message="Hello?"))
    assert await store.pool.fetchval("SELECT due_at FROM work") == due
    assert (await house.standing(order_id)).waiting_for == "retry"


async def test_a_business_failure_waits_for_a_person_alone(house: House) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    await house.settle(await house.claim_one(BUY), Failed("no_rates", "No carrier goes there."))
    assert (await house.failure(order_id))["retry_at"] is None
    assert (await house.standing(order_id)).waiting_for == "person"


async def test_a_failure_of_the_system_is_told_to_support_at_once_and_logged(
    house: House, store: Database, caplog: pytest.LogCaptureFixture
) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    with caplog.at_level(logging.ERROR):
        await house.settle(await house.claim_one(BUY), Failed("carrier_credentials", "The key is not accepted."))
    rows = await store.pool.fetch(
        "SELECT request ->> 'template' AS template, due_at - created_at AS wait FROM effects"
        " WHERE request ->> 'audience' = 'support' ORDER BY sequence"
    )
    assert [(row["template"], row["wait"].total_seconds()) for row in rows] == [("alert", 0), ("failure", 60)]
    assert [record.__dict__["code"] for record in caplog.records] == ["carrier_credentials"]
    assert caplog.records[0].__dict__["order_id"] == str(order_id)


async def test_a_failure_of_another_class_waits_for_the_minute_s_digest(house: House, store: Database) -> None:
    await house.arrive(an_order(house.shop_id))
    await house.settle(await house.claim_one(BUY), Failed("no_rates", "No carrier goes there."))
    rows = await store.pool.fetch(
        "SELECT request ->> 'template' AS t FROM effects WHERE request ->> 'audience' = 'support'"
    )
    assert [row["t"] for row in rows] == ["failure"]


def test_every_mend_is_of_one_of_the_four_classes() -> None:
    assert {mend.error_class for mend in _catalogue().values()} == set(ErrorClass)
