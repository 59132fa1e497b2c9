"""Markets whose packages exist from payment on: shipped by their ids, one by one or many by one call."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sync.simulator.scenario import Arrival, Scenario
from sync.simulator.server import serve
from tests.sync.simulator.conftest import AT_ONCE, MovableClock
from tests.sync.simulator.seller import PROVIDER_IDS, Json, Seller, seller_at
from tests.sync.simulator.test_fulfilment import mark, shippable

ROOT = "/fulfillment/202309/packages"


@asynccontextmanager
async def selling_in(region: str, *, share: float = 0.0, orders: int = 40) -> AsyncIterator[Seller]:
    """A shop of another market, whose orders wait for shipment."""
    scenario = Scenario(
        seed=11,
        orders=orders,
        arrival=Arrival.IMMEDIATE,
        timings=AT_ONCE,
        region=region,
        tiktok_shipping_share=share,
    )
    async with serve(scenario, faults="none", clock=MovableClock()) as simulator, seller_at(simulator.url) as seller:
        yield seller


def own(number: int) -> Json:
    return {
        "self_shipment": {
            "tracking_number": f"1Z999AA1{number:010d}",
            "shipping_provider_id": PROVIDER_IDS["UPS"],
        }
    }


async def ship(seller: Seller, package_id: str, body: Json) -> Json:
    return await seller.ask("POST", f"{ROOT}/{package_id}/ship", None, body)


async def waiting(seller: Seller, shipping_type: str = "SELLER") -> list[Json]:
    return await seller.orders(order_status="AWAITING_SHIPMENT", shipping_type=shipping_type)


async def test_a_paid_order_has_one_package_with_all_its_units_and_it_ships_once() -> None:
    async with selling_in("ID") as seller:
        order = await shippable(seller, units=2)
        [package] = order["packages"]
        assert {line["package_id"] for line in order["line_items"]} == {package["id"]}
        assert not any("tracking_number" in line for line in order["line_items"])
        before = (await seller.ask("GET", f"{ROOT}/{package['id']}"))["data"]
        assert (before["package_status"], before["tracking_number"]) == ("TO_FULFILL", "")
        assert (await ship(seller, package["id"], own(1)))["code"] == 0
        assert (await ship(seller, package["id"], own(1)))["code"] == 21011020
        after = await seller.order(order["id"])
        assert (after["status"], after["packages"]) == ("AWAITING_COLLECTION", [package])
        assert (await seller.state())["packages_by_state"]["shipped"] == 1


async def test_a_market_that_ships_packages_marks_no_order_as_shipped() -> None:
    async with selling_in("TH") as seller:
        order = await seller.order((await shippable(seller))["id"])
        assert (await mark(seller, order["id"]))["code"] == 36009004
        assert (await ship(seller, order["packages"][0]["id"], {}))["code"] == 36009004
        assert await seller.order(order["id"]) == order
        assert (await seller.state())["packages"] == 0


async def test_a_batch_ships_what_it_can_and_names_the_rest() -> None:
    async with selling_in("MY") as seller:
        first, second, third = (await waiting(seller))[:3]
        ids = [order["packages"][0]["id"] for order in (first, second, third)]
        await ship(seller, ids[1], own(2))
        packages: list[dict[str, Any]] = [{"id": key, **own(number)} for number, key in enumerate(ids, 11)]
        answer = await seller.ask("POST", f"{ROOT}/ship", None, {"packages": packages})
        assert answer["code"] == 0
        assert [(e["code"], e["detail"]["package_id"]) for e in answer["data"]["errors"]] == [(21011020, ids[1])]
        assert {(await seller.order(order["id"]))["status"] for order in (first, second, third)} == {
            "AWAITING_COLLECTION"
        }


async def test_an_order_that_tiktok_ships_is_masked_and_handed_over() -> None:
    async with selling_in("GB", share=0.5) as seller:
        order = (await waiting(seller, "TIKTOK"))[0]
        assert "*" in order["recipient_address"]["name"]
        assert "*" not in (await waiting(seller))[0]["recipient_address"]["name"]
        assert (await mark(seller, order["id"]))["code"] == 21008117
        package_id = order["packages"][0]["id"]
        slots = (await seller.ask("GET", f"{ROOT}/{package_id}/handover_time_slots"))["data"]
        assert all("avaliable" in slot for slot in slots["pickup_slots"])
        assert (await ship(seller, package_id, {"handover_method": "PICKUP"}))["code"] == 36009004
        assert (await ship(seller, package_id, {"handover_method": "DROP_OFF"}))["code"] == 0
        package = (await seller.ask("GET", f"{ROOT}/{package_id}"))["data"]
        assert (package["handover_method"], package["shipping_provider_name"]) == ("DROP_OFF", "Demo Express")
        assert package["tracking_number"]


async def test_where_both_are_known_a_marked_order_keeps_its_package() -> None:
    async with selling_in("DE") as seller:
        order = await shippable(seller, units=2)
        marked = (await mark(seller, order["id"]))["data"]
        assert marked["package_id"] == order["packages"][0]["id"]
        other = next(each for each in await waiting(seller) if len(each["line_items"]) > 1)
        some = await mark(
            seller,
            other["id"],
            tracking_number="1Z999AA10000000009",
            order_line_item_ids=[other["line_items"][0]["id"]],
        )
        assert some["data"]["package_id"] != other["packages"][0]["id"]
        gone = await ship(seller, other["packages"][0]["id"], own(3))
        assert gone["code"] == 21023059
        partly = await seller.order(other["id"])
        assert (partly["status"], partly["split_or_combine_tag"]) == ("PARTIALLY_SHIPPING", "SPLIT")
