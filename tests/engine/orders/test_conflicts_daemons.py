"""Two daemons at one database, row by row of the table; every race is run by two sessions."""

from __future__ import annotations

import asyncio

import pytest

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.effects.settling import Settlement, settle
from engine.fleet import daemons
from engine.orders.holds import place_holds
from engine.ports.outcomes import Done
from engine.words import EffectKind, HoldReason
from engine.workflow.runner import run_batch
from tests.engine.facts import an_order
from tests.engine.house import MIRA, House, a_label
from tests.engine.orders.conflict_rows import code_of, settles
from tests.factories import opened

BUY = EffectKind.BUY_LABEL


async def fall_silent(store: Database) -> None:
    await store.pool.execute("UPDATE daemons SET beat_at = now() - interval '4 seconds'")


@settles("two-daemons-one-claim")
async def test_a_daemon_that_lost_its_claim_writes_nothing(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    lost = await house.claim_one(BUY)
    await fall_silent(store)
    [taken] = await house.claim(BUY, daemon_id=await daemons.register(store, "other"))
    assert await house.settle(taken, Done(a_label(taken)))
    before = await house.row_counts(), await house.package(order_id), await house.standing(order_id)
    assert not await house.settle(lost, Done(a_label(lost)))
    assert (await house.row_counts(), await house.package(order_id), await house.standing(order_id)) == before
    assert code_of("two-daemons-one-claim") == "claim_lost", "which is what the log says of it"


@settles("two-daemons-settle-at-once")
@pytest.mark.parametrize("round_number", range(4))
async def test_of_two_settlements_at_once_the_holder_of_the_token_wins(
    house: House, store: Database, database: EmbeddedServer, round_number: int
) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    lost = await house.claim_one(BUY)
    await fall_silent(store)
    [taken] = await house.claim(BUY, daemon_id=await daemons.register(store, "other"))
    async with opened(database) as other:
        pairs = [(store, lost), (other, taken)]
        if round_number % 2:
            pairs.reverse()
        won = await asyncio.gather(*(settle(at, [Settlement(claim, Done(a_label(claim)))]) for at, claim in pairs))
    assert sorted(map(len, won)) == [0, 1]
    assert (await house.package(order_id))["tracking_number"] == a_label(taken).tracking_number
    assert (await house.steps(order_id)).count("ready_to_ship") == 1
    await house.assert_balanced()


@settles("two-daemons-one-batch")
async def test_each_order_is_worked_by_one_of_two_daemons(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    await house.receive("MUG-BLU", 40)
    ids = await house.arrive(*(an_order(house.shop_id, str(number)) for number in range(30)))
    await house.buy_labels()
    await store.pool.execute("UPDATE packages SET handed_over_at = now(), told_tracking_number = tracking_number")
    await store.pool.execute("UPDATE work SET ready = true")
    async with opened(database) as other:
        looked = await asyncio.gather(*(run_batch(each, 7) for each in (store, other) * 4))
    assert sum(looked) == 30
    for order_id in ids:
        assert (await house.steps(order_id)).count("ship") == 1
    assert code_of("two-daemons-one-batch") == ""
    await house.assert_balanced()


@settles("hold-against-a-claimed-label")
async def test_a_hold_that_comes_before_the_checkpoint_stops_the_purchase(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    claim = await house.claim_one(BUY)
    async with opened(database) as other:
        await other.run(lambda c: place_holds(c, other.vault, [order_id], HoldReason.FRAUD, actor=MIRA))
    assert not await house.checkpoint(claim, "shp_1")
    row = await store.pool.fetchrow("SELECT state, attempt, lease_token FROM effects WHERE id = $1", claim.effect_id)
    assert tuple(row) == ("intent", 0, None)
    assert code_of("hold-against-a-claimed-label") == "checkpoint"
