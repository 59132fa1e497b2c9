"""What `make faults` strikes at: every commit of the daemon is on its list, and calls are told apart."""

from __future__ import annotations

from sync.http_client import open_http_client
from tests.faults.boundaries import CALLS, COMMITS
from tests.faults.census import daemon_commits
from tests.faults.interception import call_name


def test_every_commit_of_the_daemon_is_struck_by_the_fault_runs() -> None:
    found = daemon_commits()
    assert sorted(found - COMMITS.keys()) == [], "add it to tests/faults/boundaries.py, with the scene that reaches it"
    assert sorted(COMMITS.keys() - found) == [], "no function of the daemon commits under this name any more"


async def test_a_call_is_known_by_its_method_and_its_address() -> None:
    async with open_http_client("http://127.0.0.1") as http:
        request = http.build_request("GET", "/order/202309/orders", params={"ids": "5760", "app_key": "k"})
        shipment = http.build_request("POST", "/v2/shipments/shp_51a0/buy")
    assert call_name(request) == "GET /order/orders"
    assert call_name(shipment) == "POST /v2/shipments/*/buy"
    assert {call_name(request), call_name(shipment)} <= CALLS.keys()
