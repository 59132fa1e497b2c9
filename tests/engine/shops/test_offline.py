"""Shops without API access: added once, found by name or TikTok's id, and the same shop when they are connected later."""

from __future__ import annotations

import pytest

from engine.database.connection import Database
from engine.errors import NotFound, Refused
from engine.orders import intake
from engine.shops.offline import FileShop, add_offline_shop, find_file_shop
from engine.shops.shops import connect_shop
from engine.shops.standing import read_reaches
from tests.engine.facts import an_order
from tests.engine.house import MIRA


async def added(store: Database, name: str = "Alder Goods", tiktok_id: str = "7495", *, location: str = "") -> FileShop:
    return await add_offline_shop(
        store,
        name=name,
        region="US",
        timezone="America/Los_Angeles",
        tiktok_shop_id=tiktok_id,
        location=location,
        actor=MIRA,
    )


async def test_it_is_found_by_name_and_by_id_and_told_why_it_is_not_reached(store: Database) -> None:
    shop = await added(store)
    assert shop.offline
    for named in ("alder goods", "7495", str(shop.shop_id)):
        assert await find_file_shop(store, named) == shop
    [reach] = await read_reaches(store)
    assert reach.stopped == (
        "Alder Goods has no API access: export its tracking numbers, upload and confirm them (orders-tui export)."
    )
    with pytest.raises(NotFound):
        await find_file_shop(store, "nobody")


async def test_a_second_of_its_name_or_id_and_an_unknown_location_are_refused(store: Database) -> None:
    await added(store)
    for name, tiktok_id in (("ALDER goods", "7496"), ("Other", "7495")):
        with pytest.raises(Refused) as caught:
            await added(store, name, tiktok_id)
        assert caught.value.code == "shop.exists"
    with pytest.raises(NotFound):
        await added(store, "Third", "7497", location="NOWHERE")
    assert await store.pool.fetchval("SELECT count(*) FROM shops") == 1


async def test_connected_later_it_is_the_same_shop_with_its_orders(store: Database) -> None:
    shop = await added(store)
    await intake.apply(store, [an_order(shop.shop_id)])
    connected = await connect_shop(
        store,
        tiktok_shop_id="7495",
        name="Alder Goods",
        region="US",
        timezone="America/Los_Angeles",
        cipher="cipher",
        actor=MIRA,
    )
    assert (connected.shop_id, connected.state) == (shop.shop_id, "connected")
    assert await store.pool.fetchval("SELECT count(*) FROM orders WHERE shop_id = $1", shop.shop_id) == 1
    assert not (await find_file_shop(store, "7495")).offline
