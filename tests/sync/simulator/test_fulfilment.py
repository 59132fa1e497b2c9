"""Marking shipped, packages, corrections, tracking."""

from typing import Any

import pytest

from sync.simulator.scenario import Arrival, Scenario, Timings
from sync.simulator.server import serve
from tests.sync.simulator.conftest import MovableClock
from tests.sync.simulator.seller import PROVIDER_IDS, Json, Seller, seller_at

UPS_NUMBER = "1Z999AA10123456784"


async def shippable(seller: Seller, units: int = 1) -> Json:
    orders = await seller.orders(order_status="AWAITING_SHIPMENT")
    return next(
        order
        for order in orders
        if len(order["line_items"]) >= units and order["recipient_address"]["postal_code"] not in ("", "00000")
    )


async def mark(seller: Seller, order_id: str, **body: Any) -> Json:
    ups = {"tracking_number": UPS_NUMBER, "shipping_provider_id": PROVIDER_IDS["UPS"]}
    return await seller.ask("POST", f"/fulfillment/202309/orders/{order_id}/packages", None, ups | body)


async def test_a_shipped_order_has_one_package_with_all_its_units(seller: Seller) -> None:
    order = await shippable(seller, units=2)
    answer = (await mark(seller, order["id"]))["data"]
    lines = [line["id"] for line in order["line_items"]]
    assert (answer["order_id"], answer["order_line_item_ids"]) == (order["id"], lines)
    package = (await seller.ask("GET", f"/fulfillment/202309/packages/{answer['package_id']}"))["data"]
    assert (package["orders"], package["order_line_item_ids"]) == ([{"id": order["id"]}], lines)
    assert (package["tracking_number"], package["package_status"]) == (UPS_NUMBER, "PROCESSING")
    after = await seller.order(order["id"])
    assert (after["status"], after["packages"]) == ("AWAITING_COLLECTION", [{"id": answer["package_id"]}])
    assert {line["tracking_number"] for line in after["line_items"]} == {UPS_NUMBER}
    assert {line["display_status"] for line in after["line_items"]} == {"AWAITING_COLLECTION"}


async def test_an_order_ships_once_and_the_second_attempt_is_refused_and_counted(seller: Seller) -> None:
    order = await shippable(seller)
    package_id = (await mark(seller, order["id"]))["data"]["package_id"]
    before = await seller.order(order["id"])
    assert (await mark(seller, order["id"]))["code"] == 21011006
    assert (await mark(seller, order["id"], tracking_number="1Z999AA10123456799"))["code"] == 21011006
    again = {"self_shipment": {"tracking_number": UPS_NUMBER, "shipping_provider_id": PROVIDER_IDS["UPS"]}}
    assert (await seller.ask("POST", f"/fulfillment/202309/packages/{package_id}/ship", None, again))[
        "code"
    ] == 21011020
    state = await seller.state()
    assert (state["shipped"], state["packages"], state["double_ships_refused"]) == (1, 1, 3)
    assert await seller.order(order["id"]) == before


async def test_an_order_can_be_shipped_in_parts(seller: Seller, clock: MovableClock) -> None:
    order = await shippable(seller, units=2)
    lines = [line["id"] for line in order["line_items"]]
    first = await mark(seller, order["id"], order_line_item_ids=lines[:1])
    assert first["data"]["order_line_item_ids"] == lines[:1]
    partly = await seller.order(order["id"])
    assert partly["status"] == "PARTIALLY_SHIPPING"
    assert [line["display_status"] for line in partly["line_items"][:2]] == ["AWAITING_COLLECTION", "AWAITING_SHIPMENT"]
    other = {"tracking_number": "123456789012", "shipping_provider_id": PROVIDER_IDS["FedEx"]}
    assert (await mark(seller, order["id"], order_line_item_ids=lines[:1], **other))["code"] == 21011020
    assert (await mark(seller, order["id"], order_line_item_ids=["5780"], **other))["code"] == 36009004
    clock.now += 10
    rest = await mark(seller, order["id"], **other)
    assert rest["data"]["order_line_item_ids"] == lines[1:]
    assert (await seller.order(order["id"]))["status"] == "AWAITING_COLLECTION"
    assert (await seller.state())["packages"] == 2


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"shipping_provider_id": "42"}, 21011022),
        ({"tracking_number": "999"}, 21004012),
        ({"shipping_provider_id": PROVIDER_IDS["USPS"]}, 21004012),
        ({"tracking_number": ""}, 36009004),
    ],
)
async def test_a_wrong_carrier_or_a_malformed_number_is_refused_and_nothing_ships(
    seller: Seller, body: Json, code: int
) -> None:
    order = await shippable(seller)
    assert (await mark(seller, order["id"], **body))["code"] == code
    assert (await seller.order(order["id"]))["status"] == "AWAITING_SHIPMENT"
    assert (await seller.state())["packages"] == 0


