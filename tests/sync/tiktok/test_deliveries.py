"""Telling TikTok that parcels left: once each, adopted when already told, withdrawn when the order is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest

from engine.errors import Retryable, Terminal
from engine.identifiers import OrderId, PackageId, ShopId, new_id
from engine.ports.outcomes import Claim, Done, Failed, Outcome, PackageShipped, Postponed, Unsure
from engine.ports.requests import ShipRequest
from engine.words import EffectKind
from sync.simulator.scenario import Timings
from sync.tiktok.calls.logistics import ShippingProvider
from sync.tiktok.connected import ConnectedShop
from sync.tiktok.deliveries import ShipSettings, ship_package_handler
from sync.tiktok.parcel_state import match_provider
from tests.sync.outside import Outside, outside, tiktok_at
from tests.sync.recorded_desk import SHOP, RecordedDesk, claim_of
from tests.sync.scripted_server import Received, reply, scripted


def tracking_number(number: int) -> str:
    return f"1Z999AA1{number:010d}"


def ship_request(order: dict[str, Any], number: int, *, carrier: str = "UPS", shop_id: ShopId = SHOP) -> ShipRequest:
    return ShipRequest(
        package_id=PackageId(new_id()),
        order_id=OrderId(new_id()),
        shop_id=shop_id,
        tiktok_order_id=order["id"],
        delivery_option_id=order.get("delivery_option_id", "7091"),
        carrier=carrier,
        tracking_number=tracking_number(number),
        tiktok_line_ids=tuple(line["id"] for line in order["line_items"]),
        shipping_type="SELLER",
    )


async def deliver(world: Outside, desk: RecordedDesk, requests: Sequence[ShipRequest], **more: Any) -> list[Outcome]:
    """Hand the requests to the handler as one batch; the outcomes in their order."""
    desk.shipments |= {request.package_id: request for request in requests}
    claims = [claim_of(EffectKind.SHIP_PACKAGE, request.package_id, **more) for request in requests]

    async def shop_of(_: ShopId) -> ConnectedShop:
        return ConnectedShop(world.tiktok, world.cipher)

    await ship_package_handler(shop_of)(claims, desk)
    return [desk.outcomes[claim.effect_id] for claim in claims]


@pytest.fixture
async def world() -> AsyncIterator[Outside]:
    async with outside(orders=60) as world:
        yield world


async def waiting(world: Outside) -> list[dict[str, Any]]:
    return [order for order in await world.raw_orders() if order["status"] == "AWAITING_SHIPMENT"]


async def test_a_batch_of_parcels_is_told_once_each(world: Outside) -> None:
    desk, orders = RecordedDesk(), (await waiting(world))[:30]
    outcomes = await deliver(world, desk, [ship_request(order, number) for number, order in enumerate(orders)])
    assert all(isinstance(outcome, Done) for outcome in outcomes)
    assert len(desk.checkpoints) == 30
    state = await world.state()
    assert (state["shipped"], state["double_ships_refused"]) == (30, 0)
    assert state["http_calls"]["tiktok.orders.detail"] == 1


async def test_a_parcel_that_was_told_before_is_adopted_without_a_second_call(world: Outside) -> None:
    desk, order = RecordedDesk(), (await waiting(world))[0]
    request = ship_request(order, 1)
    (first,) = await deliver(world, desk, [request])
    (again,) = await deliver(world, desk, [request], ambiguous=True, attempt=2)
    assert again == first
    assert len(desk.checkpoints) == 1
    assert (await world.state())["double_ships_refused"] == 0


async def test_an_order_shipped_with_another_number_names_both(world: Outside) -> None:
    desk, order = RecordedDesk(), (await waiting(world))[0]
    await deliver(world, desk, [ship_request(order, 1)])
    (outcome,) = await deliver(world, desk, [ship_request(order, 2)])
    assert isinstance(outcome, Failed)
    assert outcome.code == "already_shipped_elsewhere"
    assert tracking_number(1) in outcome.sentence
    assert tracking_number(2) in outcome.sentence


async def test_a_cancelled_order_is_not_told() -> None:
    desk, ahead_seconds = RecordedDesk(), 0.0
    async with outside(orders=400, clock=lambda: time.time() + ahead_seconds) as world:
        ahead_seconds = 60.0
        cancelled = [order for order in await world.raw_orders() if order["status"] == "CANCELLED"]
        (outcome,) = await deliver(world, desk, [ship_request(cancelled[0], 1)])
    assert isinstance(outcome, Failed)
    assert outcome.code == "order_cancelled"
    assert desk.checkpoints == []


async def test_an_order_on_hold_waits_without_burning_an_attempt() -> None:
    async with outside(orders=10, timings=Timings(0, 3600, 7200, 7200, 7200)) as world:
        held = [order for order in await world.raw_orders() if order["status"] == "ON_HOLD"]
        desk = RecordedDesk()
        (outcome,) = await deliver(world, desk, [ship_request(held[0], 1)])
    assert isinstance(outcome, Postponed)
    assert (outcome.code, outcome.after_seconds, outcome.burns_attempt) == ("tiktok.on_hold", 60.0, False)
    assert desk.checkpoints == []


async def test_an_order_of_another_shop_is_unknown(world: Outside) -> None:
    order = (await waiting(world))[0] | {"id": "577999999999999999"}
    (outcome,) = await deliver(world, RecordedDesk(), [ship_request(order, 1)])
    assert isinstance(outcome, Failed)
    assert outcome.code == "order_unknown"


async def test_a_parcel_that_is_gone_is_told_nothing(world: Outside) -> None:
    desk, claim = RecordedDesk(), claim_of(EffectKind.SHIP_PACKAGE, PackageId(new_id()))

    async def shop_of(_: ShopId) -> ConnectedShop:
        return ConnectedShop(world.tiktok, world.cipher)

    await ship_package_handler(shop_of)([claim], desk)
    outcome = desk.outcomes[claim.effect_id]
    assert isinstance(outcome, Failed)
    assert outcome.code == "package_gone"


async def test_a_parcel_of_tiktok_s_own_without_its_label_is_told_nothing(world: Outside) -> None:
    request = replace(ship_request((await waiting(world))[0], 1), shipping_type="TIKTOK")
    (outcome,) = await deliver(world, RecordedDesk(), [request])
    assert isinstance(outcome, Failed)
    assert outcome.code == "tiktok.not_arranged"
    assert (await world.state())["shipped"] == 0


async def test_a_withdrawn_claim_is_neither_told_nor_settled(world: Outside) -> None:
    desk, request = RecordedDesk(), ship_request((await waiting(world))[0], 1)
    desk.shipments[request.package_id] = request
    claim = claim_of(EffectKind.SHIP_PACKAGE, request.package_id)
    desk.withdrawn.add(claim.effect_id)

    async def shop_of(_: ShopId) -> ConnectedShop:
        return ConnectedShop(world.tiktok, world.cipher)

    await ship_package_handler(shop_of)([claim], desk)
    assert desk.outcomes == {}
    assert (await world.state())["shipped"] == 0


async def test_a_carrier_that_tiktok_does_not_accept_is_named_with_those_it_does(world: Outside) -> None:
    (outcome,) = await deliver(world, RecordedDesk(), [ship_request((await waiting(world))[0], 1, carrier="Pigeon")])
    assert isinstance(outcome, Failed)
    assert outcome.code == "unknown_provider"
    assert "'Pigeon'" in outcome.sentence
    assert "FedEx, UPS, USPS" in outcome.sentence


async def test_lost_answers_end_in_one_parcel_each(world: Outside) -> None:
    desk, orders = RecordedDesk(), (await waiting(world))[:20]
    requests = {request.package_id: request for request in (ship_request(o, n) for n, o in enumerate(orders))}
    await world.faults(lost_reply=0.4, server_error=0.2, gateway_error=0.1)
    done: set[PackageId] = set()
    for _ in range(12):
        left = [request for package_id, request in requests.items() if package_id not in done]
        if not left:
            break
        outcomes = await deliver(world, desk, left, attempt=2, ambiguous=True)
        for request, outcome in zip(left, outcomes, strict=True):
            assert isinstance(outcome, Done | Unsure | Postponed), outcome
            if isinstance(outcome, Done):
                done.add(request.package_id)
    assert len(done) == 20
    state = await world.state()
    assert (state["shipped"], state["packages"]) == (20, 20)
    assert state["faults"]["lost_reply"] > 0


@dataclass(slots=True)
class Told:
    """A scripted TikTok with one order, which answers the ship call as a test says."""

    order: dict[str, Any]
    answer: bytes | None
    after: dict[str, Any] = field(default_factory=dict)
    ship_calls: int = 0

    def __call__(self, request: Received) -> bytes | None:
        path = urlsplit(request.target).path
        if path.endswith("/shipping_providers"):
            return ok({"shipping_providers": [{"id": "711", "name": "UPS"}]})
        if request.method == "GET":
            ids = parse_qs(urlsplit(request.target).query)["ids"][0].split(",")
            return ok({"orders": [self.order] if self.order["id"] in ids else []})
        self.ship_calls += 1
        assert orjson.loads(request.body)["shipping_provider_id"] == "711"
        self.order = self.order | self.after
        return self.answer


def ok(data: object) -> bytes:
    return reply({"code": 0, "message": "Success", "request_id": "R0", "data": data})


def refused(code: int) -> bytes:
    return reply({"code": code, "message": "no", "request_id": "R1", "data": None})


def plain_order(**changes: Any) -> dict[str, Any]:
    line = {"id": "L1", "display_status": "AWAITING_SHIPMENT"}
    return {"id": "577", "status": "AWAITING_SHIPMENT", "line_items": [line], **changes}


def lines_with(number: str) -> dict[str, Any]:
    return {"line_items": [{"id": "L1", "tracking_number": number, "package_id": "1153"}]}


async def outcome_of(told: Told) -> tuple[Outcome, RecordedDesk]:
    desk, request = RecordedDesk(), ship_request(plain_order(), 1)
    desk.shipments[request.package_id] = request
    claim = claim_of(EffectKind.SHIP_PACKAGE, request.package_id)
    async with scripted(told) as server, tiktok_at(server.url) as (client, _):

        async def shop_of(_: ShopId) -> ConnectedShop:
            return ConnectedShop(client, "C")

        await ship_package_handler(shop_of)([claim], desk)
    return desk.outcomes[claim.effect_id], desk


async def test_a_pending_cancel_request_of_the_buyer_is_for_a_person() -> None:
    outcome, desk = await outcome_of(Told(plain_order(is_buyer_request_cancel=True), ok({})))
    assert isinstance(outcome, Failed)
    assert outcome.code == "cancel_requested"
    assert desk.checkpoints == []


async def test_a_refusal_as_already_shipped_is_adopted_when_the_number_is_ours() -> None:
    outcome, _ = await outcome_of(Told(plain_order(), refused(21011020), lines_with(tracking_number(1).lower())))
    assert outcome == Done(PackageShipped("1153"))


async def test_a_refusal_as_already_shipped_with_another_number_fails_with_both() -> None:
    outcome, _ = await outcome_of(Told(plain_order(), refused(21011006), lines_with("9400111")))
    assert isinstance(outcome, Failed)
    assert outcome.code == "already_shipped_elsewhere"
    assert "9400111" in outcome.sentence


async def test_a_cancellation_that_arrives_between_the_look_and_the_call_is_seen() -> None:
    outcome, _ = await outcome_of(Told(plain_order(), refused(21011041)))
    assert isinstance(outcome, Failed)
    assert outcome.code == "order_cancelled"


async def test_a_lost_answer_is_unsure_and_names_what_was_told() -> None:
    told = Told(plain_order(), None)
    outcome, desk = await outcome_of(told)
    assert isinstance(outcome, Unsure)
    assert (outcome.code, outcome.provider_reference) == ("tiktok.no_answer", tracking_number(1))
    assert told.ship_calls == 1
    assert [reference for _, reference in desk.checkpoints] == [tracking_number(1)]


async def test_a_warning_of_tiktok_is_kept() -> None:
    outcome, _ = await outcome_of(Told(plain_order(), ok({"package_id": "1153", "warning": {"message": "Late."}})))
    assert outcome == Done(PackageShipped("1153", "Late."))


async def test_an_order_that_cannot_be_read_fails_alone() -> None:
    outcome, _ = await outcome_of(Told(plain_order(is_buyer_request_cancel="perhaps"), ok({})))
    assert isinstance(outcome, Failed)
    assert outcome.code == "tiktok.malformed_order"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Terminal("shop.not_connected", "The shop is not connected."), Failed),
        (Retryable("tiktok.paused", "Paused.", retry_after_seconds=9, postponed=True), Postponed),
    ],
)
async def test_a_shop_that_cannot_be_had_settles_only_its_own_claims(
    world: Outside, error: Terminal | Retryable, expected: type[Outcome]
) -> None:
    elsewhere = ShopId(new_id())
    desk, (first, second, *_) = RecordedDesk(), await waiting(world)
    ours, theirs = ship_request(first, 1), ship_request(second, 2, shop_id=elsewhere)
    desk.shipments = {ours.package_id: ours, theirs.package_id: theirs}

    async def shop_of(shop_id: ShopId) -> ConnectedShop:
        if shop_id == elsewhere:
            raise error
        return ConnectedShop(world.tiktok, world.cipher)

    claims: list[Claim] = [claim_of(EffectKind.SHIP_PACKAGE, request.package_id) for request in (ours, theirs)]
    await ship_package_handler(shop_of, ShipSettings(at_once=2))(claims, desk)
    assert isinstance(desk.outcomes[claims[0].effect_id], Done)
    assert isinstance(desk.outcomes[claims[1].effect_id], expected)


def test_carriers_are_matched_by_name_whatever_the_spelling() -> None:
    providers = [ShippingProvider("1", "USPS"), ShippingProvider("2", "Fed Ex"), ShippingProvider("3", "DHL eCommerce")]

    def matched(carrier: str) -> str | None:
        provider = match_provider(providers, carrier)
        return provider.provider_id if provider else None

    assert [matched(name) for name in ("usps", "FedEx", "DHL", "Pigeon", "")] == ["1", "2", "3", None, None]
    assert match_provider([*providers, ShippingProvider("4", "DHL Express")], "DHL") is None


async def test_one_claim_that_breaks_does_not_take_its_batch_along(world: Outside) -> None:
    class Broken(RecordedDesk):
        async def checkpoint(self, claim: Claim, provider_reference: str) -> bool:
            if provider_reference == tracking_number(0):
                raise ConnectionError("the database went away")
            return await super().checkpoint(claim, provider_reference)

    desk, orders = Broken(), (await waiting(world))[:3]
    with pytest.raises(ConnectionError):
        await asyncio.wait_for(deliver(world, desk, [ship_request(o, n) for n, o in enumerate(orders)]), 10)
    assert len(desk.outcomes) == 2
