"""The orders that are measured: two lines of one or two units each, over forty products."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from engine.actors import SYSTEM
from engine.database.connection import Database
from engine.identifiers import DEFAULT_LOCATION, ShopId
from engine.inventory import locations
from engine.inventory.ledger import receive
from engine.inventory.products import ProductEntry, put_products
from engine.ports.facts import Address, Customer, OrderFact, UnitFact
from engine.shops import shops
from engine.words import ChannelStatus, PaymentStatus
from engine.workflow.facts import ImportMode, Picking, ShipOn, ShopPolicies

PRODUCTS = 40
_NAMES = ("Robin", "Dara", "Ada", "Jonas", "Leila", "Oskar", "Priya", "Theo")
_SURNAMES = ("Tester", "Whitlock", "Nakamura", "Ferreira", "Castellanos", "Lindqvist")


async def set_up_shop(database: Database) -> ShopId:
    """A connected shop with plenty of stock."""
    shop = await shops.connect_shop(
        database,
        tiktok_shop_id="7495000000000000001",
        name="Bench shop",
        region="US",
        timezone="UTC",
        cipher="bench",
        policies=ShopPolicies(pick=Picking.AUTO, ship_on=ShipOn.FIRST_SCAN, import_mode=ImportMode.WORK),
        actor=SYSTEM,
    )
    entries = [
        ProductEntry(f"SKU-{n:02d}", f"Product {n}", f"40000{n:02d}", 100 + n, f"A-{n:02d}") for n in range(PRODUCTS)
    ]
    await put_products(database, entries)
    for entry in entries:
        await receive(database, entry.sku, 900_000, actor=SYSTEM)
    warehouse = Address("Bench", "5550100", "1 Dock Road", "", "Reno", "NV", "89501", "US")
    await locations.set_address(database, DEFAULT_LOCATION, warehouse, actor=SYSTEM)
    return shop.shop_id


def order_fact(shop_id: ShopId, number: int) -> OrderFact:
    """Order `number`, paid and ready to be worked; every third has three units on two lines."""
    now = datetime.now(UTC)
    tiktok_id = str(577_000_000_000_000_000 + number)
    skus = [number % PRODUCTS, (number * 7 + 3) % PRODUCTS]
    lines = [skus[0], skus[1]] + ([skus[0]] if number % 3 == 0 else [])
    return OrderFact(
        shop_id=shop_id,
        tiktok_order_id=tiktok_id,
        channel_status=ChannelStatus.AWAITING_SHIPMENT,
        update_time=now,
        order_time=now - timedelta(minutes=5),
        currency="USD",
        total_amount=Decimal("42.50"),
        shipping_cost=Decimal("4.50"),
        payment_status=PaymentStatus.PAID,
        customer=Customer(
            f"{_NAMES[number % 8]} {_SURNAMES[number % 6]}",
            f"b{number}@relay.example",
            f"+1555010{number % 10_000:04d}",
        ),
        address=Address("Robin Tester", "5550100", f"{number % 900} Sample Road", "", "Salem", "OR", "97301", "US"),
        masked=False,
        shipping_type="SELLER",
        fulfilled_by_tiktok=False,
        shipping_method="Standard",
        delivery_option_id="7091000000000000001",
        warehouse_id="6955000000000000001",
        paid_time=now,
        ship_by=now + timedelta(days=2),
        units=tuple(
            UnitFact(
                tiktok_line_id=f"{tiktok_id}{place}",
                tiktok_product_id=f"17290000000000{sku:02d}",
                tiktok_sku_id=f"17290000000001{sku:02d}",
                seller_sku=f"SKU-{sku:02d}",
                product_name=f"Product {sku}",
                variant_name="Default",
                unit_price=Decimal("19.00"),
                channel_status=ChannelStatus.AWAITING_SHIPMENT,
            )
            for place, sku in enumerate(lines)
        ),
    )