async def test_a_tracking_number_serves_one_order(seller: Seller) -> None:
    first, second = [
        order for order in await seller.orders(order_status="AWAITING_SHIPMENT") if order["recipient_address"]["name"]
    ][:2]
    assert (await mark(seller, first["id"]))["code"] == 0
    assert (await mark(seller, second["id"]))["code"] == 21011025
    assert (await mark(seller, "577000000000000000"))["code"] == 21008111


async def test_an_order_that_is_unpaid_on_hold_or_cancelled_does_not_ship(clock: MovableClock) -> None:
    scenario = Scenario(seed=4, orders=200, arrival=Arrival.IMMEDIATE, timings=Timings(10, 10, 1, 1, 1))
    async with serve(scenario, faults="none", clock=clock) as simulator, seller_at(simulator.url) as seller:
        order_id = (await seller.orders())[0]["id"]
        assert (await mark(seller, order_id))["code"] == 21011044
        clock.now += 11
        assert (await mark(seller, order_id))["code"] == 21011044
        clock.now += 20
        codes = {
            (order["cancellation_initiator"], (await mark(seller, order["id"]))["code"])
            for order in await seller.orders(order_status="CANCELLED")
        }
        assert codes == {("SYSTEM", 21011041), ("BUYER", 21011042)}
        assert (await seller.state())["packages"] == 0


async def test_a_tracking_number_can_be_corrected_once_before_delivery(seller: Seller, clock: MovableClock) -> None:
    order = await shippable(seller)
    path = f"/fulfillment/202309/orders/{order['id']}/shipping_info/update"
    fedex = {"tracking_number": "123456789012", "shipping_provider_id": PROVIDER_IDS["FedEx"]}
    assert (await seller.ask("POST", path, None, fedex))["code"] == 21011043
    await mark(seller, order["id"])
    assert (await seller.ask("POST", path, None, fedex))["code"] == 0
    assert (await seller.order(order["id"]))["tracking_number"] == "123456789012"
    assert (await seller.ask("POST", path, None, fedex))["code"] == 21011049
    other = await seller.orders(order_status="AWAITING_SHIPMENT")
    assert (await mark(seller, other[0]["id"]))["code"] == 0
    clock.now += 3601
    late = f"/fulfillment/202309/orders/{other[0]['id']}/shipping_info/update"
    answer = await seller.ask("POST", late, None, fedex | {"tracking_number": "123456789013"})
    assert answer["code"] == 21011050


