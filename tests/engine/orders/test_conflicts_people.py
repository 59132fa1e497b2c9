"""Two people, or a person and the program, at one order: row by row of the table, in two sessions where it is a race."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from engine.actors import Actor
from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.errors import Conflict, OrdersError, Refused
from engine.identifiers import OrderId
from engine.inventory.ledger import receive
from engine.inventory.products import Weight, set_weight
from engine.orders import status
from engine.orders.correction import correct_address
from engine.orders.priority import prioritise, rise_with_time
from engine.orders.tags import add_tags
from engine.orders.views import ChangeOutcome
from engine.ports.outcomes import Failed
from engine.words import ChangeSource, ChannelStatus, EffectKind, OrderStatus
from engine.workflow import failure_work
from engine.workflow.advance import Push
from engine.workflow.facts import Picking
from engine.workflow.runner import run_batch
from tests.engine.facts import NOON, QUAY, an_order, units_of
from tests.engine.house import MIRA, WORKING, House
from tests.engine.orders.conflict_rows import code_of, says, settles
from tests.engine.workflow.rules.ruled import a_rule, runs, save
from tests.factories import opened

JON = Actor("jon", ChangeSource.USER)
BUY = EffectKind.BUY_LABEL


async def both(*works: Awaitable[Any]) -> tuple[list[Any], list[OrdersError]]:
    """What the works answered, and what those that were refused were told."""
    results = await asyncio.gather(*works, return_exceptions=True)
    refused = [result for result in results if isinstance(result, OrdersError)]
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, OrdersError):
            raise result
    return [result for result in results if not isinstance(result, BaseException)], refused


@settles("two-people")
async def test_of_two_people_from_one_screen_the_first_wins_and_the_second_is_told_who(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    seen = {order_id: await house.version(order_id)}

    async def mark(at: Database, actor: Actor) -> list[ChangeOutcome]:
        return await at.run(
            lambda connection: add_tags(
                connection, at.vault, [order_id], [actor.name], actor=actor, expected_versions=seen
            )
        )

    async with opened(database) as other:
        (answers, refused) = await both(mark(store, MIRA), mark(other, JON))
    assert refused == []
    [won], [lost] = sorted(answers, key=lambda outcomes: outcomes[0].refused)
    assert (won.code, lost.code) == ("", code_of("two-people"))
    assert says("two-people", lost.sentence)
    [winner] = await store.pool.fetchval("SELECT tags FROM orders")
    assert f": {winner} " in lost.sentence, "the one who won is named"
    assert await house.version(order_id) == seen[order_id] + 1
    await house.assert_balanced()


@settles("two-people-one-address")
async def test_of_two_corrections_from_one_screen_the_first_stands(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, status=ChannelStatus.ON_HOLD))
    seen = await house.version(order_id)
    async with opened(database) as other:
        _, refused = await both(
            *(
                correct_address(
                    at, order_id, replace(QUAY, line1=f"{actor.name} street"), actor=actor, expected_version=seen
                )
                for at, actor in ((store, MIRA), (other, JON))
            )
        )
    [error] = refused
    assert isinstance(error, Conflict)
    assert error.code == code_of("two-people-one-address")
    assert says("two-people-one-address", error.sentence)
    rows = await store.pool.fetch("SELECT actor FROM audit_log WHERE action = 'order.address_corrected'")
    assert len(rows) == 1
    assert rows[0]["actor"] in error.sentence
    await house.assert_balanced()


@settles("two-people-one-weight")
async def test_of_two_weights_from_one_screen_the_first_stands(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    async with opened(database) as other:
        _, refused = await both(
            set_weight(store, "MUG-BLU", 410, actor=MIRA, seen=Weight(400)),
            set_weight(other, "MUG-BLU", 420, actor=JON, seen=Weight(400)),
        )
    [error] = refused
    assert error.code == code_of("two-people-one-weight")
    assert says("two-people-one-weight", error.sentence)
    assert await store.pool.fetchval("SELECT count(*) FROM audit_log WHERE action = 'product.weight'") == 1


@settles("two-people-receive")
async def test_what_two_people_receive_is_added(house: House, store: Database, database: EmbeddedServer) -> None:
    async with opened(database) as other:
        await asyncio.gather(receive(store, "MUG-BLU", 10, actor=MIRA), receive(other, "MUG-BLU", 5, actor=JON))
    assert await house.level() == (25, 0)
    assert code_of("two-people-receive") == ""
    await house.assert_balanced()


@settles("stock-taken-below-promises")
async def test_promised_stock_cannot_be_booked_away(house: House, store: Database) -> None:
    await house.arrive(an_order(house.shop_id, units=units_of(*["MUG-BLU"] * 8)))
    before = await house.row_counts()
    with pytest.raises(Refused) as refused:
        await receive(store, "MUG-BLU", -5, actor=MIRA)
    assert refused.value.code == code_of("stock-taken-below-promises")
    assert says("stock-taken-below-promises", refused.value.sentence)
    assert (await house.level(), await house.row_counts()) == ((10, 8), before)


@settles("last-unit")
async def test_the_last_unit_is_one_order_s(house: House, store: Database, database: EmbeddedServer) -> None:
    await house.receive("MUG-BLU", -9)
    async with opened(database) as other:
        ids = await asyncio.gather(
            *(House(each, house.shop_id, house.daemon_id).arrive(an_order(house.shop_id, str(number)))
              for number, each in enumerate((store, other)))
        )  # fmt: skip
    states = {order_id: (await house.standing(order_id)).state for [order_id] in ids}
    assert sorted(states.values()) == ["failed", "inventory_reserved"]
    [short] = [order_id for order_id, state in states.items() if state == "failed"]
    failure = await house.failure(short)
    assert failure["code"] == code_of("last-unit")
    assert says("last-unit", failure["cause"])
    await house.receive("MUG-BLU", 1)
    await house.run()
    assert (await house.standing(short)).state == "inventory_reserved"
    assert await house.level() == (2, 2)
    await house.assert_balanced()


@settles("person-on-a-screen-the-machine-outran")
async def test_a_person_whose_screen_the_program_outran_is_told_how_far_it_is(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    seen = {order_id: await house.version(order_id)}
    await house.buy_labels()
    before = await house.row_counts()
    [outcome] = await status.change(
        store, [order_id], OrderStatus.SHIPPED, actor=MIRA, reason="x", expected_versions=seen
    )
    assert outcome.code == code_of("person-on-a-screen-the-machine-outran")
    assert says("person-on-a-screen-the-machine-outran", outcome.sentence)
    assert await house.row_counts() == before


@settles("person-without-a-version")
@pytest.mark.parametrize("round_number", range(4))
async def test_a_person_and_the_runner_make_one_step_once(
    house: House, store: Database, database: EmbeddedServer, round_number: int
) -> None:
    await house.receive("MUG-BLU", -10)
    await house.set_policies(replace(WORKING, pick=Picking.CONFIRM))
    [order_id] = await house.arrive(an_order(house.shop_id, status=ChannelStatus.UNPAID))
    await store.pool.execute("UPDATE orders SET payment_status = 'paid', channel_status = 'AWAITING_SHIPMENT'")
    await store.pool.execute(
        "UPDATE orders SET shipping_address = $2 WHERE id = $1", order_id, await _address(store, order_id)
    )
    await store.pool.execute("UPDATE work SET ready = true")

    async def ask() -> Sequence[ChangeOutcome]:
        await asyncio.sleep(0.001 * round_number)
        return await status.change(other, [order_id], OrderStatus.CONFIRMED, actor=MIRA, reason="x")

    async with opened(database) as other:
        _, [outcome] = await asyncio.gather(run_batch(store, 10), ask())
    assert (await house.steps(order_id)).count("validate") == 1
    if outcome.refused:
        assert outcome.code == code_of("person-without-a-version")
        assert says("person-without-a-version", outcome.sentence)
    await house.assert_balanced()


async def _address(store: Database, order_id: OrderId) -> bytes | None:
    import orjson

    from engine.identifiers import DEFAULT_CREATOR

    return store.vault.seal(DEFAULT_CREATOR, "orders.shipping_address", order_id, orjson.dumps(QUAY))


@settles("deadline-against-a-person-s-priority")
async def test_a_deadline_does_not_raise_what_a_person_put_back(house: House, store: Database) -> None:
    [order_id] = await house.arrive(
        an_order(house.shop_id, ship_by=await store.pool.fetchval("SELECT now() + interval '3 days'"))
    )
    await store.run(lambda c: prioritise(c, store.vault, [order_id], 0, actor=MIRA))
    await store.pool.execute("UPDATE work SET ship_by = now() + interval '1 hour'")
    await rise_with_time(store, 100)
    assert await store.pool.fetchval("SELECT priority FROM work") == 0
    assert code_of("deadline-against-a-person-s-priority") == ""


@settles("rule-against-a-person-s-priority")
async def test_a_rule_leaves_a_person_s_priority_and_replaces_another_rule_s(house: House, store: Database) -> None:
    raising = a_rule("first", "order.created", do='{ action = "prioritise", priority = 3 }')
    again = a_rule("again", "order.updated", do='{ action = "prioritise", priority = 5 }')
    await save(store, raising, again)
    facts = [an_order(house.shop_id, number) for number in ("577001", "577002")]
    theirs, free = await house.arrive(*facts)
    await store.run(lambda c: prioritise(c, store.vault, [theirs], 0, actor=MIRA))
    await house.arrive(
        *(replace(fact, seller_note="fragile", update_time=NOON + timedelta(minutes=5)) for fact in facts)
    )
    priorities = {row["order_id"]: row["priority"] for row in await store.pool.fetch("SELECT * FROM work")}
    assert priorities == {theirs: 0, free: 5}
    assert (await runs(store, theirs))[-1] == ("again", "order.updated", ["priority 5 not set: a person has set 0"])
    assert code_of("rule-against-a-person-s-priority") == ""


@settles("failure-assigned-while-retried")
async def test_a_failure_that_was_retried_cannot_be_taken_up_from_an_old_screen(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    await house.settle(await house.claim_one(BUY), Failed("no_rates", "No carrier goes there."))
    seen = {order_id: await house.version(order_id)}
    await status.fire(store, {order_id: Push("resume", JON, "another carrier")})
    before = await house.row_counts()
    [outcome] = await failure_work.acknowledge(store, [order_id], actor=MIRA, expected_versions=seen)
    assert outcome.code == code_of("failure-assigned-while-retried")
    assert says("failure-assigned-while-retried", outcome.sentence)
    assert ": jon retried it at " in outcome.sentence
    assert await house.row_counts() == before
