"""TikTok Shipping by a client of its own: services, packages bought once, documents that live a day and vanish at the first scan."""

from collections.abc import AsyncIterator

import pytest

from sync.simulator.scenario import Arrival, Scenario, Timings
from sync.simulator.server import serve
from tests.sync.simulator.conftest import AT_ONCE, MovableClock
from tests.sync.simulator.seller import Json, Seller, seller_at

WEIGHT = {"value": "400", "unit": "GRAM"}


def scenario(region: str = "US", timings: Timings = AT_ONCE) -> Scenario:
    return Scenario(
        seed=11, orders=10, arrival=Arrival.IMMEDIATE, timings=timings, region=region, tiktok_shipping_share=1.0
    )


@pytest.fixture
async def seller(clock: MovableClock) -> AsyncIterator[Seller]:
    async with serve(scenario(), faults="none", clock=clock) as simulator, seller_at(simulator.url) as seller:
        yield seller


async def first(seller: Seller) -> Json:
    return (await seller.orders(order_status="AWAITING_SHIPMENT"))[0]


async def services(seller: Seller, order: Json) -> list[Json]:
    path = f"/fulfillment/202309/orders/{order['id']}/shipping_services/query"
    return list((await seller.ask("POST", path, None, {"weight": WEIGHT}))["data"]["shipping_services"])


async def create(seller: Seller, order: Json, service_id: str, **more: object) -> Json:
    body = {"order_id": order["id"], "weight": WEIGHT, "shipping_service_id": service_id, **more}
    return await seller.ask("POST", "/fulfillment/202309/packages", None, body)


async def document(seller: Seller, package_id: str, **query: str) -> Json:
    path = f"/fulfillment/202309/packages/{package_id}/shipping_documents"
    return await seller.ask("GET", path, {"document_type": "SHIPPING_LABEL", **query})


async def test_an_order_that_tiktok_ships_has_a_masked_address_and_cannot_be_marked_as_shipped(seller: Seller) -> None:
    order = await first(seller)
    assert order["shipping_type"] == "TIKTOK"
    assert "*" in order["recipient_address"]["name"]
    refused = await seller.mark_shipped(order, {"tracking_code": "1Z" + "0" * 16, "selected_rate": {"carrier": "UPS"}})
    assert refused["code"] == 21008117


async def test_services_are_offered_and_one_is_bought_with_its_label(seller: Seller) -> None:
    order = await first(seller)
    offered = await services(seller, order)
    assert [service["is_default"] for service in offered].count(True) == 1
    made = await create(seller, order, offered[0]["id"])
    assert made["data"]["shipping_service_info"]["price"] == offered[0]["price"]
    bought = await seller.order(order["id"])
    assert bought["status"] == "AWAITING_COLLECTION"
    assert {line["package_id"] for line in bought["line_items"]} == {made["data"]["package_id"]}
    state = await seller.state()
    assert (state["tiktok_labels_bought"], state["tiktok_double_buys_refused"]) == (1, 0)


async def test_a_second_purchase_of_the_same_units_is_refused_and_counted(seller: Seller) -> None:
    order = await first(seller)
    service = (await services(seller, order))[0]["id"]
    await create(seller, order, service)
    assert (await create(seller, order, service))["code"] == 21022025
    state = await seller.state()
    assert (state["tiktok_labels_bought"], state["tiktok_double_buys_refused"]) == (1, 1)


async def test_a_service_of_another_order_is_no_service_of_this_one(seller: Seller) -> None:
    one, other = (await seller.orders(order_status="AWAITING_SHIPMENT"))[:2]
    assert (await create(seller, one, (await services(seller, other))[0]["id"]))["code"] == 36009004
    assert (await seller.state())["tiktok_labels_bought"] == 0


async def test_a_document_can_be_had_until_the_first_scan_by_an_address_that_lives_a_day(clock: MovableClock) -> None:
    timings = Timings(0, 0, 200_000, 300_000, 400_000, label_after_seconds=30)
    async with (
        serve(scenario(timings=timings), faults="none", clock=clock) as simulator,
        seller_at(simulator.url) as seller,
    ):
        order = await first(seller)
        made = await create(seller, order, (await services(seller, order))[0]["id"])
        package_id = made["data"]["package_id"]
        assert (await document(seller, package_id))["code"] == 21023035
        clock.now += 31
        answer = await document(seller, package_id)
        link = answer["data"]["doc_url"]
        response = await seller.http.get(link)
        assert (response.status_code, response.headers["content-type"]) == (200, "application/pdf")
        assert response.content.startswith(b"%PDF-")
        assert (await seller.http.get(link.replace(".pdf", ".png"))).status_code == 200
        assert (await seller.http.get(link[:-8] + "0000.pdf")).status_code == 404
        clock.now += 24 * 3600
        assert (await seller.http.get(link)).status_code == 403
        clock.now += 200_000
        assert (await document(seller, package_id))["code"] == 21042102


async def test_zpl_is_for_brazil_and_mexico_and_packages_exist_there(clock: MovableClock) -> None:
    async with serve(scenario("BR"), faults="none", clock=clock) as simulator, seller_at(simulator.url) as seller:
        order = await first(seller)
        package_id = order["packages"][0]["id"]
        assert (await create(seller, order, "1"))["code"] == 36009004
        assert (await document(seller, package_id))["code"] == 21023035
        await seller.ask(
            "POST", f"/fulfillment/202309/packages/{package_id}/ship", None, {"handover_method": "DROP_OFF"}
        )
        link = (await document(seller, package_id, document_format="ZPL"))["data"]["doc_url"]
        assert (await seller.http.get(link)).content.startswith(b"^XA")


async def test_zpl_is_refused_elsewhere(seller: Seller) -> None:
    order = await first(seller)
    made = await create(seller, order, (await services(seller, order))[0]["id"])
    assert (await document(seller, made["data"]["package_id"], document_format="ZPL"))["code"] == 36009004
