"""Shipments, labels, refunds, trackers, errors."""

import zlib
from decimal import Decimal

import pytest

from sync.simulator.scenario import Arrival, Fate, Scenario, Timings
from sync.simulator.server import serve
from tests.sync.simulator.conftest import AT_ONCE, MovableClock
from tests.sync.simulator.seller import FROM_ADDRESS, Json, Seller, seller_at, to_address


async def first_order(seller: Seller) -> Json:
    orders = await seller.orders(order_status="AWAITING_SHIPMENT")
    return next(order for order in orders if order["recipient_address"]["postal_code"] not in ("", "00000"))


@pytest.fixture
async def order(seller: Seller) -> Json:
    return await first_order(seller)


async def test_a_new_shipment_has_rates_of_three_carriers_and_no_label(seller: Seller, order: Json) -> None:
    response = await seller.shipment(order)
    shipment = response.json()
    assert response.status_code == 201
    assert {rate["carrier"] for rate in shipment["rates"]} == {"USPS", "UPS", "FedEx"}
    assert (shipment["postage_label"], shipment["tracking_code"], shipment["status"]) == (None, None, "unknown")
    assert shipment["reference"] == f"pkg-{order['id']}-1"
    assert all(isinstance(rate["rate"], str) for rate in shipment["rates"])
    assert "x-ep-request-uuid" in response.headers
    for name in (shipment["id"], shipment["reference"]):
        assert (await seller.carrier("GET", f"/v2/shipments/{name}")).json() == shipment


async def test_a_heavier_parcel_costs_more_and_one_over_seventy_pounds_has_no_rates(
    seller: Seller, order: Json
) -> None:
    def cheapest(shipment: Json) -> Decimal:
        return min(Decimal(rate["rate"]) for rate in shipment["rates"])

    light = (await seller.shipment(order, parcel={"weight": 4})).json()
    heavy = (await seller.shipment(order, parcel={"weight": "160.5"})).json()
    assert cheapest(light) < cheapest(heavy)
    too_heavy = await seller.shipment(order, parcel={"weight": 1200})
    assert (too_heavy.status_code, too_heavy.json()["rates"]) == (201, [])
    assert {message["type"] for message in too_heavy.json()["messages"]} == {"rate_error"}


async def test_a_second_buy_is_refused_counted_and_changes_nothing(seller: Seller, order: Json) -> None:
    shipment = (await seller.shipment(order)).json()
    bought = await seller.buy(shipment)
    assert bought.status_code == 200
    label = bought.json()
    cheapest = min(shipment["rates"], key=lambda rate: Decimal(rate["rate"]))
    assert (label["selected_rate"], label["tracker"]["status"]) == (cheapest, "unknown")
    again = await seller.buy(shipment)
    assert (again.status_code, again.json()["error"]["code"]) == (422, "SHIPMENT.POSTAGE.EXISTS")
    state = await seller.state()
    assert (state["labels_bought"], state["double_buys_refused"], state["orders_with_two_labels"]) == (1, 1, 0)
    after = (await seller.carrier("GET", f"/v2/shipments/{shipment['id']}")).json()
    assert after["tracking_code"] == label["tracking_code"]


async def test_two_labels_for_one_order_are_noticed_even_over_two_shipments(seller: Seller, order: Json) -> None:
    first = await seller.label(order)
    await seller.label(order, reference="another", options={"print_custom_1": order["id"]})
    assert (await seller.state())["orders_with_two_labels"] == 1
    await seller.carrier("POST", f"/v2/shipments/{first['id']}/refund")
    state = await seller.state()
    assert (state["orders_with_two_labels"], state["labels_voided"], state["packages_needing_label"]) == (0, 1, 1)


async def test_rating_again_makes_the_old_rates_stale(seller: Seller, order: Json) -> None:
    shipment = (await seller.shipment(order)).json()
    fresh = (await seller.carrier("POST", f"/v2/shipments/{shipment['id']}/rerate", {})).json()
    assert list(fresh) == ["rates"]
    assert {rate["id"] for rate in fresh["rates"]}.isdisjoint(rate["id"] for rate in shipment["rates"])
    stale = await seller.buy(shipment)
    assert (stale.status_code, stale.json()["error"]["code"]) == (422, "SHIPMENT.RATES.UNAVAILABLE")
    assert (await seller.buy({**shipment, **fresh})).status_code == 200


async def test_a_refund_is_submitted_then_refunded_and_a_scanned_parcel_is_refused(
    seller: Seller, order: Json, clock: MovableClock
) -> None:
    label = await seller.label(order)
    path = f"/v2/shipments/{label['id']}/refund"
    assert (await seller.carrier("POST", path)).json()["refund_status"] == "submitted"
    clock.now += 3
    assert (await seller.carrier("POST", path)).json()["refund_status"] == "refunded"
    assert (await seller.state())["labels_voided"] == 1
    other = await seller.label(order, reference="second")
    await seller.mark_shipped(order, other)
    clock.now += 3601
    refused = await seller.carrier("POST", f"/v2/shipments/{other['id']}/refund")
    assert refused.json()["refund_status"] == "rejected"
    assert (await seller.state())["labels_voided"] == 1


