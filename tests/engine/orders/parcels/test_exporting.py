"""Tracking numbers that leave in a file: each is offered once, split orders never, and an upload that is done tells TikTok."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.database.connection import Database
from engine.errors import Refused
from engine.orders.holds import place_holds
from engine.orders.parcels.exporting import confirm_exported, mark_exported, tracking_to_export
from engine.orders.parcels.splitting import split
from engine.ports.facts import OrderFact
from engine.words import ChannelStatus, EffectKind, HoldReason
from tests.engine.facts import a_unit, an_order
from tests.engine.house import MIRA, House


@pytest.fixture
async def offline(house: House, store: Database) -> House:
    await store.pool.execute("UPDATE shops SET state = 'offline' WHERE id = $1", house.shop_id)
    return house


def two_mugs(house: House, number: str = "577001") -> OrderFact:
    return an_order(house.shop_id, number, units=[a_unit(f"{number}1"), a_unit(f"{number}2")])


async def test_a_parcel_is_offered_until_a_file_has_its_number(offline: House, store: Database) -> None:
    first, second = await offline.arrive(two_mugs(offline), two_mugs(offline, "577002"))
    assert (await tracking_to_export(store, offline.shop_id)).lines == ()
    await offline.buy_labels()
    found = await tracking_to_export(store, offline.shop_id)
    numbers = {(await offline.package(order))["tracking_number"] for order in (first, second)}
    assert [(line.order, line.sku_id, line.quantity) for line in found.lines] == [
        ("577001", "s-MUG-BLU", 2),
        ("577002", "s-MUG-BLU", 2),
    ]
    assert {line.tracking_number for line in found.lines} == numbers
    await mark_exported(store, found.lines[:1], actor=MIRA)
    assert [line.order for line in (await tracking_to_export(store, offline.shop_id)).lines] == ["577002"]
    again = await tracking_to_export(store, offline.shop_id, again=True)
    assert [line.order for line in again.lines] == ["577001", "577002"]


async def test_what_was_cancelled_or_told_over_the_wire_is_not_offered(house: House, store: Database) -> None:
    cancelled, told = two_mugs(house), two_mugs(house, "577002")
    await house.arrive(cancelled, told)
    await house.buy_labels()
    await house.arrive(replace(cancelled, channel_status=ChannelStatus.CANCELLED))
    await house.tell_tiktok()
    assert (await tracking_to_export(store, house.shop_id)).lines == ()


async def test_a_split_order_is_left_out_and_named(offline: House, store: Database) -> None:
    [order_id] = await offline.arrive(two_mugs(offline))
    item = await store.pool.fetchval("SELECT id FROM order_items WHERE order_id = $1", order_id)
    await split(store, order_id, [(item, 1)], actor=MIRA)
    await offline.buy_labels()
    found = await tracking_to_export(store, offline.shop_id)
    assert found.lines == ()
    [left_out] = found.left_out
    assert left_out.order == "577001"
    assert "several parcels" in left_out.reason


async def test_a_confirmed_upload_tells_what_waited_once_and_the_order_goes_on(offline: House, store: Database) -> None:
    exported, other = await offline.arrive(two_mugs(offline), two_mugs(offline, "577002"))
    await offline.buy_labels()
    found = await tracking_to_export(store, offline.shop_id)
    await mark_exported(store, [line for line in found.lines if line.order == "577001"], actor=MIRA)
    confirmed = await confirm_exported(store, offline.shop_id, actor=MIRA)
    assert [(each.order, each.told) for each in confirmed] == [("577001", True)]
    assert ("ship_package", "done") in await offline.effects(exported)
    assert ("ship_package", "intent") in await offline.effects(other)
    assert (await offline.package(exported))["state"] == "told"
    assert (await offline.package(other))["state"] == "labelled"
    row = await store.pool.fetchrow("SELECT exported_by, confirmed_by FROM tracking_exports")
    assert tuple(row) == ("mira", "mira")
    assert await confirm_exported(store, offline.shop_id, actor=MIRA) == []
    await offline.assert_balanced()


async def test_a_held_order_is_not_told_and_is_when_the_hold_is_lifted(offline: House, store: Database) -> None:
    [order_id] = await offline.arrive(two_mugs(offline))
    await offline.buy_labels()
    await mark_exported(store, (await tracking_to_export(store, offline.shop_id)).lines, actor=MIRA)
    await store.run(lambda c: place_holds(c, store.vault, [order_id], HoldReason.FRAUD, actor=MIRA))
    [confirmation] = await confirm_exported(store, offline.shop_id, actor=MIRA)
    assert not confirmation.told
    assert ("ship_package", "intent") in await offline.effects(order_id)
    await store.pool.execute("UPDATE holds SET released_at = now()")
    [confirmation] = await confirm_exported(store, offline.shop_id, actor=MIRA)
    assert confirmation.told


async def test_a_connected_shop_is_told_without_files(house: House, store: Database) -> None:
    [order_id] = await house.arrive(two_mugs(house))
    await house.buy_labels()
    await mark_exported(store, (await tracking_to_export(store, house.shop_id)).lines, actor=MIRA)
    with pytest.raises(Refused) as caught:
        await confirm_exported(store, house.shop_id, actor=MIRA)
    assert caught.value.code == "export.connected"
    assert ("ship_package", "intent") in await house.effects(order_id)


async def test_what_a_worker_is_at_is_left_to_it(offline: House, store: Database) -> None:
    [order_id] = await offline.arrive(two_mugs(offline))
    await offline.buy_labels()
    await mark_exported(store, (await tracking_to_export(store, offline.shop_id)).lines, actor=MIRA)
    await offline.claim_one(EffectKind.SHIP_PACKAGE)
    assert await confirm_exported(store, offline.shop_id, actor=MIRA) == []
    assert (await offline.package(order_id))["state"] == "labelled"
