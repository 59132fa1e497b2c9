"""The order object as TikTok sends it: every field may be absent, empty or null, and unknown ones are welcome.

Every field that TikTok documents and the program could use is named. The raw payload stays in the inbox, so nothing is lost by what is
left out here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from engine.errors import Terminal
from sync.tiktok.reading import LATEST_SECOND

_HARMFUL = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029)) | {0x09: " ", 0x0A: "\n"}
# Characters that turn the reading direction round, and halves of characters, which no database stores.
_HARMFUL |= dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0xD800, 0xE000)))


def clean(text: str) -> str:
    """The text without control characters, escape sequences' starts or direction marks; a tab becomes a space."""
    return text if text.isprintable() else text.translate(_HARMFUL)


Text = Annotated[str, AfterValidator(clean)] | None
Words = str | None
"""Text of an order, which `read_order` cleans as a whole: a call for each of a hundred texts cost more than reading them."""
Seconds = Annotated[int, Field(ge=0, lt=LATEST_SECOND)] | None
Flag = bool | None


class Payload(BaseModel):
    """Unknown fields are left out here; the raw payload stays in the inbox."""

    # Ids are strings by contract, but numbers have been seen.
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True, frozen=True)


class District(Payload):
    """One level of an address: L0 the country, L1 the state, and so on down."""

    address_level: Words = None
    address_level_name: Words = None
    address_name: Words = None


class DeliveryPreferences(Payload):
    """Where the carrier may leave it (US)."""

    drop_off_location: Words = None


class Recipient(Payload):
    """Who gets the parcel and where; empty before payment and on hold, `*` in it once masked."""

    name: Words = None
    first_name: Words = None
    last_name: Words = None
    first_name_local_script: Words = None
    last_name_local_script: Words = None
    phone_number: Words = None
    full_address: Words = None
    address_detail: Words = None
    address_line1: Words = None
    address_line2: Words = None
    address_line3: Words = None
    address_line4: Words = None
    postal_code: Words = None
    post_town: Words = None
    region_code: Words = None
    district_info: list[District] | None = None
    delivery_preferences: DeliveryPreferences | None = None


class Payment(Payload):
    """What the buyer pays, as money strings in `currency`; `total_amount` is the truth, the regional fees are not in its formula."""

    currency: Words = None
    original_total_product_price: Words = None
    seller_discount: Words = None
    platform_discount: Words = None
    sub_total: Words = None
    original_shipping_fee: Words = None
    shipping_fee_seller_discount: Words = None
    shipping_fee_platform_discount: Words = None
    shipping_fee_cofunded_discount: Words = None
    shipping_fee: Words = None
    tax: Words = None
    product_tax: Words = None
    shipping_fee_tax: Words = None
    retail_delivery_fee: Words = None
    small_order_fee: Words = None
    buyer_service_fee: Words = None
    handling_fee: Words = None
    shipping_insurance_fee: Words = None
    item_insurance_fee: Words = None
    item_insurance_tax: Words = None
    distance_fee: Words = None
    distance_shipping_fee: Words = None
    payment_platform_discount: Words = None
    payment_discount_service_fee: Words = None
    total_amount: Words = None


class ItemTax(Payload):
    """One tax on one unit."""

    tax_type: Words = None
    tax_amount: Words = None
    tax_rate: Words = None


class BundledSku(Payload):
    """What one unit of a virtual bundle is picked from."""

    sku_id: Words = None
    sku_count: int | None = None
    product_id: Words = None
    seller_sku: Words = None


class LineItem(Payload):
    """One unit of one SKU."""

    id: Words = None
    product_id: Words = None
    sku_id: Words = None
    seller_sku: Words = None
    product_name: Words = None
    sku_name: Words = None
    sku_image: Words = None
    sku_type: Words = None
    display_status: Words = None
    package_id: Words = None
    package_status: Words = None
    tracking_number: Words = None
    shipping_provider_id: Words = None
    shipping_provider_name: Words = None
    rts_time: Seconds = None
    currency: Words = None
    original_price: Words = None
    sale_price: Words = None
    seller_discount: Words = None
    platform_discount: Words = None
    item_tax: list[ItemTax] | None = None
    small_order_fee: Words = None
    retail_delivery_fee: Words = None
    buyer_service_fee: Words = None
    pfand_fee: Words = None
    gift_retail_price: Words = None
    is_gift: Flag = None
    is_dangerous_good: Flag = None
    needs_prescription: Flag = None
    cancel_user: Words = None
    cancel_reason: Words = None
    handling_duration_days: Words = None
    combined_listing_skus: list[BundledSku] | None = None
    room_id: Words = None


