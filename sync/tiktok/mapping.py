"""TikTok's order object → the engine's `OrderFact`."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import structlog

from engine.errors import Refused
from engine.identifiers import ShopId
from engine.money import parse_amount
from engine.ports.facts import Address, Customer, OrderFact, UnitFact
from engine.words import ChannelStatus, OrderKind, PaymentStatus
from sync.tiktok.payloads import LineItem, OrderPayload, Recipient, malformed

_log = structlog.get_logger(__name__)

_STATUSES = {status.value: status for status in ChannelStatus} | {"CANCEL": ChannelStatus.CANCELLED}
_BEFORE_ADDRESS = frozenset({ChannelStatus.UNPAID, ChannelStatus.ON_HOLD})
_PLATFORM_FULFILS = frozenset({"FULFILLMENT_BY_TIKTOK", "FULFILLMENT_BY_DILAYANI_TOKOPEDIA"})
_GIVEN_AWAY = "ZERO_LOTTERY"
_NO_CURRENCY = "XXX"
_LONGEST_NAME = 255
_LONGEST_METHOD = 100
_LONGEST_SKU = 100


def order_fact(shop_id: ShopId, order: OrderPayload) -> OrderFact:
    """What the payload says, normalised: one unit a line item, money as Decimal, times in UTC.

    Raises Terminal `tiktok.malformed_order` when the order has no id or no time, or when an amount is not one.
    """
    if not order.id or len(order.id) > _LONGEST_NAME:
        raise malformed(order.id, "it has no usable id")
    order_time = _moment(order.create_time) or _moment(order.update_time)
    if order_time is None:
        raise malformed(order.id, "it has neither create_time nor update_time")
    status = channel_status(order.status)
    payment = order.payment
    recipient = order.recipient_address
    return OrderFact(
        shop_id=shop_id,
        tiktok_order_id=order.id,
        channel_status=status,
        update_time=_moment(order.update_time) or order_time,
        order_time=order_time,
        currency=_currency(order),
        total_amount=_amount(order, "payment.total_amount", payment.total_amount if payment else None),
        shipping_cost=_amount(order, "payment.shipping_fee", payment.shipping_fee if payment else None),
        payment_status=_payment_status(order, status),
        customer=Customer(
            name=_name(recipient)[:_LONGEST_NAME],
            email=(order.buyer_email or "")[:_LONGEST_NAME],
            phone=((recipient and recipient.phone_number) or "")[:50],
        ),
        address=_address(recipient, status),
        masked=_is_masked(recipient),
        shipping_type=(order.shipping_type or "").upper(),
        fulfilled_by_tiktok=(order.fulfillment_type or "").upper() in _PLATFORM_FULFILS,
        shipping_method=(order.delivery_option_name or "")[:_LONGEST_METHOD],
        delivery_option_id=order.delivery_option_id or "",
        warehouse_id=order.warehouse_id or "",
        paid_time=_moment(order.paid_time),
        ship_by=_moment(order.rts_sla_time),
        collect_by=_moment(order.tts_sla_time),
        auto_cancel_at=_moment(order.shipping_due_time),
        cash_on_delivery=bool(order.is_cod),
        order_kind=_order_kind(order),
        replaces_order_id=order.replaced_order_id or order.exchange_source_order_id or "",
        cancel_requested=bool(order.is_buyer_request_cancel),
        cancel_reason=order.cancel_reason or "",
        buyer_message=order.buyer_message or "",
        seller_note=order.seller_note or "",
        units=_units(order, status),
    )


def channel_status(raw: str | None) -> ChannelStatus:
    """TikTok's status word in either spelling (`CANCEL`, `CANCELLED`); one newer than this program is UNKNOWN."""
    status = _STATUSES.get((raw or "").strip().upper(), ChannelStatus.UNKNOWN)
    if status is ChannelStatus.UNKNOWN and raw:
        _log.warning("unknown_channel_status", status=raw[:40])
    return status


def _order_kind(order: OrderPayload) -> OrderKind:
    if order.is_replacement_order:
        return OrderKind.REPLACEMENT
    if order.is_exchange_order:
        return OrderKind.EXCHANGE
    if order.is_sample_order:
        return OrderKind.SAMPLE
    return OrderKind.GIFT if (order.order_type or "").upper() == _GIVEN_AWAY else OrderKind.NORMAL


