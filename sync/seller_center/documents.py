"""One order of an export as it is stored in the inbox, and the fact that it means.

An export gives no line ids and no product ids. Its units get ids of our own, the same from every file; when TikTok itself tells of the
order, they become its units. The latest of its times is when the order was last heard of, so an older file is older.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson

from engine.errors import Refused, Terminal
from engine.identifiers import ShopId
from engine.orders.unit_fitting import placeholder_line_id
from engine.ports.facts import Address, Customer, OrderFact, UnitFact
from engine.words import ChannelStatus, OrderKind, PaymentStatus
from sync.seller_center.export_rows import ExportRow
from sync.seller_center.words import Words
from sync.tiktok.payloads import clean

IMPORTED_ORDER = "imported_order"
"""The kind of an inbox payload that is one order of an export."""

_PROGRESS = list(ChannelStatus)
_ARRANGED = frozenset(
    {ChannelStatus.AWAITING_COLLECTION, ChannelStatus.IN_TRANSIT, ChannelStatus.DELIVERED, ChannelStatus.COMPLETED}
)
_BEFORE_ADDRESS = frozenset({ChannelStatus.UNPAID, ChannelStatus.ON_HOLD})


def document_of(rows: Sequence[ExportRow], words: Words) -> bytes:
    """The order that these rows are, as bytes that are the same whenever the file says the same. Raises Refused."""
    first = rows[0]
    if any(row.currency != first.currency for row in rows):
        raise Refused("import.currencies", "its rows have different currencies")
    moments = {name: max(row.moments[name] for row in rows if name in row.moments) for name in _names(rows)}
    texts = _merged(rows)
    method, kind = texts.get("payment_method", ""), texts.get("fulfillment_type", "")
    delivery = texts.get("delivery_type", "")
    amounts = [row.order_amount for row in rows if row.order_amount is not None]
    document = {
        "order_id": first.order_id,
        "status": _status([row.status for row in rows]),
        "currency": first.currency,
        "total": str(max(amounts)) if amounts else str(_sum(rows)),
        "shipping_fee": str(next((row.shipping_fee for row in rows if row.shipping_fee is not None), Decimal("0.00"))),
        "moments": {name: int(moment.timestamp()) for name, moment in sorted(moments.items())},
        "by_tiktok": words.means("fulfilled_by_tiktok", kind),
        "shipping_type": "TIKTOK" if words.means("shipped_by_tiktok", delivery) else "SELLER",
        "cash_on_delivery": words.means("cash_on_delivery", method),
        "sample": words.means("samples", texts.get("preorder", "")),
        "texts": dict(sorted(texts.items())),
        "lines": [
            {
                "sku_id": row.sku_id,
                "seller_sku": row.seller_sku,
                "name": row.product_name,
                "variation": row.variation,
                "quantity": row.quantity,
                "price": str(row.unit_price if row.unit_price is not None else Decimal("0.00")),
                "status": row.status,
                "packages": list(row.package_ids),
                "tracking": list(row.tracking_ids),
            }
            for row in sorted(rows, key=lambda row: (row.sku_id, row.seller_sku, row.number))
        ],
    }
    return orjson.dumps(document)


def imported_fact(shop_id: ShopId, payload: bytes) -> OrderFact:
    """What a stored order of an export says. Raises Terminal `import.malformed` for bytes that this program did not write."""
    try:
        return _fact(shop_id, orjson.loads(payload))
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, ArithmeticError):
        raise Terminal(
            "import.malformed", "An imported order cannot be read any more: import its file again."
        ) from None


def _fact(shop_id: ShopId, document: Mapping[str, Any]) -> OrderFact:
    status = ChannelStatus(document["status"])
    moments = {name: datetime.fromtimestamp(seconds, UTC) for name, seconds in document["moments"].items()}
    texts = {name: clean(text) for name, text in document["texts"].items()}
    paid = moments.get("paid_time")
    address = _address(texts, status)
    return OrderFact(
        shop_id=shop_id,
        tiktok_order_id=document["order_id"],
        channel_status=status,
        update_time=max(moments.values()),
        order_time=moments["created_time"],
        currency=document["currency"],
        total_amount=Decimal(document["total"]),
        shipping_cost=Decimal(document["shipping_fee"]),
        payment_status=_payment(status, paid),
        customer=Customer(texts.get("recipient", "")[:255], "", texts.get("phone", "")[:50]),
        address=address,
        masked=any("*" in texts.get(name, "") for name in ("recipient", "phone", "detail_address", "postal_code")),
        shipping_type=document["shipping_type"],
        fulfilled_by_tiktok=document["by_tiktok"],
        shipping_method=texts.get("delivery_option", "")[:100],
        delivery_option_id="",
        warehouse_id="",
        paid_time=paid,
        cash_on_delivery=document["cash_on_delivery"],
        order_kind=OrderKind.SAMPLE if document["sample"] else OrderKind.NORMAL,
        cancel_reason=texts.get("cancel_reason", ""),
        buyer_message=texts.get("buyer_message", ""),
        seller_note=texts.get("seller_note", ""),
        units=_units(document["lines"]),
        imported=True,
    )


def _units(lines: Sequence[Mapping[str, Any]]) -> tuple[UnitFact, ...]:
    counted: dict[str, int] = {}
    units = []
    for line in lines:
        sku = line["sku_id"] or line["seller_sku"]
        for place in range(line["quantity"]):
            counted[sku] = counted.get(sku, 0) + 1
            units.append(
                UnitFact(
                    tiktok_line_id=placeholder_line_id(sku, counted[sku]),
                    tiktok_product_id="",
                    tiktok_sku_id=line["sku_id"],
                    seller_sku=clean(line["seller_sku"]),
                    product_name=clean(line["name"]),
                    variant_name=clean(line["variation"]),
                    unit_price=Decimal(line["price"]),
                    channel_status=ChannelStatus(line["status"]),
                    tiktok_package_id=_one_of(line["packages"], place, line["quantity"]),
                    tracking_number=_one_of(line["tracking"], place, line["quantity"]),
                )
            )
    return tuple(units)


def _one_of(ids: Sequence[str], place: int, quantity: int) -> str:
    """The id that is this unit's: the only one there is, or its own where there is one for each; else nobody knows."""
    if len(ids) == 1:
        return ids[0]
    return ids[place] if len(ids) == quantity else ""


