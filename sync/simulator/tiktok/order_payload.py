"""An order as JSON: money that adds up, an address only when TikTok shows one, one line item per unit."""

from typing import Any

from sync.simulator.scenario import Scenario
from sync.simulator.shop.order_details import OrderDetails, draw_new_address
from sync.simulator.shop.orders import Order, Orders, OrderStatus
from sync.simulator.shop.packages import Package, Packages
from sync.simulator.shop.specials import Special
from sync.simulator.tiktok.logistics import DELIVERY_OPTION_ID, DELIVERY_OPTION_NAME, WAREHOUSE_ID, provider_name

DAY_SECONDS = 86_400
PACKAGE_STATUS = {
    OrderStatus.AWAITING_COLLECTION: "PROCESSING",
    OrderStatus.PARTIALLY_SHIPPING: "PROCESSING",
    OrderStatus.IN_TRANSIT: "FULFILLING",
    OrderStatus.DELIVERED: "COMPLETED",
    OrderStatus.COMPLETED: "COMPLETED",
}
FULFILMENT_BY = {True: "FULFILLMENT_BY_TIKTOK", False: "FULFILLMENT_BY_SELLER"}
LINKED = {Special.REPLACEMENT: "replaced_order_id", Special.EXCHANGE: "exchange_source_order_id"}
NAMED = ("name", "first_name", "last_name", "phone_number")
DETAILED = ("full_address", "address_detail", "address_line1", "address_line2")
PAYMENT_METHODS = ("Visa", "Mastercard", "PayPal", "Apple Pay")


def buyer_id(order: Order) -> str:
    """Return TikTok's id of whoever bought the order."""
    return f"7490{order.id[3:]}"


def order_payload(orders: Orders, packages: Packages, order: Order) -> dict[str, Any]:
    """Return the order as TikTok's order detail shows it now."""
    scenario, details = orders.scenario, orders.details(order.index)
    special = scenario.special(order.index)
    created = int(order.created_at)
    paid = int(order.paid_at) if order.paid_at is not None else None
    ship_by = (paid or created) + details.ship_by_hours * 3600
    of_order = packages.of_order.get(order.index, [])
    shipped = packages.shipped_of(order)
    payload: dict[str, Any] = {
        "id": order.id,
        "status": order.status.value,
        "order_type": "PRE_ORDER" if special is Special.PRE_ORDER else "NORMAL",
        "commerce_platform": "TIKTOK_SHOP",
        "user_id": buyer_id(order),
        "buyer_email": details.buyer.email,
        "buyer_message": details.buyer_message,
        "seller_note": "",
        "create_time": created,
        "update_time": orders.by_update.changed_second(order.index),
        "rts_sla_time": ship_by,
        "tts_sla_time": ship_by + DAY_SECONDS,
        "shipping_due_time": ship_by + 3 * DAY_SECONDS,
        "collection_due_time": ship_by + 4 * DAY_SECONDS,
        "delivery_sla_time": ship_by + 8 * DAY_SECONDS,
        "is_on_hold_order": orders.hold_seconds(order) > 0,
        "is_buyer_request_cancel": order.cancel_asked_at is not None,
        "is_cod": special is Special.CASH_ON_DELIVERY,
        "is_sample_order": details.is_sample,
        "is_replacement_order": special is Special.REPLACEMENT,
        "is_exchange_order": special is Special.EXCHANGE,
        "fulfillment_type": FULFILMENT_BY[special is Special.FULFILLED_BY_TIKTOK],
        "shipping_type": shipping_type_of(orders, order),
        "delivery_type": "HOME_DELIVERY",
        "delivery_option_id": DELIVERY_OPTION_ID,
        "delivery_option_name": DELIVERY_OPTION_NAME,
        "warehouse_id": WAREHOUSE_ID,
        "has_updated_recipient_address": order.moved_away,
        "payment_method_name": PAYMENT_METHODS[order.index % len(PAYMENT_METHODS)],
        "packages": [{"id": package.id} for package in of_order],
        "split_or_combine_tag": _tag(of_order),
        "tracking_number": shipped[-1].tracking_number if shipped else "",
        "shipping_provider_id": shipped[-1].provider_id if shipped else "",
        "shipping_provider": provider_name(shipped[-1].provider_id) if shipped else "",
        "payment": _payment(details),
        "recipient_address": _address(order, details, scenario),
        "line_items": _line_items(order, details, of_order),
    }
    if special is Special.CASH_ON_DELIVERY:
        payload["payment_method_name"] = "Cash on delivery"
    elif paid is not None:
        payload["paid_time"] = paid
    if special is Special.PRE_ORDER:
        payload["release_date"] = int((paid or created) + orders.hold_seconds(order))
    if special in LINKED:
        payload[LINKED[special]] = orders.order_id(max(0, order.index - 1))
    if order.cancelled_at is not None:
        payload["cancel_time"] = int(order.cancelled_at)
        payload["cancellation_initiator"] = cancelled_by(order)
        payload["cancel_reason"] = cancel_reason(order)
    if order.cancel_asked_at is not None:
        payload["request_cancel_time"] = int(order.cancel_asked_at)
    if shipped:
        payload["rts_time"] = int(shipped[-1].shipped_at or 0)
    if order.collected_at is not None:
        payload["collection_time"] = int(order.collected_at)
    if order.delivered_at is not None:
        payload["delivery_time"] = int(order.delivered_at)
    return payload


