"""Customers told by a message in TikTok Shop: once, even when the answer is lost; by mail where it is not granted."""

from __future__ import annotations

import mailbox
from pathlib import Path
from typing import Any

import orjson

from engine.identifiers import OrderId
from engine.notices.targets import list_targets
from sync.notices.buyer_messages import BuyerMessages
from sync.outside import Outside
from tests.engine.house import House
from tests.engine.notices.told import a_target, hand_over, ledger_of, mean, now_due
from tests.sync.connected import Connected
from tests.sync.notices.test_sending import folder, sending


async def a_sale(shop: Connected) -> tuple[House, OrderId]:
    """An order of the shop, whose customers are to be told by message."""
    daemon_id = await shop.daemon()
    await shop.take_in(daemon_id)
    house = House(shop.database, shop.shop.shop_id, daemon_id)
    await a_target(house, "Buyers", "customer", channel="tiktok_message", shop=shop.shop.name)
    order_id = await shop.database.pool.fetchval(
        "SELECT id FROM orders WHERE order_status <> 'cancelled' AND customer_email IS NOT NULL ORDER BY id LIMIT 1"
    )
    await shop.database.pool.execute("DELETE FROM effects WHERE kind = 'notice'")
    await mean(house, "asked", "review_request", "customer", order_id=order_id)
    await hand_over(house)
    await now_due(house)
    return house, OrderId(order_id)


async def grant(shop: Connected) -> None:
    (await shop.world._http.post("/admin/grant", json={"withhold": []})).raise_for_status()


async def messages(shop: Connected, outside: Outside, order_id: OrderId) -> list[str]:
    """The texts that the buyer has got."""
    number = await shop.database.pool.fetchval("SELECT tiktok_order_id FROM orders WHERE id = $1", order_id)
    connected = await outside.shop(shop.shop.shop_id)
    [order] = await connected.orders.by_id([number])
    conversation = await connected.customer_service.open(str(order["user_id"]))
    return [text for _, text in await connected.customer_service.recent(conversation)]


def worker(shop: Connected, outside: Outside, path: Path) -> Any:
    made = sending(shop.database, folder(path))
    made._shop_messages = BuyerMessages(shop.database, outside.shop)
    return made


async def test_a_customer_gets_one_message_and_no_letter(shop: Connected, tmp_path: Path) -> None:
    await grant(shop)
    house, order_id = await a_sale(shop)
    async with shop.outside() as outside:
        work = worker(shop, outside, tmp_path)
        await work.send_due(house.daemon_id)
        await now_due(house)
        assert await work.send_due(house.daemon_id) == 0
        [text] = await messages(shop, outside, order_id)
    assert "has arrived. A short review in TikTok Shop helps others choose." in text
    assert await ledger_of(house) == [("Buyers", "sent", None)]
    assert not (tmp_path / "Maildir").exists()


async def test_a_message_whose_answer_is_lost_is_found_and_not_sent_again(shop: Connected, tmp_path: Path) -> None:
    await grant(shop)
    house, order_id = await a_sale(shop)
    aimed = {"operation": "tiktok.customer_service.send", "failure": "lost_reply", "delay_seconds": 0.0, "calls": [1]}
    (await shop.world._http.post("/admin/aim", content=orjson.dumps(aimed))).raise_for_status()
    async with shop.outside() as outside:
        work = worker(shop, outside, tmp_path)
        await work.send_due(house.daemon_id)
        assert len(await messages(shop, outside, order_id)) == 1
    assert await ledger_of(house) == [("Buyers", "sent", None)]


async def test_without_the_permission_the_channel_switches_itself_off_and_the_customer_gets_mail(
    shop: Connected, tmp_path: Path
) -> None:
    house, _ = await a_sale(shop)
    async with shop.outside() as outside:
        work = worker(shop, outside, tmp_path)
        await work.send_due(house.daemon_id)
        [target] = await list_targets(shop.database)
        assert target.state == "failing"
        assert target.problem == (
            "TikTok has not granted this app the customer service scope, so customers get mail instead; grant it, connect"
            " the shop again, then enable the target."
        )
        await now_due(house)
        await work.send_due(house.daemon_id)
    assert sorted((label, state) for label, state, _ in await ledger_of(house)) == [("", "sent"), ("Buyers", "dead")]
    (letter,) = mailbox.Maildir(tmp_path / "Maildir", create=False)
    assert letter["Subject"].startswith("How was order")
