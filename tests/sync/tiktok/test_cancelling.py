"""Telling TikTok that an order is cancelled: read first, told once, done when it is cancelled there already, refused when it left."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from engine.errors import Misconfigured
from engine.identifiers import OrderId, ShopId, new_id
from engine.ports.outcomes import Claim, Done, Failed, OrderCancelled, Outcome, PackageShipped
from engine.words import CancelReason, EffectKind
from sync.simulator.scenario import Timings
from sync.tiktok.cancel_reasons import check, name_of, shipped_names
from sync.tiktok.cancelling import CancelSettings, cancel_order_handler
from sync.tiktok.client import TikTokClient
from sync.tiktok.connected import ConnectedShop
from tests.sync.outside import Outside, outside, tiktok_at
from tests.sync.recorded_desk import RecordedDesk, claim_of
from tests.sync.scripted_server import Received, reply, scripted
from tests.sync.tiktok.test_deliveries import deliver, ship_request, waiting


@pytest.fixture
async def world() -> AsyncIterator[Outside]:
    async with outside(orders=60) as world:
        yield world


def claims_of(desk: RecordedDesk, numbers: Sequence[str], reason: str = "out_of_stock", **more: Any) -> list[Claim]:
    claims = []
    for number in numbers:
        claim = replace(
            claim_of(EffectKind.CANCEL_ORDER, request={"reason": reason}, **more), order_id=OrderId(new_id())
        )
        assert claim.order_id is not None
        desk.numbers[claim.order_id] = number
        claims.append(claim)
    return claims


async def tell(
    client: TikTokClient, cipher: str, desk: RecordedDesk, claims: Sequence[Claim], *, region: str = "US"
) -> list[Outcome]:
    async def shop_of(_: ShopId) -> ConnectedShop:
        return ConnectedShop(client, cipher, region)

    await cancel_order_handler(shop_of, CancelSettings())(claims, desk)
    return [desk.outcomes[claim.effect_id] for claim in claims]


async def test_orders_are_cancelled_at_tiktok_once_each(world: Outside) -> None:
    desk, orders = RecordedDesk(), (await waiting(world))[:5]
    outcomes = await tell(world.tiktok, world.cipher, desk, claims_of(desk, [order["id"] for order in orders]))
    assert all(isinstance(outcome, Done) for outcome in outcomes)
    now = {order["id"]: order for order in await world.raw_orders()}
    assert {now[order["id"]]["status"] for order in orders} == {"CANCELLED"}
    assert {now[order["id"]]["cancellation_initiator"] for order in orders} == {"SELLER"}
    assert (await world.state())["http_calls"]["tiktok.cancellations.create"] == 5


async def test_an_order_that_is_cancelled_there_already_counts_as_done(world: Outside) -> None:
    desk, order = RecordedDesk(), (await waiting(world))[0]
    [first] = await tell(world.tiktok, world.cipher, desk, claims_of(desk, [order["id"]]))
    [again] = await tell(world.tiktok, world.cipher, desk, claims_of(desk, [order["id"]], ambiguous=True, attempt=2))
    assert isinstance(first, Done)
    assert again == Done(OrderCancelled())
    assert len(desk.checkpoints) == 1
    assert (await world.state())["http_calls"]["tiktok.cancellations.create"] == 1


async def test_an_order_that_is_told_but_not_collected_is_cancelled_all_the_same(world: Outside) -> None:
    desk, order = RecordedDesk(), (await waiting(world))[0]
    await deliver(world, desk, [ship_request(order, 1)])
    [outcome] = await tell(world.tiktok, world.cipher, desk, claims_of(desk, [order["id"]]))
    assert isinstance(outcome, Done)


async def test_an_order_that_has_left_is_refused_in_words_for_a_person() -> None:
    ahead = 0.0
    timings = Timings(0, 0, scan_after_seconds=10, deliver_after_seconds=1000, complete_after_seconds=2000)
    async with outside(orders=30, timings=timings, clock=lambda: time.time() + ahead) as world:
        desk, order = RecordedDesk(), (await waiting(world))[0]
        [shipped] = await deliver(world, desk, [ship_request(order, 1)])
        assert isinstance(shipped, Done)
        assert isinstance(shipped.result, PackageShipped)
        ahead = 20.0
        [outcome] = await tell(world.tiktok, world.cipher, desk, claims_of(desk, [order["id"]]))
    assert isinstance(outcome, Failed)
    assert outcome.code == "cancel_refused"
    assert order["id"] in outcome.sentence


async def test_an_order_nobody_knows_and_one_that_is_gone_are_failures(world: Outside) -> None:
    desk = RecordedDesk()
    [unknown] = await tell(world.tiktok, world.cipher, desk, claims_of(desk, ["577999999999999999"]))
    assert isinstance(unknown, Failed)
    assert unknown.code == "order_unknown"
    claim = claim_of(EffectKind.CANCEL_ORDER)
    [gone] = await tell(world.tiktok, world.cipher, desk, [claim])
    assert gone == Failed("order_gone", "The order is no longer there; TikTok was told nothing.")


async def test_a_reason_that_the_market_refuses_says_how_to_mend_it(world: Outside) -> None:
    desk, order = RecordedDesk(), (await waiting(world))[0]
    [outcome] = await tell(world.tiktok, world.cipher, desk, claims_of(desk, [order["id"]]), region="GB")
    assert isinstance(outcome, Failed)
    assert outcome.code == "tiktok.cancel_reason_refused"


async def test_a_withdrawn_claim_cancels_nothing(world: Outside) -> None:
    desk, order = RecordedDesk(), (await waiting(world))[0]
    [claim] = claims_of(desk, [order["id"]])
    desk.withdrawn.add(claim.effect_id)

    async def shop_of(_: ShopId) -> ConnectedShop:
        return ConnectedShop(world.tiktok, world.cipher, "US")

    await cancel_order_handler(shop_of)([claim], desk)
    assert desk.outcomes == {}
    assert "tiktok.cancellations.create" not in (await world.state())["http_calls"]


async def test_a_lost_answer_is_unsure_and_the_reason_is_the_market_s_own() -> None:
    seen: list[bytes] = []

    def script(request: Received) -> bytes | None:
        if request.target.startswith("/order/"):
            order = {"id": "577", "status": "AWAITING_SHIPMENT", "create_time": 1, "line_items": []}
            return reply({"code": 0, "message": "Success", "request_id": "R0", "data": {"orders": [order]}})
        seen.append(request.body)
        return None

    async with scripted(script) as server, tiktok_at(server.url) as (client, _):
        desk = RecordedDesk()
        [outcome] = await tell(client, "C", desk, claims_of(desk, ["577"], "buyer_asked"))
    assert type(outcome).__name__ == "Unsure"
    assert b'"cancel_reason":"seller_cancel_paid_reason_buyer_requested_cancellation"' in seen[0]


def test_each_market_has_a_name_for_every_reason() -> None:
    for market in ("US", "GB", "UK", "DE", "ID", ""):
        for reason in CancelReason:
            assert name_of(reason, market, {}).startswith("seller_cancel")
    assert name_of("undeliverable", "UK", {}) == "seller_cancel_paid_reason_address_not_deliver_uk"
    assert name_of("undeliverable", "DE", {}) == "seller_cancel_reason_out_of_stock"
    assert name_of("undeliverable", "DE", {"DE": {"undeliverable": "theirs"}}) == "theirs"
    assert set(shipped_names()["US"]) == set(CancelReason)


def test_a_reason_nobody_knows_is_a_mistake_in_the_configuration() -> None:
    with pytest.raises(Misconfigured, match="bored"):
        check({"US": {"bored": "x"}}, "orders-tui.toml")
    with pytest.raises(Misconfigured, match="no reason at all"):
        check({"US": {}}, "orders-tui.toml")