def _units(order: OrderPayload, status: ChannelStatus) -> tuple[UnitFact, ...]:
    units = {}
    for line in order.line_items or ():
        unit = _unit(order, line, status)
        # A line repeated in one payload is one unit still.
        units[unit.tiktok_line_id] = unit
    return tuple(units.values())


def _unit(order: OrderPayload, line: LineItem, status: ChannelStatus) -> UnitFact:
    if not line.id or len(line.id) > _LONGEST_NAME:
        raise malformed(order.id, "a line item has no usable id")
    seller_sku = (line.seller_sku or "").strip()
    if len(seller_sku) > _LONGEST_SKU:
        raise malformed(order.id, f"a seller_sku is longer than {_LONGEST_SKU} characters")
    return UnitFact(
        tiktok_line_id=line.id,
        tiktok_product_id=line.product_id or "",
        tiktok_sku_id=line.sku_id or "",
        seller_sku=seller_sku,
        product_name=(line.product_name or "")[:_LONGEST_NAME],
        variant_name=(line.sku_name or "")[:_LONGEST_NAME],
        unit_price=_amount(order, "line_items.sale_price", line.sale_price),
        channel_status=channel_status(line.display_status) if line.display_status else status,
        is_gift=bool(line.is_gift),
        tiktok_package_id=line.package_id or "",
        tracking_number=line.tracking_number or "",
    )


def _payment_status(order: OrderPayload, status: ChannelStatus) -> PaymentStatus:
    if status is ChannelStatus.UNPAID:
        return PaymentStatus.PENDING
    if status in {ChannelStatus.CANCELLED, ChannelStatus.UNKNOWN}:
        # Either may have happened before the money came; only the time of payment tells.
        return PaymentStatus.PAID if order.paid_time else PaymentStatus.PENDING
    # Cash on delivery counts as confirmed.
    return PaymentStatus.PAID


def _address(recipient: Recipient | None, status: ChannelStatus) -> Address | None:
    if recipient is None:
        return None
    line1 = recipient.address_line1 or recipient.address_detail or ""
    rest = (recipient.address_line2, recipient.address_line3, recipient.address_line4)
    country, state, city = _districts(recipient)
    postal_code = recipient.postal_code or ""
    if not any((line1, city, postal_code)) and (status in _BEFORE_ADDRESS or not _name(recipient)):
        return None
    return Address(
        name=_name(recipient),
        phone=recipient.phone_number or "",
        line1=line1,
        line2=", ".join(line for line in rest if line),
        city=city,
        state=state,
        postal_code=postal_code,
        country=country,
    )


def _districts(recipient: Recipient) -> tuple[str, str, str]:
    """Country, state and city: they live in levels L0 to L4, whose names differ by market."""
    levels: dict[str, str] = {}
    city = ""
    for district in recipient.district_info or ():
        name = district.address_name or ""
        levels[(district.address_level or "").upper()] = name
        if (district.address_level_name or "").strip().lower() in {"city", "town", "municipality"}:
            city = name
    city = city or levels.get("L3") or recipient.post_town or levels.get("L2") or ""
    region = (recipient.region_code or "").strip().upper()
    return region if len(region) == 2 and region.isalpha() else "", levels.get("L1", ""), city


def _name(recipient: Recipient | None) -> str:
    if recipient is None:
        return ""
    return recipient.name or " ".join(part for part in (recipient.first_name, recipient.last_name) if part)


def _is_masked(recipient: Recipient | None) -> bool:
    if recipient is None:
        return False
    shown = (
        _name(recipient),
        recipient.phone_number,
        recipient.address_line1,
        recipient.address_detail,
        recipient.postal_code,
    )
    return any("*" in text for text in shown if text)


def _currency(order: OrderPayload) -> str:
    """The payment's currency, else a line's; `XXX` (ISO 4217: none) for an order without, such as some samples."""
    candidates = [
        order.payment.currency if order.payment else None,
        *(line.currency for line in order.line_items or ()),
    ]
    currency = next((candidate for candidate in candidates if candidate), _NO_CURRENCY).upper()
    if len(currency) != 3 or not (currency.isascii() and currency.isalpha()):
        raise malformed(order.id, "payment.currency is not a currency code")
    return currency


def _amount(order: OrderPayload, field: str, text: str | None) -> Decimal:
    try:
        return parse_amount(text)
    except Refused:
        raise malformed(order.id, f"{field} is not an amount of money") from None


def _moment(seconds: int | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