def shipping_type_of(orders: Orders, order: Order) -> str:
    """Return who ships an order."""
    return "TIKTOK" if orders.scenario.shipped_by_tiktok(order.index) else "SELLER"


def _tag(packages: list[Package]) -> str:
    tags = {package.tag for package in packages}
    return "COMBINED" if "COMBINE" in tags else "SPLIT" if "SPLIT" in tags else ""


def cancelled_by(order: Order) -> str:
    """Return who cancelled a cancelled order."""
    if order.cancelled_by:
        return order.cancelled_by
    return "BUYER" if order.cancelled_from is OrderStatus.ON_HOLD else "SYSTEM"


def cancel_reason(order: Order) -> str:
    """Return why a cancelled order was cancelled."""
    if order.cancelled_by:
        return order.cancel_reason or "seller_cancel_reason_out_of_stock"
    if order.cancelled_from is OrderStatus.ON_HOLD:
        return "ecom_order_to_ship_canceled_reason_no_longer_needed"
    return "ecom_order_unpaid_canceled_reason_payment_overdue"


def line_item_id(order: Order, unit: int) -> str:
    """Return the id of one unit of an order."""
    return f"578{order.id[3:9]}{order.index:07d}{unit:02d}"


def money(cents: int) -> str:
    """Return cents as TikTok writes money."""
    return f"{cents // 100}.{cents % 100:02d}"


def total_cents(details: OrderDetails) -> int:
    """Return what the buyer pays in all."""
    sub_total = sum(unit.sale_cents for unit in details.units)
    tax = sum(unit.tax_cents for unit in details.units) + details.shipping_tax_cents
    return sub_total + _shipping_fee(details) + tax + details.retail_delivery_fee_cents


def _shipping_fee(details: OrderDetails) -> int:
    discounts = details.shipping_seller_discount_cents + details.shipping_platform_discount_cents
    return details.shipping_cents - discounts


def _payment(details: OrderDetails) -> dict[str, str]:
    units = details.units
    product_tax = sum(unit.tax_cents for unit in units)
    return {
        "currency": "USD",
        "original_total_product_price": money(sum(unit.original_cents for unit in units)),
        "seller_discount": money(sum(unit.seller_discount_cents for unit in units)),
        "platform_discount": money(sum(unit.platform_discount_cents for unit in units)),
        "sub_total": money(sum(unit.sale_cents for unit in units)),
        "original_shipping_fee": money(details.shipping_cents),
        "shipping_fee_seller_discount": money(details.shipping_seller_discount_cents),
        "shipping_fee_platform_discount": money(details.shipping_platform_discount_cents),
        "shipping_fee": money(_shipping_fee(details)),
        "product_tax": money(product_tax),
        "shipping_fee_tax": money(details.shipping_tax_cents),
        "tax": money(product_tax + details.shipping_tax_cents),
        "retail_delivery_fee": money(details.retail_delivery_fee_cents),
        "total_amount": money(total_cents(details)),
    }


