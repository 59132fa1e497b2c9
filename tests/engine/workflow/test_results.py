"""What an action may answer: failing, trying again, resting, naming the next one, leaving data."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import orjson
import pytest

from engine.database.connection import Database
from engine.identifiers import OrderId
from engine.orders import status
from engine.ports.outcomes import Postponed
from engine.shops import policies
from engine.words import EffectKind, ErrorClass, OrderStatus
from engine.workflow.actions import ACTIONS
from engine.workflow.definition_file import inspect, packaged_text
from engine.workflow.failures import retry
from engine.workflow.library import load_workflow
from engine.workflow.plan import OrderPlan
from engine.workflow.results import ActionResult, may_fail
from engine.workflow.runner import wake_due
from tests.engine.facts import an_order
from tests.engine.house import MIRA, House, Standing

Answer = Callable[[], ActionResult | None]


class Oracle:
    """An action that answers what the test wants; it counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.answer: ActionResult | None = None

    def __call__(self, plan: OrderPlan) -> ActionResult | None:
        self.asked += 1
        return self.answer


@pytest.fixture
def oracle(monkeypatch: pytest.MonkeyPatch) -> Oracle:
    """The action ask_oracle, asked after the stock is reserved."""
    asked = Oracle()

    def ask_oracle(plan: OrderPlan) -> ActionResult | None:
        return asked(plan)

    monkeypatch.setitem(ACTIONS, "ask_oracle", ask_oracle)
    return asked


RETRIED = '\n[actions.ask_oracle]\nmax_attempts = 3\nbackoff_strategy = "linear"\nbase_delay = 60\n'


def asking(*, place: str = "", more: str = "") -> str:
    text = packaged_text().replace('name = "order"', 'name = "asking"')
    before = '"reserve_stock", "update_inventory"'
    assert before in text
    return text.replace(before, place or f'{before}, "ask_oracle"') + more


async def use(house: House, text: str) -> None:
    await load_workflow(house.store, text, "asking.toml", actor=MIRA)
    await policies.use_workflow(house.store, house.shop_id, "asking", actor=MIRA)


async def workflow(house: House, order_id: OrderId) -> Any:
    return await house.store.pool.fetchrow(
        "SELECT w.error_count, w.last_error, w.retry_after, k.attempt, k.due_at, k.ready,"
        " w.retry_after - w.updated_at AS left FROM order_workflows w JOIN work k ON k.order_id = w.order_id"
        " WHERE w.order_id = $1",
        order_id,
    )


async def its_time_comes(house: House) -> None:
    await house.store.pool.execute("UPDATE order_workflows SET retry_after = now()")
    await house.store.pool.execute("UPDATE work SET due_at = now()")
    await wake_due(house.store)
    await house.run()


async def audits(house: House, order_id: OrderId) -> list[tuple[str, dict[str, Any]]]:
    rows = await house.store.pool.fetch(
        "SELECT action, after FROM audit_log WHERE subject = $1 ORDER BY sequence", order_id
    )
    vault = house.store.vault
    return [
        (row["action"], orjson.loads(vault.open("audit_log.after", order_id, row["after"]) or b"null")) for row in rows
    ]


def test_only_an_action_whose_signature_answers_something_may_fail() -> None:
    def silent(plan: OrderPlan) -> None: ...

    def answering(plan: OrderPlan) -> ActionResult | None: ...

    assert (may_fail(silent), may_fail(answering)) == (False, True)
    assert {name for name, action in ACTIONS.items() if may_fail(action)} == set()


async def test_an_action_that_answers_nothing_or_success_lets_the_order_go_on(house: House, oracle: Oracle) -> None:
    await use(house, asking())
    [first] = await house.arrive(an_order(house.shop_id, "1"))
    oracle.answer = ActionResult()
    [second] = await house.arrive(an_order(house.shop_id, "2"))
    assert {(await house.standing(each)).state for each in (first, second)} == {"inventory_reserved"}
    assert oracle.asked == 2


async def test_an_action_that_says_no_fails_the_order_and_its_transition_leaves_nothing_behind(
    house: House, oracle: Oracle
) -> None:
    await use(house, asking())
    oracle.answer = ActionResult(success=False, error="The oracle is against it.")
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    assert await house.standing(order_id) == Standing("failed", "confirmed", "failed", "person")
    failure = await house.failure(order_id)
    assert (failure["code"], failure["error_class"], failure["cause"], failure["failed_from"]) == (
        "action_failed",
        "business",
        "The oracle is against it.",
        "validated",
    )
    assert failure["evidence"] == {"action": "ask_oracle", "tries": "1"}
    assert await house.steps(order_id) == ["arrive", "validate", "fail"]
    assert await house.level() == (10, 0), "what had been reserved on the way was taken back"
    assert await house.store.pool.fetchval("SELECT count(*) FROM stock_reservations") == 0
    await house.assert_balanced()
    oracle.answer = None
    await retry(house.store, [order_id], actor=MIRA)
    assert await house.standing(order_id) == Standing("inventory_reserved", "processing", "running", "label")
    assert await house.level() == (10, 1)
    await house.assert_balanced()


