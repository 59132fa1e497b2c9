"""Units, money, states and tracking words between EasyPost and us."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Terminal
from engine.words import TrackingStatus
from sync.shipping.port import VoidState
from sync.shipping.units import inches, ounces
from sync.shipping.wire import (
    read_document,
    read_purchase,
    read_quote,
    read_track,
    read_void_state,
    shipment_body,
)
from tests.sync.shipping.parcels import parcel

BOUGHT: dict[str, Any] = {
    "id": "shp_01",
    "reference": "label:1-7",
    "status": "unknown",
    "tracking_code": "9400111",
    "postage_label": {"label_url": "https://files.example/1.pdf"},
    "selected_rate": {
        "id": "rate_9",
        "carrier": "USPS",
        "service": "GroundAdvantage",
        "rate": "7.31",
        "currency": "USD",
    },
    "tracker": {"id": "trk_1"},
    "fees": [
        {"type": "LabelFee", "amount": "0.05000", "charged": True},
        {"type": "PostageFee", "amount": "7.31000", "charged": True},
        {"type": "InsuranceFee", "amount": "1.00000", "charged": False},
    ],
}


@pytest.mark.parametrize(
    ("grams", "expected"), [(1, 0.1), (28, 1.0), (29, 1.1), (400, 14.2), (454, 16.1), (31751, 1120.0)]
)
def test_grams_become_ounces_rounded_up(grams: int, expected: float) -> None:
    assert ounces(grams) == expected


@given(st.integers(1, 100_000))
def test_a_parcel_is_never_declared_lighter_or_smaller_than_it_is(amount: int) -> None:
    assert Decimal(str(ounces(amount))) * Decimal("28.349523125") >= amount
    assert Decimal(str(inches(amount))) * Decimal("25.4") >= amount


def test_a_shipment_names_the_order_on_its_label_and_abbreviates_the_state() -> None:
    body = shipment_body(parcel(), "label:1-7", "PDF")["shipment"]
    assert body == {
        "reference": "label:1-7",
        "from_address": {
            "name": "Dock",
            "phone": "775-555-0100",
            "street1": "1 Dock Rd",
            "street2": "",
            "city": "Reno",
            "state": "NV",
            "zip": "89501",
            "country": "US",
        },
        "to_address": {
            "name": "Robin Tester",
            "phone": "+1 555 010 0100",
            "street1": "12 Sample Rd",
            "street2": "Apt 4",
            "city": "Exampleton",
            "state": "OR",
            "zip": "97000",
            "country": "US",
        },
        "parcel": {"weight": 14.2, "length": 9.1, "width": 6.3, "height": 2.4},
        "options": {"label_format": "PDF", "print_custom_1": "577000000000000001"},
    }


def test_a_parcel_without_a_size_names_only_its_weight() -> None:
    body: Any = shipment_body(replace(parcel(), size_millimetres=None), "r", "PDF")
    assert body["shipment"]["parcel"] == {"weight": 14.2}


def test_a_purchase_costs_what_was_charged_not_what_was_quoted() -> None:
    purchase = read_purchase(BOUGHT)
    assert purchase is not None
    assert (purchase.cost, purchase.currency) == (Decimal("7.36"), "USD")
    assert (purchase.tracking_number, purchase.tracker_reference) == ("9400111", "trk_1")
    assert not purchase.voided


def test_without_fees_a_purchase_costs_its_rate() -> None:
    purchase = read_purchase(BOUGHT | {"fees": []})
    assert purchase is not None
    assert purchase.cost == Decimal("7.31")


@pytest.mark.parametrize("missing", ["postage_label", "selected_rate", "tracking_code"])
def test_a_shipment_without_its_label_rate_or_code_is_not_bought(missing: str) -> None:
    assert read_purchase(BOUGHT | {missing: None}) is None


def test_the_tracking_status_says_nothing_of_the_purchase() -> None:
    assert read_purchase({"id": "shp_01", "status": "delivered"}) is None


@pytest.mark.parametrize(
    ("refund", "voided"), [(None, False), ("submitted", True), ("refunded", True), ("rejected", False)]
)
def test_a_label_that_was_given_back_is_voided(refund: str | None, voided: bool) -> None:
    purchase = read_purchase(BOUGHT | {"refund_status": refund})
    assert purchase is not None
    assert purchase.voided is voided


def test_an_unknown_refund_word_is_for_a_person() -> None:
    assert read_void_state({"refund_status": "not_applicable"}) is VoidState.NOT_APPLICABLE
    with pytest.raises(Terminal):
        read_void_state({"refund_status": "maybe"})


def test_rates_that_cannot_be_read_are_left_out() -> None:
    quote = read_quote(
        {
            "id": "shp_01",
            "rates": [
                {"id": "r1", "carrier": "USPS", "service": "A", "rate": "7.31", "currency": "USD", "delivery_days": 3},
                {"id": "r2", "carrier": "USPS", "service": "B", "rate": "free", "currency": "USD"},
                {"id": None, "rate": "1.00"},
                "odd",
            ],
            "messages": [{"type": "rate_error", "message": "no account"}, {"type": "quiet"}, None],
        }
    )
    assert [(rate.rate_id, rate.amount, rate.delivery_days) for rate in quote.rates] == [("r1", Decimal("7.31"), 3)]
    assert quote.messages == ("no account", "quiet")


def test_numbers_with_fractions_are_read_as_decimals() -> None:
    document = read_document(b'{"rates":[{"id":"r1","rate":7.30,"carrier":"U","service":"S"}]}')
    assert read_quote(document).rates[0].amount == Decimal("7.30")


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("unknown", TrackingStatus.UNKNOWN),
        ("pre_transit", TrackingStatus.LABEL_CREATED),
        ("in_transit", TrackingStatus.IN_TRANSIT),
        ("out_for_delivery", TrackingStatus.OUT_FOR_DELIVERY),
        ("available_for_pickup", TrackingStatus.READY_FOR_PICKUP),
        ("delivered", TrackingStatus.DELIVERED),
        ("return_to_sender", TrackingStatus.RETURNING),
        ("failure", TrackingStatus.FAILED),
        ("cancelled", TrackingStatus.CANCELLED),
        ("error", TrackingStatus.UNKNOWN),
        ("teleported", TrackingStatus.UNKNOWN),
    ],
)
def test_every_tracking_word_has_one_of_ours(word: str, status: TrackingStatus) -> None:
    track = read_track({"id": "trk_1", "tracking_code": "94", "status": word, "created_at": "2026-01-01T00:00:00Z"})
    assert track is not None
    assert track.status is status


def test_a_parcel_is_delivered_at_its_last_delivered_detail() -> None:
    details = [
        {"status": "delivered", "datetime": "2026-01-03T10:00:00Z"},
        {"status": "delivered", "datetime": "2026-01-03T12:00:00+02:00"},
        {"status": "in_transit", "datetime": "2026-01-05T00:00:00Z"},
        {"status": "delivered", "datetime": "not a time"},
    ]
    track = read_track({"id": "t", "tracking_code": "94", "status": "delivered", "tracking_details": details})
    assert track is not None
    assert track.occurred_at == datetime(2026, 1, 3, 10, 0, tzinfo=UTC)


def test_a_tracker_that_names_no_parcel_is_left_out() -> None:
    assert read_track({"id": "t"}) is None