def _address(order: Order, details: OrderDetails, scenario: Scenario) -> dict[str, Any]:
    buyer = draw_new_address(scenario, order.index) if order.moved_away else details.buyer
    parts = {
        "name": buyer.name,
        "first_name": buyer.first_name,
        "last_name": buyer.last_name,
        "phone_number": buyer.phone_number,
        "full_address": f"United States, {buyer.state}, {buyer.city}, {buyer.street} {buyer.apartment}".rstrip(),
        "address_detail": f"{buyer.street} {buyer.apartment}".rstrip(),
        "address_line1": buyer.street,
        "address_line2": buyer.apartment,
        "address_line3": "",
        "address_line4": "",
        "postal_code": buyer.postal_code,
    }
    districts = [("L0", "Country", "United States"), ("L1", "State", buyer.state), ("L3", "City", buyer.city)]
    region = "US"
    if order.status in (OrderStatus.UNPAID, OrderStatus.ON_HOLD):
        parts, districts, region = dict.fromkeys(parts, ""), [], ""
    elif order.status is OrderStatus.CANCELLED or order.masked_again:
        parts = {name: _masked(text) for name, text in parts.items()}
    elif scenario.special(order.index) is Special.FULFILLED_BY_TIKTOK:
        parts = {name: _masked(text) for name, text in parts.items()}
        districts[2] = ("L3", "City", _masked(buyer.city))
    elif scenario.shipped_by_tiktok(order.index):
        masked = NAMED + (DETAILED if scenario.specials.mask_detail_of_tiktok_shipping else ())
        parts |= {name: _masked(parts[name]) for name in masked}
    return {
        **parts,
        "region_code": region,
        "district_info": [
            {"address_level": level, "address_level_name": kind, "address_name": name}
            for level, kind, name in districts
        ],
    }


def _masked(text: str) -> str:
    return " ".join(word[:1] + "*" * max(3, len(word) - 1) for word in text.split())


def _line_items(order: Order, details: OrderDetails, packages: list[Package]) -> list[dict[str, Any]]:
    package_of = {unit: package for package in packages for unit in package.units_of(order)}
    rate = f"{details.buyer.tax_basis_points / 10000:.4f}"
    items = []
    for number, unit in enumerate(details.units):
        package = package_of.get(number)
        shipped = package is not None and package.shipped_at is not None
        item: dict[str, Any] = {
            "id": line_item_id(order, number),
            "sku_id": unit.sku.sku_id,
            "product_id": unit.sku.product_id,
            "seller_sku": unit.sku.seller_sku,
            "product_name": unit.sku.product_title,
            "sku_name": unit.sku.option,
            "sku_image": "",
            "display_status": _display_status(order, number, shipped=shipped),
            "package_status": PACKAGE_STATUS.get(order.status, "PROCESSING") if shipped else "TO_FULFILL",
            "currency": "USD",
            "original_price": money(unit.original_cents),
            "sale_price": money(unit.sale_cents),
            "seller_discount": money(unit.seller_discount_cents),
            "platform_discount": money(unit.platform_discount_cents),
            "is_gift": unit.is_gift,
            "is_dangerous_good": False,
            "needs_prescription": False,
            "item_tax": [{"tax_type": "SALES_TAX", "tax_amount": money(unit.tax_cents), "tax_rate": rate}],
        }
        if unit.is_gift:
            item["gift_retail_price"] = money(unit.sku.price_cents)
        if package:
            item["package_id"] = package.id
        if package and shipped:
            item["tracking_number"] = package.tracking_number
            item["shipping_provider_id"] = package.provider_id
            item["shipping_provider_name"] = provider_name(package.provider_id)
            item["rts_time"] = int(package.shipped_at or 0)
        if order.status is OrderStatus.CANCELLED or number in order.cancelled_units:
            item["package_status"] = "CANCELLED"
            item["cancel_user"] = cancelled_by(order)
            item["cancel_reason"] = cancel_reason(order)
        items.append(item)
    return items


def _display_status(order: Order, unit: int, *, shipped: bool) -> str:
    if unit in order.cancelled_units:
        return OrderStatus.CANCELLED.value
    if order.status is OrderStatus.ON_HOLD:
        return OrderStatus.AWAITING_SHIPMENT.value
    if order.status is OrderStatus.PARTIALLY_SHIPPING:
        return (OrderStatus.AWAITING_COLLECTION if shipped else OrderStatus.AWAITING_SHIPMENT).value
    return order.status.value
