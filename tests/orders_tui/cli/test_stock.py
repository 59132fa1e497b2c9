"""Stock from the command line: what is data, what is refused, which exit code."""

from __future__ import annotations

import pytest

from engine.database.connection import Database
from engine.inventory.listings import ListingFact, WarehouseStock, store_listings
from engine.inventory.warehouses import WarehouseFact, store_warehouses
from tests.factories import BOWL, MUG, NOON, Factory
from tests.orders_tui.cli.saying import Command


async def test_stock_is_received_adjusted_held_and_moved(command: Command, factory: Factory) -> None:
    await factory.product(MUG)
    await command("location", "set", "ANNEX", "--name", "Annex")
    [received] = (await command("stock", "receive", "MUG-BLU", "12", "--json")).documents
    assert (received["on_hand"], received["location"]) == (12, "MAIN")
    said = await command("stock", "adjust", "MUG-BLU", "-2", "--reason", "damaged", "--key", "k1", "--json")
    [adjusted] = said.documents
    assert (said.code, adjusted["row"]["on_hand"], adjusted["shortfall"]) == (0, 10, [])
    assert (await command("stock", "adjust", "MUG-BLU", "-2", "--reason", "damaged", "--key", "k1")).code == 0
    [held] = (await command("stock", "hold", "MUG-BLU", "3", "--reason", "damaged", "--json")).documents
    assert (held["on_hand"], held["held"], held["available"]) == (10, 3, 7)
    assert (await command("stock", "release", "MUG-BLU", "1", "--json")).documents[0]["held"] == 2
    moved = (await command("stock", "transfer", "MUG-BLU", "4", "--from", "MAIN", "--to", "ANNEX", "--json")).documents
    assert [(each["location"], each["on_hand"]) for each in moved] == [("MAIN", 6), ("ANNEX", 4)]
    lines = (await command("stock", "list")).lines
    assert [line.split()[:3] for line in lines] == [["MUG-BLU", "ANNEX", "4"], ["MUG-BLU", "MAIN", "4"]]
    assert (await command("stock", "check")).code == 0


async def test_what_cannot_be_booked_is_refused_with_a_sentence(command: Command, factory: Factory) -> None:
    await factory.product(MUG)
    refused = await command("stock", "adjust", "MUG-BLU", "-1", "--reason", "lost")
    assert (refused.code, refused.out, refused.err) == (
        1,
        "",
        "MUG-BLU cannot drop by 1: 0 are there and 0 of them are promised.\n",
    )
    assert (await command("stock", "adjust", "MUG-BLU", "1", "--reason", "whim")).code == 2
    assert (await command("stock", "adjust", "NOBODY", "1", "--reason", "found")).code == 1
    assert (await command("stock", "availability")).code == 2


async def test_availability_is_one_object_as_specified(command: Command, factory: Factory) -> None:
    mug = await factory.product(MUG, on_hand=5)
    said = await command("stock", "availability", "MUG-BLU:7", "--json")
    assert said.code == 1
    assert said.documents == [
        {
            "available": False,
            "items": [{"product_id": str(mug), "requested_quantity": 7, "available_quantity": 5, "status": "partial"}],
        }
    ]
    assert (await command("stock", "availability", "MUG-BLU:5")).code == 0


async def test_shelves_are_counted_from_the_command_line(command: Command, factory: Factory) -> None:
    await factory.product(MUG)
    await factory.product(BOWL)
    await command("stock", "receive", "MUG-BLU", "5")
    [sheet] = (await command("stock", "count", "open", "--name", "March", "--json")).documents
    count = sheet["count_id"]
    assert [(line["sku"], line["snapshot"]) for line in sheet["lines"]] == [("BOWL-LG", 0), ("MUG-BLU", 5)]
    uncounted = await command("stock", "count", "approve", count)
    assert (uncounted.code, uncounted.err) == (1, "Not counted yet: BOWL-LG, MUG-BLU.\n")
    assert (await command("stock", "count", "enter", count, "MUG-BLU")).code == 2
    assert (await command("stock", "count", "enter", count, "MUG-BLU:4", "BOWL-LG:2")).code == 0
    assert (await command("stock", "count", "approve", count)).code == 0
    assert (await command("stock", "count", "post", count)).lines == [
        "BOWL-LG              +2",
        "MUG-BLU              -1",
    ]
    assert (await command("stock", "count", "post", count)).code == 1
    assert (await command("stock", "count", "list")).lines[0].split()[1:3] == ["posted", "MAIN"]
    assert (await command("stock", "check")).err == "Every level adds up.\n"


