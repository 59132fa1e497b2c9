"""Packed otherwise than TikTok did: split, combined, taken apart; old packages give way to new ones."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sync.simulator.scenario import Arrival, Scenario
from sync.simulator.server import serve
from tests.sync.simulator.conftest import AT_ONCE, MovableClock
from tests.sync.simulator.seller import Json, Seller, seller_at
from tests.sync.simulator.test_fulfilment import shippable
from tests.sync.simulator.test_package_flows import own, selling_in, ship

ROOT = "/fulfillment/202309"


@asynccontextmanager
async def twins(region: str = "ID") -> AsyncIterator[Seller]:
    """A shop in which every buyer orders twice."""
    scenario = Scenario(seed=11, orders=12, arrival=Arrival.IMMEDIATE, timings=AT_ONCE, region=region, twin_orders=True)
    async with serve(scenario, faults="none", clock=MovableClock()) as simulator, seller_at(simulator.url) as seller:
        yield seller


async def split(seller: Seller, order: Json, *groups: list[str]) -> Json:
    body = {"splittable_groups": [{"id": f"g{n}", "order_line_item_ids": lines} for n, lines in enumerate(groups)]}
    return await seller.ask("POST", f"{ROOT}/orders/{order['id']}/split", None, body)


async def combine(seller: Seller, *order_ids: str) -> Json:
    body = {"combinable_packages": [{"id": "mine", "order_ids": list(order_ids)}]}
    return await seller.ask("POST", f"{ROOT}/packages/combine", None, body)


async def test_a_split_order_ships_package_by_package() -> None:
    async with selling_in("DE") as seller:
        order = await shippable(seller, units=2)
        lines = [line["id"] for line in order["line_items"]]
        asked = await seller.ask("GET", f"{ROOT}/orders/split_attributes", {"order_ids": order["id"]})
        assert asked["data"]["split_attributes"][0]["can_split"] is True
        made = (await split(seller, order, lines[:1], lines[1:]))["data"]["packages"]
        assert [each["splittable_group_id"] for each in made] == ["g0", "g1"]
        after = await seller.order(order["id"])
        assert [line["package_id"] for line in after["line_items"]] == [made[0]["id"]] + [made[1]["id"]] * (
            len(lines) - 1
        )
        old = (await seller.ask("GET", f"{ROOT}/packages/{order['packages'][0]['id']}"))["data"]
        assert old["package_status"] == "CANCELLED"
        assert (await ship(seller, made[0]["id"], own(1)))["code"] == 0
        assert (await seller.order(order["id"]))["status"] == "PARTIALLY_SHIPPING"
        assert (await ship(seller, made[1]["id"], own(2)))["code"] == 0
        assert (await seller.order(order["id"]))["status"] == "AWAITING_COLLECTION"


async def test_one_sku_stays_together_where_the_market_says_so_and_us_orders_have_nothing_to_split() -> None:
    async with selling_in("ID") as seller:
        order = next(
            each
            for each in await seller.orders(order_status="AWAITING_SHIPMENT")
            if len(each["line_items"]) == 2 and len({line["sku_id"] for line in each["line_items"]}) == 1
        )
        lines = [line["id"] for line in order["line_items"]]
        assert (await split(seller, order, lines[:1], lines[1:]))["code"] == 21011030
        assert (await seller.order(order["id"]))["packages"] == order["packages"]
    async with selling_in("US") as seller:
        order = await shippable(seller, units=2)
        lines = [line["id"] for line in order["line_items"]]
        assert (await split(seller, order, lines[:1], lines[1:]))["code"] == 21011030


async def test_orders_of_one_buyer_are_combined_shipped_as_one_and_taken_apart_before_that() -> None:
    async with twins() as seller:
        suggested = await seller.ask("GET", f"{ROOT}/combinable_packages/search", {"page_size": "50"})
        pair = suggested["data"]["combinable_packages"][0]["order_ids"]
        [package] = (await combine(seller, *pair))["data"]["packages"]
        together = [await seller.order(order_id) for order_id in pair]
        assert {each["packages"][0]["id"] for each in together} == {package["id"]}
        assert {each["split_or_combine_tag"] for each in together} == {"COMBINED"}
        apart = await seller.ask("POST", f"{ROOT}/packages/{package['id']}/uncombine", None, {"order_ids": [pair[0]]})
        assert len(apart["data"]["packages"]) == 2
        assert (await ship(seller, package["id"], own(1)))["code"] == 21023059
        [again] = (await combine(seller, *pair))["data"]["packages"]
        assert (await ship(seller, again["id"], own(1)))["code"] == 0
        assert {(await seller.order(order_id))["status"] for order_id in pair} == {"AWAITING_COLLECTION"}


async def test_orders_of_different_buyers_are_not_combined() -> None:
    async with twins() as seller:
        orders = await seller.orders(order_status="AWAITING_SHIPMENT", sort_order="ASC")
        first = orders[0]
        stranger = next(o for o in orders if o["recipient_address"] != first["recipient_address"])
        answer = await combine(seller, first["id"], stranger["id"])
        assert (answer["code"], answer["data"]["packages"]) == (0, [])
        assert answer["data"]["errors"][0]["code"] == 21011031
        assert (await seller.order(first["id"]))["packages"] == first["packages"]
