"""The order object as TikTok sends it: every field may be absent, empty or null, and unknown ones are welcome.

Only what the program uses is read. The raw payload stays in the inbox, so nothing is lost by what is left out here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from engine.errors import Terminal

_HARMFUL = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029)) | {0x09: " ", 0x0A: "\n"}
# Characters that turn the reading direction round, and halves of characters, which no database stores.
_HARMFUL |= dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0xD800, 0xE000)))


def clean(text: str) -> str:
    """The text without control characters, escape sequences' starts or direction marks; a tab becomes a space."""
    return text if text.isprintable() else text.translate(_HARMFUL)


_LATEST_SECOND = 32_503_680_000  # the year 3000: milliseconds by mistake are refused, not stored

Text = Annotated[str, AfterValidator(clean)] | None
Seconds = Annotated[int, Field(ge=0, lt=_LATEST_SECOND)] | None
Flag = bool | None


class Payload(BaseModel):
    """Unknown fields are left out here; the raw payload stays in the inbox."""

    # Ids are strings by contract, but numbers have been seen.
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True, frozen=True)


class District(Payload):
    """One level of an address: L0 the country, L1 the state, and so on down."""

    address_level: Text = None
    address_level_name: Text = None
    address_name: Text = None


class Recipient(Payload):
    """Who gets the parcel and where; empty before payment and on hold, `*` in it once masked."""

    name: Text = None
    first_name: Text = None
    last_name: Text = None
    phone_number: Text = None
    full_address: Text = None
    address_detail: Text = None
    address_line1: Text = None
    address_line2: Text = None
    address_line3: Text = None
    address_line4: Text = None
    postal_code: Text = None
    post_town: Text = None
    region_code: Text = None
    district_info: list[District] | None = None


class Payment(Payload):
    """What the buyer pays, as money strings in `currency`."""

    currency: Text = None
    total_amount: Text = None
    shipping_fee: Text = None


class LineItem(Payload):
    """One unit of one SKU."""

    id: Text = None
    product_id: Text = None
    sku_id: Text = None
    seller_sku: Text = None
    product_name: Text = None
    sku_name: Text = None
    sale_price: Text = None
    currency: Text = None
    display_status: Text = None
    is_gift: Flag = None
    package_id: Text = None
    tracking_number: Text = None


class OrderPayload(Payload):
    """One order of `orders/search` or of order detail."""

    id: Text = None
    status: Text = None
    create_time: Seconds = None
    update_time: Seconds = None
    paid_time: Seconds = None
    rts_sla_time: Seconds = None
    tts_sla_time: Seconds = None
    shipping_due_time: Seconds = None
    is_buyer_request_cancel: Flag = None
    cancel_reason: Text = None
    buyer_email: Text = None
    buyer_message: Text = None
    seller_note: Text = None
    is_cod: Flag = None
    order_type: Text = None
    is_sample_order: Flag = None
    is_replacement_order: Flag = None
    replaced_order_id: Text = None
    is_exchange_order: Flag = None
    exchange_source_order_id: Text = None
    fulfillment_type: Text = None
    shipping_type: Text = None
    delivery_option_id: Text = None
    delivery_option_name: Text = None
    tracking_number: Text = None
    warehouse_id: Text = None
    payment: Payment | None = None
    recipient_address: Recipient | None = None
    line_items: list[LineItem] | None = None


def read_order(payload: bytes | Mapping[str, Any]) -> OrderPayload:
    """One order from its stored bytes or its decoded object.

    Raises Terminal `tiktok.malformed_order` naming the order and the field, never a value of the buyer's.
    """
    try:
        document = orjson.loads(payload) if isinstance(payload, bytes) else payload
    except orjson.JSONDecodeError:
        raise malformed("unknown", "the payload is not JSON") from None
    try:
        return OrderPayload.model_validate(document)
    except ValidationError as error:
        order_id = document.get("id") if isinstance(document, Mapping) else None
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        # Part names come from this file, never from the payload, except list positions.
        field = ".".join(str(part) for part in first["loc"]) or "the payload"
        raise malformed(order_id, f"the field {field} cannot be read") from None


def malformed(order_id: object, reason: str) -> Terminal:
    """The one error for an order that cannot be understood; only an id made of ordinary characters is repeated."""
    named = order_id if isinstance(order_id, str) and order_id.isascii() and order_id.isalnum() else "unknown"
    return Terminal(
        "tiktok.malformed_order",
        f"Order {named[:64]} from TikTok is malformed: {reason}; fetch it again or look at it in the seller centre.",
    )