async def test_the_shelf_that_a_taken_back_order_had_is_there_for_the_next_one(house: House, oracle: Oracle) -> None:
    await house.store.pool.execute("UPDATE stock_levels SET on_hand = 1")
    await house.store.pool.execute("UPDATE stock_movements SET delta_on_hand = 1")
    await use(house, asking())
    asked: list[str] = []

    def once(plan: OrderPlan) -> ActionResult | None:
        asked.append(plan.order.order_number)
        return ActionResult(success=False, error="Not this one.") if len(asked) == 1 else None

    ACTIONS["ask_oracle"] = once
    first, second = await house.arrive(an_order(house.shop_id, "1"), an_order(house.shop_id, "2"))
    assert asked == ["1", "2"]
    assert (await house.standing(first)).state == "failed"
    assert (await house.standing(second)).state == "inventory_reserved"
    assert await house.level() == (1, 1)
    await house.assert_balanced()


async def test_an_error_has_the_class_and_code_the_action_gives_it(house: House, oracle: Oracle) -> None:
    await use(house, asking())
    oracle.answer = ActionResult(
        success=False, error="No such street.", error_class=ErrorClass.VALIDATION, code="bad_address"
    )
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    failure = await house.failure(order_id)
    assert (failure["code"], failure["error_class"], failure["what_to_do"]) == (
        "bad_address",
        "validation",
        "Correct the address with the buyer's help, then retry.",
    )


async def test_a_retryable_error_is_tried_again_as_its_retry_config_says_and_then_fails(
    house: House, oracle: Oracle
) -> None:
    await use(house, asking(more=RETRIED))
    oracle.answer = ActionResult(success=False, error="The oracle sleeps.", retryable=True)
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    assert await house.standing(order_id) == Standing("validated", "confirmed", "running", "retry")
    first = await workflow(house, order_id)
    assert (first["error_count"], first["last_error"], first["attempt"], first["ready"]) == (
        1,
        "The oracle sleeps.",
        1,
        False,
    )
    assert first["due_at"] == first["retry_after"]
    assert 30 <= first["left"].total_seconds() <= 60
    await house.store.pool.execute("UPDATE work SET ready = true")
    assert await house.run() == 1
    assert oracle.asked == 1, "woken by something else, it waits all the same"
    assert (await workflow(house, order_id))["attempt"] == 1

    await its_time_comes(house)
    second = await workflow(house, order_id)
    assert (oracle.asked, second["error_count"], second["attempt"]) == (2, 2, 2)
    assert 60 <= second["left"].total_seconds() <= 120, "the wait grows"
    await house.assert_balanced()

    await its_time_comes(house)
    assert await house.standing(order_id) == Standing("failed", "confirmed", "failed", "person")
    failure = await house.failure(order_id)
    assert (failure["cause"], failure["evidence"]) == (
        "The oracle sleeps.",
        {"action": "ask_oracle", "tries": "3"},
    )
    assert await house.level() == (10, 0)
    actions = [action for action, _ in await audits(house, order_id)]
    assert actions == ["order.created", "workflow.postpone", "workflow.postpone", "workflow.fail"]
    await house.assert_balanced()


async def test_an_action_that_succeeds_at_last_goes_on_with_a_clean_slate(house: House, oracle: Oracle) -> None:
    await use(house, asking(more=RETRIED))
    oracle.answer = ActionResult(success=False, error="The oracle sleeps.", retryable=True)
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    oracle.answer = None
    await its_time_comes(house)
    assert await house.standing(order_id) == Standing("inventory_reserved", "processing", "running", "label")
    row = await workflow(house, order_id)
    assert (row["attempt"], row["retry_after"], row["due_at"], row["error_count"]) == (0, None, None, 1)
    await house.assert_balanced()


async def test_a_delay_parks_the_order_before_the_next_step_by_itself(house: House, oracle: Oracle) -> None:
    await use(house, asking())
    oracle.answer = ActionResult(delay=900)
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    assert await house.standing(order_id) == Standing("inventory_reserved", "processing", "running", "rest")
    assert await house.effects(order_id) == [], "the label has to wait as well"
    row = await workflow(house, order_id)
    assert row["left"] == timedelta(minutes=15)
    assert (row["attempt"], row["error_count"], row["due_at"]) == (0, 0, row["retry_after"])
    await house.store.pool.execute("UPDATE work SET ready = true")
    await house.run()
    assert await house.effects(order_id) == []
    await its_time_comes(house)
    assert await house.standing(order_id) == Standing("inventory_reserved", "processing", "running", "label")
    assert await house.effects(order_id) == [("buy_label", "intent")]
    await house.assert_balanced()


