"""A house whose orders are picked by people: bins, barcodes, kits, and what a walk looks like."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.actors import Actor
from engine.identifiers import OrderId, ProductId
from engine.inventory.products import ProductEntry, put_products
from engine.orders.holds import place_holds, release_holds
from engine.orders.picking.confirming import confirm_scan
from engine.orders.picking.lines import Scope
from engine.orders.picking.views import WaveId, WaveView
from engine.orders.picking.walk import read_walk
from engine.orders.picking.waves import make_wave
from engine.words import ChangeSource, HoldReason
from engine.workflow.facts import Picking
from tests.engine.facts import an_order, units_of
from tests.engine.house import MIRA, WORKING, House

INES = Actor("Ines Falk", ChangeSource.USER)
CONFIRM = replace(WORKING, pick=Picking.CONFIRM)

MUG_CODE, BOWL_CODE = "4006381333931", "036000291452"


async def shelves(house: House) -> None:
    """Mugs in A-10, bowls in A-2, and their barcodes; by a person's confirmation."""
    await house.set_policies(CONFIRM)
    await house.stock("BOWL-LG", 10)
    for sku, place, code in (("MUG-BLU", "A-10", MUG_CODE), ("BOWL-LG", "A-2", BOWL_CODE)):
        await house.store.pool.execute(
            "UPDATE products SET bin = $2, barcodes = ARRAY[$3] WHERE sku = $1", sku, place, code
        )


async def kit(house: House) -> None:
    """A set of two mugs and a bowl."""
    await put_products(house.store, [ProductEntry("SET-1", "Breakfast set", "", 1200)])
    parts = [{"sku": "MUG-BLU", "quantity": 2}, {"sku": "BOWL-LG", "quantity": 1}]
    await house.store.pool.execute("UPDATE products SET components = $1 WHERE sku = 'SET-1'", parts)


async def order(house: House, number: str, *skus: str, **fact: Any) -> OrderId:
    [order_id] = await house.arrive(an_order(house.shop_id, number, units=units_of(*skus), **fact))
    await house.run()
    return order_id


async def wave(house: House, **wanted: Any) -> WaveView:
    return (await make_wave(house.store, actor=MIRA, **wanted)).wave


async def scan(house: House, wave_id: WaveId, text: str, actor: Actor = MIRA) -> Any:
    return await confirm_scan(house.store, Scope(wave_id), text, actor=actor)


async def product(house: House, sku: str) -> ProductId:
    return ProductId(await house.store.pool.fetchval("SELECT id FROM products WHERE sku = $1", sku))


async def stops(house: House, scope: Scope) -> list[tuple[str, str, int, int]]:
    """Bin, SKU, picked and wanted of each stop, as they are walked."""
    return [(line.bin, line.sku, line.picked, line.wanted) for line in await read_walk(house.store, scope)]


async def items(house: House, order_id: OrderId) -> list[tuple[str, str]]:
    rows = await house.store.pool.fetch(
        "SELECT product_sku, fulfillment_status FROM order_items WHERE order_id = $1 ORDER BY product_sku", order_id
    )
    return [(row["product_sku"], row["fulfillment_status"]) for row in rows]


async def links(house: House, order_id: OrderId) -> list[tuple[str, str]]:
    """What people did to the order, and who."""
    rows = await house.store.pool.fetch(
        "SELECT action, actor FROM audit_log WHERE subject = $1 AND (action LIKE 'pick.%' OR action LIKE 'parcel.%')"
        " ORDER BY sequence",
        order_id,
    )
    return [(row["action"], row["actor"]) for row in rows]


async def hold(house: House, order_id: OrderId) -> None:
    """Somebody doubts the address."""
    await house.store.run(
        lambda connection: place_holds(connection, house.store.vault, [order_id], HoldReason.ADDRESS, actor=MIRA)
    )


async def release(house: House, order_id: OrderId) -> None:
    await house.store.run(lambda connection: release_holds(connection, house.store.vault, [order_id], actor=MIRA))
    await house.run()
