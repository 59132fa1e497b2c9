"""The ledger of effects: one key for ever, one claim at a time, in order, and no claim outlives its daemon."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.effects import ledger
from engine.effects.kinds import BUDGETS, DEPENDENCY_OF
from engine.effects.settling import Settlement, _settle
from engine.fleet import daemons
from engine.identifiers import OrderId, new_id
from engine.ports.outcomes import Done, Failed, NoticeSent, PackageShipped, Postponed, Unsure
from engine.words import ChannelStatus, Dependency, EffectKind, TrackingStatus
from engine.workflow.failures import retry
from engine.workflow.plan import NewEffect
from tests.engine.facts import an_order
from tests.engine.house import MIRA, House, a_label
from tests.factories import opened

BUY = EffectKind.BUY_LABEL


async def intend(house: House, order_id: OrderId, *keys: str, kind: EffectKind = EffectKind.NOTICE) -> None:
    effects = [
        NewEffect(
            new_id(), key, kind, DEPENDENCY_OF[kind], order_id, house.shop_id, None, ahead, 0.0, "", {"template": key}
        )
        for ahead, key in enumerate(keys)
    ]
    await house.store.run(lambda connection: ledger.intend(connection, effects))


async def row(store: Database, key: str) -> Any:
    return await store.pool.fetchrow("SELECT * FROM effects WHERE key = $1", key)


@pytest.fixture
async def unpaid(house: House) -> OrderId:
    """An order that means nothing yet by itself."""
    [order_id] = await house.arrive(an_order(house.shop_id, "1", ChannelStatus.UNPAID))
    return order_id


async def kill(store: Database, *, seconds_ago: float = 3.5) -> None:
    """Every daemon's heart beat last so long ago."""
    await store.pool.execute("UPDATE daemons SET beat_at = now() - make_interval(secs => $1)", seconds_ago)


def test_every_kind_has_a_dependency_and_a_budget() -> None:
    assert set(DEPENDENCY_OF) == set(BUDGETS) == set(EffectKind)
    assert set(DEPENDENCY_OF.values()) == set(Dependency)


async def test_a_key_is_meant_once_for_ever(house: House, store: Database, unpaid: OrderId) -> None:
    await intend(house, unpaid, "notice:a")
    claim = await house.claim_one(EffectKind.NOTICE)
    assert await house.settle(claim, Done(NoticeSent("m-1")))
    done = await row(store, "notice:a")
    await intend(house, unpaid, "notice:a")
    assert await row(store, "notice:a") == done
    assert await store.pool.fetchval("SELECT count(*) FROM effects") == 1
    assert await house.claim(EffectKind.NOTICE) == []


async def test_only_the_head_is_claimed_and_the_order_is_kept(house: House, unpaid: OrderId) -> None:
    await intend(house, unpaid, "a", "b", "c")
    await intend(house, unpaid, "d")
    told = []
    while claims := await house.claim(EffectKind.NOTICE):
        [claim] = claims
        told.append(claim.key)
        assert await house.claim(EffectKind.NOTICE) == [], "the next waits for the one before"
        assert await house.settle(claim, Done(NoticeSent("m")))
    assert told == ["a", "b", "c", "d"]


async def test_one_order_s_effects_do_not_wait_for_another_s_nor_another_dependency_s(
    house: House, unpaid: OrderId
) -> None:
    [other] = await house.arrive(an_order(house.shop_id, "2", ChannelStatus.UNPAID))
    await intend(house, unpaid, "a", "b")
    await intend(house, other, "c")
    await intend(house, unpaid, "t", kind=EffectKind.SHIP_PACKAGE)
    assert {claim.key for claim in await house.claim(EffectKind.NOTICE)} == {"a", "c"}
    assert [claim.key for claim in await house.claim(EffectKind.SHIP_PACKAGE)] == ["t"]


async def test_an_effect_that_failed_lets_the_next_go(house: House, unpaid: OrderId) -> None:
    await intend(house, unpaid, "a", "b")
    await house.settle(await house.claim_one(EffectKind.NOTICE), Failed("notices.refused", "No such mailbox."))
    assert (await house.claim_one(EffectKind.NOTICE)).key == "b"


