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
Seconds = Annotated[int, Field(ge=0, lt=LATEST_SECOND)] | None
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


class DeliveryPreferences(Payload):
    """Where the carrier may leave it (US)."""

    drop_off_location: Text = None


class Recipient(Payload):
    """Who gets the parcel and where; empty before payment and on hold, `*` in it once masked."""

    name: Text = None
    first_name: Text = None
    last_name: Text = None
    first_name_local_script: Text = None
    last_name_local_script: Text = None
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
    delivery_preferences: DeliveryPreferences | None = None


class Payment(Payload):
    """What the buyer pays, as money strings in `currency`; `total_amount` is the truth, the regional fees are not in its formula."""

    currency: Text = None
    original_total_product_price: Text = None
    seller_discount: Text = None
    platform_discount: Text = None
    sub_total: Text = None
    original_shipping_fee: Text = None
    shipping_fee_seller_discount: Text = None
    shipping_fee_platform_discount: Text = None
    shipping_fee_cofunded_discount: Text = None
    shipping_fee: Text = None
    tax: Text = None
    product_tax: Text = None
    shipping_fee_tax: Text = None
    retail_delivery_fee: Text = None
    small_order_fee: Text = None
    buyer_service_fee: Text = None
    handling_fee: Text = None
    shipping_insurance_fee: Text = None
    item_insurance_fee: Text = None
    item_insurance_tax: Text = None
    distance_fee: Text = None
    distance_shipping_fee: Text = None
    payment_platform_discount: Text = None
    payment_discount_service_fee: Text = None
    total_amount: Text = None


class ItemTax(Payload):
    """One tax on one unit."""

    tax_type: Text = None
    tax_amount: Text = None
    tax_rate: Text = None


class BundledSku(Payload):
    """What one unit of a virtual bundle is picked from."""

    sku_id: Text = None
    sku_count: int | None = None
    product_id: Text = None
    seller_sku: Text = None


class LineItem(Payload):
    """One unit of one SKU."""

    id: Text = None
    product_id: Text = None
    sku_id: Text = None
    seller_sku: Text = None
    product_name: Text = None
    sku_name: Text = None
    sku_image: Text = None
    sku_type: Text = None
    display_status: Text = None
    package_id: Text = None
    package_status: Text = None
    tracking_number: Text = None
    shipping_provider_id: Text = None
    shipping_provider_name: Text = None
    rts_time: Seconds = None
    currency: Text = None
    original_price: Text = None
    sale_price: Text = None
    seller_discount: Text = None
    platform_discount: Text = None
    item_tax: list[ItemTax] | None = None
    small_order_fee: Text = None
    retail_delivery_fee: Text = None
    buyer_service_fee: Text = None
    pfand_fee: Text = None
    gift_retail_price: Text = None
    is_gift: Flag = None
    is_dangerous_good: Flag = None
    needs_prescription: Flag = None
    cancel_user: Text = None
    cancel_reason: Text = None
    handling_duration_days: Text = None
    combined_listing_skus: list[BundledSku] | None = None
    room_id: Text = None


class OrderPackage(Payload):
    """A parcel of the order; its id changes when parcels are combined or split."""

    id: Text = None


class HandlingDuration(Payload):
    """How long the seller may take; the days come as text."""

    days: Text = None
    type: Text = None


class OrderPayload(Payload):
    """One order of `orders/search` or of order detail."""

    id: Text = None
    user_id: Text = None
    commerce_platform: Text = None
    order_type: Text = None
    buyer_email: Text = None
    buyer_message: Text = None
    seller_note: Text = None

    status: Text = None
    is_on_hold_order: Flag = None
    is_buyer_request_cancel: Flag = None
    request_cancel_time: Seconds = None
    cancellation_initiator: Text = None
    cancel_reason: Text = None

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

    fulfillment_type: Text = None
    shipping_type: Text = None
    delivery_type: Text = None
    delivery_option_id: Text = None
    delivery_option_name: Text = None
    shipping_provider: Text = None
    shipping_provider_id: Text = None
    tracking_number: Text = None
    warehouse_id: Text = None
    packages: list[OrderPackage] | None = None
    split_or_combine_tag: Text = None
    auto_combine_group_id: Text = None
    fast_delivery_program: Text = None
    handling_duration: HandlingDuration | None = None
    has_updated_recipient_address: Flag = None

    is_cod: Flag = None
    payment_method_name: Text = None
    payment_method_code: Text = None
    payment_card_type: Text = None

    is_sample_order: Flag = None
    is_replacement_order: Flag = None
    replaced_order_id: Text = None
    is_exchange_order: Flag = None
    exchange_source_order_id: Text = None
    is_subscription_order: Flag = None
    consultation_id: Text = None

    cpf: Text = None
    cpf_name: Text = None
    need_upload_invoice: Text = None

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