async def test_each_shipment_has_a_label_file_of_its_own(seller: Seller, order: Json) -> None:
    files: list[bytes] = []
    carriers: list[str] = []
    for label_format, start in (("PDF", b"%PDF-1.4"), ("PDF", b"%PDF-1.4"), ("PNG", b"\x89PNG\r\n\x1a\n")):
        options = {"label_format": label_format, "print_custom_1": order["id"]}
        label = await seller.label(order, reference=f"file-{len(files)}", options=options)
        response = await seller.http.get(label["postage_label"]["label_url"])
        assert (response.status_code, response.headers["content-type"]) == (
            200,
            label["postage_label"]["label_file_type"],
        )
        assert response.content.startswith(start)
        files.append(response.content)
        carriers.append(label["selected_rate"]["carrier"])
    assert len(set(files)) == 3
    assert f"({carriers[0]} ".encode() in files[0]
    table = int(files[0].split(b"startxref\n")[1].split()[0])
    assert files[0][table : table + 4] == b"xref"
    chunk = files[2].index(b"IDAT")
    length = int.from_bytes(files[2][chunk - 4 : chunk])
    assert len(zlib.decompress(files[2][chunk + 4 : chunk + 4 + length])) == 1218 * (1 + 102)


async def test_a_png_label_can_be_converted_and_a_pdf_cannot(seller: Seller, order: Json) -> None:
    png = await seller.label(order, options={"print_custom_1": order["id"]})
    assert png["postage_label"]["label_zpl_url"] is None
    path = f"/v2/shipments/{png['id']}/label"
    converted = (await seller.carrier("GET", path, file_format="ZPL")).json()["postage_label"]
    assert converted["label_url"] == png["postage_label"]["label_url"]
    zpl = await seller.http.get(converted["label_zpl_url"])
    assert zpl.text.startswith("^XA")
    assert png["tracking_code"] in zpl.text
    pdf = await seller.label(order, reference="pdf")
    refused = await seller.carrier("GET", f"/v2/shipments/{pdf['id']}/label", file_format="ZPL")
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "SHIPMENT.POSTAGE.FORMAT_UNAVAILABLE")
    assert (await seller.http.get("/easypost-files/postage_label/shp_0-0.pdf")).status_code == 404


async def test_trackers_come_newest_first_in_pages(seller: Seller, order: Json) -> None:
    codes = [(await seller.label(order, reference=f"r{number}"))["tracking_code"] for number in range(5)]
    seen: list[str] = []
    query: dict[str, str] = {}
    while True:
        page = (await seller.carrier("GET", "/v2/trackers", None, page_size="2", **query)).json()
        seen += [tracker["tracking_code"] for tracker in page["trackers"]]
        query = {"before_id": page["trackers"][-1]["id"]}
        if not page["has_more"]:
            break
    assert seen == codes[::-1]
    last = (await seller.carrier("GET", "/v2/trackers", page_size="1")).json()["trackers"][0]
    newer = (await seller.carrier("GET", "/v2/trackers", after_id=page["trackers"][-1]["id"], page_size="4")).json()
    assert (newer["trackers"][0]["id"], newer["has_more"]) == (last["id"], False)
    assert (await seller.carrier("GET", "/v2/trackers", page_size="101")).status_code == 422


async def test_a_list_can_be_held_to_a_span_of_time(seller: Seller, order: Json, clock: MovableClock) -> None:
    labels = []
    for number in range(3):
        labels.append(await seller.label(order, reference=f"r{number}"))
        clock.now += 100
    middle = labels[1]["created_at"]
    since = (await seller.carrier("GET", "/v2/trackers", None, start_datetime=middle)).json()["trackers"]
    assert [tracker["tracking_code"] for tracker in since] == [label["tracking_code"] for label in labels[:0:-1]]
    until = (await seller.carrier("GET", "/v2/shipments", None, end_datetime=middle)).json()
    assert ([row["id"] for row in until["shipments"]], until["has_more"]) == ([labels[0]["id"]], False)
    assert (await seller.carrier("GET", "/v2/trackers", None, start_datetime="soon")).status_code == 422
    unbought = (await seller.shipment(order, reference="unbought")).json()
    listed = [(await seller.carrier("GET", "/v2/shipments", None, purchased=p)).json() for p in ("true", "false")]
    assert [unbought["id"] in {row["id"] for row in rows["shipments"]} for rows in listed] == [False, True]


async def test_a_tracker_asked_for_twice_is_the_same_tracker(seller: Seller) -> None:
    body = {"tracker": {"tracking_code": "123456789012", "carrier": "FedEx"}}
    first = await seller.carrier("POST", "/v2/trackers", body)
    second = await seller.carrier("POST", "/v2/trackers", body)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert first.json()["status"] == "unknown"
    nobody = await seller.carrier("POST", "/v2/trackers", {"tracker": {"tracking_code": "EZ1"}})
    assert nobody.json()["error"]["code"] == "TRACKER.NO_CARRIER_FOR_CODE"