async def test_many_workers_claim_each_effect_once(house: House, store: Database, database: EmbeddedServer) -> None:
    await house.receive("MUG-BLU", 40)
    await house.arrive(*(an_order(house.shop_id, str(place)) for place in range(30)))
    async with opened(database) as other:
        rivals = [House(each, house.shop_id, house.daemon_id) for each in (store, other) * 4]
        claims = [
            claim for found in await asyncio.gather(*(rival.claim(BUY, limit=5) for rival in rivals)) for claim in found
        ]
    claims += await house.claim(BUY)
    assert len(claims) == 30
    assert len({claim.effect_id for claim in claims}) == 30


async def test_a_claim_of_a_living_daemon_is_nobody_else_s(house: House, store: Database) -> None:
    await house.arrive(an_order(house.shop_id))
    await house.claim_one(BUY)
    await kill(store, seconds_ago=2.0)
    other = await daemons.register(store, "test")
    assert await house.claim(BUY, daemon_id=other) == []


async def test_a_claim_of_a_dead_daemon_is_free_and_what_it_had_sent_is_ambiguous(
    house: House, store: Database
) -> None:
    await house.arrive(an_order(house.shop_id, "1"), an_order(house.shop_id, "2"))
    sent, only_claimed = await house.claim(BUY)
    assert await house.checkpoint(sent, "shp_1")
    await kill(store)
    other = await daemons.register(store, "test")
    inherited = {claim.effect_id: claim for claim in await house.claim(BUY, daemon_id=other)}
    again, anew = inherited[sent.effect_id], inherited[only_claimed.effect_id]
    assert (again.ambiguous, again.provider_reference, again.attempt) == (True, "shp_1", 2)
    assert (anew.ambiguous, anew.provider_reference, anew.attempt) == (False, "", 2)
    assert again.token > sent.token


async def test_a_daemon_that_ended_in_order_leaves_its_claims_at_once(house: House, store: Database) -> None:
    await house.arrive(an_order(house.shop_id))
    await house.claim_one(BUY)
    await daemons.retire(store, house.daemon_id)
    other = await daemons.register(store, "test")
    assert len(await house.claim(BUY, daemon_id=other)) == 1


