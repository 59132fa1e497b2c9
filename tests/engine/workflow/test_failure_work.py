"""The failed queue as people work it: who has it, who is at it, until when it rests, and what was tried before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from engine.actors import Actor
from engine.database.connection import Database
from engine.errors import NotFound, Refused
from engine.identifiers import OrderId, UserId, new_id
from engine.orders.assignment import Assignee
from engine.orders.views import Pile
from engine.ports.outcomes import Failed, Postponed, Unsure
from engine.reports.overview import piles
from engine.words import ChangeSource, EffectKind
from engine.workflow import failure_work
from engine.workflow.failure_groups import failure_groups, failures_of_group
from engine.workflow.failures import retry
from tests.engine.facts import an_order
from tests.engine.house import MIRA, House

BUY = EffectKind.BUY_LABEL
JON = Actor("jon", ChangeSource.USER)


@pytest.fixture
async def failed(house: House) -> list[OrderId]:
    """Two orders that stopped for the same reason, and a third that did not."""
    ids = await house.arrive(*(an_order(house.shop_id, str(number)) for number in (1, 2, 3)))
    for claim in await house.claim(BUY):
        if claim.order_id in ids[:2]:
            await house.settle(claim, Failed("no_rates", "No carrier goes there."))
    return ids


async def mira_as_user(store: Database) -> Assignee:
    user_id = UserId(new_id())
    await store.pool.execute("INSERT INTO users (id, display_name, role) VALUES ($1, 'Mira', 'operator')", user_id)
    return Assignee(user_id, "Mira")


async def audit(store: Database, order_id: OrderId) -> tuple[str, str]:
    row = await store.pool.fetchrow(
        "SELECT action, actor FROM audit_log WHERE subject = $1 ORDER BY sequence DESC LIMIT 1", order_id
    )
    return row["action"], row["actor"]


async def test_a_group_is_given_to_somebody_and_taken_up_by_somebody(
    house: House, store: Database, failed: list[OrderId]
) -> None:
    group = await failure_work.orders_of_group(store, "no_rates")
    assert sorted(group) == sorted(failed[:2])
    versions = [await house.version(each) for each in failed]
    await failure_work.assign(store, group, await mira_as_user(store), actor=JON)
    await failure_work.acknowledge(store, group, actor=MIRA)
    [shown] = await failure_groups(store)
    assert (shown.orders, shown.assigned_to, shown.acknowledged_by) == (2, ("Mira",), ("mira",))
    assert {
        (each.assigned_to, each.acknowledged_by) for each in await failures_of_group(store, "no_rates", limit=9)
    } == {("Mira", "mira")}
    assert [await house.version(each) for each in failed] == [versions[0] + 2, versions[1] + 2, versions[2]]
    assert await audit(store, failed[0]) == ("failure.acknowledged", "mira")
    await failure_work.assign(store, group, None, actor=JON)
    assert (await failure_groups(store))[0].assigned_to == ()
    await house.assert_balanced()


async def test_what_is_snoozed_is_out_of_sight_and_returns_by_itself(
    house: House, store: Database, failed: list[OrderId]
) -> None:
    until = datetime.now(UTC) + timedelta(hours=1)
    await failure_work.snooze(store, failed[:1], until, actor=MIRA)
    [group] = await failure_groups(store)
    assert (group.orders, group.snoozed) == (1, 1)
    await failure_work.snooze(store, failed[1:2], until, actor=MIRA)
    assert await failure_groups(store) == []
    [hidden] = await failure_groups(store, with_snoozed=True)
    assert (hidden.orders, hidden.snoozed) == (2, 2)
    pile = {each.pile: each.orders for each in await piles(store)}
    assert pile[Pile.FAILED] == 0
    await store.pool.execute("UPDATE failures SET snoozed_until = now() - interval '1 second'")
    assert [each.orders for each in await failure_groups(store)] == [2]
    assert {each.pile: each.orders for each in await piles(store)}[Pile.FAILED] == 2


async def test_a_snoozed_failure_can_be_brought_back_at_once(store: Database, failed: list[OrderId]) -> None:
    await failure_work.snooze(store, failed[:2], datetime.now(UTC) + timedelta(hours=1), actor=MIRA)
    await failure_work.wake(store, failed[:2], actor=MIRA)
    assert [each.orders for each in await failure_groups(store)] == [2]


async def test_an_order_without_a_failure_is_refused_and_its_neighbours_are_not(
    house: House, store: Database, failed: list[OrderId]
) -> None:
    before = await house.version(failed[2])
    outcomes = await failure_work.acknowledge(store, failed, actor=MIRA)
    assert [outcome.code for outcome in outcomes] == ["", "", "failure.none"]
    assert await house.version(failed[2]) == before


async def test_a_stale_screen_is_told_what_changed(house: House, store: Database, failed: list[OrderId]) -> None:
    seen = {failed[0]: await house.version(failed[0])}
    await failure_work.acknowledge(store, failed[:1], actor=JON)
    before = await house.row_counts()
    [outcome] = await failure_work.acknowledge(store, failed[:1], actor=MIRA, expected_versions=seen)
    assert outcome.code == "order.changed_meanwhile"
    assert outcome.sentence.startswith("Order 1 changed while it was on your screen: jon took its failure up at ")
    assert await store.pool.fetchval("SELECT acknowledged_by FROM failures WHERE order_id = $1", failed[0]) == "jon"
    assert await house.row_counts() == before


async def test_a_time_that_has_passed_and_a_group_that_is_none_are_refused(
    house: House, store: Database, failed: list[OrderId]
) -> None:
    before = await house.row_counts()
    with pytest.raises(Refused):
        await failure_work.snooze(store, failed[:1], datetime(2020, 1, 1, tzinfo=UTC), actor=MIRA)
    with pytest.raises(NotFound):
        await failure_work.orders_of_group(store, "moonlight")
    assert await house.row_counts() == before


async def test_what_was_tried_is_told_try_by_try_and_failure_by_failure(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))

    async def claim() -> None:
        await store.pool.execute("UPDATE effects SET due_at = now()")

    await house.settle(await house.claim_one(BUY), Postponed("carrier_down", "503 from the carrier.", 0.0))
    await claim()
    await house.settle(await house.claim_one(BUY), Unsure("timeout", "No answer to the purchase.", "shp_1"))
    await claim()
    await house.settle(await house.claim_one(BUY), Failed("no_rates", "No carrier goes there."))
    await retry(store, [order_id], actor=MIRA)
    await house.settle(await house.claim_one(BUY), Failed("no_rates", "Still none."))
    [failure] = await failures_of_group(store, "no_rates", limit=9)
    assert failure.attempts == 2
    told = [(tried.what, tried.outcome.split(" at 2")[0]) for tried in failure.tried]
    assert told == [
        ("Buy the label, try 1", "it did not happen: 503 from the carrier."),
        ("Buy the label, try 2", "it may have happened: No answer to the purchase."),
        ("Buy the label, try 3", "given up: No carrier goes there."),
        ("Failed: No carrier goes there.", "retried by mira"),
        ("Buy the label, try 1", "given up: Still none."),
    ]