def _status(statuses: Sequence[ChannelStatus]) -> ChannelStatus:
    """The order's status: how far the least of what is not cancelled is, and partly shipped where some of it is ahead."""
    living = {status for status in statuses if status is not ChannelStatus.CANCELLED}
    if not living:
        return ChannelStatus.CANCELLED
    if ChannelStatus.AWAITING_SHIPMENT in living and living & _ARRANGED:
        return ChannelStatus.PARTIALLY_SHIPPING
    return min(living, key=_PROGRESS.index)


def _payment(status: ChannelStatus, paid: datetime | None) -> PaymentStatus:
    if status is ChannelStatus.UNPAID or (status is ChannelStatus.CANCELLED and paid is None):
        return PaymentStatus.PENDING
    return PaymentStatus.PAID


def _address(texts: Mapping[str, str], status: ChannelStatus) -> Address | None:
    line1 = ", ".join(texts[name] for name in ("detail_address", "house") if name in texts)
    rest = [texts[name] for name in ("additional_address", "village", "district") if name in texts]
    city, postal_code = texts.get("city", ""), texts.get("postal_code", "")
    if not any((line1, city, postal_code)) and (status in _BEFORE_ADDRESS or not texts.get("recipient")):
        return None
    return Address(
        name=texts.get("recipient", ""),
        phone=texts.get("phone", ""),
        line1=line1,
        line2=", ".join(rest),
        city=city,
        state=texts.get("state", ""),
        postal_code=postal_code,
        country=texts["country"],
    )


def _merged(rows: Sequence[ExportRow]) -> dict[str, str]:
    """The texts of all rows: each as the first row that has it says."""
    texts: dict[str, str] = {}
    for row in rows:
        texts = dict(row.texts) | texts
    return texts


def _names(rows: Sequence[ExportRow]) -> set[str]:
    return {name for row in rows for name in row.moments}


def _sum(rows: Sequence[ExportRow]) -> Decimal:
    total = sum((row.unit_price * row.quantity for row in rows if row.unit_price is not None), Decimal(0))
    return total + next((row.shipping_fee for row in rows if row.shipping_fee is not None), Decimal(0))
