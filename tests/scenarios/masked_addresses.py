"""Masked addresses: TikTok hides again what it showed, and every order is read once more; what was clear here stays clear."""

from __future__ import annotations

from engine.orders.opening import open_address, open_text
from sync.simulator.scenario import Arrival, Scenario, Timings
from sync.simulator.shop.order_details import draw_details
from sync.simulator.shop.specials import Specials
from tests.scenarios.plays import Play
from tests.scenarios.stage import Stage, Stuck

STORED = """
SELECT id, tiktok_order_id, customer_name, shipping_address FROM orders
WHERE order_status = 'delivered' AND shipping_type = 'SELLER' ORDER BY tiktok_order_id
"""

AGAIN = """
SELECT NOT EXISTS (SELECT FROM polls WHERE topic = 'orders' AND cursor IS NULL)
   AND NOT EXISTS (SELECT FROM inbox WHERE state NOT IN ('done', 'ignored'))
"""


async def act(stage: Stage) -> str:
    """Two seconds after an order is completed its address is masked; the shop is then read from its beginning again."""
    stage.start()
    await stage.settle()
    await stage.admin("clock", advance_seconds=2)
    await stage.database.pool.execute("UPDATE polls SET cursor = NULL, due_at = now() WHERE topic = 'orders'")

    async def read_again() -> bool:
        return bool(await stage.database.pool.fetchval(AGAIN))

    await stage.until(read_again, "A second reading of every order")
    rows = await stage.database.pool.fetch(STORED)
    for row in rows:
        buyer = draw_details(stage.simulator.scenario, int(row["tiktok_order_id"][-9:])).buyer
        vault = stage.database.vault
        name = open_text(vault, "orders.customer_name", row["id"], row["customer_name"])
        address = open_address(vault, row["id"], row["shipping_address"])
        if address is None or (name, address.line1) != (buyer.name, buyer.street):
            raise Stuck(f"Order {row['tiktok_order_id']} has lost the address that was clear.")
    if len(rows) < 100:
        raise Stuck(f"Only {len(rows)} addresses were looked at.")
    return f"{len(rows)} addresses stayed clear"


PLAY = Play(
    "masked addresses",
    Scenario(
        seed=47,
        orders=180,
        arrival=Arrival.IMMEDIATE,
        timings=Timings(0.5, 1, 0.5, 1, 1.5),
        tiktok_shipping_share=0.15,
        specials=Specials(mask_after_completion_seconds=2, mask_detail_of_tiktok_shipping=True),
    ),
    act,
)
