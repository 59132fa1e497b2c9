"""The checker agrees with books that agree, and names what was done behind our backs, order by order."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.database.embedded import EmbeddedServer
from sync.simulator.scenario import Fate
from tests.scenarios.checker import Agreement, compare
from tests.sync.connected import Connected, connected
from tests.sync.simulator.seller import Seller, seller_at


@pytest.fixture
async def shop(database: EmbeddedServer, tmp_path: Path) -> AsyncIterator[Connected]:
    """Twenty-four orders taken in, none of them shipped, in a world that stands still."""
    begun = time.time()
    async with connected(database, tmp_path, clock=lambda: begun) as shop:
        await shop.take_in(await shop.daemon())
        yield shop


@pytest.fixture
async def seller(shop: Connected) -> AsyncIterator[Seller]:
    async with seller_at(shop.simulator.url) as seller:
        yield seller


async def compared(shop: Connected) -> Agreement:
    # Intents that wait for a daemon are no difference, so nothing needs to run here.
    return await compare(shop.database, await shop.world.ask("orders"), await shop.state())


async def test_books_that_agree_show_no_difference(shop: Connected) -> None:
    found = await compared(shop)
    assert (found.orders, found.packages, found.labels, found.lost, found.doubled) == (24, 0, 0, 0, 0)
    assert found.differences == []


async def test_what_was_bought_and_shipped_behind_our_backs_is_named(shop: Connected, seller: Seller) -> None:
    completed = [
        row
        for row in (await shop.world.ask("orders"))["orders"]
        if row["fate"] == Fate.COMPLETED and row["status"] == "AWAITING_SHIPMENT"
    ]
    order = await seller.order(completed[0]["id"])
    label = await seller.label(order)
    await seller.mark_shipped(order, label)
    found = await compared(shop)
    units, number = len(order["line_items"]), label["tracking_code"]
    told = f"Order {order['id']}"
    assert {
        f"{told}: 1 labels were bought at the carrier, 0 are recorded here.",
        f"{told}: the labels ['{number}'] live at the carrier, [] here.",
        f"{told} ships with ['{number}'] at TikTok, and [] was told from here.",
        f"{told} ships {units} units at TikTok, and 0 left the shelf here.",
        "1 labels were bought, and 0 are recorded.",
    } <= set(found.differences)
    assert (found.packages, found.labels) == (1, 1)


async def test_an_order_that_is_missing_or_stands_elsewhere_is_named(shop: Connected) -> None:
    first, second = (
        row["tiktok_order_id"]
        for row in await shop.database.pool.fetch(
            "SELECT tiktok_order_id FROM orders WHERE channel_status = 'AWAITING_SHIPMENT' ORDER BY 1 LIMIT 2"
        )
    )
    async with shop.database.transaction() as connection:
        await connection.execute("UPDATE orders SET tiktok_order_id = 'nobody' WHERE tiktok_order_id = $1", first)
        await connection.execute("UPDATE orders SET order_status = 'delivered' WHERE tiktok_order_id = $1", second)
    found = await compared(shop)
    assert found.lost == 1
    assert {
        f"Order {first} is AWAITING_SHIPMENT at TikTok and is not here.",
        "Order nobody is here and not at TikTok.",
        f"Order {second} is AWAITING_SHIPMENT at TikTok and delivered here.",
    } <= set(found.differences)
    assert any(sentence.startswith("The books are not balanced") for sentence in found.differences)
