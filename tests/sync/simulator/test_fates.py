"""What was foretold is what happens, with and without faults, to a seller who simply does the work."""

import asyncio
from collections import Counter

import pytest

from sync.simulator.scenario import Arrival, Scenario, Timings
from sync.simulator.server import serve
from tests.sync.simulator.seller import Json, Seller, seller_at

QUICK = Timings(0.05, 0.1, 0.05, 0.1, 0.15)


async def work(seller: Seller, order: Json, catalogue: dict[str, Json]) -> str | None:
    """Ship one order as a shop would; return the fate that stopped it, None when it went out."""
    products = [catalogue.get(line["seller_sku"]) for line in order["line_items"]]
    if any(product is None for product in products):
        return "unmapped_sku"
    known = [product for product in products if product]
    if any(product["weight_grams"] is None for product in known):
        return "missing_weight"
    if any(product["stock"] == 0 for product in known):
        return "out_of_stock"
    if not order["recipient_address"]["postal_code"]:
        return "bad_address"
    response = await seller.shipment(order)
    if response.status_code == 422 or not response.json()["rates"]:
        return "bad_address"
    bought = await seller.buy(response.json())
    if bought.status_code == 422 and bought.json()["error"]["code"] == "SHIPMENT.POSTAGE.FAILURE":
        return "carrier_refused"
    label = (await seller.carrier("GET", f"/v2/shipments/{response.json()['id']}")).json()
    answer = await seller.mark_shipped(order, label)
    assert answer["code"] in (0, 21011006)
    return None


@pytest.mark.parametrize(("faults", "arrival"), [("none", "immediate"), ("harsh", "steady")])
async def test_every_order_ends_as_foretold(faults: str, arrival: str) -> None:
    scenario = Scenario(seed=21, orders=80, arrival=Arrival(arrival), orders_per_second=120, timings=QUICK)
    stopped: dict[str, str] = {}
    worked: set[str] = set()
    orders: Counter[str] = Counter()
    async with serve(scenario, faults=faults) as simulator, seller_at(simulator.url) as seller:
        catalogue = {row["sku"]: row for row in (await seller.http.get("/admin/catalogue")).json()["products"]}

        async def do(order: Json) -> None:
            if fate := await work(seller, order, catalogue):
                stopped[order["id"]] = fate

        while True:
            waiting = [o for o in await seller.orders(order_status="AWAITING_SHIPMENT") if o["id"] not in worked]
            fresh = {order["id"]: order for order in waiting}
            worked |= set(fresh)
            await asyncio.gather(*map(do, fresh.values()))
            ended = await seller.state()
            orders = Counter(ended["orders"])
            if orders["COMPLETED"] + orders["CANCELLED"] + len(stopped) == scenario.orders:
                break
            await asyncio.sleep(0.02)
    lived = Counter({"completed": orders["COMPLETED"], "cancelled": orders["CANCELLED"]}) + Counter(stopped.values())
    assert dict(lived) == scenario.foretold()
    assert ended["orders_with_two_labels"] == 0
    assert ended["labels_bought"] == ended["shipped"] == ended["packages"] == lived["completed"]
    assert bool(ended["faults"]) == (faults != "none")
