"""Orders shared out among shops: each seller sees, is told of, and is limited in their own only."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from sync.simulator.scenario import Arrival, Scenario
from sync.simulator.server import serve
from tests.sync.simulator.conftest import AT_ONCE, MovableClock
from tests.sync.simulator.seller import Json, Seller, seller_at
from tests.sync.simulator.told import signed_by_tiktok, told

WAREHOUSES = ("GET", "/logistics/202309/warehouses")


@asynccontextmanager
async def sellers(clock: MovableClock, shops: int = 3) -> AsyncIterator[list[Seller]]:
    """One client a shop, each with its own token and cipher."""
    scenario = Scenario(seed=11, orders=30, arrival=Arrival.IMMEDIATE, timings=AT_ONCE, shops=shops)
    async with serve(scenario, faults="none", clock=clock) as simulator, seller_at(simulator.url) as first:
        clock.now += 10
        grants = (await first.http.get("/admin/grants")).json()["grants"]
        yield [_client(first, grant) for grant in grants]


def _client(first: Seller, grant: Json) -> Seller:
    (shop,) = grant["shops"]
    keys = first.keys | {"access_token": grant["access_token"], "shop_cipher": shop["cipher"], "shop_id": shop["id"]}
    return Seller(first.http, keys)


async def ids(seller: Seller, **filters: Any) -> set[str]:
    return {order["id"] for order in await seller.orders(size=4, **filters)}


async def test_each_shop_has_its_own_orders_and_no_others(clock: MovableClock) -> None:
    async with sellers(clock) as (one, two, three):
        found = [await ids(seller) for seller in (one, two, three)]
        assert [len(each) for each in found] == [10, 10, 10]
        assert len(set.union(*found)) == 30
        foreign = next(iter(found[1]))
        assert (await one.ask("GET", "/order/202309/orders", {"ids": foreign}))["code"] == 21008111
        body = {"tracking_number": "9400100000000000000001", "shipping_provider_id": "7117859084333745966"}
        path = f"/fulfillment/202309/orders/{foreign}/packages"
        assert (await one.ask("POST", path, None, body))["code"] == 21008111
        assert (await one.state())["shipped"] == 0
        listing = (await one.http.get("/admin/orders")).json()["orders"]
        assert {row["id"] for row in listing if row["shop_id"] == two.keys["shop_id"]} == found[1]


async def test_a_package_and_a_cancellation_are_seen_by_their_shop_alone(clock: MovableClock) -> None:
    async with sellers(clock, 2) as (one, two):
        order, other = [o for o in await one.orders() if o["recipient_address"]["postal_code"] not in ("", "00000")][:2]
        package = (await one.mark_shipped(order, await one.label(order)))["data"]["package_id"]
        for seller, code, packages in ((one, 0, 1), (two, 21008111, 0)):
            assert (await seller.ask("GET", f"/fulfillment/202309/packages/{package}"))["code"] == code
            page = (await seller.ask("POST", "/fulfillment/202309/packages/search", {"page_size": "10"}, {}))["data"]
            assert (len(page["packages"]), page["total_count"]) == (packages, packages)
        await one.http.post("/admin/buyer/cancel", json={"order_id": other["id"]})
        search = "/return_refund/202309/cancellations/search"
        seen = [(await seller.ask("POST", search, None, {}))["data"]["total_count"] for seller in (one, two)]
        assert seen == [1, 0]


async def test_each_shop_is_told_of_its_own_under_its_own_id(clock: MovableClock) -> None:
    async with sellers(clock, 2) as (one, two), told() as hook_of_one, told() as app:
        await two.state()
        topic = {"event_type": "ORDER_STATUS_CHANGE"}
        assert (await one.ask("PUT", "/event/202309/webhooks", None, {**topic, "address": hook_of_one.url}))[
            "code"
        ] == 0
        assert (await two.ask("GET", "/event/202309/webhooks"))["data"]["total_count"] == 0
        await one.http.post("/admin/webhooks", json={"tiktok": app.url})
        for seller in (one, two):
            order = next(o for o in await seller.orders() if o["recipient_address"]["postal_code"] > "00001")
            await seller.mark_shipped(order, await seller.label(order))
        (first,), (second,) = await hook_of_one.messages(1), await app.messages(1)
        assert [first["shop_id"], second["shop_id"]] == [one.keys["shop_id"], two.keys["shop_id"]]
        assert signed_by_tiktok(app.received[0], two.keys)


async def test_what_one_shop_asks_too_often_is_not_held_against_another(clock: MovableClock) -> None:
    async with sellers(clock, 2) as (one, two):
        await one.http.post("/admin/limits", json={"tiktok_per_hour": 2})
        codes = [[(await seller.tiktok(*WAREHOUSES)).json()["code"] for _ in range(3)] for seller in (one, two)]
        assert codes == [[0, 0, 36009037]] * 2


async def test_a_revoked_grant_ends_one_shop_and_no_other(clock: MovableClock) -> None:
    async with sellers(clock, 2) as (one, two), told() as app:
        await one.http.post("/admin/webhooks", json={"tiktok": app.url})
        await one.http.post("/admin/revoke", json={"grant": 1})
        (gone,) = await app.messages(1)
        assert (gone["type"], gone["shop_id"]) == (6, two.keys["shop_id"])
        assert (await two.tiktok(*WAREHOUSES)).json()["code"] != 0
        assert (await one.tiktok(*WAREHOUSES)).json()["code"] == 0


@pytest.mark.parametrize("shops", [0, 101])
def test_a_number_of_shops_that_makes_no_sense_is_refused(shops: int) -> None:
    with pytest.raises(ValueError, match=f"^shops is {shops}; give a number from 1 to 100"):
        Scenario(shops=shops)
