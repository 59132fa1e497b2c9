"""Stock told to TikTok in absolute numbers: coalesced, whole, read back, and never where it is not ours to tell."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.database.embedded import EmbeddedServer
from engine.errors import Refused
from engine.identifiers import ShopId
from engine.inventory import alarms, pushing
from engine.inventory.aliases import map_sku
from engine.inventory.ledger import adjust, receive
from engine.inventory.listings import import_from_shop, list_listings
from engine.inventory.locations import put_location
from engine.inventory.product_card import Component, ProductChange
from engine.inventory.product_master import set_product
from engine.inventory.warehouses import list_warehouses, map_warehouse
from engine.orders import intake, polls
from engine.words import ChannelStatus, PollTopic, StockReason
from sync.inventory.listing import read_shop
from sync.inventory.push import PushSettings, push_stock
from sync.outside import Outside
from tests.engine.facts import an_order, later, units_of
from tests.engine.house import MIRA
from tests.sync.connected import Connected, connected

NOW = PushSettings(check_after_seconds=0, check_again_seconds=0)
UNREAD = PushSettings(check_after_seconds=3600)
SKU = "GLOW-MUG-TEAL"


async def read_products(shop: Connected, outside: Outside) -> int:
    await polls.begin(shop.database, PollTopic.PRODUCTS)
    await shop.database.pool.execute("UPDATE polls SET due_at = now() WHERE topic = 'products'")
    poll = await polls.claim(shop.database, PollTopic.PRODUCTS, 60)
    assert poll is not None
    end = await shop.database.pool.fetchval("SELECT now()")
    return await read_shop(shop.database, poll, await outside.shop(shop.shop.shop_id), overlap_seconds=5, end=end)


async def theirs(shop: Connected, sku: str = SKU) -> dict[str, Any]:
    found: dict[str, Any] = (await shop.world.ask("stock"))["skus"][sku]
    return found


async def ask(shop: Connected, what: str, **wishes: Any) -> None:
    await shop.world.tell(what, wishes)


async def change(shop: Connected, sku: str = SKU, **wishes: Any) -> None:
    await ask(shop, "stock", seller_sku=sku, **wishes)


async def pushed(shop: Connected, sku: str = SKU) -> Any:
    [row] = await pushing.list_pushed(shop.database, sku)
    return row


async def leave(shop: Connected, units: int, sku: str = SKU) -> None:
    """Have so many on the shelf."""
    on_hand = await shop.database.pool.fetchval(
        "SELECT on_hand FROM stock_levels l JOIN products p ON p.id = l.product_id WHERE p.sku = $1", sku
    )
    await adjust(shop.database, sku, units - on_hand, reason=StockReason.CORRECTION, actor=MIRA)


@pytest.fixture
async def shop(database: EmbeddedServer, tmp_path: Path) -> AsyncIterator[Connected]:
    """A shop in which nobody buys anything."""
    async with connected(database, tmp_path, orders=0) as shop:
        yield shop


@pytest.fixture
async def outside(shop: Connected) -> Any:
    async with shop.outside() as outside:
        yield outside


async def test_products_are_read_and_matched_and_the_rest_is_shown_and_added(shop: Connected, outside: Outside) -> None:
    assert await read_products(shop, outside) == 42
    assert [(each.name, each.location, each.is_default) for each in await list_warehouses(shop.database)] == [
        ("Reno dock", "MAIN", True)
    ]
    unmatched = await list_listings(shop.database, unmatched=True)
    assert [each.seller_sku for each in unmatched] == ["CREATOR-BUNDLE-01", "mug blue NEW!!"]
    await map_sku(shop.database, "mug blue NEW!!", "MUG-BLU", actor=MIRA)
    assert await import_from_shop(shop.database, actor=MIRA) == ["CREATOR-BUNDLE-01"]
    assert await list_listings(shop.database, unmatched=True) == []
    [mapped] = await list_listings(shop.database, "mug blue")
    assert mapped.product_sku == "MUG-BLU"
    row = await shop.database.pool.fetchrow("SELECT weight_grams FROM products WHERE sku = 'CREATOR-BUNDLE-01'")
    assert row["weight_grams"] is None
    assert await read_products(shop, outside) == 0, "the cursor has moved"


async def test_more_products_than_a_search_gives_are_read_in_narrower_windows(
    shop: Connected, outside: Outside
) -> None:
    await change(shop, most_hits=3)
    await read_products(shop, outside)
    assert len(await list_listings(shop.database)) == 42
    calls = (await shop.state())["http_calls"]["tiktok.lookups.products"]
    assert calls > 14


async def test_what_is_left_is_told_once_however_often_it_changed_and_read_back(
    shop: Connected, outside: Outside
) -> None:
    await read_products(shop, outside)
    assert await push_stock(shop.database, outside.shop, NOW) == 0, "they know what we have"
    for units in (40, 41, 42):
        await leave(shop, units)
    assert await push_stock(shop.database, outside.shop, NOW) == 1
    there = await theirs(shop)
    assert (list(there["available"].values()), there["pushes"]) == ([42], 1)
    await push_stock(shop.database, outside.shop, NOW)
    row = await pushed(shop)
    assert (row.pushed, row.channel_quantity, row.agrees, row.error) == (42, 42, True, "")
    assert (await theirs(shop))["pushes"] == 1
    assert (await shop.state())["stock_calls"] == 1


async def test_the_skus_of_one_product_go_in_one_call(shop: Connected, outside: Outside) -> None:
    await read_products(shop, outside)
    for sku in (SKU, "GLOW-MUG-PINK", "GLOW-MUG-BLACK"):
        await leave(shop, 7, sku)
    assert await push_stock(shop.database, outside.shop, NOW) == 3
    assert (await shop.state())["stock_calls"] == 1


async def test_unpaid_and_waiting_demand_and_buffers_are_kept_from_the_channel(
    shop: Connected, outside: Outside
) -> None:
    await read_products(shop, outside)
    await leave(shop, 20)
    unpaid = an_order(shop.shop.shop_id, "1", ChannelStatus.UNPAID, units=units_of(SKU, SKU, SKU))
    held = an_order(shop.shop.shop_id, "2", ChannelStatus.ON_HOLD, units=units_of(SKU))
    paid = an_order(shop.shop.shop_id, "3", units=units_of(SKU, SKU))
    await intake.apply(shop.database, [unpaid, held, paid])
    await push_stock(shop.database, outside.shop, UNREAD)
    assert (await pushed(shop)).pushed == 20 - 3 - 1 - 2
    await intake.apply(shop.database, [later(unpaid, ChannelStatus.CANCELLED, minute=1)])
    await push_stock(shop.database, outside.shop, UNREAD)
    assert (await pushed(shop)).pushed == 17
    await pushing.set_shop_push(shop.database, shop.shop.name, buffer=3, actor=MIRA)
    await push_stock(shop.database, outside.shop, UNREAD)
    assert (await pushed(shop)).pushed == 14
    await set_product(shop.database, SKU, ProductChange(stock_buffer=12), actor=MIRA)
    await push_stock(shop.database, outside.shop, UNREAD)
    assert (await pushed(shop)).pushed == 5
    await set_product(shop.database, SKU, ProductChange(stock_buffer=50), actor=MIRA)
    await push_stock(shop.database, outside.shop, UNREAD)
    assert (await pushed(shop)).pushed == 0
    with pytest.raises(Refused):
        await pushing.set_shop_push(shop.database, shop.shop.name, buffer=-1, actor=MIRA)


async def test_a_shop_that_is_observed_or_switched_off_is_never_told(shop: Connected, outside: Outside) -> None:
    await read_products(shop, outside)
    await leave(shop, 5)
    await shop.database.pool.execute("""UPDATE shops SET policies = policies || '{"import_mode": "observe"}'::jsonb""")
    assert await push_stock(shop.database, outside.shop, NOW) == 0
    await shop.database.pool.execute("""UPDATE shops SET policies = policies || '{"import_mode": "work"}'::jsonb""")
    await pushing.set_shop_push(shop.database, shop.shop.name, enabled=False, actor=MIRA)
    assert await push_stock(shop.database, outside.shop, NOW) == 0
    assert (await shop.state())["stock_calls"] == 0


async def test_a_product_without_a_level_is_not_declared_sold_out(shop: Connected, outside: Outside) -> None:
    await read_products(shop, outside)
    await import_from_shop(shop.database, actor=MIRA)
    await push_stock(shop.database, outside.shop, NOW)
    assert (await theirs(shop, "CREATOR-BUNDLE-01"))["pushes"] == 0


async def test_kits_are_offered_as_their_scarcest_part_allows(shop: Connected, outside: Outside) -> None:
    kit = ProductChange(components=(Component(SKU, 2), Component("COASTER-4", 1)))
    await set_product(shop.database, "CREATOR-BUNDLE-01", kit, actor=MIRA)
    await read_products(shop, outside)
    await leave(shop, 9)
    await push_stock(shop.database, outside.shop, UNREAD)
    assert (await pushed(shop, "CREATOR-BUNDLE-01")).pushed == 4


@pytest.mark.parametrize(("code", "word"), [(12052850, "bundle"), (12052921, "shared")])
async def test_stock_that_is_not_ours_is_remembered_with_the_reason(
    shop: Connected, outside: Outside, code: int, word: str
) -> None:
    await read_products(shop, outside)
    await change(shop, refusal=code)
    await leave(shop, 5)
    await leave(shop, 6, "GLOW-MUG-PINK")
    assert await push_stock(shop.database, outside.shop, NOW) == 1, "the other SKU of the product is told all the same"
    row = await pushed(shop)
    assert row.pushed is None
    assert word in row.error
    await leave(shop, 4)
    await push_stock(shop.database, outside.shop, NOW)
    assert (await shop.state())["http_calls"]["tiktok.inventory.update"] == 1


async def test_a_promotion_s_lock_is_tried_again_later(shop: Connected, outside: Outside) -> None:
    await read_products(shop, outside)
    await change(shop, refusal=12052393)
    await leave(shop, 5)
    for _ in range(2):
        await push_stock(shop.database, outside.shop, NOW)
    assert (await shop.state())["http_calls"]["tiktok.inventory.update"] == 1
    await change(shop, refusal=0)
    await shop.database.pool.execute(
        "UPDATE listing_stock SET retry_at = now() WHERE retry_at > now() + interval '5 hours'"
    )
    assert await push_stock(shop.database, outside.shop, NOW) == 1


async def test_a_warehouse_nobody_knew_of_is_learnt_and_keeps_what_it_has(shop: Connected, outside: Outside) -> None:
    await read_products(shop, outside)
    await change(shop, available={"7000000000000000002": 11})
    await leave(shop, 5)
    assert await push_stock(shop.database, outside.shop, NOW) == 0
    await shop.database.pool.execute("UPDATE listing_stock SET retry_at = now()")
    assert await push_stock(shop.database, outside.shop, NOW) == 2
    assert sorted((await theirs(shop))["available"].values()) == [5, 11]
    await put_location(shop.database, "ANNEX", name="Annex", address=None, actor=MIRA)
    await shop.database.pool.execute(
        "INSERT INTO warehouses (shop_id, warehouse_id, name) VALUES ($1, '7000000000000000002', 'Annex')",
        shop.shop.shop_id,
    )
    await map_warehouse(shop.database, "7000000000000000002", "ANNEX", actor=MIRA)
    with pytest.raises(Refused) as refused:
        await map_warehouse(shop.database, "7000000000000000002", "MAIN", actor=MIRA)
    assert refused.value.code == "warehouse.taken"
    await receive(shop.database, SKU, 3, actor=MIRA, location_code="ANNEX")
    await push_stock(shop.database, outside.shop, NOW)
    assert sorted((await theirs(shop))["available"].values()) == [3, 5]


async def test_a_lost_answer_is_read_back_and_told_again_only_where_it_was_not_taken(
    shop: Connected, outside: Outside
) -> None:
    await read_products(shop, outside)
    await ask(shop, "aim", operation="tiktok.inventory.update", failure="lost_reply", calls=[1])
    await leave(shop, 5)
    await push_stock(shop.database, outside.shop, NOW)
    row = await pushed(shop)
    assert (row.pushed, row.channel_quantity, row.agrees) == (5, 5, True)
    await ask(shop, "aim", operation="tiktok.inventory.update", failure="server_error", calls=[1])
    await leave(shop, 4)
    for _ in range(3):
        await push_stock(shop.database, outside.shop, NOW)
    row = await pushed(shop)
    assert (row.pushed, row.channel_quantity, row.agrees) == (4, 4, True)
    assert (await theirs(shop))["pushes"] == 2


async def test_what_does_not_stay_as_told_is_told_once_more_and_then_is_an_alarm(
    shop: Connected, outside: Outside
) -> None:
    await read_products(shop, outside)
    [warehouse] = await list_warehouses(shop.database)
    await leave(shop, 5)
    await push_stock(shop.database, outside.shop, UNREAD)
    for _ in range(6):
        await change(shop, available={warehouse.warehouse_id: 77})
        await shop.database.pool.execute("UPDATE listing_stock SET check_at = now() WHERE check_at IS NOT NULL")
        await push_stock(shop.database, outside.shop, replace(NOW, check_after_seconds=3600))
    assert (await theirs(shop))["pushes"] == 2
    [alarm] = [each for each in await alarms.list_alarms(shop.database) if each.kind == "push"]
    assert (alarm.sku, "told 5, shows 77" in alarm.sentence) == (SKU, True)
    await leave(shop, 6)
    for _ in range(2):
        await push_stock(shop.database, outside.shop, NOW)
    assert [each for each in await alarms.list_alarms(shop.database) if each.kind == "push"] == []


async def test_units_sold_there_meanwhile_are_no_difference(shop: Connected) -> None:
    """TikTok shows less than it was told when it has sold since: what it committed accounts for it."""
    database = shop.database
    async with shop.outside() as outside:
        await read_products(shop, outside)
        await leave(shop, 50)
        await push_stock(database, outside.shop, UNREAD)
    row = await database.pool.fetchrow(
        "SELECT l.tiktok_sku_id, t.warehouse_id FROM listing_stock t JOIN listings l ON l.id = t.listing_id"
        " WHERE l.seller_sku = $1",
        SKU,
    )
    await database.pool.execute("UPDATE listing_stock SET channel_committed = 2")
    shop_id = ShopId(shop.shop.shop_id)
    sold = [(row["tiktok_sku_id"], row["warehouse_id"], 47, 5)]
    assert await pushing.checked(database, shop_id, sold, again_after_seconds=0) == 0


async def test_the_answer_to_an_overtaken_push_is_ignored(shop: Connected, outside: Outside) -> None:
    await read_products(shop, outside)
    await leave(shop, 5)
    [older] = await pushing.take_pushes(shop.database, most_listings=10)
    await leave(shop, 4)
    [newer] = await pushing.take_pushes(shop.database, most_listings=10)
    assert newer.sequence == older.sequence + 1
    for push in (newer, older):
        await pushing.settle_pushes(shop.database, [pushing.Told(push)], [], check_after_seconds=60)
    assert (await pushed(shop)).pushed == 4


async def test_where_none_is_refused_one_is_said(shop: Connected, outside: Outside) -> None:
    await read_products(shop, outside)
    await leave(shop, 0)
    await push_stock(shop.database, outside.shop, replace(UNREAD, for_none=1))
    assert (await pushed(shop)).pushed == 1


async def test_what_changed_at_tiktok_is_read_back_when_it_says_so(shop: Connected, outside: Outside) -> None:
    await read_products(shop, outside)
    await leave(shop, 5)
    for _ in range(2):
        await push_stock(shop.database, outside.shop, NOW)
    [warehouse] = await list_warehouses(shop.database)
    await change(shop, available={warehouse.warehouse_id: 77})
    await push_stock(shop.database, outside.shop, NOW)
    assert (await pushed(shop)).channel_quantity == 5, "nobody has looked"
    async with shop.database.transaction() as connection:
        await polls.make_due(connection, [shop.shop.shop_id], PollTopic.STOCK)
    poll = await polls.claim(shop.database, PollTopic.STOCK, 60)
    assert poll is not None
    await pushing.check_all(shop.database, poll, await shop.database.pool.fetchval("SELECT now()"))
    for _ in range(4):
        await push_stock(shop.database, outside.shop, NOW)
    row = await pushed(shop)
    assert (row.pushed, row.channel_quantity, row.agrees) == (5, 5, True)
