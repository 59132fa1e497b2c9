"""Budgets: what is configured counts, what an action says for itself counts more, and every try that went wrong is kept."""

from __future__ import annotations

import random
from typing import Any

import pytest

from engine.database.connection import Database
from engine.effects import ledger
from engine.effects.kinds import BUDGETS, RETRIES, Retries, budgets_of
from engine.effects.settling import Settlement, settle
from engine.fleet.daemons import DEAD_AFTER_SECONDS
from engine.ports.outcomes import Claim, Done, Failed, Postponed, Unsure
from engine.words import Dependency, EffectKind
from tests.engine.facts import an_order
from tests.engine.house import House, a_label

BUY = EffectKind.BUY_LABEL
NO_ANSWER = Postponed("carrier_down", "503.", 0.0)


async def tries(store: Database) -> list[tuple[Any, ...]]:
    rows = await store.pool.fetch(
        "SELECT t.attempt, t.state, t.error_code, t.error FROM effect_tries t JOIN effects e ON e.id = t.effect_id ORDER BY t.id"
    )
    return [tuple(row) for row in rows]


async def claim_again(house: House) -> Claim:
    await house.store.pool.execute("UPDATE effects SET due_at = now()")
    return await house.claim_one(BUY)


def test_the_defaults_are_the_specification_s() -> None:
    assert RETRIES[Dependency.TIKTOK] == Retries(5, 1.0, 30.0, 2.0)
    assert RETRIES[Dependency.CARRIER] == RETRIES[Dependency.NOTICES] == Retries(3, 2.0, 60.0, 1.5)
    assert BUDGETS[BUY].retries == RETRIES[Dependency.CARRIER]
    assert BUDGETS[EffectKind.SHIP_PACKAGE].retries == RETRIES[Dependency.TIKTOK]


def test_waits_grow_as_the_strategy_says_and_never_beyond_the_most() -> None:
    exponential, linear = Retries(9, 2.0, 20.0, 2.0), Retries(9, 2.0, 7.0, 2.0, linear=True)
    assert [exponential.ceiling_seconds(attempt) for attempt in range(1, 6)] == [2.0, 4.0, 8.0, 16.0, 20.0]
    assert [linear.ceiling_seconds(attempt) for attempt in range(1, 6)] == [2.0, 4.0, 6.0, 7.0, 7.0]
    waits = [exponential.delay_seconds(3, chance=random.Random(seed)) for seed in range(200)]
    assert min(waits) < 1.0
    assert 7.0 < max(waits) <= 8.0


def test_what_an_action_says_for_itself_wins_over_its_kind() -> None:
    own = BUDGETS[BUY].with_own({"max_attempts": 7, "backoff_strategy": "linear", "base_delay": 5, "max_delay": 12})
    assert own.retries == Retries(7, 5.0, 12.0, 2.0, linear=True)
    assert own.lease_seconds == BUDGETS[BUY].lease_seconds
    assert BUDGETS[BUY].with_own(None) is BUDGETS[BUY]


async def test_the_budget_in_force_is_the_one_that_was_passed_down(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    once = budgets_of({Dependency.CARRIER: Retries(1, 1.0, 1.0, 1.0)})
    [claim] = await ledger.claim(store.pool, {BUY: 1}, house.daemon_id, DEAD_AFTER_SECONDS, once)
    assert await settle(store, [Settlement(claim, NO_ANSWER)], once) == {claim.effect_id}
    assert (await house.failure(order_id))["code"] == "attempts_exhausted"


async def test_an_effect_s_own_retry_config_decides_when_it_gives_up(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    await store.pool.execute(
        "UPDATE effects SET retry = $1 WHERE kind = $2",
        {"max_attempts": 4, "backoff_strategy": "exponential", "base_delay": 0.001},
        BUY,
    )
    claim = await house.claim_one(BUY)
    for _ in range(3):
        assert await house.settle(claim, NO_ANSWER)
        assert await house.failure(order_id) is None
        claim = await claim_again(house)
    assert claim.attempt == 4 > BUDGETS[BUY].max_attempts
    assert await house.settle(claim, NO_ANSWER)
    assert (await house.failure(order_id))["evidence"]["tries"] == "4"


async def test_an_effect_that_gets_to_its_checkpoint_has_its_tries_anew_once(house: House, store: Database) -> None:
    await house.arrive(an_order(house.shop_id))
    await house.settle(await house.claim_one(BUY), NO_ANSWER)
    claim = await claim_again(house)
    assert claim.attempt == 2
    assert await house.checkpoint(claim, "shp_1")
    assert await store.pool.fetchval("SELECT attempt FROM effects WHERE kind = $1", BUY) == 1
    await house.settle(claim, Unsure("timeout", "No answer.", "shp_1"))
    again = await claim_again(house)
    assert again.attempt == 2
    assert await house.checkpoint(again, "shp_1")
    assert await store.pool.fetchval("SELECT attempt FROM effects WHERE kind = $1", BUY) == 2


async def test_every_try_that_went_wrong_is_kept_and_one_that_went_well_costs_nothing(
    house: House, store: Database
) -> None:
    await house.arrive(an_order(house.shop_id))
    await house.settle(await house.claim_one(BUY), NO_ANSWER)
    await house.settle(await claim_again(house), Unsure("timeout", "No answer to the purchase.", "shp_1"))
    claim = await claim_again(house)
    assert await house.settle(claim, Done(a_label(claim)))
    assert await tries(store) == [
        (1, "intent", "carrier_down", "503."),
        (2, "ambiguous", "timeout", "No answer to the purchase."),
    ]


async def test_what_was_only_postponed_is_no_try(house: House, store: Database) -> None:
    await house.arrive(an_order(house.shop_id))
    await house.settle(await house.claim_one(BUY), Postponed("carrier.paused", "Left alone.", 0.0, burns_attempt=False))
    assert await tries(store) == []
    await house.settle(await claim_again(house), Failed("no_rates", "No carrier goes there."))
    assert await tries(store) == [(1, "failed", "no_rates", "No carrier goes there.")]


async def test_a_worker_that_lost_its_claim_leaves_no_try(house: House, store: Database) -> None:
    await house.arrive(an_order(house.shop_id))
    lost = await house.claim_one(BUY)
    await store.pool.execute("UPDATE daemons SET beat_at = now() - interval '4 seconds'")
    await house.claim_one(BUY)
    assert not await house.settle(lost, Failed("no_rates", "No."))
    assert await tries(store) == []


@pytest.mark.parametrize("kind", list(EffectKind))
def test_every_kind_has_a_budget_that_ends(kind: EffectKind) -> None:
    assert BUDGETS[kind].max_attempts >= 1
    assert BUDGETS[kind].lease_seconds > 0
