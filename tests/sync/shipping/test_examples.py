"""What EasyPost and TikTok are written to send, word for word, loses nothing on its way into our words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson

from engine.ports.facts import Address
from engine.words import TrackingStatus
from sync.shipping.port import Rate, VoidState
from sync.shipping.wire import (
    Terms,
    label_addresses,
    read_document,
    read_purchase,
    read_quote,
    read_track,
    read_void_state,
    shipment_body,
)
from sync.tiktok.connected import ConnectedShop
from tests.sync.outside import tiktok_at
from tests.sync.scripted_server import reply, scripted
from tests.sync.shipping.parcels import parcel

UNBOUGHT = rb"""{"id":"shp_01","object":"Shipment","mode":"test","status":"unknown","reference":"pkg-7f3a-1","tracking_code":null,
 "postage_label":null,"selected_rate":null,"tracker":null,"insurance":null,"refund_status":null,"messages":[],"fees":[],
 "rates":[{"id":"rate_9","carrier":"USPS","service":"GroundAdvantage","rate":"7.31","currency":"USD","list_rate":"7.90",
  "retail_rate":"10.20","delivery_days":3,"delivery_date":null,"delivery_date_guaranteed":false,"carrier_account_id":"ca_1",
  "shipment_id":"shp_01"}]}"""


def bought(**changes: Any) -> dict[str, Any]:
    """The same shipment once its label is bought, as the fact sheet describes it."""
    shipment = orjson.loads(UNBOUGHT)
    label = {
        "label_url": "https://files.example/l.png", "label_file_type": "image/png", "label_pdf_url": None,
        "label_zpl_url": "https://files.example/l.zpl", "label_epl2_url": None,
    }  # fmt: skip
    fees = [
        {"type": "LabelFee", "amount": "0.05000", "charged": True, "refunded": False},
        {"type": "PostageFee", "amount": "7.31000", "charged": True, "refunded": False},
        {"type": "InsuranceFee", "amount": "2.50000", "charged": True, "refunded": False},
    ]
    own = {"postage_label": label, "selected_rate": shipment["rates"][0], "tracking_code": "9400111", "fees": fees}
    return {**shipment, **own, "tracker": {"id": "trk_1"}, **changes}


def test_an_unbought_shipment_keeps_its_name_and_every_offer() -> None:
    shipment = read_document(UNBOUGHT)
    assert read_purchase(shipment) is None, "its status says nothing of being bought"
    assert read_void_state(shipment) is None
    quote = read_quote(shipment)
    assert (quote.shipment_reference, quote.messages) == ("shp_01", ())
    assert quote.rates == (Rate("rate_9", "USPS", "GroundAdvantage", Decimal("7.31"), "USD", 3, "ca_1"),)


def test_a_rerate_is_read_like_a_quote() -> None:
    answer = {"rates": orjson.loads(UNBOUGHT)["rates"]}
    assert [rate.rate_id for rate in read_quote(answer).rates] == ["rate_9"]


def test_a_purchase_costs_the_sum_of_its_fees_and_has_its_label_in_every_format_made() -> None:
    purchase = read_purchase(bought())
    assert purchase is not None
    assert (purchase.cost, purchase.currency) == (Decimal("9.86"), "USD")
    assert (purchase.our_reference, purchase.tracker_reference) == ("pkg-7f3a-1", "trk_1")
    assert purchase.label_address == "https://files.example/l.png"
    assert label_addresses(bought()) == {"PNG": "https://files.example/l.png", "ZPL": "https://files.example/l.zpl"}


def test_every_word_for_a_refund_is_known() -> None:
    for word in ("submitted", "refunded", "rejected", "not_applicable"):
        purchase = read_purchase(bought(refund_status=word))
        assert purchase is not None
        assert read_void_state(bought(refund_status=word)) is VoidState(word)
        assert purchase.voided is (word in {"submitted", "refunded"})


def test_money_that_comes_as_a_number_keeps_its_digits() -> None:
    document = read_document(
        b'{"id":"s","rates":[{"id":"r","rate":512.8,"currency":"USD"},{"id":"q","rate":7,"currency":"USD"}]}'
    )
    assert [rate.amount for rate in read_quote(document).rates] == [Decimal("512.8"), Decimal(7)]


def test_the_request_of_the_example_is_what_we_send() -> None:
    dock = Address("Acme", "7755550100", "1 Dock Rd", "", "Reno", "NV", "89501", "US")
    buyer = Address("A Buyer", "5125550100", "2 Elm St", "", "Austin", "TX", "78701", "US")
    request = replace(parcel(tiktok_order_id="SO-1001"), ship_from=dock, ship_to=buyer, size_millimetres=None)
    sent: Any = shipment_body(request, "pkg-7f3a-1", "PDF", Terms())["shipment"]
    assert sent["reference"] == "pkg-7f3a-1"
    assert sent["to_address"].items() >= {
        "name": "A Buyer", "street1": "2 Elm St", "city": "Austin", "state": "TX", "zip": "78701", "country": "US",
        "phone": "5125550100",
    }.items()  # fmt: skip
    assert sent["options"] == {"label_format": "PDF", "print_custom_1": "SO-1001"}
    assert "customs_info" not in sent


def test_every_tracking_status_has_a_word_of_ours_and_an_unknown_one_is_kept() -> None:
    words = "unknown pre_transit in_transit out_for_delivery delivered available_for_pickup return_to_sender failure cancelled error"
    ours = {}
    for word in [*words.split(), "beamed_up"]:
        track = read_track({"id": "trk_1", "tracking_code": "1Z", "status": word, "status_detail": "status_update"})
        assert track is not None
        ours[word] = track
    assert ours["return_to_sender"].status is TrackingStatus.RETURNING
    assert ours["available_for_pickup"].status is TrackingStatus.READY_FOR_PICKUP
    assert ours["beamed_up"].status is TrackingStatus.UNKNOWN
    assert ours["beamed_up"].detail == "beamed_up: status_update", "what it really said is kept"
    assert {word for word, track in ours.items() if track.status is TrackingStatus.UNKNOWN} == {
        "unknown",
        "error",
        "beamed_up",
    }


def _answer(data: object) -> bytes:
    return reply({"code": 0, "message": "Success", "request_id": "r", "data": data})


async def test_services_documents_and_tracking_are_read_in_tiktoks_words() -> None:
    service = {
        "id": "72", "name": "Standard", "price": "4.89", "currency": "USD", "earliest_delivery_days": 3,
        "latest_delivery_days": 5, "is_default": True, "shipping_provider_name": "Demo Express", "shipping_provider_id": "66",
    }  # fmt: skip
    answers = {
        "shipping_services": {"shipping_services": [service]},
        "shipping_documents": {"doc_url": "https://files.example/d.pdf", "tracking_number": "DX1"},
        "tracking": {"tracking": [{"description": "Picked up", "update_time_millis": 1767225700123}]},
    }

    async with (
        scripted(
            lambda request: _answer(next(data for word, data in answers.items() if word in request.target))
        ) as server,
        tiktok_at(server.url) as (client, _),
    ):
        calls = ConnectedShop(client, "cipher").shipping
        [offered] = await calls.services("577", {})
        document = await calls.document("1153", "SHIPPING_LABEL", size="A6")
        [event] = await calls.tracking("577")
    assert (offered.service_id, offered.name, offered.price, offered.currency) == (
        "72",
        "Standard",
        Decimal("4.89"),
        "USD",
    )
    assert (offered.earliest_delivery_days, offered.latest_delivery_days, offered.is_default) == (3, 5, True)
    assert offered.provider_name == "Demo Express"
    assert (document.address, document.tracking_number) == ("https://files.example/d.pdf", "DX1")
    assert (event.description, event.at) == ("Picked up", datetime.fromtimestamp(1767225700.123, UTC))
