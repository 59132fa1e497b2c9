"""What `make faults` strikes at: every commit of the daemon is on its list, and calls are told apart."""

from __future__ import annotations

from tests.faults.boundaries import CALLS, COMMITS
from tests.faults.census import daemon_commits
from tests.faults.interception import call_name


def test_every_commit_of_the_daemon_is_struck_by_the_fault_runs() -> None:
    found = daemon_commits()
    assert sorted(found - COMMITS.keys()) == [], "add it to tests/faults/boundaries.py, with the scene that reaches it"
    assert sorted(COMMITS.keys() - found) == [], "no function of the daemon commits under this name any more"


def test_a_call_is_known_by_its_method_and_its_address() -> None:
    orders = call_name("GET", "/order/202309/orders?ids=5760&app_key=k")
    shipment = call_name("POST", "/v2/shipments/shp_51a0/buy")
    assert orders == "GET /order/orders"
    assert shipment == "POST /v2/shipments/*/buy"
    assert {orders, shipment} <= CALLS.keys()