async def test_a_worker_that_lost_its_claim_writes_nothing(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    lost = await house.claim_one(BUY)
    await kill(store)
    taken = await house.claim_one(BUY)
    counts = await house.row_counts()
    assert not await house.checkpoint(lost, "shp_lost")
    assert not await house.settle(lost, Done(a_label(lost)))
    assert not await house.settle(lost, Failed("carrier_refused", "No."))
    assert await house.row_counts() == counts
    assert (await row(store, taken.key))["provider_reference"] == ""
    assert (await house.package(order_id))["state"] == "planned"
    assert await house.checkpoint(taken, "shp_taken")
    assert await house.settle(taken, Done(a_label(taken)))
    assert (await house.package(order_id))["tracking_number"] == a_label(taken).tracking_number
    assert not await house.settle(taken, Done(a_label(taken))), "once settled it is over"


async def test_waiting_for_the_other_side_burns_an_attempt_only_when_told_so(house: House, store: Database) -> None:
    await house.arrive(an_order(house.shop_id))
    claim = await house.claim_one(BUY)
    await house.settle(claim, Postponed("breaker_open", "The carrier is left alone.", 60.0, burns_attempt=False))
    held = await row(store, claim.key)
    assert (held["state"], held["attempt"], held["error_code"]) == ("intent", 0, "breaker_open")
    assert await store.pool.fetchval(
        "SELECT due_at BETWEEN now() + '59 s' AND now() + '60 s' FROM effects WHERE kind = $1", BUY
    )
    assert await house.claim(BUY) == []
    await store.pool.execute("UPDATE effects SET due_at = now()")
    claim = await house.claim_one(BUY)
    await house.settle(claim, Postponed("timeout", "No answer.", 0.0))
    assert (await row(store, claim.key))["attempt"] == 1


async def test_an_unsure_outcome_is_asked_about_first(house: House, store: Database) -> None:
    await house.arrive(an_order(house.shop_id))
    claim = await house.claim_one(BUY)
    assert await house.checkpoint(claim, "shp_7")
    await house.settle(claim, Unsure("timeout", "No answer to the purchase.", "shp_7"))
    await store.pool.execute("UPDATE effects SET due_at = now()")
    again = await house.claim_one(BUY)
    assert (again.ambiguous, again.provider_reference) == (True, "shp_7")
    await house.settle(again, Postponed("breaker_open", "Shut.", 0.0, burns_attempt=False))
    assert (await house.claim_one(BUY)).ambiguous, "a wait does not make it certain"


@pytest.mark.parametrize("outcome", [Postponed("carrier_down", "503.", 0.0), Unsure("timeout", "No answer.", "shp_7")])
async def test_an_effect_whose_attempts_are_used_up_puts_its_order_in_front_of_a_person(
    house: House, store: Database, outcome: Postponed | Unsure
) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    tries = BUDGETS[BUY].max_attempts
    claim = await house.claim_one(BUY)
    while claim.attempt < tries:
        assert await house.settle(claim, outcome)
        await store.pool.execute("UPDATE effects SET due_at = now()")
        claim = await house.claim_one(BUY)
    assert await house.settle(claim, outcome)
    failure = await house.failure(order_id)
    assert (failure["code"], failure["fingerprint"], failure["error_class"], failure["failed_from"]) == (
        "attempts_exhausted",
        "attempts_exhausted:carrier",
        "integration",
        "inventory_reserved",
    )
    assert failure["cause"].startswith(f"Gave up after {tries} tries: {outcome.sentence}")
    assert failure["evidence"]["effect"] == claim.key
    assert failure["evidence"]["tries"] == str(tries)
    assert await house.effects(order_id) == [("buy_label", "failed")]
    assert await house.claim(BUY) == []
    await house.assert_balanced()

    await retry(store, [order_id], actor=MIRA)
    assert (await house.standing(order_id)).state == "inventory_reserved"
    again = await house.claim_one(BUY)
    assert (again.key, again.attempt) == (claim.key, 1)
    assert again.ambiguous is isinstance(outcome, Unsure), "what may have happened is never done again blindly"


async def test_tries_that_killed_their_worker_count_like_any_other(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    claim = await house.claim_one(BUY)
    while claim.attempt < BUDGETS[BUY].max_attempts:
        await kill(store)
        claim = await house.claim_one(BUY)
    await house.settle(claim, Postponed("internal_error", "It broke.", 0.0))
    assert (await house.failure(order_id))["code"] == "attempts_exhausted"


async def test_a_refusal_by_the_carrier_is_the_failure_s_words_and_a_retry_starts_anew(
    house: House, store: Database
) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    claim = await house.claim_one(BUY)
    assert await house.checkpoint(claim, "shp_1")
    await house.settle(claim, Failed("no_rates", "No carrier goes there."))
    failure = await house.failure(order_id)
    assert (failure["code"], failure["cause"], failure["error_class"], failure["what_to_do"]) == (
        "no_rates",
        "No carrier goes there.",
        "business",
        "Check weight, size and destination; choose a carrier that serves them, then retry.",
    )
    assert await house.level() == (10, 1), "its stock stays reserved"
    await retry(store, [order_id], actor=MIRA)
    again = await house.claim_one(BUY)
    assert (again.key, again.provider_reference, again.ambiguous, again.attempt) == (claim.key, "", False, 1)
    await house.assert_balanced()


async def test_rearmed_effects_keep_their_order(house: House, store: Database, unpaid: OrderId) -> None:
    await intend(house, unpaid, "a", "b")
    for _ in range(2):
        await house.settle(await house.claim_one(EffectKind.NOTICE), Failed("notices.refused", "No."))
    await store.run(lambda connection: ledger.rearm(connection, [unpaid]))
    assert (await house.claim_one(EffectKind.NOTICE)).key == "a"


async def test_a_notice_that_failed_does_not_fail_its_order(house: House, unpaid: OrderId) -> None:
    await intend(house, unpaid, "a")
    await house.settle(await house.claim_one(EffectKind.NOTICE), Failed("notices.refused", "No such mailbox."))
    assert (await house.standing(unpaid)).execution == "running"
    assert await house.failure(unpaid) is None


async def test_a_held_order_s_label_is_stopped_at_its_checkpoint_and_kept_for_later(
    house: House, store: Database
) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    claim = await house.claim_one(BUY)
    await store.pool.execute("INSERT INTO holds (order_id, reason, placed_by) VALUES ($1, 'fraud', 'mira')", order_id)
    assert not await house.checkpoint(claim)
    kept = await row(store, claim.key)
    assert (kept["state"], kept["attempt"], kept["lease_token"]) == ("intent", 0, None)
    await store.pool.execute("UPDATE holds SET released_at = now()")
    await store.pool.execute("UPDATE effects SET due_at = now()")
    assert await house.checkpoint(await house.claim_one(BUY))


async def test_a_hold_does_not_stop_a_notice(house: House, store: Database, unpaid: OrderId) -> None:
    await store.pool.execute("INSERT INTO holds (order_id, reason, placed_by) VALUES ($1, 'fraud', 'mira')", unpaid)
    await intend(house, unpaid, "a")
    assert await house.checkpoint(await house.claim_one(EffectKind.NOTICE))


async def test_effects_settled_together_stand_or_fall_by_their_own_claims(house: House, store: Database) -> None:
    from engine.effects.settling import Settlement, settle

    ids = await house.arrive(*(an_order(house.shop_id, str(place)) for place in range(3)))
    claims = await house.claim(BUY)
    forged = replace(claims[1], token=claims[1].token + 1000)
    won = await settle(store, [Settlement(claim, Done(a_label(claim))) for claim in (claims[0], forged, claims[2])])
    assert won == {claims[0].effect_id, claims[2].effect_id}
    by_order = {claim.order_id: claim for claim in claims}
    for order_id in ids:
        ready = by_order[order_id] is not claims[1]
        assert (await house.standing(order_id)).state == ("ready_to_ship" if ready else "inventory_reserved")
    await house.assert_balanced()


async def test_a_result_is_kept_although_the_order_breaks_on_it(
    house: House, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.workflow import advance as advancing

    first, second = await house.arrive(an_order(house.shop_id, "1"), an_order(house.shop_id, "2"))
    decide = advancing.decide

    def broken(machine: Any, order: Any, push: Any) -> Any:
        if order.order_id == first:
            raise ZeroDivisionError
        return decide(machine, order, push)

    with monkeypatch.context() as patched:
        patched.setattr(advancing, "decide", broken)
        await house.buy_labels()
    for order_id in (first, second):
        package = await house.package(order_id)
        assert (package["state"], bool(package["tracking_number"])) == ("labelled", True)
    assert [(await house.standing(each)).state for each in (first, second)] == ["inventory_reserved", "ready_to_ship"]
    assert await house.run() == 1, "the runner finds what was left"
    assert (await house.standing(first)).state == "ready_to_ship"
    await house.assert_balanced()


async def test_tiktok_is_told_of_each_parcel_once_and_knows_its_number(house: House) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    await house.buy_labels()
    [claim] = await house.claim(EffectKind.SHIP_PACKAGE)
    assert await house.settle(claim, Done(PackageShipped("tt-1")))
    package = await house.package(order_id)
    assert (package["state"], package["tiktok_package_id"]) == ("told", "tt-1")
    assert package["told_tracking_number"] == package["tracking_number"] != ""
    await house.run()
    assert await house.claim(EffectKind.SHIP_PACKAGE) == []


async def test_a_notice_meant_while_the_one_before_it_is_being_settled_does_not_wait_for_ever(
    house: House, store: Database
) -> None:
    await house.stock()
    [order_id] = await house.arrive(an_order(house.shop_id))
    await house.buy_labels()
    await house.tell_tiktok()
    await house.track(order_id, TrackingStatus.IN_TRANSIT, minute=1)
    shipped = await house.claim_one(EffectKind.NOTICE)
    async with store.transaction() as settling:
        # One session settles "it is on its way" and has not committed when another writes "how was it?".
        sent = [Settlement(shipped, Done(NoticeSent("letter-1")))]
        assert await _settle(settling, store.vault, sent, go_on=True) == {shipped.effect_id}
        delivering = asyncio.create_task(house.track(order_id, TrackingStatus.DELIVERED, minute=2))
        await asyncio.sleep(0.1)
        assert not delivering.done()
    assert await delivering == 1
    assert await house.notices(order_id) == ["order_shipped", "review_request"]
    review = await house.claim_one(EffectKind.NOTICE)
    assert review.request["template"] == "review_request"
