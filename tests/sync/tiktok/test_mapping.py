"""TikTok's order object, in every state and shape it comes in, as the engine's fact."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import Terminal
from engine.ports.facts import Address, Customer, OrderFact
from engine.words import ChannelStatus, OrderKind, PaymentStatus
from sync.tiktok.mapping import channel_status, order_fact
from sync.tiktok.payloads import read_order
from tests.sync.outside import Outside, outside
from tests.sync.recorded_desk import SHOP

ORDER: dict[str, Any] = {
    "id": "577000000000000001",
    "status": "AWAITING_SHIPMENT",
    "order_type": "NORMAL",
    "buyer_email": "k3x9@relay.example",
    "buyer_message": "Leave it at the door ✓",
    "seller_note": "",
    "create_time": 1767222000,
    "paid_time": 1767222060,
    "update_time": 1767225660,
    "rts_sla_time": 1767398400,
    "tts_sla_time": 1767484800,
    "shipping_due_time": 1767657600,
    "is_on_hold_order": True,
    "is_buyer_request_cancel": False,
    "is_cod": False,
    "is_sample_order": False,
    "fulfillment_type": "FULFILLMENT_BY_SELLER",
    "shipping_type": "SELLER",
    "delivery_option_id": "7091000000000000001",
    "delivery_option_name": "Standard",
    "warehouse_id": "6955000000000000001",
    "packages": [],
    "payment": {"currency": "USD", "shipping_fee": "3.99", "total_amount": "62.74", "tax": "4.78"},
    "recipient_address": {
        "name": "Robin Tester",
        "phone_number": "(+1)555-010-0100",
        "address_detail": "12 Sample Rd Apt 4",
        "address_line1": "12 Sample Rd",
        "address_line2": "Apt 4",
        "postal_code": "97000",
        "region_code": "US",
        "district_info": [
            {"address_level": "L0", "address_level_name": "Country", "address_name": "United States"},
            {"address_level": "L1", "address_level_name": "State", "address_name": "Oregon"},
            {"address_level": "L3", "address_level_name": "City", "address_name": "Exampleton"},
        ],
    },
    "line_items": [
        {
            "id": f"57700000000000010{number}",
            "sku_id": "1729000000000000501",
            "product_id": "1729000000000000500",
            "seller_sku": "MUG-BLU",
            "product_name": "Stoneware mug",
            "sku_name": "Blue",
            "display_status": "AWAITING_SHIPMENT",
            "currency": "USD",
            "original_price": "24.99",
            "sale_price": "22.49",
            "is_gift": number == 2,
        }
        for number in (1, 2)
    ],
}


def fact_of(**changes: Any) -> OrderFact:
    """The fact of the sample order, with some of its fields replaced or (None) left out."""
    order = copy.deepcopy(ORDER) | changes
    return order_fact(SHOP, read_order({name: value for name, value in order.items() if value is not None}))


def recipient(**changes: Any) -> dict[str, Any]:
    return {**ORDER["recipient_address"], **changes}


def test_an_order_that_waits_for_shipment() -> None:
    fact = order_fact(SHOP, read_order(orjson.dumps(ORDER)))
    assert fact.tiktok_order_id == "577000000000000001"
    assert fact.channel_status is ChannelStatus.AWAITING_SHIPMENT
    assert fact.payment_status is PaymentStatus.PAID
    assert (fact.currency, fact.total_amount, fact.shipping_cost) == ("USD", Decimal("62.74"), Decimal("3.99"))
    assert fact.order_time == datetime(2025, 12, 31, 23, 0, tzinfo=UTC)
    assert fact.update_time == datetime(2026, 1, 1, 0, 1, tzinfo=UTC)
    assert fact.ship_by == datetime(2026, 1, 3, 0, 0, tzinfo=UTC)
    assert fact.collect_by == datetime(2026, 1, 4, 0, 0, tzinfo=UTC)
    assert fact.auto_cancel_at == datetime(2026, 1, 6, 0, 0, tzinfo=UTC)
    assert fact.customer == Customer("Robin Tester", "k3x9@relay.example", "(+1)555-010-0100")
    assert fact.address == Address(
        "Robin Tester", "(+1)555-010-0100", "12 Sample Rd", "Apt 4", "Exampleton", "Oregon", "97000", "US"
    )
    assert (fact.masked, fact.fulfilled_by_tiktok, fact.shipping_type) == (False, False, "SELLER")
    assert (fact.shipping_method, fact.delivery_option_id) == ("Standard", "7091000000000000001")
    assert fact.buyer_message == "Leave it at the door ✓"


def test_every_line_item_is_one_unit() -> None:
    first, second = fact_of().units
    assert (first.tiktok_line_id, second.tiktok_line_id) == ("577000000000000101", "577000000000000102")
    assert (
        (first.seller_sku, first.unit_price) == (second.seller_sku, second.unit_price) == ("MUG-BLU", Decimal("22.49"))
    )
    assert (first.is_gift, second.is_gift) == (False, True)


def test_a_line_told_twice_is_one_unit() -> None:
    assert len(fact_of(line_items=[ORDER["line_items"][0]] * 2).units) == 1


@pytest.mark.parametrize("status", [status for status in ChannelStatus if status is not ChannelStatus.UNKNOWN])
def test_every_status_word_is_known(status: ChannelStatus) -> None:
    assert fact_of(status=status.value).channel_status is status


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        ("CANCEL", ChannelStatus.CANCELLED),
        ("cancelled", ChannelStatus.CANCELLED),
        ("TO_SHIP", ChannelStatus.UNKNOWN),
        ("", ChannelStatus.UNKNOWN),
        (None, ChannelStatus.UNKNOWN),
    ],
)
def test_other_spellings_are_normalised_and_new_words_are_unknown(raw: str | None, status: ChannelStatus) -> None:
    assert channel_status(raw) is status


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"status": "UNPAID", "paid_time": 0}, PaymentStatus.PENDING),
        ({"status": "ON_HOLD"}, PaymentStatus.PAID),
        ({"status": "AWAITING_SHIPMENT"}, PaymentStatus.PAID),
        ({"status": "AWAITING_SHIPMENT", "is_cod": True, "paid_time": None}, PaymentStatus.PAID),
        ({"status": "CANCELLED"}, PaymentStatus.PAID),
        ({"status": "CANCELLED", "paid_time": 0}, PaymentStatus.PENDING),
        ({"status": "NEW_WORD", "paid_time": None}, PaymentStatus.PENDING),
    ],
)
def test_payment_follows_the_status(changes: dict[str, Any], expected: PaymentStatus) -> None:
    assert fact_of(**changes).payment_status is expected


@pytest.mark.parametrize("status", ["UNPAID", "ON_HOLD"])
def test_before_the_hold_ends_there_is_no_address(status: str) -> None:
    empty: dict[str, Any] = dict.fromkeys(ORDER["recipient_address"], "") | {"district_info": []}
    assert fact_of(status=status, recipient_address=empty).address is None
    assert fact_of(status=status, recipient_address=None).address is None


@pytest.mark.parametrize(
    "changes", [{"name": "R***r"}, {"phone_number": "(+1)***00"}, {"address_line1": "*** Rd"}, {"postal_code": "97***"}]
)
def test_a_star_anywhere_masks_the_order(changes: dict[str, str]) -> None:
    assert fact_of(recipient_address=recipient(**changes)).masked


def test_a_missing_postal_code_is_empty_not_an_error() -> None:
    address = fact_of(recipient_address=recipient(postal_code="")).address
    assert address is not None
    assert address.postal_code == ""


def test_cities_are_found_by_their_level_or_by_their_name() -> None:
    def city(*levels: tuple[str, str, str], **more: str) -> str:
        districts = [
            dict(zip(("address_level", "address_level_name", "address_name"), level, strict=True)) for level in levels
        ]
        address = fact_of(recipient_address=recipient(district_info=districts, **more)).address
        assert address is not None
        return address.city

    assert city(("L1", "State", "Oregon"), ("L3", "District", "Exampleton")) == "Exampleton"
    assert city(("L2", "City", "Sampleville"), ("L3", "District", "Old Harbour")) == "Sampleville"
    assert city(("L2", "County", "Kent")) == "Kent"
    assert city(post_town="Sampleford") == "Sampleford"


def test_lines_three_and_four_join_the_second() -> None:
    address = fact_of(recipient_address=recipient(address_line3="Block C", address_line4="2nd floor")).address
    assert address is not None
    assert address.line2 == "Apt 4, Block C, 2nd floor"


@pytest.mark.parametrize("kind", ["FULFILLMENT_BY_TIKTOK", "FULFILLMENT_BY_DILAYANI_TOKOPEDIA"])
def test_what_the_platform_fulfils_is_not_ours(kind: str) -> None:
    assert fact_of(fulfillment_type=kind).fulfilled_by_tiktok


def test_samples_and_cash_on_delivery_and_cancel_requests_are_flagged() -> None:
    fact = fact_of(is_sample_order=True, is_cod=True, is_buyer_request_cancel=True, cancel_reason="changed_mind")
    assert (fact.order_kind is OrderKind.SAMPLE, fact.cash_on_delivery, fact.cancel_requested, fact.cancel_reason) == (
        True,
        True,
        True,
        "changed_mind",
    )


def test_an_order_without_anything_but_its_id_and_time_is_still_an_order() -> None:
    fact = order_fact(SHOP, read_order({"id": 577000000000000001, "create_time": "1767222000", "surprise": [1]}))
    assert fact.tiktok_order_id == "577000000000000001"
    assert (fact.currency, fact.total_amount, fact.units, fact.address) == ("XXX", Decimal("0.00"), (), None)
    assert fact.channel_status is ChannelStatus.UNKNOWN


def test_text_from_outside_carries_no_control_characters() -> None:
    nasty = "a\x1b[31mred\x00\x07\r\nb\u202ec\u2066\td"
    fact = fact_of(buyer_message=nasty, recipient_address=recipient(name=nasty))
    assert fact.buyer_message == "a[31mred\nbc d"
    assert fact.customer.name == "a[31mred\nbc d"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"id": None}, "it has no usable id"),
        ({"create_time": None, "update_time": None}, "it has neither create_time nor update_time"),
        ({"create_time": 1767222000000}, "the field create_time cannot be read"),
        ({"line_items": [{"id": ""}]}, "a line item has no usable id"),
        ({"line_items": [{"id": "1", "is_gift": "maybe"}]}, "the field line_items.0.is_gift cannot be read"),
        (
            {"payment": {"currency": "USD", "total_amount": "12 dollars"}},
            "payment.total_amount is not an amount of money",
        ),
        ({"payment": {"currency": "dollars"}}, "payment.currency is not a currency code"),
        ({"payment": {"currency": "USD", "total_amount": "1e400"}}, "payment.total_amount is not an amount of money"),
    ],
)
def test_a_malformed_order_is_refused_with_its_id_and_the_field(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(Terminal) as failure:
        fact_of(**changes)
    assert failure.value.code == "tiktok.malformed_order"
    named = "unknown" if "id" in changes else "577000000000000001"
    assert failure.value.sentence == (
        f"Order {named} from TikTok is malformed: {reason}; fetch it again or look at it in the seller centre."
    )


def test_what_is_not_json_is_malformed() -> None:
    with pytest.raises(Terminal, match="not JSON"):
        read_order(b"<html>")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


def shaken(part: Any) -> st.SearchStrategy[Any]:
    """The sample order with any of its parts, at any depth, left out or replaced by any JSON."""
    if isinstance(part, dict):
        whole = st.fixed_dictionaries({}, optional={name: shaken(value) for name, value in part.items()})
        return st.one_of(whole, whole, whole, json_values)  # mostly whole, so that depth is reached
    if isinstance(part, list) and part:
        return st.lists(shaken(part[0]), max_size=3) | json_values
    return st.just(part) | json_values


def understood(payload: Any) -> OrderFact | None:
    """The fact, or None for what is refused as malformed; anything else that is raised fails the test."""
    try:
        return order_fact(SHOP, read_order(payload))
    except Terminal as refused:
        if refused.code != "tiktok.malformed_order":
            raise
        return None


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(payload=json_values | shaken(ORDER))
def test_any_json_is_a_fact_or_malformed_and_never_anything_else(payload: Any) -> None:
    fact = understood(payload)
    if fact is not None:
        assert fact.tiktok_order_id
        assert fact.order_time.tzinfo is UTC
        assert fact.total_amount.is_finite()
        assert len(fact.currency) == 3
        assert all("\x00" not in unit.product_name for unit in fact.units)


@settings(max_examples=200, deadline=None)
@given(raw=st.binary(max_size=60))
def test_any_bytes_are_refused(raw: bytes) -> None:
    assert understood(raw) is None


@pytest.fixture
async def world() -> AsyncIterator[Outside]:
    async with outside(orders=120) as world:
        yield world


async def test_every_order_of_the_simulator_is_understood(world: Outside) -> None:
    facts = [order_fact(SHOP, read_order(order)) for order in await world.raw_orders()]
    assert len(facts) == 120
    assert all(fact.units and fact.currency == "USD" for fact in facts)
    statuses = {fact.channel_status for fact in facts}
    assert ChannelStatus.AWAITING_SHIPMENT in statuses
    assert ChannelStatus.UNKNOWN not in statuses
    assert all(fact.masked for fact in facts if fact.channel_status is ChannelStatus.CANCELLED and fact.address)


@pytest.mark.parametrize(
    ("flags", "kind", "replaces"),
    [
        ({}, OrderKind.NORMAL, ""),
        ({"order_type": "ZERO_LOTTERY"}, OrderKind.GIFT, ""),
        ({"is_replacement_order": True, "replaced_order_id": "577001"}, OrderKind.REPLACEMENT, "577001"),
        ({"is_exchange_order": True, "exchange_source_order_id": "577002"}, OrderKind.EXCHANGE, "577002"),
        ({"is_sample_order": True}, OrderKind.SAMPLE, ""),
    ],
)
def test_an_order_says_what_kind_it_is_and_which_one_it_stands_for(
    flags: dict[str, Any], kind: OrderKind, replaces: str
) -> None:
    fact = fact_of(**flags)
    assert (fact.order_kind, fact.replaces_order_id) == (kind, replaces)
