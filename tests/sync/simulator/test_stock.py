"""Products and stock at TikTok, as a client of its own finds them."""

from __future__ import annotations

from typing import Any

from sync.simulator.scenario import Arrival, Scenario, Timings
from sync.simulator.server import serve
from tests.sync.simulator.seller import Seller, seller_at

SEARCH, STOCK = "/product/202502/products/search", "/product/202309/inventory/search"


def scenario(orders: int = 0) -> Scenario:
    return Scenario(seed=5, orders=orders, arrival=Arrival.IMMEDIATE, timings=Timings(0, 0, 3600, 3600, 3600))


async def stock_of(seller: Seller, sku_id: str) -> list[dict[str, Any]]:
    answer = await seller.ask("POST", STOCK, None, {"sku_ids": [sku_id]})
    [product] = answer["data"]["inventory"]
    return list(product["skus"][0]["warehouse_inventory"])


async def update(seller: Seller, product_id: str, *skus: tuple[str, dict[str, int]]) -> dict[str, Any]:
    body = {
        "skus": [
            {"id": sku, "inventory": [{"warehouse_id": place, "quantity": units} for place, units in stock.items()]}
            for sku, stock in skus
        ]
    }
    return await seller.ask("POST", f"/product/202309/products/{product_id}/inventory/update", None, body)


async def test_a_window_has_both_its_ends_and_more_hits_than_the_cap_are_refused() -> None:
    async with serve(scenario()) as simulator, seller_at(simulator.url) as seller:
        everything = (await seller.ask("POST", SEARCH, {"page_size": "100"}, {"status": "ALL"}))["data"]["products"]
        times = sorted({product["update_time"] for product in everything})
        exact = {"update_time_ge": times[1], "update_time_le": times[2]}
        found = (await seller.ask("POST", SEARCH, {"page_size": "100"}, exact))["data"]["products"]
        assert {product["update_time"] for product in found} == {times[1], times[2]}
        await seller.http.post("/admin/stock", json={"most_hits": len(everything) - 1})
        assert (await seller.ask("POST", SEARCH, None, {"status": "ALL"}))["code"] == 12052180
        assert (await seller.ask("POST", SEARCH, None, exact))["code"] == 0


async def test_orders_commit_what_the_seller_set_and_cancelled_ones_give_it_back() -> None:
    async with serve(scenario(12)) as simulator, seller_at(simulator.url) as seller:
        orders = await seller.orders()
        state = (await seller.http.get("/admin/stock")).json()
        committed = sum(sum(sku["committed"].values()) for sku in state["skus"].values())
        waiting = [order for order in orders if order["status"] in {"AWAITING_SHIPMENT", "UNPAID", "ON_HOLD"}]
        assert committed == sum(len(order["line_items"]) for order in waiting) > 0
        order = next(order for order in waiting if order["status"] == "AWAITING_SHIPMENT")
        line = order["line_items"][0]
        [before] = await stock_of(seller, line["sku_id"])
        body = {"order_id": order["id"], "cancel_reason": "seller_cancel_reason_out_of_stock"}
        answer = await seller.ask("POST", "/return_refund/202309/cancellations", None, body)
        assert answer["code"] == 0, answer
        units = sum(each["sku_id"] == line["sku_id"] for each in order["line_items"])
        [after] = await stock_of(seller, line["sku_id"])
        assert after["committed_quantity"] == before["committed_quantity"] - units
        assert after["available_quantity"] == before["available_quantity"] + units


async def test_stock_is_set_whole_or_refused_sku_by_sku() -> None:
    async with serve(scenario()) as simulator, seller_at(simulator.url) as seller:
        products = (await seller.ask("POST", SEARCH, {"page_size": "100"}, {"status": "ALL"}))["data"]["products"]
        product = next(each for each in products if len(each["skus"]) == 3)
        first, second, third = (sku["id"] for sku in product["skus"])
        place = product["skus"][0]["inventory"][0]["warehouse_id"]
        await seller.http.post(
            "/admin/stock", json={"seller_sku": product["skus"][1]["seller_sku"], "refusal": 12052850}
        )
        await seller.http.post(
            "/admin/stock", json={"seller_sku": product["skus"][2]["seller_sku"], "available": {"7000": 4}}
        )
        answer = await update(seller, product["id"], (first, {place: 3}), (second, {place: 3}), (third, {place: 3}))
        assert answer["code"] == 0
        assert [(error["code"], error["detail"]["sku_id"]) for error in answer["data"]["errors"]] == [
            (12052850, second),
            (12019028, third),
        ]
        assert [row["available_quantity"] for row in await stock_of(seller, first)] == [3]
        assert (await update(seller, product["id"], (third, {place: 3, "7000": 1})))["data"] == {}
        assert [row["available_quantity"] for row in await stock_of(seller, third)] == [3, 1]
        assert (await update(seller, product["id"], (first, {place: 100_000})))["code"] != 0
        assert (await update(seller, products[-1]["id"], (first, {place: 1})))["code"] != 0
        unknown = await update(seller, product["id"], (first, {"nowhere": 1}))
        assert unknown["data"]["errors"][0]["detail"]["extra_errors"][0]["warehouse_id"] == "nowhere"
        state = (await seller.http.get("/admin/stock")).json()
        assert (state["calls"], state["pushes"]) == (2, 2)