async def test_a_shipped_order_is_scanned_delivered_and_completed_by_the_clock(clock: MovableClock) -> None:
    scenario = Scenario(seed=4, orders=20, arrival=Arrival.IMMEDIATE, timings=Timings(0, 0, 100, 200, 300))
    async with serve(scenario, faults="none", clock=clock) as simulator, seller_at(simulator.url) as seller:
        order = await shippable(seller)
        started = int(clock.now)
        label = await seller.label(order)
        package_id = (await seller.mark_shipped(order, label))["data"]["package_id"]
        seen: list[tuple[int, str, str, str]] = []
        tracker: Json = {}
        for _ in range(7):
            after = await seller.order(order["id"])
            package = (await seller.ask("GET", f"/fulfillment/202309/packages/{package_id}"))["data"]
            tracker = (await seller.carrier("GET", f"/v2/trackers/{label['tracker']['id']}")).json()
            at = after["update_time"] - started
            seen.append((at, after["status"], package["package_status"], tracker["status"]))
            clock.now += 50
        assert seen == [
            (0, "AWAITING_COLLECTION", "PROCESSING", "pre_transit"),
            (0, "AWAITING_COLLECTION", "PROCESSING", "pre_transit"),
            (100, "IN_TRANSIT", "FULFILLING", "in_transit"),
            (100, "IN_TRANSIT", "FULFILLING", "out_for_delivery"),
            (200, "DELIVERED", "COMPLETED", "delivered"),
            (200, "DELIVERED", "COMPLETED", "delivered"),
            (300, "COMPLETED", "COMPLETED", "delivered"),
        ]
        events = (await seller.ask("GET", f"/fulfillment/202309/orders/{order['id']}/tracking"))["data"]["tracking"]
        offsets = [event["update_time_millis"] - started * 1000 for event in events]
        assert offsets == [200_000, 150_000, 100_000, 0]
        assert tracker["tracking_details"][-1]["status"] == "delivered"


async def test_packages_are_found_by_the_time_of_their_last_change(seller: Seller, clock: MovableClock) -> None:
    orders = (await seller.orders(order_status="AWAITING_SHIPMENT"))[:3]
    for number, order in enumerate(orders):
        clock.now += 10
        await mark(seller, order["id"], tracking_number=f"1Z999AA1012345678{number}")
    query = {"page_size": "2", "sort_field": "update_time", "sort_order": "ASC"}
    first = (await seller.ask("POST", "/fulfillment/202309/packages/search", query, {}))["data"]
    second = (
        await seller.ask(
            "POST", "/fulfillment/202309/packages/search", query | {"page_token": first["next_page_token"]}, {}
        )
    )["data"]
    assert [row["orders"][0]["id"] for row in first["packages"] + second["packages"]] == [o["id"] for o in orders]
    assert (first["total_count"], second["next_page_token"]) == (3, "")
    clock.now += 3600
    body = {"update_time_ge": int(clock.now) - 100, "package_status": "COMPLETED"}
    done = (await seller.ask("POST", "/fulfillment/202309/packages/search", query, body))["data"]
    assert done["total_count"] == 3


async def test_the_shop_tells_its_warehouse_its_delivery_option_its_carriers_and_its_products(seller: Seller) -> None:
    warehouse = (await seller.ask("GET", "/logistics/202309/warehouses"))["data"]["warehouses"][0]
    path = f"/logistics/202309/warehouses/{warehouse['id']}/delivery_options"
    option = (await seller.ask("GET", path))["data"]["delivery_options"][0]
    path = f"/logistics/202309/delivery_options/{option['id']}/shipping_providers"
    providers = (await seller.ask("GET", path))["data"]["shipping_providers"]
    assert {provider["name"]: provider["id"] for provider in providers} == PROVIDER_IDS
    order = await shippable(seller)
    assert (order["warehouse_id"], order["delivery_option_id"]) == (warehouse["id"], option["id"])
    products: list[Json] = []
    token = ""
    while True:
        query = {"page_size": "7"} | ({"page_token": token} if token else {})
        data = (await seller.ask("POST", "/product/202502/products/search", query, {"status": "ACTIVATE"}))["data"]
        products += data["products"]
        token = data["next_page_token"]
        if not token:
            break
    catalogue = (await seller.http.get("/admin/catalogue")).json()["products"]
    skus = {sku["seller_sku"]: sku["id"] for product in products for sku in product["skus"]}
    known = {product["sku"]: product["sku_id"] for product in catalogue}
    assert {sku: skus.pop(sku) for sku in known} == known
    assert sorted(skus) == ["CREATOR-BUNDLE-01", "mug blue NEW!!"]  # listed there, and not in the warehouse's catalogue
