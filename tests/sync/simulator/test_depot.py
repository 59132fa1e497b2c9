"""Addresses, scan forms, customs, insurance and label links by a client of its own."""

from decimal import Decimal

import pytest

from tests.sync.simulator.conftest import MovableClock
from tests.sync.simulator.seller import Json, Seller, to_address


@pytest.fixture
async def orders(seller: Seller) -> list[Json]:
    found = await seller.orders(order_status="AWAITING_SHIPMENT")
    return [order for order in found if order["recipient_address"]["postal_code"] not in ("", "00000")]


async def buy(seller: Seller, order: Json, carrier: str = "USPS", **changes: object) -> Json:
    shipment = (await seller.shipment(order, **changes)).json()
    rate = next(rate for rate in shipment["rates"] if rate["carrier"] == carrier)
    bought = await seller.carrier("POST", f"/v2/shipments/{shipment['id']}/buy", {"rate": {"id": rate["id"]}})
    return dict(bought.json())


async def test_an_address_is_kept_and_checked_only_when_asked(seller: Seller, orders: list[Json]) -> None:
    address = to_address(orders[0])
    plain = await seller.carrier("POST", "/v2/addresses", {"address": address})
    assert (plain.status_code, plain.json()["verifications"]) == (201, {})
    checked = (await seller.carrier("POST", "/v2/addresses", {"address": address, "verify": True})).json()
    assert checked["id"] != plain.json()["id"], "verifying makes a new one"
    assert checked["verifications"]["delivery"] == {"success": True, "errors": [], "details": {}}
    assert checked["street1"] == address["street1"].upper()


async def test_a_bad_address_is_told_softly_or_strictly(seller: Seller, orders: list[Json]) -> None:
    address = {**to_address(orders[0]), "zip": "00000"}
    soft = await seller.carrier("POST", "/v2/addresses", {"address": address, "verify": True})
    assert (soft.status_code, soft.json()["verifications"]["delivery"]["success"]) == (201, False)
    strict = await seller.carrier("POST", "/v2/addresses", {"address": address, "verify_strict": True})
    assert (strict.status_code, strict.json()["error"]["code"]) == (422, "ADDRESS.VERIFY.FAILURE")
    wrapped = await seller.carrier("POST", "/v2/addresses/create_and_verify", {"address": to_address(orders[0])})
    assert list(wrapped.json()) == ["address"]


async def test_a_carriers_own_check_may_succeed_with_errors(seller: Seller, orders: list[Json]) -> None:
    address = {**to_address(orders[0]), "street2": ""}
    body = {"address": address, "verify": True, "verify_carrier": "UPS"}
    delivery = (await seller.carrier("POST", "/v2/addresses", body)).json()["verifications"]["delivery"]
    assert delivery["success"] is True
    assert delivery["errors"]


async def test_a_scan_form_takes_one_carrier_and_each_shipment_once(seller: Seller, orders: list[Json]) -> None:
    first, second, other = [await buy(seller, order) for order in orders[:3]]
    ups = await buy(seller, orders[3], "UPS")
    named = [{"id": first["id"]}, {"id": second["id"]}]
    made = await seller.carrier("POST", "/v2/scan_forms", {"scan_form": {"shipments": named}})
    form = made.json()
    assert (made.status_code, form["status"]) == (200, "created")
    assert form["tracking_codes"] == [first["tracking_code"], second["tracking_code"]]
    assert (await seller.http.get(form["form_url"])).content.startswith(b"%PDF-")
    for wrong in ([{"id": first["id"]}], [{"id": other["id"]}, {"id": ups["id"]}], [{"id": "shp_none"}], []):
        refused = await seller.carrier("POST", "/v2/scan_forms", {"scan_form": {"shipments": wrong}})
        assert refused.status_code in {404, 422}
    await seller.carrier("POST", f"/v2/shipments/{other['id']}/refund")
    refused = await seller.carrier("POST", "/v2/scan_forms", {"scan_form": {"shipments": [{"id": other["id"]}]}})
    assert refused.status_code == 422
    listed = (await seller.carrier("GET", "/v2/scan_forms", page_size="10")).json()
    assert [each["id"] for each in listed["scan_forms"]] == [form["id"]]
    state = await seller.state()
    assert (state["scan_forms"], state["double_forms_refused"]) == (1, 1)


async def test_goods_cross_a_border_only_when_declared(seller: Seller, orders: list[Json]) -> None:
    abroad = {**to_address(orders[0]), "country": "CA", "state": "ON", "zip": "M5V 2T6"}
    undeclared = (await seller.shipment(orders[0], to_address=abroad)).json()
    assert undeclared["rates"] == []
    assert {message["type"] for message in undeclared["messages"]} == {"rate_error"}
    item = {"description": "Mug", "quantity": 1, "value": "12.50", "weight": 9.5, "origin_country": "PT"}
    customs = {"customs_certify": True, "customs_signer": "Ines Falk", "customs_items": [item]}
    declared = (await seller.shipment(orders[0], to_address=abroad, customs_info=customs)).json()
    assert declared["rates"]
    assert declared["customs_info"]["customs_items"] == [item]
    broken = await seller.shipment(orders[0], to_address=abroad, customs_info={"customs_items": []})
    assert broken.status_code == 422


async def test_insurance_is_charged_and_shown_among_the_fees(seller: Seller, orders: list[Json]) -> None:
    shipment = (await seller.shipment(orders[0])).json()
    body = {"rate": {"id": shipment["rates"][0]["id"]}, "insurance": "249.99"}
    bought = (await seller.carrier("POST", f"/v2/shipments/{shipment['id']}/buy", body)).json()
    fees = {fee["type"]: Decimal(fee["amount"]) for fee in bought["fees"]}
    assert (bought["insurance"], fees["InsuranceFee"]) == ("249.99", Decimal("2.50"))


async def test_a_label_link_does_not_live_for_ever(seller: Seller, orders: list[Json], clock: MovableClock) -> None:
    label = await buy(seller, orders[0])
    link = label["postage_label"]["label_url"]
    assert (await seller.http.get(link)).status_code == 200
    clock.now += 31 * 86_400
    assert (await seller.http.get(link)).status_code == 403
