"""A person's cancellation and a combined parcel, all the way to TikTok and the carrier and back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.actors import Actor
from engine.database.embedded import EmbeddedServer
from engine.identifiers import DaemonId, PackageId
from engine.orders.cancelling import cancel
from engine.orders.parcels.splitting import split
from engine.orders.parcels.voiding import void_label
from engine.reports.accounts import account
from engine.words import CancelReason, ChangeSource, EffectKind
from sync.delivery import Deliveries, DeliverySettings
from sync.waking import Bell
from tests.sync.connected import Connected, connected

MIRA = Actor("mira", ChangeSource.USER)
CARRIER_THEN_TIKTOK = (
    EffectKind.VOID_LABEL,
    EffectKind.BUY_LABEL,
    EffectKind.SHIP_PACKAGE,
    EffectKind.UPDATE_TRACKING,
    EffectKind.CANCEL_ORDER,
)


@pytest.fixture
async def shop(database: EmbeddedServer, tmp_path: Path) -> AsyncIterator[Connected]:
    async with connected(database, tmp_path, orders=12) as shop:
        yield shop


async def deliver(shop: Connected, daemon_id: DaemonId) -> None:
    """Everything that is due, to the real handlers, until nothing is."""
    async with shop.outside() as outside:
        working = Deliveries(shop.database, daemon_id, outside.handlers(), DeliverySettings(batch=100), Bell())
        while True:
            await shop.database.pool.execute("UPDATE effects SET due_at = now() WHERE head")
            if not sum([await working.run_once(kind) for kind in CARRIER_THEN_TIKTOK]):
                return


async def test_a_cancelled_order_is_cancelled_at_tiktok_and_its_label_refunded(shop: Connected) -> None:
    daemon_id = await shop.worked()
    await deliver(shop, daemon_id)
    order_id = await shop.an_order()
    [outcome] = await cancel(shop.database, [order_id], because=CancelReason.UNDELIVERABLE, actor=MIRA)
    assert outcome.code == ""
    await deliver(shop, daemon_id)
    kinds = {
        row["kind"]: row["state"]
        for row in await shop.database.pool.fetch("SELECT kind, state FROM effects WHERE order_id = $1", order_id)
    }
    assert (kinds["void_label"], kinds["cancel_order"]) == ("done", "done")
    assert (await shop.at_tiktok(order_id))["status"] == "CANCELLED"
    state = await shop.state()
    assert state["http_calls"]["easypost.shipments.refund"] == 1
    assert state["http_calls"]["tiktok.cancellations.create"] == 1
    assert await shop.database.pool.fetchval(
        "SELECT p.state FROM packages p JOIN package_items c ON c.package_id = p.id WHERE c.order_id = $1", order_id
    ) == "voided"  # fmt: skip
    assert (await account(shop.database)).balanced


async def test_a_split_order_reaches_tiktok_as_two_parcels_of_its_own_units(shop: Connected) -> None:
    daemon_id = await shop.worked()
    order_id = await shop.an_order(units=2)
    item = await shop.database.pool.fetchval(
        "SELECT id FROM order_items WHERE order_id = $1 ORDER BY quantity DESC LIMIT 1", order_id
    )
    await split(shop.database, order_id, [(item, 1)], actor=MIRA)
    await deliver(shop, daemon_id)
    order = await shop.at_tiktok(order_id)
    numbers = [line["tracking_number"] for line in order["line_items"]]
    ours = await shop.database.pool.fetch(
        "SELECT p.tracking_number, sum(c.quantity)::int AS units FROM packages p JOIN package_items c ON c.package_id = p.id"
        " WHERE c.order_id = $1 GROUP BY p.id",
        order_id,
    )
    assert len(ours) == 2
    assert all(numbers.count(row["tracking_number"]) == row["units"] for row in ours)
    assert (await shop.state())["double_ships_refused"] == 0
    assert (await account(shop.database)).balanced


async def test_a_label_that_was_voided_and_bought_again_is_corrected_at_tiktok(shop: Connected) -> None:
    daemon_id = await shop.worked()
    await deliver(shop, daemon_id)
    order_id = await shop.an_order()
    package_id = PackageId(
        await shop.database.pool.fetchval("SELECT package_id FROM package_items WHERE order_id = $1 LIMIT 1", order_id)
    )
    before = {line["tracking_number"] for line in (await shop.at_tiktok(order_id))["line_items"]}
    await void_label(shop.database, package_id, actor=MIRA, reason="torn", buy_again=True)
    await deliver(shop, daemon_id)
    number = await shop.database.pool.fetchval("SELECT tracking_number FROM packages WHERE id = $1", package_id)
    after = {line["tracking_number"] for line in (await shop.at_tiktok(order_id))["line_items"]}
    assert after == {number}
    assert after.isdisjoint(before)
    assert (await account(shop.database)).balanced