async def test_a_label_that_was_never_marked_shipped_is_never_scanned(
    seller: Seller, order: Json, clock: MovableClock
) -> None:
    label = await seller.label(order)
    clock.now += 86_400
    tracker = (await seller.carrier("GET", f"/v2/trackers/{label['tracker']['id']}")).json()
    assert tracker["status"] == "pre_transit"


async def test_a_bad_key_a_bad_body_and_an_unknown_id_answer_in_the_error_envelope(seller: Seller, order: Json) -> None:
    assert (await seller.http.get("/v2/trackers")).status_code == 401
    key = seller.keys["easypost_api_key"]
    bearer = await seller.http.get("/v2/trackers", headers={"authorization": f"Bearer {key}"})
    assert bearer.status_code == 200
    missing = await seller.easypost("GET", "/v2/shipments/shp_nobody")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "NOT_FOUND")
    assert (await seller.easypost("GET", "/v2/nowhere")).json()["error"]["code"] == "NOT_FOUND"
    weightless = await seller.shipment(order, parcel={"length": 3})
    assert weightless.json()["error"]["errors"][0]["field"] == "parcel.weight"
    assert (await seller.state())["shipments"] == 0


async def test_an_undeliverable_address_is_refused_at_once_or_gets_no_rates() -> None:
    scenario = Scenario(seed=9, orders=1000, arrival=Arrival.IMMEDIATE, timings=AT_ONCE)
    kinds = set()
    async with serve(scenario, faults="none") as simulator, seller_at(simulator.url) as seller:
        orders = [o for o in await seller.orders(order_status="AWAITING_SHIPMENT") if not _deliverable(o)]
        assert len(orders) == scenario.foretold()["bad_address"]
        for order in orders:
            response = await seller.shipment(order, reference="none", options={})
            if response.status_code == 422:
                kinds.add((order["recipient_address"]["postal_code"], response.json()["error"]["code"]))
            else:
                kinds.add((order["recipient_address"]["postal_code"], len(response.json()["rates"])))
            mended = to_address(order) | {"zip": "97209"}
            assert (await seller.shipment(order, to_address=mended)).json()["rates"]
    assert kinds == {
        ("", "ADDRESS.VERIFY.FAILURE"),
        ("00000", "ADDRESS.VERIFY.FAILURE"),
        ("00000", 0),
    }


@pytest.mark.parametrize("named", [True, False])
async def test_the_carrier_refuses_the_orders_foretold_until_they_are_mended(named: bool) -> None:
    scenario = Scenario(seed=9, orders=200, arrival=Arrival.IMMEDIATE, timings=Timings(0, 0, 1, 1, 1))
    refused = [index for index, trouble in scenario.troubles().items() if trouble.fate is Fate.CARRIER_REFUSED]
    async with serve(scenario, faults="none") as simulator, seller_at(simulator.url) as seller:
        orders = {int(order["id"][9:]): order for order in await seller.orders()}
        shipments = []
        for index in refused:
            request = {
                "to_address": to_address(orders[index]),
                "from_address": FROM_ADDRESS,
                "parcel": {"weight": 9},
                "reference": orders[index]["id"] if named else "by recipient",
            }
            shipments.append((await seller.carrier("POST", "/v2/shipments", {"shipment": request})).json())
            answer = await seller.buy(shipments[-1])
            assert (answer.status_code, answer.json()["error"]["code"]) == (422, "SHIPMENT.POSTAGE.FAILURE")
        one = await seller.http.post("/admin/mend", json={"order_id": orders[refused[0]]["id"]})
        assert one.json() == {"mended": [orders[refused[0]]["id"]]}
        assert (await seller.buy(shipments[0])).status_code == 200
        assert (await seller.buy(shipments[1])).status_code == 422
        rest = (await seller.http.post("/admin/mend", json={"all": True})).json()["mended"]
        assert len(rest) == len(refused) - 1
        assert (await seller.buy(shipments[1])).status_code == 200
        assert (await seller.http.post("/admin/mend", json={"order_id": "1"})).status_code == 404


def _deliverable(order: Json) -> bool:
    return order["recipient_address"]["postal_code"] not in ("", "00000")


@pytest.mark.parametrize(
    "changes",
    [
        {"parcel": {"weight": 5, "length": "long"}},
        {"parcel": {"weight": "nan"}},
        {"parcel": [1]},
        {"to_address": "nowhere"},
        {"options": ["PDF"]},
        {"options": {"label_format": "GIF"}},
        {"service": "Priority"},
    ],
)
async def test_a_shipment_that_makes_no_sense_is_refused_and_not_kept(
    seller: Seller, order: Json, changes: Json
) -> None:
    answer = await seller.shipment(order, **changes)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "PARAMETER.REQUIRED")
    assert (await seller.state())["shipments"] == 0
