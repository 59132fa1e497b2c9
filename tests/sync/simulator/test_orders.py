"""Order search and detail: pages, filters, money, addresses."""

from decimal import Decimal

import pytest

from sync.simulator.scenario import Arrival, Scenario, Timings
from sync.simulator.server import serve
from tests.sync.simulator.conftest import MovableClock
from tests.sync.simulator.seller import Json, Seller, seller_at

SEARCH = "/order/202309/orders/search"


@pytest.mark.parametrize(("size", "sort_order"), [(7, "ASC"), (7, "DESC"), (100, "ASC"), (1, "ASC")])
async def test_a_search_returns_every_order_once_over_its_pages(seller: Seller, size: int, sort_order: str) -> None:
    orders = await seller.orders(size=size, sort_order=sort_order)
    assert len({order["id"] for order in orders}) == len(orders) == 60
    assert len({order["id"] for order in await seller.orders(size=9, order_status="AWAITING_SHIPMENT")}) == 59


async def test_a_search_counts_all_matches_and_ends_with_an_empty_token(seller: Seller) -> None:
    data = (await seller.ask("POST", SEARCH, {"page_size": "59"}, {}))["data"]
    assert (data["total_count"], len(data["orders"])) == (60, 59)
    rest = await seller.ask("POST", SEARCH, {"page_size": "59", "page_token": data["next_page_token"]}, {})
    assert (len(rest["data"]["orders"]), rest["data"]["next_page_token"]) == (1, "")


async def test_a_page_token_of_another_search_is_refused(seller: Seller) -> None:
    data = (await seller.ask("POST", SEARCH, {"page_size": "5"}, {}))["data"]
    query = {"page_size": "5", "page_token": data["next_page_token"]}
    assert (await seller.ask("POST", SEARCH, query, {"order_status": "UNPAID"}))["code"] == 36009004
    assert (await seller.ask("POST", SEARCH, {"page_size": "5", "page_token": "??"}, {}))["code"] == 36009004
    assert (await seller.ask("POST", SEARCH, {"page_size": "101"}, {}))["code"] == 36009004


async def test_a_window_of_update_time_includes_its_start_and_not_its_end(seller: Seller, clock: MovableClock) -> None:
    order = (await seller.orders(order_status="AWAITING_SHIPMENT"))[0]
    before = int(clock.now)
    clock.now += 50
    label = await seller.label(order)
    await seller.mark_shipped(order, label)
    changed = await seller.orders(update_time_ge=before + 50)
    assert [(row["id"], row["update_time"], row["status"]) for row in changed] == [
        (order["id"], before + 50, "AWAITING_COLLECTION")
    ]
    assert order["id"] not in {row["id"] for row in await seller.orders(update_time_lt=before + 50)}
    assert await seller.orders(update_time_ge=before + 51) == []


async def test_an_order_that_changes_during_an_ascending_scan_is_met_again_at_its_end(
    seller: Seller, clock: MovableClock
) -> None:
    query = {"page_size": "40", "sort_field": "update_time", "sort_order": "ASC"}
    first = (await seller.ask("POST", SEARCH, query, {"order_status": "AWAITING_SHIPMENT"}))["data"]
    second = (await seller.ask("POST", SEARCH, query, {}))["data"]
    order = next(row for row in second["orders"] if row["status"] == "AWAITING_SHIPMENT" and has_zip(row))
    clock.now += 5
    await seller.mark_shipped(order, await seller.label(order))
    rest = (await seller.ask("POST", SEARCH, query | {"page_token": second["next_page_token"]}, {}))["data"]
    assert rest["orders"][-1]["id"] == order["id"]
    assert len(first["orders"]) == 40


async def test_detail_takes_fifty_ids_and_leaves_out_unknown_ones(seller: Seller) -> None:
    ids = [order["id"] for order in await seller.orders()]
    known_and_unknown = {"ids": ",".join([*ids[:49], "577999"])}
    older = (await seller.ask("GET", "/order/202309/orders", known_and_unknown))["data"]["orders"]
    newer = (await seller.ask("GET", "/order/202507/orders", known_and_unknown))["data"]["orders"]
    assert [order["id"] for order in older] == [order["id"] for order in newer] == ids[:49]
    too_many = await seller.ask("GET", "/order/202507/orders", {"ids": ",".join(ids[:51])})
    assert too_many["code"] == 36009004
    assert (await seller.ask("GET", "/order/202507/orders", {"ids": "577999"}))["code"] == 21008111
    found = (await seller.orders())[0]
    assert set(newer[0]) - set(older[0]) == {"payment_card_type", "payment_method_code", "payment_auth_code"}
    assert set(found) - set(older[0]) == {"fulfillment_priority_level", "recommended_shipping_time"}


async def test_the_money_of_every_order_adds_up(seller: Seller) -> None:
    for order in await seller.orders():
        pay = {name: Decimal(value) for name, value in order["payment"].items() if name != "currency"}
        lines = order["line_items"]
        assert pay["sub_total"] == (
            pay["original_total_product_price"] - pay["seller_discount"] - pay["platform_discount"]
        )
        assert pay["shipping_fee"] == (
            pay["original_shipping_fee"] - pay["shipping_fee_seller_discount"] - pay["shipping_fee_platform_discount"]
        )
        assert pay["tax"] == pay["product_tax"] + pay["shipping_fee_tax"]
        assert pay["total_amount"] == pay["sub_total"] + pay["shipping_fee"] + pay["tax"] + pay["retail_delivery_fee"]
        assert pay["sub_total"] == sum(Decimal(line["sale_price"]) for line in lines)
        assert pay["product_tax"] == sum(Decimal(tax["tax_amount"]) for line in lines for tax in line["item_tax"])
        assert all(pay[name] >= 0 for name in pay)


