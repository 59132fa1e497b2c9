"""Addresses checked, forms for the end of the day, labels in other formats, goods declared at a border, parcels followed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import orjson
import pytest

from engine.errors import Ambiguous, Terminal
from engine.ports.outcomes import Done, Failed, LabelBought
from engine.ports.requests import CustomsItem, ParcelItem, ParcelRequest
from engine.words import EffectKind, TrackingStatus
from sync.http_client import open_http_client
from sync.shipping.carriers import Carriers
from sync.shipping.deliveries import LabelSettings, buy_label_handler
from sync.shipping.easypost import EasyPost, EasyPostSettings
from sync.shipping.port import LabelFormat, Purchase, Quote
from sync.shipping.wire import Terms
from tests.sync.outside import QUICK, Outside, easypost_at, guard, outside
from tests.sync.recorded_desk import RecordedDesk, claim_of
from tests.sync.scripted_server import Received, reply, scripted
from tests.sync.shipping.parcels import BUYER, parcel, parcel_of

MUG = CustomsItem("691200", "PT", "Stoneware mug", Decimal("12.50"), "USD")


@pytest.fixture
async def world() -> AsyncIterator[Outside]:
    async with outside(orders=20) as world:
        yield world


async def parcels_of(world: Outside) -> list[ParcelRequest]:
    orders = [order for order in await world.raw_orders() if order["status"] == "AWAITING_SHIPMENT"]
    return [parcel_of(order) for order in orders if order["recipient_address"]["postal_code"] not in ("", "00000")]


async def bought(carrier: EasyPost, request: ParcelRequest, service: str = "") -> Purchase:
    quote = await carrier.quote(request, f"label:{request.package_id}:1-1")
    rates = [rate for rate in quote.rates if not service or rate.service == service]
    return await carrier.buy(request, quote.shipment_reference, min(rates, key=lambda rate: rate.amount))


async def test_a_good_address_is_delivered_to_and_shown_as_carriers_write_it(world: Outside) -> None:
    check = await world.easypost.check_address(BUYER)
    assert (check.deliverable, check.problems) == (True, ())
    assert check.suggestion is not None
    assert (check.suggestion.line1, check.suggestion.state) == ("12 SAMPLE RD", "OR")
    assert check.suggestion.postal_code.startswith("97000-")


async def test_an_address_that_nobody_knows_is_not_delivered_to(world: Outside) -> None:
    check = await world.easypost.check_address(replace(BUYER, postal_code="00000"))
    assert (check.deliverable, check.problems) == (False, ("Address not found",))


@pytest.mark.parametrize(
    ("verdict", "deliverable"),
    [
        ({"success": True, "errors": []}, True),
        ({"success": True, "errors": [{"message": "Missing secondary information"}]}, False),
        ({"success": False, "errors": ["a plain string"]}, False),
        ({"success": False, "errors": []}, False),
        (None, False),
    ],
)
async def test_a_success_with_errors_is_no_success(verdict: Any, deliverable: bool) -> None:
    answer = {"id": "adr_1", "street1": "1 A ST", "verifications": {} if verdict is None else {"delivery": verdict}}
    async with scripted(lambda _: reply(answer, status=201)) as server, easypost_at(server.url) as easypost:
        check = await easypost.check_address(BUYER)
        assert orjson.loads(server.received[0].body)["verify"] is True
    assert check.deliverable is deliverable
    assert bool(check.problems) is not deliverable


async def test_addresses_are_checked_before_buying_where_the_settings_want_it(world: Outside) -> None:
    good = (await parcels_of(world))[0]
    bad = replace(good, ship_to=replace(good.ship_to, postal_code="00000"))
    for request, expected in ((good, Done), (bad, Failed)):
        desk = RecordedDesk(parcels={request.package_id: request})
        claim = claim_of(EffectKind.BUY_LABEL, request.package_id)
        settings = LabelSettings(check_addresses=True)
        await buy_label_handler(Carriers(world.easypost), settings, depot=world.easypost)([claim], desk)
        outcome = desk.outcomes[claim.effect_id]
        assert isinstance(outcome, expected)
        if isinstance(outcome, Failed):
            assert outcome.code == "bad_address"
            assert good.ship_to.line1 not in outcome.sentence
    state = await world.state()
    assert state["labels_bought"] == 1
    assert state["http_calls"]["easypost.shipments.create"] == 1, (
        "nothing is made for an address that is not delivered to"
    )


async def test_a_days_parcels_go_on_one_form_and_on_no_other(world: Outside) -> None:
    requests = (await parcels_of(world))[:3]
    labels = [await bought(world.easypost, request, "GroundAdvantage") for request in requests]
    form = await world.easypost.end_of_day([label.shipment_reference for label in labels])
    assert set(form.tracking_numbers) == {label.tracking_number for label in labels}
    assert form.form is not None
    assert form.form.document.startswith(b"%PDF-")
    with pytest.raises(Terminal) as refusal:
        await world.easypost.end_of_day([labels[0].shipment_reference])
    assert "on another scan form" in refusal.value.sentence
    state = await world.state()
    assert (state["scan_forms"], state["double_forms_refused"]) == (1, 1)


async def test_a_form_whose_answer_was_lost_is_found_by_its_parcels(world: Outside) -> None:
    labels = [await bought(world.easypost, request, "GroundAdvantage") for request in (await parcels_of(world))[:2]]
    numbers = [label.tracking_number for label in labels]
    assert await world.easypost.find_end_of_day(numbers) is None
    lost = {"operation": "easypost.scan_forms.create", "failure": "lost_reply"}
    (await world.admin.post("/admin/aim", json=lost)).raise_for_status()
    with pytest.raises(Ambiguous):
        await world.easypost.end_of_day([label.shipment_reference for label in labels])
    found = await world.easypost.find_end_of_day(numbers)
    assert found is not None
    assert set(found.tracking_numbers) == set(numbers)
    assert (await world.state())["scan_forms"] == 1


async def test_refunded_parcels_and_those_of_two_carriers_go_on_no_form(world: Outside) -> None:
    first, second = (await parcels_of(world))[:2]
    usps, ups = await bought(world.easypost, first, "Priority"), await bought(world.easypost, second, "Ground")
    with pytest.raises(Terminal):
        await world.easypost.end_of_day([usps.shipment_reference, ups.shipment_reference])
    await world.easypost.void(usps.shipment_reference)
    with pytest.raises(Terminal):
        await world.easypost.end_of_day([usps.shipment_reference])
    assert (await world.state())["scan_forms"] == 0


async def easypost_with(world: Outside, http: Any, **settings: Any) -> EasyPost:
    keys = (await world.admin.get("/admin/credentials")).json()
    return EasyPost(http, EasyPostSettings(keys["easypost_api_key"], timeouts=QUICK, **settings), guard("carrier"))


async def test_a_label_bought_as_png_is_converted_and_one_bought_as_pdf_is_not(world: Outside) -> None:
    first, second = (await parcels_of(world))[:2]
    async with open_http_client(world.simulator.url, timeouts=QUICK) as http:
        carrier = await easypost_with(world, http, label_format="PNG")
        picture = await bought(carrier, first)
        assert (await carrier.label(picture)).media_type == "image/png"
        for label_format, start in ((LabelFormat.ZPL, b"^XA"), (LabelFormat.PDF, b"%PDF-")):
            converted = await carrier.convert(picture.shipment_reference, label_format)
            assert converted.document.startswith(start)
        page = await bought(carrier, replace(second, label_format="PDF"))
        assert (await carrier.label(page)).media_type == "application/pdf", "its shop wants it so"
        with pytest.raises(Terminal) as failure:
            await carrier.convert(page.shipment_reference, LabelFormat.ZPL)
    assert failure.value.code == "carrier.no_format"


async def test_what_is_insured_is_charged_and_what_is_worth_little_is_not_insured(world: Outside) -> None:
    first, second = (await parcels_of(world))[:2]
    async with open_http_client(world.simulator.url, timeouts=QUICK) as http:
        carrier = await easypost_with(world, http, insure_from=Decimal(100))
        dear = await bought(carrier, replace(first, goods_value=Decimal("249.99")))
        cheap = await bought(carrier, replace(second, goods_value=Decimal("99.99")))
        assert dear.cost is not None
        assert cheap.cost is not None
        shipments = [
            await carrier._calls.send("GET", f"/v2/shipments/{each.shipment_reference}", "look")
            for each in (dear, cheap)
        ]
    assert [shipment["insurance"] for shipment in shipments] == ["249.99", None]
    fees = [{fee["type"]: Decimal(fee["amount"]) for fee in shipment["fees"]} for shipment in shipments]
    assert (dear.cost, cheap.cost) == (sum(fees[0].values()), sum(fees[1].values()))
    assert "InsuranceFee" in fees[0]
    assert "InsuranceFee" not in fees[1]


def abroad(*items: ParcelItem) -> ParcelRequest:
    return replace(parcel(), ship_to=replace(BUYER, country="CA", state="ON", postal_code="M5V 2T6"), items=items)


async def test_a_parcel_across_a_border_is_declared_and_bought(world: Outside) -> None:
    request = abroad(ParcelItem("MUG-BLU", "Stoneware mug", 2, 180, MUG))
    purchase = await bought(world.easypost, request)
    shipment = await world.easypost._calls.send("GET", f"/v2/shipments/{purchase.shipment_reference}", "look")
    declared = shipment["customs_info"]
    assert declared["customs_items"] == [
        {
            "description": "Stoneware mug", "quantity": 2, "value": "25.00", "currency": "USD", "weight": 12.698,
            "hs_tariff_number": "691200", "origin_country": "PT", "code": "MUG-BLU",
        }
    ]  # fmt: skip
    assert (declared["customs_certify"], declared["customs_signer"]) == (True, "Dock")
    assert sum(line["weight"] for line in declared["customs_items"]) <= shipment["parcel"]["weight"]


async def test_goods_without_customs_data_are_named_and_nothing_is_made() -> None:
    request = abroad(ParcelItem("MUG-BLU", "Mug", 1, 180, MUG), ParcelItem("BOWL-LG", "Bowl", 1, 220))
    desk = RecordedDesk(parcels={request.package_id: request})
    claim = claim_of(EffectKind.BUY_LABEL, request.package_id)
    async with easypost_at("http://127.0.0.1:1") as easypost:
        await buy_label_handler(Carriers(easypost))([claim], desk)
    outcome = desk.outcomes[claim.effect_id]
    assert isinstance(outcome, Failed)
    assert outcome.code == "customs_missing"
    assert "BOWL-LG" in outcome.sentence
    assert "MUG-BLU" not in outcome.sentence
    assert desk.checkpoints == []


async def test_values_in_two_currencies_are_not_added_up() -> None:
    euros = replace(MUG, currency="EUR")
    request = abroad(ParcelItem("MUG-BLU", "Mug", 1, 180, MUG), ParcelItem("BOWL-LG", "Bowl", 1, 220, euros))
    async with easypost_at("http://127.0.0.1:1") as easypost:
        with pytest.raises(Terminal) as failure:
            await easypost.quote(request, "label:1-1")
    assert failure.value.code == "customs_missing"
    assert "EUR and USD" in failure.value.sentence


@pytest.mark.parametrize(("origin", "destination", "declared"), [("DE", "FR", False), ("US", "US", False)])
async def test_within_one_customs_area_nothing_has_to_be_declared(
    origin: str, destination: str, declared: bool
) -> None:
    bodies: list[dict[str, Any]] = []

    def script(request: Received) -> bytes:
        bodies.append(orjson.loads(request.body))
        return reply({"id": "shp_1", "rates": []}, status=201)

    request = parcel()
    request = replace(
        request,
        ship_from=replace(request.ship_from, country=origin),
        ship_to=replace(BUYER, country=destination),
    )
    async with scripted(script) as server, easypost_at(server.url) as easypost:
        await easypost.quote(request, "label:1-1")
    assert ("customs_info" in bodies[0]["shipment"]) is declared


async def test_accounts_options_and_the_signer_of_the_settings_are_sent() -> None:
    bodies: list[dict[str, Any]] = []

    def script(request: Received) -> bytes:
        bodies.append(orjson.loads(request.body))
        return reply({"id": "shp_1", "rates": []}, status=201)

    terms = Terms(("ca_1", "ca_2"), {"delivery_confirmation": "SIGNATURE"}, customs_signer="Ines Falk")
    async with scripted(script) as server, open_http_client(server.url, timeouts=QUICK) as http:
        carrier = EasyPost(http, EasyPostSettings("EZTK", terms=terms, timeouts=QUICK), guard("carrier"))
        await carrier.quote(abroad(ParcelItem("MUG-BLU", "Mug", 1, 180, MUG)), "label:1-1")
    shipment = bodies[0]["shipment"]
    assert shipment["carrier_accounts"] == ["ca_1", "ca_2"]
    assert shipment["options"]["delivery_confirmation"] == "SIGNATURE"
    assert shipment["options"]["label_format"] == "PDF", "the settings' options never replace ours"
    assert shipment["customs_info"]["customs_signer"] == "Ines Falk"


async def test_the_shipment_of_an_attempt_whose_answer_was_lost_is_found_by_reference_and_bought(
    world: Outside,
) -> None:
    request = (await parcels_of(world))[0]
    key = f"label:{request.package_id}:1"
    await world.easypost.quote(request, f"{key}-1")  # its answer never reached the ledger
    desk = RecordedDesk(parcels={request.package_id: request})
    claim = claim_of(EffectKind.BUY_LABEL, request.package_id, key=key, attempt=2)
    await buy_label_handler(Carriers(world.easypost))([claim], desk)
    outcome = desk.outcomes[claim.effect_id]
    assert isinstance(outcome, Done)
    assert isinstance(outcome.result, LabelBought)
    state = await world.state()
    assert (state["shipments"], state["labels_bought"]) == (1, 1)


async def test_what_was_made_for_another_address_or_weight_is_not_taken_up(world: Outside) -> None:
    request = (await parcels_of(world))[0]
    await world.easypost.quote(request, "label:x:1-1")
    moved = replace(request, ship_to=replace(request.ship_to, line1="99 Other St"))
    heavier = replace(request, weight_grams=request.weight_grams + 100)
    assert isinstance(await world.easypost.find(request, "label:x:1-1"), Quote)
    assert await world.easypost.find(moved, "label:x:1-1") is None
    assert await world.easypost.find(heavier, "label:x:1-1") is None
    assert await world.easypost.find(request, "label:x:1-2") is None


async def test_a_label_declared_with_another_weight_is_not_adopted(world: Outside) -> None:
    request = (await parcels_of(world))[0]
    key = f"label:{request.package_id}:1"
    purchase = await bought(world.easypost, request)
    for weight, expected in ((request.weight_grams, Done), (request.weight_grams + 200, Failed)):
        asked = replace(request, weight_grams=weight)
        desk = RecordedDesk(parcels={request.package_id: asked})
        reference = purchase.shipment_reference
        claim = claim_of(
            EffectKind.BUY_LABEL, request.package_id, key=key, provider_reference=reference, ambiguous=True
        )
        await buy_label_handler(Carriers(world.easypost))([claim], desk)
        assert isinstance(desk.outcomes[claim.effect_id], expected)
    assert (await world.state())["labels_bought"] == 1


async def test_the_label_of_another_generation_is_not_this_ones(world: Outside) -> None:
    request = (await parcels_of(world))[0]
    quote = await world.easypost.quote(request, "label:p:12-1")
    purchase = await world.easypost.buy(request, quote.shipment_reference, quote.rates[0])
    desk = RecordedDesk(parcels={request.package_id: request})
    claim = claim_of(
        EffectKind.BUY_LABEL, request.package_id, key="label:p:1", provider_reference=purchase.shipment_reference
    )
    await buy_label_handler(Carriers(world.easypost))([claim], desk)
    outcome = desk.outcomes[claim.effect_id]
    assert isinstance(outcome, Failed)
    assert outcome.code == "label_mismatch"


async def test_a_number_that_was_not_bought_here_is_followed_once(world: Outside) -> None:
    first = await world.easypost.follow("UPS", "1Z999AA10123456784")
    again = await world.easypost.follow("UPS", "1Z999AA10123456784")
    assert first.tracker_reference == again.tracker_reference
    assert (first.tracking_number, first.status) == ("1Z999AA10123456784", TrackingStatus.UNKNOWN)
    assert (await world.easypost.track(first.tracker_reference)).carrier == "UPS"