class OrderPackage(Payload):
    """A parcel of the order; its id changes when parcels are combined or split."""

    id: Words = None


class HandlingDuration(Payload):
    """How long the seller may take; the days come as text."""

    days: Words = None
    type: Words = None


class OrderPayload(Payload):
    """One order of `orders/search` or of order detail."""

    id: Words = None
    user_id: Words = None
    commerce_platform: Words = None
    order_type: Words = None
    buyer_email: Words = None
    buyer_message: Words = None
    seller_note: Words = None

    status: Words = None
    is_on_hold_order: Flag = None
    is_buyer_request_cancel: Flag = None
    request_cancel_time: Seconds = None
    cancellation_initiator: Words = None
    cancel_reason: Words = None

    create_time: Seconds = None
    paid_time: Seconds = None
    update_time: Seconds = None
    rts_time: Seconds = None
    collection_time: Seconds = None
    delivery_time: Seconds = None
    cancel_time: Seconds = None
    release_date: Seconds = None

    rts_sla_time: Seconds = None
    tts_sla_time: Seconds = None
    delivery_sla_time: Seconds = None
    shipping_due_time: Seconds = None
    collection_due_time: Seconds = None
    delivery_due_time: Seconds = None
    cancel_order_sla_time: Seconds = None
    delivery_option_required_delivery_time: Seconds = None
    pick_up_cut_off_time: Seconds = None
    fast_dispatch_sla_time: Seconds = None
    recommended_shipping_time: Seconds = None
    fulfillment_priority_level: int | None = None

    fulfillment_type: Words = None
    shipping_type: Words = None
    delivery_type: Words = None
    delivery_option_id: Words = None
    delivery_option_name: Words = None
    shipping_provider: Words = None
    shipping_provider_id: Words = None
    tracking_number: Words = None
    warehouse_id: Words = None
    packages: list[OrderPackage] | None = None
    split_or_combine_tag: Words = None
    auto_combine_group_id: Words = None
    fast_delivery_program: Words = None
    handling_duration: HandlingDuration | None = None
    has_updated_recipient_address: Flag = None

    is_cod: Flag = None
    payment_method_name: Words = None
    payment_method_code: Words = None
    payment_card_type: Words = None

    is_sample_order: Flag = None
    is_replacement_order: Flag = None
    replaced_order_id: Words = None
    is_exchange_order: Flag = None
    exchange_source_order_id: Words = None
    is_subscription_order: Flag = None
    consultation_id: Words = None

    cpf: Words = None
    cpf_name: Words = None
    need_upload_invoice: Words = None

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
    # What is printable as it stands and has no escapes holds nothing that is not.
    if not isinstance(payload, bytes) or b"\\" in payload or not payload.decode().isprintable():
        document = _cleaned(document)
    try:
        return OrderPayload.model_validate(document)
    except ValidationError as error:
        order_id = document.get("id") if isinstance(document, Mapping) else None
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        # Part names come from this file, never from the payload, except list positions.
        field = ".".join(str(part) for part in first["loc"]) or "the payload"
        raise malformed(order_id, f"the field {field} cannot be read") from None


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {name: _cleaned(part) for name, part in value.items()}
    return [_cleaned(part) for part in value] if isinstance(value, list) else value


def malformed(order_id: object, reason: str) -> Terminal:
    """The one error for an order that cannot be understood; only an id made of ordinary characters is repeated."""
    named = order_id if isinstance(order_id, str) and order_id.isascii() and order_id.isalnum() else "unknown"
    return Terminal(
        "tiktok.malformed_order",
        f"Order {named[:64]} from TikTok is malformed: {reason}; fetch it again or look at it in the seller centre.",
    )
