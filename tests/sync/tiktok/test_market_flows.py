"""How a parcel is told in each market: marked as shipped, or shipped as the package TikTok has; alone, in a batch, or adopted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest

from engine.errors import Misconfigured
from engine.identifiers import ShopId
from engine.orders.markets import Telling, check, market_of
from engine.ports.outcomes import Claim, Done, Failed, Outcome, PackageShipped, Postponed, Unsure
from engine.ports.requests import ShipRequest
from engine.words import EffectKind
from sync.tiktok.connected import ConnectedShop
from sync.tiktok.deliveries import ShipSettings, ship_package_handler
from tests.sync.outside import Outside, outside, tiktok_at
from tests.sync.recorded_desk import RecordedDesk, claim_of
from tests.sync.scripted_server import Received, scripted
from tests.sync.tiktok.test_deliveries import ok, plain_order, ship_request, tracking_number


async def deliver(
    world: Outside,
    desk: RecordedDesk,
    requests: Sequence[ShipRequest],
    settings: ShipSettings | None = None,
    **more: Any,
) -> list[Outcome]:
    desk.shipments |= {request.package_id: request for request in requests}
    claims = [claim_of(EffectKind.SHIP_PACKAGE, request.package_id, **more) for request in requests]

    async def shop_of(_: ShopId) -> ConnectedShop:
        return world.shop

    await ship_package_handler(shop_of, settings)(claims, desk)
    return [desk.outcomes[claim.effect_id] for claim in claims if claim.effect_id not in desk.withdrawn]


async def waiting(world: Outside, shipping_type: str = "SELLER") -> list[dict[str, Any]]:
    orders = await world.raw_orders()
    return [o for o in orders if o["status"] == "AWAITING_SHIPMENT" and o["shipping_type"] == shipping_type]


def by_tiktok(request: ShipRequest) -> ShipRequest:
    return replace(request, shipping_type="TIKTOK", tracking_number="", carrier="")


async def test_packages_are_shipped_many_by_one_call() -> None:
    async with outside(orders=60, region="ID") as world:
        desk, orders = RecordedDesk(), (await waiting(world))[:25]
        requests = [ship_request(order, number) for number, order in enumerate(orders)]
        outcomes = await deliver(world, desk, requests, ShipSettings(batch_size=10))
        assert outcomes == [Done(PackageShipped(order["packages"][0]["id"])) for order in orders]
        state = await world.state()
    assert (state["shipped"], state["http_calls"]["tiktok.fulfilment.ship_packages"]) == (25, 3)
    assert "tiktok.fulfilment.mark_shipped" not in state["http_calls"]
    assert len(desk.checkpoints) == 25


async def test_one_package_that_is_refused_does_not_fail_the_others() -> None:
    async with outside(orders=40, region="MY") as world:
        desk, orders = RecordedDesk(), (await waiting(world))[:4]
        requests = [ship_request(order, number) for number, order in enumerate(orders)]
        requests[1] = replace(requests[1], tracking_number="NOT-A-NUMBER")
        first, bad, third, fourth = await deliver(world, desk, requests)
        state = await world.state()
    assert [type(outcome) for outcome in (first, third, fourth)] == [Done, Done, Done]
    assert isinstance(bad, Failed)
    assert bad.code == "tiktok.bad_tracking"
    assert (state["shipped"], state["http_calls"]["tiktok.fulfilment.ship_packages"]) == (3, 1)


async def test_a_lost_answer_for_many_ends_in_one_parcel_each() -> None:
    async with outside(orders=40, region="TH") as world:
        desk, orders = RecordedDesk(), (await waiting(world))[:6]
        requests = [ship_request(order, number) for number, order in enumerate(orders)]
        await world.admin.post(
            "/admin/aim", json={"operation": "tiktok.fulfilment.ship_packages", "failure": "lost_reply", "calls": [1]}
        )
        unsure = await deliver(world, desk, requests)
        adopted = await deliver(world, desk, requests, attempt=2, ambiguous=True)
        state = await world.state()
    assert all(isinstance(outcome, Unsure) for outcome in unsure)
    assert all(isinstance(outcome, Done) for outcome in adopted)
    assert (state["shipped"], state["double_ships_refused"]) == (6, 0)
    assert state["http_calls"]["tiktok.fulfilment.ship_packages"] == 1


async def test_a_withdrawn_order_keeps_nobody_else_from_going() -> None:
    async with outside(orders=40, region="PH") as world:
        desk, orders = RecordedDesk(), (await waiting(world))[:3]
        requests = [ship_request(order, number) for number, order in enumerate(orders)]
        desk.shipments |= {request.package_id: request for request in requests}
        claims = [claim_of(EffectKind.SHIP_PACKAGE, request.package_id) for request in requests]
        desk.withdrawn.add(claims[0].effect_id)

        async def shop_of(_: ShopId) -> ConnectedShop:
            return world.shop

        await ship_package_handler(shop_of)(claims, desk)
        assert claims[0].effect_id not in desk.outcomes
        assert (await world.state())["shipped"] == 2


async def test_what_tiktok_ships_is_handed_over_once_and_then_adopted() -> None:
    async with outside(orders=40, region="GB", tiktok_shipping_share=0.5) as world:
        desk, orders = RecordedDesk(), (await waiting(world, "TIKTOK"))[:4]
        requests = [by_tiktok(ship_request(order, number)) for number, order in enumerate(orders)]
        outcomes = await deliver(world, desk, requests)
        again = await deliver(world, desk, requests, attempt=2, ambiguous=True)
        package = await world.shop.fulfilment.package(orders[0]["packages"][0]["id"])
        state = await world.state()
    assert outcomes == again == [Done(PackageShipped(order["packages"][0]["id"])) for order in orders]
    assert package.tracking_number.startswith("DX")
    assert (state["shipped"], state["double_ships_refused"]) == (4, 0)


async def test_a_courier_comes_where_the_owner_prefers_that_and_it_can_be_had() -> None:
    async with outside(orders=40, region="GB", tiktok_shipping_share=1.0) as world:
        desk, orders = RecordedDesk(), (await waiting(world, "TIKTOK"))[:4]
        requests = [by_tiktok(ship_request(order, number)) for number, order in enumerate(orders)]
        await deliver(world, desk, requests, ShipSettings(markets={"GB": {"handover": "PICKUP"}}))
        methods = set()
        for order in orders:
            answer = await world.tiktok.call(
                "packages.detail", cipher=world.cipher, path={"package_id": order["packages"][0]["id"]}
            )
            methods.add(answer["handover_method"])
    assert "PICKUP" in methods


async def test_an_unknown_market_is_told_by_what_its_order_shows() -> None:
    async with outside(orders=20, region="JP") as world:
        order = (await waiting(world))[0]
        [outcome] = await deliver(world, RecordedDesk(), [ship_request(order, 1)])
        assert outcome == Done(PackageShipped(order["packages"][0]["id"]))
        assert (await world.state())["http_calls"]["tiktok.fulfilment.ship_package"] == 1


def line(number: int, package: str, **more: Any) -> dict[str, Any]:
    return {"id": f"L{number}", "display_status": "AWAITING_SHIPMENT", "package_id": package, **more}


async def scripted_outcome(
    order: dict[str, Any], *, lines: tuple[str, ...], region: str
) -> tuple[Outcome, list[Received]]:
    writes: list[Received] = []

    def script(request: Received) -> bytes:
        if urlsplit(request.target).path.endswith("/shipping_providers"):
            return ok({"shipping_providers": [{"id": "711", "name": "UPS"}]})
        if request.method == "GET":
            return ok({"orders": [order]})
        writes.append(request)
        return ok({})

    desk = RecordedDesk()
    request = replace(ship_request(plain_order(), 1), tiktok_line_ids=lines)
    desk.shipments[request.package_id] = request
    claim: Claim = claim_of(EffectKind.SHIP_PACKAGE, request.package_id)
    async with scripted(script) as server, tiktok_at(server.url) as (client, _):

        async def shop_of(_: ShopId) -> ConnectedShop:
            return ConnectedShop(client, "C", region)

        await ship_package_handler(shop_of)([claim], desk)
    return desk.outcomes[claim.effect_id], writes


async def test_units_that_tiktok_packed_with_others_are_not_shipped_with_them() -> None:
    order = plain_order(line_items=[line(1, "1153"), line(2, "1153")])
    outcome, writes = await scripted_outcome(order, lines=("L1",), region="ID")
    assert isinstance(outcome, Failed)
    assert outcome.code == "tiktok.packed_otherwise"
    assert writes == []


async def test_a_cancelled_unit_in_the_package_is_no_reason_to_wait() -> None:
    order = plain_order(line_items=[line(1, "1153"), line(2, "1153", display_status="CANCELLED")])
    outcome, writes = await scripted_outcome(order, lines=("L1",), region="ID")
    assert outcome == Done(PackageShipped("1153"))
    assert orjson.loads(writes[0].body) == {
        "self_shipment": {"tracking_number": tracking_number(1), "shipping_provider_id": "711"}
    }


async def test_a_package_that_is_not_there_yet_is_waited_for() -> None:
    outcome, writes = await scripted_outcome(plain_order(), lines=("L1",), region="ID")
    assert isinstance(outcome, Postponed)
    assert outcome.code == "tiktok.no_package_yet"
    assert writes == []


def test_markets_are_data_and_the_owner_s_words_come_first() -> None:
    assert market_of("UK") == market_of("GB")
    assert (market_of("US").seller, market_of("ID").seller, market_of("ZZ").seller) == (
        Telling.MARK_SHIPPED,
        Telling.SHIP_PACKAGE,
        Telling.LOOK,
    )
    assert market_of("JP", {"JP": {"seller": "ship_package"}}).seller is Telling.SHIP_PACKAGE
    with pytest.raises(Misconfigured, match="pigeon"):
        check({"JP": {"seller": "pigeon"}}, "orders-tui.toml")
    with pytest.raises(Misconfigured, match="wings"):
        check({"JP": {"wings": True}}, "orders-tui.toml")


@pytest.mark.parametrize(
    ("more", "code"),
    [({"corrected_before": True}, "tiktok.tracking_corrected"), ({"told_hours_ago": 73.0}, "tiktok.tracking_fixed")],
)
async def test_a_second_or_a_late_correction_is_refused_before_the_call(more: dict[str, Any], code: str) -> None:
    async with outside(orders=20) as world:
        order = (await waiting(world))[0]
        [first] = await deliver(world, RecordedDesk(), [ship_request(order, 1)])
        assert isinstance(first, Done)
        desk = RecordedDesk()
        request = replace(ship_request(order, 2), **more)
        desk.shipments[request.package_id] = request
        claim = claim_of(EffectKind.UPDATE_TRACKING, request.package_id)

        async def shop_of(_: ShopId) -> ConnectedShop:
            return world.shop

        await ship_package_handler(shop_of)([claim], desk)
        outcome = desk.outcomes[claim.effect_id]
        assert isinstance(outcome, Failed)
        assert outcome.code == code
        assert "tiktok.fulfilment.correct_tracking" not in (await world.state())["http_calls"]
    assert desk.checkpoints == []
