"""What TikTok says in the engine's tests. All people are invented."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from engine.identifiers import ShopId
from engine.ports.facts import Address, Customer, OrderFact, UnitFact
from engine.words import ChannelStatus, PaymentStatus

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

INES = Customer("Ines Falk", "ines.falk@example.test", "+1 555 0100")
QUAY = Address("Ines Falk", "+1 555 0100", "7 Quay Street", "", "Port Alder", "WA", "98000", "US")
MASKED_INES = Customer("I*** F***", "i***@example.test", "+1 *** **00")
MASKED_QUAY = Address("I*** F***", "+1 *** **00", "7 Q***", "", "Port Alder", "WA", "98000", "US")

_PRICES = {"MUG-BLU": Decimal("12.50"), "BOWL-LG": Decimal("31.00")}
_BEFORE_PAYMENT = frozenset({ChannelStatus.UNPAID})


def a_unit(
    line: str = "1",
    sku: str = "MUG-BLU",
    *,
    price: Decimal | None = None,
    status: ChannelStatus = ChannelStatus.AWAITING_SHIPMENT,
    is_gift: bool = False,
) -> UnitFact:
    """One unit of `sku`, which is what TikTok calls a line item."""
    return UnitFact(
        tiktok_line_id=line,
        tiktok_product_id=f"p-{sku}",
        tiktok_sku_id=f"s-{sku}",
        seller_sku=sku,
        product_name=f"The {sku}",
        variant_name="",
        unit_price=price if price is not None else _PRICES.get(sku, Decimal("10.00")),
        channel_status=status,
        is_gift=is_gift,
    )


def units_of(*skus: str) -> tuple[UnitFact, ...]:
    """One unit for each SKU named, numbered from 1."""
    return tuple(a_unit(str(place), sku) for place, sku in enumerate(skus, 1))


def an_order(
    shop_id: ShopId,
    number: str = "577001",
    status: ChannelStatus = ChannelStatus.AWAITING_SHIPMENT,
    *,
    minute: int = 0,
    units: Sequence[UnitFact] = (),
    customer: Customer = INES,
    address: Address | None = QUAY,
    masked: bool = False,
    fulfilled_by_tiktok: bool = False,
    cash_on_delivery: bool = False,
    ship_by: datetime | None = None,
    buyer_message: str = "",
) -> OrderFact:
    """An order as TikTok shows it `minute` minutes after it was placed; before payment it has no address."""
    paid = status not in _BEFORE_PAYMENT
    lines = tuple(units) or (a_unit(),)
    return OrderFact(
        shop_id=shop_id,
        tiktok_order_id=number,
        channel_status=status,
        update_time=NOON + timedelta(minutes=minute),
        order_time=NOON,
        currency="USD",
        total_amount=sum((unit.unit_price for unit in lines), Decimal(0)),
        shipping_cost=Decimal("4.00"),
        payment_status=PaymentStatus.PAID if paid else PaymentStatus.PENDING,
        customer=customer,
        address=address if paid else None,
        masked=masked,
        shipping_type="SELLER",
        fulfilled_by_tiktok=fulfilled_by_tiktok,
        shipping_method="Standard",
        delivery_option_id="d-1",
        warehouse_id="w-1",
        paid_time=NOON if paid else None,
        ship_by=ship_by,
        cash_on_delivery=cash_on_delivery,
        buyer_message=buyer_message,
        units=lines,
    )


def later(fact: OrderFact, status: ChannelStatus, *, minute: int) -> OrderFact:
    """The same order as TikTok shows it at another minute, in another status."""
    return replace(fact, channel_status=status, update_time=NOON + timedelta(minutes=minute))