async def test_a_next_action_runs_in_the_same_decision_and_what_both_said_is_kept(
    house: House, oracle: Oracle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask_again(plan: OrderPlan) -> ActionResult | None:
        return ActionResult(data={"answer": 42})

    monkeypatch.setitem(ACTIONS, "ask_again", ask_again)
    await use(house, asking())
    oracle.answer = ActionResult(data={"mood": "good"}, next_action="ask_again")
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    assert (await house.standing(order_id)).state == "inventory_reserved"
    _, after = (await audits(house, order_id))[-1]
    assert after["data"] == {"ask_oracle": {"mood": "good"}, "ask_again": {"answer": 42}}
    assert after["triggers"] == ["validate", "reserve_inventory"]


@pytest.mark.parametrize(
    ("named", "cause"),
    [
        ("ask_nobody", "There is no action ask_nobody to go on with."),
        ("ask_oracle", "Its actions name one another without end, ask_oracle among them."),
    ],
)
async def test_a_next_action_that_is_none_or_runs_in_a_circle_fails_the_order(
    house: House, oracle: Oracle, named: str, cause: str
) -> None:
    await use(house, asking())
    oracle.answer = ActionResult(next_action=named)
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    failure = await house.failure(order_id)
    assert (failure["cause"], failure["error_class"]) == (cause, "system")
    assert oracle.asked <= 10
    await house.assert_balanced()


async def test_a_person_s_step_that_an_action_refuses_is_refused_with_its_words(house: House, oracle: Oracle) -> None:
    text = asking(place='"reserve_stock", "update_inventory"').replace(
        'actions = ["mark_shipped"', 'actions = ["mark_shipped", "ask_oracle"'
    )
    await use(house, text)
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    await house.buy_labels()
    oracle.answer = ActionResult(success=False, error="The van is full.")
    counts, version = await house.row_counts(), await house.version(order_id)
    [outcome] = await status.change(house.store, [order_id], OrderStatus.SHIPPED, actor=MIRA, reason="")
    assert (outcome.code, outcome.sentence) == (
        "workflow.action_failed",
        "Order 1 cannot go on: The van is full.",
    )
    assert (await house.row_counts(), await house.version(order_id)) == (counts, version)
    assert await house.level() == (10, 1)


@pytest.mark.parametrize(
    ("before", "after", "place"),
    [
        (
            'entry_actions = ["log_failure_reason", "notify_support"]',
            'entry_actions = ["log_failure_reason", "ask_oracle"]',
            "state failed",
        ),
        ("[states.validated]\n", '[states.validated]\nexit_actions = ["ask_oracle"]\n', "state validated"),
        ("[system.fail]\n", '[system.fail]\nactions = ["ask_oracle"]\n', "system trigger fail"),
    ],
)
def test_an_action_that_may_fail_cannot_stand_between_an_order_and_its_failing(
    oracle: Oracle, before: str, after: str, place: str
) -> None:
    text = packaged_text()
    assert before in text
    _, sentences = inspect(text.replace(before, after), "asking.toml")
    assert sentences == [f"asking.toml, {place}: ask_oracle may fail and cannot run here; put it on a transition."]


async def test_the_retry_config_of_an_action_that_goes_outside_is_its_effect_s(house: House, store: Database) -> None:
    own = '\n[actions.create_shipping_label]\nmax_attempts = 2\nbackoff_strategy = "linear"\nbase_delay = 7\n'
    text = packaged_text().replace('name = "order"', 'name = "asking"') + own
    await use(house, text)
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    rows = await store.pool.fetch("SELECT kind, retry FROM effects WHERE order_id = $1", order_id)
    assert {row["kind"]: row["retry"] for row in rows} == {
        "buy_label": {"max_attempts": 2, "backoff_strategy": "linear", "base_delay": 7.0, "max_delay": 3600.0}
    }
    for attempt in (1, 2):
        claim = await house.claim_one(EffectKind.BUY_LABEL)
        assert claim.attempt == attempt
        assert await house.settle(claim, Postponed("carrier.busy", "The carrier is busy.", None))
        await store.pool.execute("UPDATE effects SET due_at = now() WHERE state = 'intent'")
    assert (await house.standing(order_id)).state == "failed", "two tries are all it has, not the three of its kind"
    assert (await house.failure(order_id))["cause"] == "Gave up after 2 tries: The carrier is busy."
