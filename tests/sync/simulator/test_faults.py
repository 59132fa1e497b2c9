"""Faults are seeded, counted, bounded, and change nothing that was decided."""

from collections import Counter

import httpx
import pytest

from sync.simulator.faults import Fault, FaultRates, Faults, UnknownFaultsError, preset
from sync.simulator.scenario import Arrival, Scenario
from sync.simulator.server import serve
from tests.sync.simulator.conftest import AT_ONCE
from tests.sync.simulator.seller import Seller, seller_at


def drawn(seed: int, calls: int = 400) -> list[Fault]:
    faults = Faults(seed, preset("harsh"))
    return [faults.draw("tiktok.orders.detail", f"order {number % 40}") for number in range(calls)]


def test_the_same_seed_and_calls_give_the_same_faults_and_another_seed_others() -> None:
    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_an_order_and_operation_fails_at_most_twice_in_a_row() -> None:
    faults = Faults(1, FaultRates(server_error=1.0))
    assert [faults.draw("x", "order 7").failure for _ in range(7)] == [
        "server_error",
        "server_error",
        None,
        "server_error",
        "server_error",
        None,
        "server_error",
    ]


def test_faults_strike_as_often_as_their_rates_say() -> None:
    faults = Faults(5, preset("default"))
    kinds = Counter(kind for number in range(50_000) for kind in faults.draw("x", f"order {number}").kinds)
    for kind, rate in (("latency", 0.010), ("throttled", 0.004), ("server_error", 0.004), ("lost_reply", 0.004)):
        assert 0.8 * rate < kinds[kind] / 50_000 < 1.2 * rate
    assert kinds.total() / 50_000 < 0.05


def test_an_unknown_preset_is_refused_in_one_sentence() -> None:
    with pytest.raises(UnknownFaultsError) as refused:
        preset("mean")
    assert str(refused.value) == "There are no faults called 'mean'; choose one of none, default, harsh."


async def only(seller: Seller, **rates: float) -> None:
    response = await seller.http.post("/admin/faults", json={"preset": "none", **rates})
    assert response.status_code == 200


async def test_throttling_and_errors_come_in_the_words_of_each_service(seller: Seller) -> None:
    await only(seller, throttled=1)
    tiktok, easypost = (
        await seller.tiktok("GET", "/logistics/202309/warehouses"),
        await seller.easypost("GET", "/v2/trackers"),
    )
    assert [(r.status_code, r.headers["retry-after"]) for r in (tiktok, easypost)] == [(429, "1"), (429, "1")]
    assert (tiktok.json()["code"], easypost.json()["error"]["code"]) == (36009002, "RATE_LIMITED")
    await only(seller, server_error=1)
    response = await seller.tiktok("GET", "/logistics/202309/warehouses")
    assert (response.status_code, response.json()["code"]) == (500, 36009003)
    await only(seller, gateway_error=1)
    response = await seller.easypost("GET", "/v2/trackers")
    assert (response.status_code, response.headers["content-type"]) == (502, "text/html")
    assert (await seller.state())["faults"] == {"gateway_error": 1, "server_error": 1, "throttled": 2}


async def test_a_lost_reply_loses_the_reply_and_not_the_work(seller: Seller) -> None:
    order = next(o for o in await seller.orders() if o["recipient_address"]["postal_code"] not in ("", "00000"))
    shipment = (await seller.shipment(order)).json()
    await only(seller, lost_reply=1)
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        await seller.easypost("POST", f"/v2/shipments/{shipment['id']}/buy", {"rate": shipment["rates"][0]})
    await only(seller)
    found = (await seller.carrier("GET", f"/v2/shipments/{shipment['id']}")).json()
    assert found["selected_rate"] == shipment["rates"][0]
    assert (await seller.state())["labels_bought"] == 1


async def test_a_fault_strikes_the_call_it_is_aimed_at_and_no_other(seller: Seller) -> None:
    aim = {"operation": "tiktok.lookups.warehouses", "failure": "server_error", "calls": [2, 3]}
    assert (await seller.http.post("/admin/aim", json=aim)).json() == {"aimed": [2, 3]}
    seen = [(await seller.tiktok("GET", "/logistics/202309/warehouses")).status_code for _ in range(4)]
    assert seen == [200, 500, 500, 200]
    for wrong in ({"failure": "rudeness", "operation": "x"}, {"failure": "throttled"}):
        assert (await seller.http.post("/admin/aim", json=wrong)).status_code == 400


async def test_a_repeated_call_is_carried_out_twice_and_told_once(seller: Seller) -> None:
    order = next(o for o in await seller.orders() if o["recipient_address"]["postal_code"] not in ("", "00000"))
    shipment = (await seller.shipment(order)).json()
    await seller.http.post("/admin/aim", json={"operation": "easypost.shipments.buy", "failure": "repeated_call"})
    answer = await seller.easypost("POST", f"/v2/shipments/{shipment['id']}/buy", {"rate": shipment["rates"][0]})
    assert answer.status_code == 422
    state = await seller.state()
    assert (state["labels_bought"], state["double_buys_refused"]) == (1, 1)


async def test_a_repeated_row_repeats_and_loses_nothing(seller: Seller) -> None:
    await only(seller, repeated_row=1)
    rows = [order["id"] for order in await seller.orders(size=10)]
    assert len(rows) > len(set(rows)) == 60
    assert (await seller.state())["faults"]["repeated_row"] == len(rows) - 60


async def test_fault_settings_that_do_not_exist_are_refused_and_change_nothing(seller: Seller) -> None:
    await only(seller, latency=0.5)
    unknown = await seller.http.post("/admin/faults", json={"rudeness": 1})
    assert (unknown.status_code, "There is no fault 'rudeness'" in unknown.json()["error"]) == (400, True)
    assert (await seller.http.post("/admin/faults", json={"latency": 2})).status_code == 400
    assert (await seller.http.post("/admin/faults", content=b"[]")).status_code == 400
    assert (await seller.state())["fault_rates"]["latency"] == 0.5


async def test_two_simulators_of_one_seed_fail_the_same_calls() -> None:
    scenario = Scenario(seed=3, orders=40, arrival=Arrival.IMMEDIATE, timings=AT_ONCE)
    seen = []
    for _ in range(2):
        async with serve(scenario, faults="none") as simulator, seller_at(simulator.url) as seller:
            ids = [order["id"] for order in await seller.orders()]
            await only(seller, server_error=0.3)
            seen.append(
                [(await seller.tiktok("GET", f"/fulfillment/202309/orders/{i}/tracking")).status_code for i in ids]
            )
    assert seen[0] == seen[1]
    assert set(seen[0]) == {200, 500}
