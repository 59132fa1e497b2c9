"""Deliveries: an effect reaches the outside once, whatever breaks in between, and what came of it is never lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import structlog

from engine.database import embedded, migrate
from engine.database.embedded import postmaster
from engine.effects import ledger
from engine.effects.kinds import BUDGETS
from engine.errors import Terminal
from engine.fleet.daemons import DEAD_AFTER_SECONDS
from engine.identifiers import DaemonId
from engine.ports.outcomes import Claim, Done, Failed, LabelBought, Outcome
from engine.words import EffectKind
from sync.delivery import Deliveries, DeliverySettings, EngineDesk
from sync.desk import Desk, Handler
from sync.shipping.deliveries import buy_label_handler
from sync.waking import Bell
from tests.conftest import FOLDER
from tests.sync.connected import Connected, connected

BUY = EffectKind.BUY_LABEL


class Forgetful(EngineDesk):
    """Breaks where the result should be written."""

    async def settle(self, claim: Claim, outcome: Outcome) -> None:
        raise RuntimeError("a mistake of ours, after the purchase")


@pytest.fixture
async def daemon(shop: Connected) -> DaemonId:
    """A daemon whose labels are all still to be bought."""
    daemon_id = await shop.daemon()
    await shop.take_in(daemon_id)
    return daemon_id


def deliveries(shop: Connected, daemon_id: DaemonId, handler: Handler, *, batch: int = 100) -> Deliveries:
    return Deliveries(shop.database, daemon_id, {BUY: handler}, DeliverySettings(batch=batch), Bell())


@asynccontextmanager
async def carrier_handler(shop: Connected) -> AsyncIterator[Handler]:
    async with shop.outside() as outside:
        yield buy_label_handler(outside.carriers)


async def claim(shop: Connected, daemon_id: DaemonId, limit: int = 100) -> list[Claim]:
    return await ledger.claim(shop.database.pool, {BUY: limit}, daemon_id, DEAD_AFTER_SECONDS)


async def deliver_the_rest(shop: Connected, daemon_id: DaemonId) -> None:
    """With everything due now and nothing in the way."""
    await shop.database.pool.execute("UPDATE effects SET due_at = now()")
    async with carrier_handler(shop) as handler:
        working = deliveries(shop, daemon_id, handler)
        while await working.run_once(BUY):
            pass


async def effects(shop: Connected) -> list[tuple[str, int]]:
    """How many purchases are in which state."""
    query = "SELECT state, count(*) FROM effects WHERE kind = 'buy_label' GROUP BY state ORDER BY state"
    return [(row["state"], row["count"]) for row in await shop.database.pool.fetch(query)]


async def bought(shop: Connected) -> tuple[int, int, int]:
    """Labels the carrier sold, labels we know of, orders with two."""
    state = await shop.state()
    known = await shop.count("packages WHERE labelled_at IS NOT NULL")
    return state["labels_bought"], known, state["orders_with_two_labels"]


async def label_of(shop: Connected, claim: Claim) -> str | None:
    found: str | None = await shop.database.pool.fetchval(
        "SELECT tracking_number FROM packages WHERE id = $1", claim.package_id
    )
    return found


def a_label(number: str = "1Z0001") -> Done:
    return Done(
        LabelBought(
            "USPS", "GroundAdvantage", number, "trk_1", "shp_1", Decimal("4.10"), "USD", "application/pdf", b"%"
        )
    )


async def test_a_batch_is_claimed_delivered_and_settled(shop: Connected, daemon: DaemonId) -> None:
    await deliver_the_rest(shop, daemon)
    assert await effects(shop) == [("done", 23)]
    assert await bought(shop) == (23, 23, 0)


async def test_a_handler_that_breaks_has_its_claims_put_back_and_tried_again(shop: Connected, daemon: DaemonId) -> None:
    async def broken(claims: Sequence[Claim], desk: Desk) -> None:
        raise RuntimeError("a mistake of ours")

    with structlog.testing.capture_logs() as told:
        assert await deliveries(shop, daemon, broken).run_once(BUY) == 23
    assert await effects(shop) == [("intent", 23)]
    query = "SELECT DISTINCT error_code, error, attempt, lease_token FROM effects WHERE kind = 'buy_label'"
    (row,) = await shop.database.pool.fetch(query)
    assert tuple(row) == ("internal_error", "The delivery broke (RuntimeError).", 1, None)
    assert [(event["event"], event["claims"]) for event in told] == [("handler_broke", 23)]

    await deliver_the_rest(shop, daemon)
    assert await bought(shop) == (23, 23, 0)


async def test_a_handler_that_breaks_with_a_sentence_leaves_it_with_the_claims(
    shop: Connected, daemon: DaemonId
) -> None:
    async def broken(claims: Sequence[Claim], desk: Desk) -> None:
        raise Terminal("carrier.gone", "The carrier is gone; connect another.")

    await deliveries(shop, daemon, broken).run_once(BUY)
    query = "SELECT DISTINCT error_code, error FROM effects WHERE kind = 'buy_label'"
    assert [tuple(row) for row in await shop.database.pool.fetch(query)] == [
        ("carrier.gone", "The carrier is gone; connect another.")
    ]


async def test_a_handler_that_always_breaks_ends_in_front_of_a_person(shop: Connected, daemon: DaemonId) -> None:
    async def broken(claims: Sequence[Claim], desk: Desk) -> None:
        raise RuntimeError("a mistake of ours")

    working = deliveries(shop, daemon, broken)
    rounds = 0
    while await working.run_once(BUY):
        rounds += 1
        await shop.database.pool.execute("UPDATE effects SET due_at = now()")
    assert rounds == BUDGETS[BUY].max_attempts
    assert await effects(shop) == [("failed", 23)]
    assert await shop.count("failures WHERE code = 'attempts_exhausted' AND resolved_at IS NULL") == 23


async def test_a_label_bought_just_before_the_handler_broke_is_adopted_and_not_bought_again(
    shop: Connected, daemon: DaemonId
) -> None:
    async with carrier_handler(shop) as carrier:

        async def forgetful(claims: Sequence[Claim], desk: Desk) -> None:
            await carrier(claims, Forgetful(shop.database))

        await deliveries(shop, daemon, forgetful).run_once(BUY)
    assert await bought(shop) == (23, 0, 0)
    await deliver_the_rest(shop, daemon)
    assert await bought(shop) == (23, 23, 0)


async def test_a_claim_that_a_handler_forgets_waits_for_its_lease_and_holds_up_no_other(
    shop: Connected, daemon: DaemonId
) -> None:
    forgotten: list[Claim] = []
    async with carrier_handler(shop) as carrier:

        async def forgets_one(claims: Sequence[Claim], desk: Desk) -> None:
            forgotten.append(claims[0])
            await carrier(claims[1:], desk)

        await deliveries(shop, daemon, forgets_one).run_once(BUY)
    assert [state for state, _ in await effects(shop)] == ["done", "intent"]
    assert await claim(shop, daemon) == []
    await shop.database.pool.execute("UPDATE effects SET lease_until = now() - interval '1 second'")
    await deliver_the_rest(shop, daemon)
    assert await label_of(shop, forgotten[0]) is not None
    assert await bought(shop) == (23, 23, 0)


async def test_a_worker_that_lost_its_claim_writes_nothing(shop: Connected, daemon: DaemonId) -> None:
    (mine,) = await claim(shop, daemon, 1)
    await shop.database.pool.execute("UPDATE effects SET lease_until = now() - interval '1 second'")
    other = await shop.daemon()
    (theirs,) = [each for each in await claim(shop, other) if each.effect_id == mine.effect_id]
    before = await everything_about(shop, mine)

    desk = EngineDesk(shop.database)
    assert not await desk.checkpoint(mine, "shp_mine")
    with structlog.testing.capture_logs() as told:
        await desk.settle(mine, a_label("1ZMINE"))
        await desk.settle(mine, Failed("bad_address", "The address is wrong."))
    assert [event["event"] for event in told] == ["claim_lost", "claim_lost"]
    assert await everything_about(shop, mine) == before

    await desk.settle(theirs, a_label("1ZTHEIRS"))
    assert await label_of(shop, theirs) == "1ZTHEIRS"


async def test_a_claim_of_a_dead_daemon_is_free_at_once_and_one_it_had_sent_is_unsure(
    shop: Connected, daemon: DaemonId
) -> None:
    held = await claim(shop, daemon)
    assert await EngineDesk(shop.database).checkpoint(held[0], "shp_of_the_dead")
    await shop.database.pool.execute("UPDATE daemons SET beat_at = now() - interval '4 seconds'")
    taken = {each.effect_id: each for each in await claim(shop, await shop.daemon())}
    assert len(taken) == 23
    assert [each.provider_reference for each in taken.values() if each.ambiguous] == ["shp_of_the_dead"]
    assert taken[held[0].effect_id].ambiguous


async def test_what_a_claim_took_whose_answer_was_lost_is_delivered_at_once(shop: Connected, daemon: DaemonId) -> None:
    unheard = await claim(shop, daemon)
    async with carrier_handler(shop) as handler:
        working = deliveries(shop, daemon, handler)
        assert await working.run_once(BUY) == 0
        await cut_off(shop, working)
        assert await working.run_once(BUY) == len(unheard) == 23
    assert await bought(shop) == (23, 23, 0)
    assert await shop.count("effects WHERE kind = 'buy_label' AND attempt = 1") == 23


async def cut_off(shop: Connected, working: Deliveries) -> None:
    """The session of a claim is ended while the claim waits for a lock."""
    waiting = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    other = await shop.database.connect()
    try:
        async with other.transaction():
            await other.execute("LOCK TABLE effects")
            claiming = asyncio.create_task(working.run_once(BUY))
            while not await other.fetchval(f"SELECT count(pg_terminate_backend(pid)) {waiting}"):
                await asyncio.sleep(0.01)
            assert await claiming == 0
    finally:
        await other.close()


async def test_two_daemons_on_one_database_never_deliver_an_effect_twice(shop: Connected, daemon: DaemonId) -> None:
    daemons, stopping = [daemon, await shop.daemon(), await shop.daemon()], asyncio.Event()
    async with carrier_handler(shop) as handler, asyncio.timeout(30):
        working = [deliveries(shop, each, handler, batch=3) for each in daemons]
        running = [asyncio.create_task(each.run(stopping)) for each in working]
        while await shop.count("effects WHERE kind = 'buy_label' AND settled_at IS NULL"):
            await asyncio.sleep(0.02)
        stopping.set()
        await asyncio.gather(*running)
    assert await shop.count("(SELECT DISTINCT daemon_id FROM effects WHERE kind = 'buy_label') d") == 3
    assert await bought(shop) == (23, 23, 0)
    state = await shop.state()
    assert state["http_calls"]["easypost.shipments.buy"] == 23
    assert state["double_buys_refused"] == 0


async def test_a_result_survives_the_end_of_the_session_that_writes_it(shop: Connected, daemon: DaemonId) -> None:
    (mine,) = await claim(shop, daemon, 1)
    async with shop.database.transaction() as elsewhere, asyncio.timeout(20):
        await elsewhere.execute("SELECT 1 FROM orders WHERE id = $1 FOR UPDATE", mine.order_id)
        settling = asyncio.create_task(EngineDesk(shop.database).settle(mine, a_label()))
        # An administrator, or a server that shuts down, ends the session in the middle of the write.
        while not await shop.database.pool.fetchval(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ):
            await asyncio.sleep(0.01)
    await asyncio.wait_for(settling, 20)
    assert await label_of(shop, mine) == "1Z0001"


async def test_results_survive_a_restart_of_the_database(pytestconfig: pytest.Config, tmp_path: Path) -> None:
    data = pytestconfig.stash[FOLDER] / "restarted"
    session = await embedded.start(data)
    try:
        await migrate.upgrade(lambda: asyncpg.connect(**session.server.dsn_parameters()))
        async with connected(session.server, tmp_path, orders=4) as shop:
            daemon_id = await shop.daemon()
            await shop.take_in(daemon_id)
            claims = await claim(shop, daemon_id)
            await _stop(data)
            desk = EngineDesk(shop.database)
            settling = [asyncio.create_task(desk.settle(each, a_label(f"1Z{n}"))) for n, each in enumerate(claims)]
            await asyncio.sleep(0.2)
            assert not any(task.done() for task in settling)
            again = await embedded.start(data)
            await asyncio.wait_for(asyncio.gather(*settling), 20)
            assert await effects(shop) == [("done", 4)]
            assert [await label_of(shop, each) for each in claims] == ["1Z0", "1Z1", "1Z2", "1Z3"]
        await again.leave()
    finally:
        await session.leave()


async def _stop(data: Path) -> None:
    running = postmaster.read(data / "cluster")
    assert running is not None
    running.ask_to_stop()
    while running.is_alive():
        await asyncio.sleep(0.02)


async def everything_about(shop: Connected, claim: Claim) -> list[Any]:
    row = shop.database.pool.fetchrow
    return [
        await row("SELECT * FROM effects WHERE id = $1", claim.effect_id),
        await row("SELECT * FROM packages WHERE id = $1", claim.package_id),
        await row("SELECT * FROM orders WHERE id = $1", claim.order_id),
        await row("SELECT * FROM work WHERE order_id = $1", claim.order_id),
    ]