async def test_a_level_that_does_not_add_up_is_shown_and_left(
    command: Command, factory: Factory, store: Database
) -> None:
    await factory.product(MUG, on_hand=3)
    said = await command("stock", "check", "--json")
    assert (said.code, said.documents[0]["on_hand"], said.documents[0]["moved_on_hand"]) == (1, 3, 0)
    assert await store.pool.fetchval("SELECT on_hand FROM stock_levels") == 3


async def test_the_threshold_of_an_alarm_is_set_and_taken_away(command: Command, factory: Factory) -> None:
    await factory.product(MUG)
    assert (await command("product", "set", "MUG-BLU", "--low-stock", "5", "--json")).documents[0]["low_stock"] == 5
    assert (await command("product", "set", "MUG-BLU", "--low-stock", "-1", "--json")).documents[0]["low_stock"] is None
    assert (await command("stock", "alarms")).lines == []


async def test_listings_warehouses_and_pushes_are_shown_and_set(
    command: Command, factory: Factory, store: Database
) -> None:
    await factory.product(MUG, on_hand=5)
    shop_id = await factory.shop()
    fact = ListingFact("p1", "s1", "MUG-BLU", "Mug", "ACTIVATE", NOON, (WarehouseStock("s1", "w1", 5),))
    other = ListingFact("p2", "s2", "BOWL-NEW", "Bowl", "ACTIVATE", NOON)
    async with store.transaction() as connection:
        await store_warehouses(connection, shop_id, [WarehouseFact("w1", "Dock", is_default=True)])
        await store_listings(connection, shop_id, [fact])
        await store_listings(connection, shop_id, [other])
    assert [line.split()[:2] for line in (await command("product", "listings")).lines] == [
        ["BOWL-NEW", "no"],
        ["MUG-BLU", "MUG-BLU"],
    ]
    assert [
        each["seller_sku"] for each in (await command("product", "listings", "--unmatched", "--json")).documents
    ] == ["BOWL-NEW"]
    assert (await command("product", "import-from-shop")).lines == ["BOWL-NEW"]
    [warehouse] = (await command("location", "warehouses", "--json")).documents
    assert (warehouse["warehouse_id"], warehouse["location"]) == ("w1", "MAIN")
    assert (await command("location", "map", "w1")).code == 2
    assert (await command("location", "map", "w1", "--none", "--json")).documents[0]["location"] == ""
    assert (await command("location", "map", "w1", "MAIN")).code == 0
    assert (await command("location", "map", "w9", "MAIN")).code == 1
    [told] = (await command("stock", "pushed", "--json")).documents
    assert (told["seller_sku"], told["pushed"], told["channel_quantity"], told["location"]) == (
        "MUG-BLU",
        None,
        5,
        "MAIN",
    )
    assert (await command("stock", "push", "Alder Goods", "--off", "--buffer", "2")).code == 0
    assert tuple(await store.pool.fetchrow("SELECT push_stock, stock_buffer FROM shops")) == (False, 2)
    assert (await command("stock", "push", "Alder Goods")).code == 2
    assert (await command("stock", "push", "Nobody", "--on")).code == 1
    assert (await command("product", "set", "MUG-BLU", "--buffer", "4", "--json")).documents[0]["stock_buffer"] == 4


async def test_a_shop_follows_a_service_only_where_one_is_set(
    command: Command, factory: Factory, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await factory.shop()
    refused = await command("stock", "follow", "Alder Goods", "service")
    assert (refused.code, refused.err) == (2, "There is no inventory service yet: set inventory.url first.\n")
    monkeypatch.setenv("ORDERS_TUI_INVENTORY__URL", "https://stock.example.test")
    assert (await command("stock", "follow", "Alder Goods", "service")).code == 0
    assert await store.pool.fetchval("SELECT policies ->> 'inventory' FROM shops") == "service"
    assert (await command("stock", "follow", "Nobody", "ledger")).code == 1
    assert (await command("stock", "follow", "Alder Goods", "whim")).code == 2
