"""Passing a step over on a person's word: what a person may vouch for, and what nobody's word makes true."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.database.connection import Database
from engine.errors import Refused
from engine.identifiers import OrderId
from engine.orders.status import fire_part
from engine.ports.outcomes import Failed
from engine.shops import policies
from engine.words import ChannelStatus, EffectKind, TrackingStatus
from engine.workflow.actions import ACTIONS
from engine.workflow.advance import Push
from engine.workflow.definition_file import packaged_text
from engine.workflow.executions import skip
from engine.workflow.facts import Picking
from engine.workflow.failures import cause_of_outcome, retry
from engine.workflow.library import load_workflow
from engine.workflow.plan import OrderPlan
from engine.workflow.results import ActionResult
from tests.engine.facts import a_unit, an_order
from tests.engine.house import MIRA, WORKING, House, Standing

WORD = "I have them in my hands"


async def refusal(house: House, order_id: OrderId) -> tuple[str, str]:
    """Why the skip is refused; nothing changes by it."""
    counts, version, level = await house.row_counts(), await house.version(order_id), await house.level()
    [outcome] = await skip(house.store, [order_id], reason=WORD, actor=MIRA)
    assert (await house.row_counts(), await house.version(order_id), await house.level()) == (counts, version, level)
    return outcome.code, outcome.sentence


async def test_a_person_vouches_that_the_items_are_picked(house: House, store: Database) -> None:
    await house.set_policies(replace(WORKING, pick=Picking.SCAN))
    [order_id] = await house.arrive(an_order(house.shop_id))
    await house.buy_labels()
    assert await house.standing(order_id) == Standing("inventory_reserved", "processing", "running", "pick")
    [outcome] = await skip(store, [order_id], reason=WORD, actor=MIRA)
    assert outcome.code == ""
    assert await house.standing(order_id) == Standing("ready_to_ship", "processing", "running", "tiktok")
    step = await store.pool.fetchrow("SELECT trigger, actor, reason FROM order_workflow_steps ORDER BY id DESC LIMIT 1")
    assert tuple(step) == ("skip_ready_to_ship", "mira", WORD)
    assert await store.pool.fetchval("SELECT count(*) FROM audit_log WHERE action = 'workflow.skip_ready_to_ship'") == 1
    await house.tell_tiktok()
    await house.track(order_id, TrackingStatus.IN_TRANSIT)
    assert (await house.standing(order_id)).state == "shipped"
    await house.assert_balanced()


async def test_nobody_vouches_for_a_label(house: House) -> None:
    await house.set_policies(replace(WORKING, pick=Picking.SCAN))
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    assert await refusal(house, order_id) == (
        "workflow.not_skippable",
        "Order 1 cannot skip this: the items are not picked yet; there is no label yet.",
    )


async def test_nobody_vouches_for_a_label_that_could_not_be_bought(house: House) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    claim = await house.claim_one(EffectKind.BUY_LABEL)
    assert await house.settle(claim, Failed("no_rates", "No carrier goes there."))
    assert await refusal(house, order_id) == (
        "workflow.not_skippable",
        (
            "Order 1: what stopped it cannot be skipped. Check weight, size and destination; choose a carrier that serves "
            "them, then retry."
        ),
    )
    assert await house.effects(order_id) == [("buy_label", "failed")]


@pytest.mark.parametrize(
    ("fact", "sentence"),
    [
        (
            {"status": ChannelStatus.UNPAID},
            "Order 1 is not validated yet; its workflow lets no step be skipped there.",
        ),
        (
            {"units": [a_unit(sku="NEVER-SEEN")]},
            "Order 1: what stopped it cannot be skipped. Add a product with the SKU NEVER-SEEN, ",
        ),
        (
            {"units": [a_unit(str(line)) for line in range(11)]},
            "Order 1: what stopped it cannot be skipped. Receive stock of MUG-BLU; ",
        ),
    ],
)
async def test_nobody_vouches_for_money_data_or_stock(house: House, fact: dict[str, object], sentence: str) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, "1", **fact))  # type: ignore[arg-type]
    code, said = await refusal(house, order_id)
    assert code == "workflow.not_skippable"
    assert said.startswith(sentence)


async def test_a_parcel_is_not_handed_over_by_skipping(house: House) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    await house.buy_labels()
    assert await refusal(house, order_id) == (
        "workflow.not_skippable",
        "Order 1 cannot skip this: the parcel is not handed over yet.",
    )


async def test_a_shipment_that_tiktok_was_told_of_by_hand_is_passed_over(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    await house.buy_labels()
    claim = await house.claim_one(EffectKind.SHIP_PACKAGE)
    assert await house.settle(claim, Failed("tiktok_refused", "TikTok says no."))
    assert await house.standing(order_id) == Standing("failed", "processing", "failed", "person")
    [outcome] = await skip(store, [order_id], reason="entered it in the seller centre", actor=MIRA)
    assert outcome.code == ""
    assert await house.standing(order_id) == Standing("ready_to_ship", "processing", "running", "handover")
    assert await house.effects(order_id) == [("buy_label", "done"), ("ship_package", "failed")]
    failure = await store.pool.fetchrow("SELECT resolved_by, resolution FROM failures")
    assert tuple(failure) == ("mira", "skipped")
    step = await store.pool.fetchrow("SELECT trigger, reason FROM order_workflow_steps ORDER BY id DESC LIMIT 1")
    assert tuple(step) == ("resume", "entered it in the seller centre")
    await store.pool.execute("UPDATE work SET ready = true")
    await house.run()
    assert await house.claim(EffectKind.SHIP_PACKAGE) == []
    await house.track(order_id, TrackingStatus.IN_TRANSIT)
    await house.track(order_id, TrackingStatus.DELIVERED, minute=90)
    assert (await house.standing(order_id)).state == "completed"
    assert await house.effects(order_id) == [("buy_label", "done"), ("ship_package", "failed")], "never told again"
    await house.assert_balanced()


async def test_what_was_passed_over_is_not_tried_again_by_a_later_retry(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    await house.buy_labels()
    claim = await house.claim_one(EffectKind.SHIP_PACKAGE)
    assert await house.settle(claim, Failed("tiktok_refused", "TikTok says no."))
    await skip(store, [order_id], reason="entered it in the seller centre", actor=MIRA)
    push = Push("fail", cause=cause_of_outcome("internal_error", "Something else broke.", "", {}))
    await store.run(lambda connection: fire_part(connection, store.vault, [order_id], {order_id: push}))
    assert (await house.standing(order_id)).state == "failed"
    await retry(store, [order_id], actor=MIRA)
    assert (await house.standing(order_id)).state == "ready_to_ship"
    assert await house.effects(order_id) == [("buy_label", "done"), ("ship_package", "failed")]


async def test_where_the_workflow_allows_no_skip_there_is_none(house: House, store: Database) -> None:
    text = packaged_text().replace('name = "order"', 'name = "strict"').replace("skippable = true\n", "")
    await load_workflow(store, text, "strict.toml", actor=MIRA)
    await policies.use_workflow(store, house.shop_id, "strict", actor=MIRA)
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    await house.buy_labels()
    claim = await house.claim_one(EffectKind.SHIP_PACKAGE)
    assert await house.settle(claim, Failed("tiktok_refused", "TikTok says no."))
    assert (await refusal(house, order_id))[0] == "workflow.not_skippable"


async def test_an_action_that_said_no_is_left_out_once(
    house: House, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def weigh_parcel(plan: OrderPlan) -> ActionResult | None:
        asked.append(plan.order.order_number)
        return ActionResult(success=False, error="The scale is off.")

    monkeypatch.setitem(ACTIONS, "weigh_parcel", weigh_parcel)
    text = packaged_text().replace('name = "order"', 'name = "weighing"')
    text = text.replace('"create_shipping_label", "update_tiktok_status"', '"weigh_parcel", "update_tiktok_status"')
    await load_workflow(store, text, "weighing.toml", actor=MIRA)
    await policies.use_workflow(store, house.shop_id, "weighing", actor=MIRA)
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    await house.buy_labels()
    assert (await house.failure(order_id))["cause"] == "The scale is off."
    [outcome] = await skip(store, [order_id], reason="weighed by hand", actor=MIRA)
    assert outcome.code == ""
    assert asked == ["1"]
    assert await house.standing(order_id) == Standing("ready_to_ship", "processing", "running", "tiktok")
    assert (await house.steps(order_id))[-3:] == ["fail", "resume", "ready_to_ship"]
    await house.assert_balanced()


async def test_a_skip_without_a_reason_and_of_a_closed_order_is_refused(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, "1", ChannelStatus.COMPLETED))
    with pytest.raises(Refused) as missing:
        await skip(store, [order_id], reason=" ", actor=MIRA)
    assert missing.value.sentence == "Say why the step is skipped: history keeps the reason."
    assert await refusal(house, order_id) == ("order.closed", "Order 1 is closed (delivered).")


async def test_what_tiktok_fulfils_has_nothing_to_skip(house: House) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, "1", fulfilled_by_tiktok=True))
    assert (await refusal(house, order_id))[0] == "order.not_worked"
