"""Executions handled by people: started anew at any state, paused, resumed, stopped, never doing twice what is done once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.errors import NotFound, OrdersError
from engine.identifiers import OrderId, new_id
from engine.orders import detail, queries, status
from engine.ports.outcomes import Done, Failed, LabelVoided
from engine.shops.policies import use_workflow
from engine.words import ChannelStatus, EffectKind, ExecutionStatus, OrderStatus, TrackingStatus
from engine.workflow.definition_file import packaged_text
from engine.workflow.executions import cancel_execution, pause, resume_paused
from engine.workflow.facts import Backorder, ImportMode, LabelOn, Picking
from engine.workflow.failures import retry
from engine.workflow.library import load_workflow
from engine.workflow.starting import Triggered, trigger
from tests.engine.facts import a_unit, an_order, later
from tests.engine.house import MIRA, WORKING, House, Standing, a_label
from tests.engine.workflow.test_editions import TWO_STATES
from tests.engine.workflow.test_estimate import completed
from tests.factories import opened

BUY, SHIP, VOID = "buy_label", "ship_package", "void_label"
Until = Callable[[House, OrderId], Awaitable[None]]


async def reserved(house: House, order_id: OrderId) -> None:
    """Its label is wanted, nobody has taken it up."""


async def labelled(house: House, order_id: OrderId) -> None:
    await house.buy_labels()


async def told(house: House, order_id: OrderId) -> None:
    await house.buy_labels()
    await house.tell_tiktok()


async def shipped(house: House, order_id: OrderId) -> None:
    await told(house, order_id)
    await house.track(order_id, TrackingStatus.IN_TRANSIT)


async def label_failed(house: House, order_id: OrderId) -> None:
    claim = await house.claim_one(EffectKind.BUY_LABEL)
    assert await house.settle(claim, Failed("no_rates", "No carrier goes there."))


async def telling_failed(house: House, order_id: OrderId) -> None:
    await house.buy_labels()
    claim = await house.claim_one(EffectKind.SHIP_PACKAGE)
    assert await house.settle(claim, Failed("tiktok.refused", "TikTok says no."))


async def paused(house: House, order_id: OrderId) -> None:
    await pause(house.store, [order_id], actor=MIRA, reason="counting")


async def start(
    house: House, order_id: OrderId, *, workflow_name: str = "order", reason: str = "anew", **given: Any
) -> Triggered:
    return await trigger(house.store, order_id, workflow_name, actor=MIRA, reason=reason, **given)


async def refused(doing: Awaitable[Any]) -> tuple[str, str]:
    with pytest.raises(OrdersError) as error:
        await doing
    return error.value.code, error.value.sentence


async def executions(house: House, order_id: OrderId) -> list[tuple[str, int, str]]:
    rows = await house.store.pool.fetch(
        "SELECT workflow_name, workflow_version, workflow_status FROM order_workflows WHERE order_id = $1 ORDER BY id",
        order_id,
    )
    return [tuple(row) for row in rows]


async def finish(house: House, order_id: OrderId) -> None:
    """Whatever is still to be done outside is done, until the parcel has arrived."""
    await house.buy_labels()
    await house.tell_tiktok()
    await house.track(order_id, TrackingStatus.IN_TRANSIT, minute=61)
    await house.track(order_id, TrackingStatus.DELIVERED, minute=90)
    assert await house.standing(order_id) == Standing("completed", "delivered", "completed", None)


@pytest.mark.parametrize(
    ("until", "state", "wait"),
    [
        (reserved, "inventory_reserved", "label"),
        (labelled, "ready_to_ship", "tiktok"),
        (told, "ready_to_ship", "handover"),
        (shipped, "shipped", "delivery"),
        (label_failed, "inventory_reserved", "label"),
        (telling_failed, "ready_to_ship", "tiktok"),
        (paused, "inventory_reserved", "label"),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
async def test_a_forced_restart_goes_on_where_the_facts_allow_and_does_nothing_twice(
    house: House, store: Database, until: Until, state: str, wait: str
) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, units=(a_unit("1"), a_unit("2"))))
    await until(house, order_id)
    level = await house.level()
    keys = await store.pool.fetch("SELECT key FROM effects WHERE order_id = $1 ORDER BY sequence", order_id)
    for _ in range(2):
        started = await start(house, order_id, force_restart=True)
        assert (started.workflow_name, started.workflow_version, started.state) == ("order", 1, state)
    assert await house.standing(order_id) == Standing(
        state, "shipped" if state == "shipped" else "processing", "running", wait
    )
    assert await executions(house, order_id) == [
        ("order", 1, "cancelled"),
        ("order", 1, "cancelled"),
        ("order", 1, "running"),
    ]
    assert await house.level() == level, "nothing is reserved twice"
    assert await store.pool.fetchval("SELECT count(*) FROM packages") == 1
    assert await store.pool.fetch("SELECT key FROM effects WHERE order_id = $1 ORDER BY sequence", order_id) == keys
    assert await house.failure(order_id) is None
    await house.assert_balanced()
    await finish(house, order_id)
    assert await store.pool.fetchval("SELECT count(*) FROM effects WHERE kind = 'buy_label'") == 1
    assert await store.pool.fetchval("SELECT count(*) FROM effects WHERE kind = 'ship_package'") == 1
    assert await house.level() == (8, 0)
    await house.assert_balanced()


async def test_an_order_that_waits_for_money_or_stock_starts_anew_and_waits_for_the_same(
    house: House, store: Database
) -> None:
    await house.set_policies(replace(WORKING, backorder=Backorder.WAIT))
    unpaid, short = await house.arrive(
        an_order(house.shop_id, "1", ChannelStatus.UNPAID),
        an_order(house.shop_id, "2", units=[a_unit(str(line)) for line in range(11)]),
    )
    assert (await start(house, unpaid, force_restart=True)).state == "new"
    assert (await start(house, short, force_restart=True)).state == "validated"
    assert await house.standing(unpaid) == Standing("new", "pending", "running", "payment")
    assert await house.standing(short) == Standing("validated", "confirmed", "running", "stock")
    assert await house.history(short) == ["pending", "confirmed", "pending", "confirmed"]
    await house.receive("MUG-BLU", 2)
    await house.arrive(an_order(house.shop_id, "1", minute=1))
    await house.run()
    assert {(await house.standing(each)).state for each in (unpaid, short)} == {"inventory_reserved"}
    assert await house.level() == (12, 12)
    await house.assert_balanced()


async def test_a_held_order_starts_anew_and_stays_held(house: House) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, "1", ChannelStatus.ON_HOLD))
    await start(house, order_id, force_restart=True)
    assert await house.standing(order_id) == Standing("new", "pending", "running", "hold")


async def test_a_restart_is_in_the_history_with_who_and_why(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, units=(a_unit(sku="NEVER-SEEN"),)))
    await house.stock("NEVER-SEEN", 3)
    started = await start(house, order_id, force_restart=True, reason="mapped it")
    assert started.state == "inventory_reserved"
    rows = await store.pool.fetch(
        "SELECT workflow_id, from_state, to_state, trigger, actor, reason FROM order_workflow_steps"
        " WHERE order_id = $1 ORDER BY id",
        order_id,
    )
    assert [row["trigger"] for row in rows] == ["arrive", "reject", "start", "validate", "reserve_inventory"]
    assert tuple(rows[2])[1:] == ("failed", "new", "start", "mira", "mapped it")
    assert [row["workflow_id"] == started.workflow_id for row in rows] == [False, False, True, True, True]
    failure = await store.pool.fetchrow("SELECT resolved_by, resolution FROM failures")
    assert tuple(failure) == ("mira", "started anew")
    assert await store.pool.fetchval("SELECT count(*) FROM audit_log WHERE action = 'workflow.start'") == 1
    await house.assert_balanced()


async def test_without_force_a_running_workflow_is_refused_with_a_sentence(house: House) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    counts, version = await house.row_counts(), await house.version(order_id)
    assert await refused(start(house, order_id)) == (
        "workflow.running",
        "Order 1 is at work in order, version 1 (inventory reserved): force a restart to start anew.",
    )
    assert (await house.row_counts(), await house.version(order_id)) == (counts, version)


@pytest.mark.parametrize(
    ("config", "refusal"),
    [
        (
            {"labels": "pick"},
            (
                "workflow.config_unknown",
                "A workflow's config has no 'labels'; it may set backorder, cancel_notice, label_on, pick, ship_on, tiktok_label_on.",
            ),
        ),
        (
            {"import_mode": "work"},
            (
                "workflow.config_unknown",
                "A workflow's config has no 'import_mode'; it may set backorder, cancel_notice, label_on, pick, ship_on, tiktok_label_on.",
            ),
        ),
        (
            {"pick": "tomorrow"},
            ("workflow.config_value", "pick cannot be 'tomorrow'; it is one of scan, confirm, auto."),
        ),
    ],
)
async def test_a_config_that_is_none_is_refused_naming_what_may_be_set(
    house: House, config: dict[str, str], refusal: tuple[str, str]
) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    counts = await house.row_counts()
    assert await refused(start(house, order_id, config=config, force_restart=True)) == refusal
    assert await house.row_counts() == counts


async def test_a_config_overrides_the_shop_s_policies_for_this_execution_only(house: House, store: Database) -> None:
    await house.set_policies(replace(WORKING, label_on=LabelOn.PICK, pick=Picking.CONFIRM))
    [own] = await house.arrive(an_order(house.shop_id, "1"))
    [other] = await house.arrive(an_order(house.shop_id, "2"))
    await start(house, own, config={"label_on": "reserve", "pick": "auto"}, force_restart=True)
    assert await house.standing(own) == Standing("inventory_reserved", "processing", "running", "label")
    assert await house.standing(other) == Standing("inventory_reserved", "processing", "running", "pick")
    stored = await store.pool.fetch("SELECT workflow_config FROM order_workflows WHERE workflow_config IS NOT NULL")
    assert [row["workflow_config"] for row in stored] == [{"label_on": "reserve", "pick": "auto"}]
    await finish(house, own)
    assert (await house.standing(other)).state == "inventory_reserved"


async def test_what_was_started_is_estimated_by_what_the_shop_s_orders_took(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    assert (await start(house, order_id, force_restart=True)).estimated_completion is None
    for _ in range(5):
        await completed(store, house.shop_id, 30, state="inventory_reserved")
    estimated = (await start(house, order_id, force_restart=True)).estimated_completion
    started_at = await store.pool.fetchval("SELECT max(started_at) FROM order_workflows")
    assert estimated == started_at + timedelta(minutes=30)


async def test_a_workflow_is_triggered_by_its_name_in_its_newest_version(house: House, store: Database) -> None:
    text = packaged_text().replace('name = "order"', 'name = "quick"')
    await load_workflow(store, text, "quick.toml", actor=MIRA)
    await load_workflow(store, text.replace("version = 1", "version = 2"), "quick.toml", actor=MIRA)
    [order_id] = await house.arrive(an_order(house.shop_id))
    await start(house, order_id, workflow_name="quick", force_restart=True)
    assert await executions(house, order_id) == [("order", 1, "cancelled"), ("quick", 2, "running")]
    assert await refused(start(house, order_id, workflow_name="slow", force_restart=True)) == (
        "workflow.unknown",
        "There is no workflow slow: orders-tui workflow list names those there are.",
    )
    await finish(house, order_id)


async def test_a_workflow_without_the_state_an_order_stands_in_is_refused(house: House, store: Database) -> None:
    await load_workflow(store, TWO_STATES, "two.toml", actor=MIRA)
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    counts = await house.row_counts()
    assert await refused(start(house, order_id, workflow_name="careful", force_restart=True)) == (
        "workflow.no_such_state",
        "Order 1 stands at inventory reserved, and the workflow careful has no such state: choose another one.",
    )
    assert await house.row_counts() == counts
    assert await executions(house, order_id) == [("order", 1, "running")]


async def test_closed_unknown_and_foreign_orders_start_nothing(house: House) -> None:
    fact = an_order(house.shop_id, "1")
    [cancelled] = await house.arrive(fact)
    await house.arrive(later(fact, ChannelStatus.CANCELLED, minute=9))
    [done] = await house.arrive(an_order(house.shop_id, "2", ChannelStatus.COMPLETED))
    [foreign] = await house.arrive(an_order(house.shop_id, "3", fulfilled_by_tiktok=True))
    counts = await house.row_counts()
    refusals = [await refused(start(house, order_id, force_restart=True)) for order_id in (cancelled, done, foreign)]
    assert refusals == [
        ("order.closed", "Order 1 is closed (cancelled)."),
        ("order.closed", "Order 2 is closed (delivered)."),
        ("order.not_worked", "Order 3 is fulfilled by TikTok: it is shown, never worked."),
    ]
    with pytest.raises(NotFound):
        await start(house, OrderId(new_id()))
    await house.set_policies(replace(WORKING, import_mode=ImportMode.OBSERVE))
    [observed] = await house.arrive(an_order(house.shop_id, "4"))
    assert (await refused(start(house, observed, force_restart=True)))[0] == "order.observed"
    assert (await house.row_counts())["order_workflows"] == counts["order_workflows"] + 1


async def test_two_people_who_start_anew_at_once_leave_one_running(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    async with opened(database) as other:
        await asyncio.gather(
            *(trigger(each, order_id, "order", force_restart=True, actor=MIRA) for each in (store, other, store, other))
        )
    states = [state for _, _, state in await executions(house, order_id)]
    assert (states.count("running"), states.count("cancelled")) == (1, 4)
    assert await house.effects(order_id) == [(BUY, "intent")]
    assert await house.level() == (10, 1)
    with pytest.raises(asyncpg.UniqueViolationError):
        await store.pool.execute(
            "INSERT INTO order_workflows (order_id, workflow_name, current_step) VALUES ($1, 'order', 'new')", order_id
        )
    await house.assert_balanced()


async def test_a_restart_while_the_label_is_being_bought_gets_that_label(house: House) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    buying = await house.claim_one(EffectKind.BUY_LABEL)
    assert await house.checkpoint(buying)
    await start(house, order_id, force_restart=True)
    assert await house.settle(buying, Done(a_label(buying)))
    assert await house.standing(order_id) == Standing("ready_to_ship", "processing", "running", "tiktok")
    assert await house.effects(order_id) == [(BUY, "done"), (SHIP, "intent")]
    await finish(house, order_id)


# Pausing ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_paused_order_stands_still_and_goes_on_where_it_was(house: House, store: Database) -> None:
    fact = an_order(house.shop_id, "1", ChannelStatus.UNPAID)
    [order_id] = await house.arrive(fact)
    [outcome] = await pause(store, [order_id], actor=MIRA, reason="is it fraud?")
    assert outcome.code == ""
    assert await house.standing(order_id) == Standing("new", "pending", "paused", "paused")
    await house.arrive(an_order(house.shop_id, "1", minute=1))
    await store.pool.execute("UPDATE work SET ready = true")
    assert await house.run() == 1
    assert await house.standing(order_id) == Standing("new", "pending", "paused", "paused")
    paid = await store.pool.fetchrow("SELECT channel_status, payment_status FROM orders")
    assert tuple(paid) == ("AWAITING_SHIPMENT", "paid"), "what comes in is recorded"
    view = await detail.detail(store, order_id)
    assert view.why == "Paused by a person: resume its workflow to go on."
    [outcome] = await resume_paused(store, [order_id], actor=MIRA)
    assert (outcome.code, outcome.after) == ("", OrderStatus.PROCESSING)
    assert await house.steps(order_id) == ["arrive", "pause", "unpause", "validate", "reserve_inventory"]
    reasons = await store.pool.fetch("SELECT actor, reason FROM order_workflow_steps WHERE trigger = 'pause'")
    assert [tuple(row) for row in reasons] == [("mira", "is it fraud?")]
    await house.assert_balanced()


async def test_what_is_asked_of_a_paused_order_is_refused(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    await house.buy_labels()
    await pause(store, [order_id], actor=MIRA)
    counts, version = await house.row_counts(), await house.version(order_id)
    [asked] = await status.change(store, [order_id], OrderStatus.SHIPPED, actor=MIRA, reason="")
    assert (asked.code, asked.sentence) == ("order.paused", "Order 1 is paused: resume its workflow first.")
    [again] = await pause(store, [order_id], actor=MIRA)
    assert (again.code, again.sentence) == ("workflow.refused", "Order 1 is paused already.")
    assert (await house.row_counts(), await house.version(order_id)) == (counts, version)


async def test_an_order_that_is_not_paused_cannot_be_resumed_and_a_failed_one_not_paused(
    house: House, store: Database
) -> None:
    running, failed = await house.arrive(
        an_order(house.shop_id, "1"), an_order(house.shop_id, "2", units=(a_unit(sku="NEVER-SEEN"),))
    )
    [resumed] = await resume_paused(store, [running], actor=MIRA)
    assert resumed.sentence == "Order 1 is not paused."
    [stuck] = await pause(store, [failed], actor=MIRA)
    assert stuck.sentence == "Order 2 has failed and moves no more: retry it, or hold it."


async def test_nobody_resumes_what_tiktok_fulfils(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, "1", fulfilled_by_tiktok=True))
    counts, version = await house.row_counts(), await house.version(order_id)
    for ask in (resume_paused, pause, cancel_execution):
        [outcome] = await ask(store, [order_id], actor=MIRA)
        assert (outcome.code, outcome.sentence) == (
            "order.not_worked",
            "Order 1 is fulfilled by TikTok: it is shown, never worked.",
        )
    assert (await house.row_counts(), await house.version(order_id)) == (counts, version)
    assert (await house.standing(order_id)).execution == "paused"


async def test_tiktok_s_cancellation_ends_a_paused_order(house: House, store: Database) -> None:
    fact = an_order(house.shop_id)
    [order_id] = await house.arrive(fact)
    await pause(store, [order_id], actor=MIRA)
    await house.arrive(later(fact, ChannelStatus.CANCELLED, minute=5))
    assert await house.standing(order_id) == Standing("inventory_reserved", "cancelled", "cancelled", None)
    assert await house.level() == (10, 0)
    assert await house.effects(order_id) == [(BUY, "voided")]
    await house.assert_balanced()


async def test_a_label_claimed_before_the_pause_waits_at_its_checkpoint(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    claim = await house.claim_one(EffectKind.BUY_LABEL)
    await pause(store, [order_id], actor=MIRA)
    assert not await house.checkpoint(claim)
    assert await house.effects(order_id) == [(BUY, "intent")], "it is kept for later"
    await resume_paused(store, [order_id], actor=MIRA)
    await store.pool.execute("UPDATE effects SET due_at = now()")
    assert len(await house.buy_labels()) == 1
    assert (await house.standing(order_id)).state == "ready_to_ship"


async def test_a_label_bought_while_the_order_is_paused_is_recorded_and_moves_nothing(
    house: House, store: Database
) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    buying = await house.claim_one(EffectKind.BUY_LABEL)
    assert await house.checkpoint(buying)
    await pause(store, [order_id], actor=MIRA)
    assert await house.settle(buying, Done(a_label(buying)))
    assert await house.standing(order_id) == Standing("inventory_reserved", "processing", "paused", "paused")
    assert (await house.package(order_id))["state"] == "labelled"
    await resume_paused(store, [order_id], actor=MIRA)
    assert await house.standing(order_id) == Standing("ready_to_ship", "processing", "running", "tiktok")
    await finish(house, order_id)
    await house.assert_balanced()


async def test_what_failed_outside_while_the_order_was_paused_is_met_when_it_goes_on(
    house: House, store: Database
) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    buying = await house.claim_one(EffectKind.BUY_LABEL)
    await pause(store, [order_id], actor=MIRA)
    assert await house.settle(buying, Failed("no_rates", "No carrier goes there."))
    assert await house.standing(order_id) == Standing("inventory_reserved", "processing", "paused", "paused")
    assert await house.failure(order_id) is None
    await resume_paused(store, [order_id], actor=MIRA)
    assert await house.standing(order_id) == Standing("failed", "processing", "failed", "person")
    failure = await house.failure(order_id)
    assert (failure["code"], failure["cause"], failure["failed_from"]) == (
        "no_rates",
        "No carrier goes there.",
        "inventory_reserved",
    )
    await retry(store, [order_id], actor=MIRA)
    assert len(await house.buy_labels()) == 1
    await finish(house, order_id)
    await house.assert_balanced()


async def test_a_pause_that_races_a_settled_label_loses_neither(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    ids = await house.arrive(*(an_order(house.shop_id, str(number)) for number in range(8)))
    claims = await house.claim(EffectKind.BUY_LABEL)
    for claim in claims:
        assert await house.checkpoint(claim, f"shp_{claim.token}_{claim.effect_id}")
    async with opened(database) as other:
        there = House(other, house.shop_id, house.daemon_id)
        await asyncio.gather(
            *(pause(store, [order_id], actor=MIRA) for order_id in ids),
            *(
                there.settle(claim, Done(replace(a_label(claim), tracking_number=str(claim.effect_id))))
                for claim in claims
            ),
        )
    for order_id in ids:
        standing = await house.standing(order_id)
        assert standing.execution == "paused"
        assert standing.state in {"inventory_reserved", "ready_to_ship"}
        assert (await house.package(order_id))["state"] == "labelled"
    await resume_paused(store, ids, actor=MIRA)
    assert {(await house.standing(order_id)).state for order_id in ids} == {"ready_to_ship"}
    assert await store.pool.fetchval("SELECT count(*) FROM effects WHERE kind = 'ship_package'") == len(ids)
    await house.assert_balanced()


# Stopping ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("until", "effects", "package"),
    [
        (reserved, [(BUY, "voided")], "voided"),
        (labelled, [(BUY, "done"), (SHIP, "voided"), (VOID, "intent")], "voiding"),
        (paused, [(BUY, "voided")], "voided"),
        (label_failed, [(BUY, "failed")], "voided"),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
async def test_a_stopped_workflow_gives_back_what_it_had_and_the_sale_stands(
    house: House, store: Database, until: Until, effects: list[tuple[str, str]], package: str
) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    await until(house, order_id)
    state = (await house.standing(order_id)).state
    [outcome] = await cancel_execution(store, [order_id], actor=MIRA, reason="sent from the other warehouse")
    assert outcome.code == ""
    assert await house.standing(order_id) == Standing(state, "processing", "cancelled", None)
    assert await house.effects(order_id) == effects
    assert (await house.package(order_id))["state"] == package
    assert await house.level() == (10, 0)
    assert await house.failure(order_id) is None
    [row] = await queries.rows(store, [order_id])
    assert row.execution is ExecutionStatus.CANCELLED
    [asked] = await status.change(store, [order_id], OrderStatus.SHIPPED, actor=MIRA, reason="")
    assert (asked.code, asked.sentence) == (
        "workflow.stopped",
        "Order 1 is worked no more: its workflow was stopped; trigger one to go on.",
    )
    await house.assert_balanced()


async def test_a_stopped_order_is_worked_again_from_the_beginning_with_a_label_of_its_own(
    house: House, store: Database
) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    await house.buy_labels()
    await cancel_execution(store, [order_id], actor=MIRA)
    started = await start(house, order_id)
    assert started.state == "inventory_reserved"
    assert await house.level() == (10, 1)
    assert await house.effects(order_id) == [(BUY, "done"), (SHIP, "voided"), (VOID, "intent")], (
        "the old one goes first"
    )
    voiding = await house.claim_one(EffectKind.VOID_LABEL)
    assert await house.checkpoint(voiding, voiding.provider_reference)
    assert await house.settle(voiding, Done(LabelVoided(refunded=True)))
    assert (await house.effects(order_id))[-1] == (BUY, "intent")
    assert len(await house.buy_labels()) == 1
    picks = await store.pool.fetch("SELECT state FROM pick_lines WHERE order_id = $1", order_id)
    assert [row["state"] for row in picks] == ["picked"]
    assert (await house.standing(order_id)).state == "ready_to_ship"
    await house.assert_balanced()


async def test_a_label_claimed_when_the_order_is_stopped_is_not_bought(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    claim = await house.claim_one(EffectKind.BUY_LABEL)
    await cancel_execution(store, [order_id], actor=MIRA)
    assert not await house.checkpoint(claim)
    assert await house.effects(order_id) == [(BUY, "voided")]
    await start(house, order_id)
    assert await house.effects(order_id) == [(BUY, "voided"), (BUY, "intent")]
    assert len(await house.buy_labels()) == 1
    assert await store.pool.fetchval("SELECT count(*) FROM packages WHERE labelled_at IS NOT NULL") == 1
    await house.assert_balanced()


async def test_an_order_that_has_left_the_house_is_not_stopped_any_more(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    await shipped(house, order_id)
    counts, version = await house.row_counts(), await house.version(order_id)
    [outcome] = await cancel_execution(store, [order_id], actor=MIRA)
    assert (outcome.code, outcome.sentence) == (
        "workflow.refused",
        "Order 1 cannot be stopped any more: the parcel has left the house.",
    )
    assert (await house.row_counts(), await house.version(order_id)) == (counts, version)


@pytest.mark.parametrize(
    ("said", "statuses"),
    [
        ([ChannelStatus.CANCELLED], ["cancelled"]),
        ([ChannelStatus.IN_TRANSIT, ChannelStatus.DELIVERED, ChannelStatus.COMPLETED], ["shipped", "delivered"]),
        ([ChannelStatus.AWAITING_COLLECTION], []),
    ],
)
async def test_what_tiktok_says_of_a_stopped_order_still_holds(
    house: House, store: Database, said: list[ChannelStatus], statuses: list[str]
) -> None:
    fact = an_order(house.shop_id, "1")
    [order_id] = await house.arrive(fact)
    await cancel_execution(store, [order_id], actor=MIRA)
    for minute, status_said in enumerate(said, 1):
        await house.arrive(later(fact, status_said, minute=minute))
    assert await house.history(order_id) == ["pending", "confirmed", "processing", *statuses]
    standing = await house.standing(order_id)
    assert (standing.execution, standing.waiting_for) == ("cancelled", None)
    assert await house.level() == (10, 0)
    await house.assert_balanced()


async def test_a_shop_s_own_workflow_can_be_paused_and_stopped_too(house: House, store: Database) -> None:
    text = packaged_text().replace('name = "order"', 'name = "quick"')
    await load_workflow(store, text, "quick.toml", actor=MIRA)
    await use_workflow(store, house.shop_id, "quick", actor=MIRA)
    [order_id] = await house.arrive(an_order(house.shop_id))
    await pause(store, [order_id], actor=MIRA)
    await cancel_execution(store, [order_id], actor=MIRA)
    assert await executions(house, order_id) == [("quick", 1, "cancelled")]