async def test_orders_hold_what_a_shop_really_meets() -> None:
    scenario = Scenario(seed=11, orders=400, arrival=Arrival.IMMEDIATE, timings=Timings(0, 0, 1, 1, 1))
    async with serve(scenario, faults="none") as simulator, seller_at(simulator.url) as seller:
        orders = await seller.orders(order_status="AWAITING_SHIPMENT")
    assert any(repeats_a_sku(order) for order in orders)
    assert any(order["buyer_message"] for order in orders)
    assert any(not order["recipient_address"]["name"].isascii() for order in orders)
    assert any(line["is_gift"] and line["sale_price"] == "0.00" for order in orders for line in order["line_items"])
    samples = [order for order in orders if order["is_sample_order"]]
    assert samples
    assert {order["payment"]["total_amount"] for order in samples} == {"0.00"}
    assert all("555-01" in order["recipient_address"]["phone_number"] for order in orders)
    assert all(order["buyer_email"].endswith("@relay.example") for order in orders)
    lines = [line["id"] for order in orders for line in order["line_items"]]
    assert len(set(lines)) == len(lines)


async def test_an_address_appears_only_when_an_order_may_be_shipped_and_is_masked_once_cancelled(
    clock: MovableClock,
) -> None:
    scenario = Scenario(seed=4, orders=200, arrival=Arrival.IMMEDIATE, timings=Timings(10, 10, 1, 1, 1))
    cancelled = scenario.foretold()["cancelled"]
    assert cancelled > 1
    async with serve(scenario, faults="none", clock=clock) as simulator, seller_at(simulator.url) as seller:
        for status, moved in (("UNPAID", 0), ("ON_HOLD", 11)):
            clock.now += moved
            orders = await seller.orders(order_status=status)
            assert len(orders) >= 200 - cancelled
            for order in orders:
                address = order["recipient_address"]
                assert address.pop("district_info") == []
                assert set(address.values()) == {""}
        clock.now += 20
        shippable = await seller.orders(order_status="AWAITING_SHIPMENT")
        assert len(shippable) == 200 - cancelled
        assert all(order["recipient_address"]["address_line1"] for order in shippable)
        assert not any("*" in order["recipient_address"]["name"] for order in shippable)
        gone = await seller.orders(order_status="CANCELLED")
        assert len(gone) == cancelled
        for order in gone:
            assert "*" in order["recipient_address"]["name"]
            assert "*" in order["recipient_address"]["phone_number"]
            assert "*" in order["recipient_address"]["address_line1"]
        assert {order["cancellation_initiator"] for order in gone} == {"BUYER", "SYSTEM"}
        found = await seller.ask(
            "POST", "/return_refund/202309/cancellations/search", {"page_size": "50"}, {"locale": "en-US"}
        )
        on_hold = {order["id"] for order in gone if order["cancellation_initiator"] == "BUYER"}
        assert {row["order_id"] for row in found["data"]["cancellations"]} == on_hold


async def test_no_hold_means_no_hold_and_cancelled_orders_were_never_payable(clock: MovableClock) -> None:
    scenario = Scenario(seed=4, orders=100, arrival=Arrival.IMMEDIATE, timings=Timings(0, 0, 1, 1, 1))
    cancelled = scenario.foretold()["cancelled"]
    async with serve(scenario, faults="none", clock=clock) as simulator, seller_at(simulator.url) as seller:
        state = await seller.state()
        assert state["orders"]["UNPAID"] == cancelled
        assert state["orders"]["AWAITING_SHIPMENT"] == 100 - cancelled
        clock.now += 1
        assert (await seller.state())["orders"]["CANCELLED"] == cancelled


async def test_orders_arrive_by_the_clock(clock: MovableClock) -> None:
    scenario = Scenario(seed=4, orders=100, arrival=Arrival.STEADY, orders_per_second=2)
    async with serve(scenario, faults="none", clock=clock) as simulator, seller_at(simulator.url) as seller:
        assert (await seller.state())["arrived"] == 1
        clock.now += 25
        arrived = (await seller.state())["arrived"]
        assert 35 < arrived < 65
        assert len(await seller.orders()) == arrived
        clock.now += 200
        assert (await seller.state())["arrived"] == 100


def has_zip(order: Json) -> bool:
    return order["recipient_address"]["postal_code"] not in ("", "00000")


def repeats_a_sku(order: Json) -> bool:
    skus = [line["sku_id"] for line in order["line_items"]]
    return len(set(skus)) < len(skus)


@pytest.mark.parametrize(
    "body", [{"update_time_ge": "1"}, {"order_status": "SHIPPED"}, {"warehouse_ids": 5}, {"create_time_lt": True}]
)
async def test_a_filter_of_the_wrong_kind_is_refused(seller: Seller, body: Json) -> None:
    assert (await seller.ask("POST", SEARCH, {"page_size": "5"}, body))["code"] == 36009004
