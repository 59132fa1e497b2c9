"""Orders that TikTok ships itself, from the first poll to the last delivery, over the real database and the wire."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.actors import Actor
from engine.database.embedded import EmbeddedServer
from engine.errors import Refused
from engine.identifiers import OrderId, PackageId
from engine.orders.cancelling import cancel
from engine.orders.parcels import packages
from engine.orders.parcels.documents import labels
from engine.orders.parcels.voiding import void_label
from engine.reports.accounts import account
from engine.words import CancelReason, ChangeSource, EffectKind
from engine.workflow.facts import Picking
from sync.delivery import Deliveries, DeliverySettings
from sync.shipping.tracking import read_tracking
from sync.waking import Bell
from tests.sync.connected import Connected, connected
from tests.sync.test_parcels_over_the_wire import deliver

MIRA = Actor("mira", ChangeSource.USER)


@pytest.fixture
async def shop(database: EmbeddedServer, tmp_path: Path) -> AsyncIterator[Connected]:
    async with connected(database, tmp_path, orders=12, tiktok_shipping_share=1.0) as shop:
        yield shop


async def labelled(shop: Connected) -> list[OrderId]:
    rows = await shop.database.pool.fetch(
        "SELECT DISTINCT c.order_id FROM packages p JOIN package_items c ON c.package_id = p.id"
        " WHERE p.provider = 'tiktok' AND p.tracking_number <> '' ORDER BY 1"
    )
    return [OrderId(row["order_id"]) for row in rows]


async def test_masked_addresses_are_valid_and_labels_are_bought_from_tiktok_once_each(shop: Connected) -> None:
    daemon_id = await shop.worked()
    await deliver(shop, daemon_id)
    orders = await labelled(shop)
    assert len(orders) >= 10
    assert await shop.count("failures WHERE code = 'bad_address'") == 0
    rows = await shop.database.pool.fetch(
        "SELECT state, carrier, service, label_cost, tiktok_package_id, shipment_reference FROM packages WHERE provider = 'tiktok'"
    )
    assert {row["state"] for row in rows} == {"told"}, "TikTok knows of them by having sold their labels"
    assert all(row["carrier"] == "Demo Express" and row["label_cost"] > 0 and row["tiktok_package_id"] for row in rows)
    assert all(row["shipment_reference"].startswith("tiktok:") for row in rows)
    state = await shop.state()
    assert state["tiktok_labels_bought"] == len(rows)
    assert (state["labels_bought"], state["tiktok_double_buys_refused"], state["double_ships_refused"]) == (0, 0, 0)
    document = (await labels(shop.database, orders[0]))[0]
    assert (document.media_type, document.body[:5]) == ("application/pdf", b"%PDF-")
    assert (await account(shop.database)).balanced


async def test_a_purchase_that_is_heard_of_before_its_answer_is_ours_and_not_somebody_elses(shop: Connected) -> None:
    daemon_id = await shop.worked()
    await shop.world.tell("aim", {"operation": "tiktok.shipping.create_package", "failure": "lost_reply"})
    async with shop.outside() as outside:
        buying = Deliveries(shop.database, daemon_id, outside.handlers(), DeliverySettings(batch=1), Bell())
        assert await buying.run_once(EffectKind.BUY_LABEL) == 1
    bought = await shop.database.pool.fetchval("SELECT order_id FROM effects WHERE state = 'ambiguous'")
    await shop.take_in(daemon_id)
    status = "SELECT channel_status, workflow_status FROM orders WHERE id = $1"
    heard = await shop.database.pool.fetchrow(status, bought)
    assert tuple(heard) == ("AWAITING_COLLECTION", "inventory_reserved"), "it waits for its label, and has not failed"
    await deliver(shop, daemon_id)
    assert tuple(await shop.database.pool.fetchrow(status, bought)) == ("AWAITING_COLLECTION", "ready_to_ship")
    assert await shop.count("failures WHERE code = 'shipped_elsewhere'") == 0
    state = await shop.state()
    assert state["tiktok_labels_bought"] == len(await labelled(shop))
    assert (await account(shop.database)).balanced


async def test_the_label_waits_until_the_goods_are_picked(shop: Connected) -> None:
    policies = replace(shop.shop.policies, pick=Picking.CONFIRM)
    await shop.database.pool.execute("UPDATE shops SET policies = $1", policies.document())
    daemon_id = await shop.worked()
    await deliver(shop, daemon_id)
    assert await shop.count("orders WHERE workflow_status = 'inventory_reserved'") > 0
    assert (await shop.state())["tiktok_labels_bought"] == 0


async def test_a_label_of_tiktoks_is_given_back_by_cancelling_only(shop: Connected) -> None:
    daemon_id = await shop.worked()
    await deliver(shop, daemon_id)
    order_id = (await labelled(shop))[0]
    package_id = PackageId(
        await shop.database.pool.fetchval("SELECT package_id FROM package_items WHERE order_id = $1 LIMIT 1", order_id)
    )
    with pytest.raises(Refused) as refusal:
        await void_label(shop.database, package_id, actor=MIRA, reason="torn")
    assert refusal.value.code == "parcel.tiktok_label"
    assert await shop.database.pool.fetchval("SELECT state FROM packages WHERE id = $1", package_id) == "told"
    [outcome] = await cancel(shop.database, [order_id], because=CancelReason.UNDELIVERABLE, actor=MIRA)
    assert outcome.code == ""
    await deliver(shop, daemon_id)
    assert await shop.database.pool.fetchval("SELECT state FROM packages WHERE id = $1", package_id) == "voided"
    assert await shop.database.pool.fetchval(
        "SELECT state FROM effects WHERE order_id = $1 AND kind = $2", order_id, EffectKind.VOID_LABEL
    ) == "done"  # fmt: skip
    assert (await account(shop.database)).balanced


async def test_its_parcels_are_followed_at_tiktok(shop: Connected) -> None:
    daemon_id = await shop.worked()
    await deliver(shop, daemon_id)
    parcels = await packages.claim_open_parcels(shop.database, 100, 60)
    async with shop.outside() as outside:
        facts = await read_tracking(outside.carrier, parcels, carriers=outside.carriers)
    assert len(facts) == len(parcels) == len(await labelled(shop))
    assert {fact.status for fact in facts} == {"label_created"}
    assert "easypost.trackers.list" not in (await shop.state())["http_calls"]


async def test_elsewhere_the_package_that_exists_is_handed_over(database: EmbeddedServer, tmp_path: Path) -> None:
    async with connected(database, tmp_path, orders=8, region="GB", tiktok_shipping_share=1.0) as shop:
        daemon_id = await shop.worked()
        await deliver(shop, daemon_id)
        rows = await shop.database.pool.fetch(
            "SELECT state, service, label_cost FROM packages WHERE provider = 'tiktok'"
        )
        assert len(rows) >= 6
        assert {(row["state"], row["service"], row["label_cost"]) for row in rows} == {("told", "DROP_OFF", None)}
        state = await shop.state()
        assert state["packages_by_state"]["shipped"] == len(rows)
        assert (state["double_ships_refused"], state["tiktok_labels_bought"]) == (0, 0)
        assert (await account(shop.database)).balanced


async def test_a_carrier_is_told_that_the_buyer_was_told_no(shop: Connected) -> None:
    await shop.worked()
    order_id = await shop.an_order()
    found = await shop.database.pool.fetchval("SELECT package_id FROM package_items WHERE order_id = $1", order_id)
    package_id = PackageId(found)

    async def told() -> bool:
        return (await packages.parcel_requests(shop.database, [package_id]))[package_id].cancel_rejected

    assert not await told()
    await shop.database.pool.execute(
        "INSERT INTO cancellations (order_id, tiktok_cancel_id, cancel_type, channel_status) "
        "VALUES ($1, '4035', 'BUYER_CANCEL', 'CANCELLATION_REQUEST_PENDING')",
        order_id,
    )
    assert not await told(), "nobody has answered yet"
    await shop.database.pool.execute("UPDATE cancellations SET decision = 'reject'")
    assert await told()
    await shop.database.pool.execute("UPDATE cancellations SET channel_status = 'CANCELLATION_REQUEST_CANCEL'")
    assert not await told(), "that request is over"
