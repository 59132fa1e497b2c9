"""Orders split and combined here are packed alike at TikTok, where it has packages before they are shipped."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.database.embedded import EmbeddedServer
from engine.errors import Refused
from engine.identifiers import DaemonId, OrderId, PackageId
from engine.orders.parcels.combining import combine, uncombine
from engine.orders.parcels.splitting import split
from engine.reports.accounts import account
from engine.words import EffectKind
from sync.delivery import Deliveries, DeliverySettings
from sync.waking import Bell
from tests.engine.house import MIRA
from tests.sync.connected import Connected, connected

KINDS = (
    EffectKind.SPLIT_ORDER,
    EffectKind.COMBINE_PACKAGES,
    EffectKind.UNCOMBINE_PACKAGE,
    EffectKind.BUY_LABEL,
    EffectKind.SHIP_PACKAGE,
)


@pytest.fixture
async def abroad(database: EmbeddedServer, tmp_path: Path) -> AsyncIterator[Connected]:
    """A shop whose orders have packages from payment on, in a market that parts SKUs freely."""
    async with connected(database, tmp_path, orders=24, region="DE", twin_orders=True) as shop:
        await shop.database.pool.execute("UPDATE shops SET region = 'DE'")
        yield shop


async def deliver(shop: Connected, daemon_id: DaemonId, *kinds: EffectKind) -> None:
    async with shop.outside() as outside:
        working = Deliveries(shop.database, daemon_id, outside.handlers(), DeliverySettings(batch=100), Bell())
        for _ in range(8):
            await shop.database.pool.execute("UPDATE effects SET due_at = now() WHERE head")
            if not sum([await working.run_once(kind) for kind in kinds or KINDS]):
                return


async def split_off_one(shop: Connected, order_id: OrderId) -> PackageId:
    item = await shop.database.pool.fetchval(
        "SELECT id FROM order_items WHERE order_id = $1 ORDER BY quantity DESC LIMIT 1", order_id
    )
    return await split(shop.database, order_id, [(item, 1)], actor=MIRA)


async def parcels(shop: Connected, order_id: OrderId) -> dict[str, int]:
    """Our parcels' tracking numbers, with how many units."""
    rows = await shop.database.pool.fetch(
        "SELECT p.tracking_number, sum(c.quantity)::int AS units FROM packages p JOIN package_items c ON c.package_id = p.id"
        " WHERE c.order_id = $1 AND p.state NOT IN ('voided', 'combined') GROUP BY p.id",
        order_id,
    )
    return {row["tracking_number"]: row["units"] for row in rows}


async def a_pair(shop: Connected) -> list[OrderId]:
    """Two orders of one buyer that TikTok itself would combine, both worked here."""
    async with shop.outside() as outside:
        suggestions = await (await outside.shop(shop.shop.shop_id)).packing.combinable()
    for suggestion in suggestions:
        rows = await shop.database.pool.fetch(
            "SELECT id FROM orders WHERE tiktok_order_id = ANY($1::text[]) AND workflow_status = 'inventory_reserved' ORDER BY id",
            list(suggestion.tiktok_order_ids),
        )
        if len(rows) == 2:
            return [OrderId(row["id"]) for row in rows]
    raise AssertionError("no two orders of one buyer are worked")


async def test_a_split_order_is_split_at_tiktok_first_and_then_shipped_parcel_by_parcel(abroad: Connected) -> None:
    daemon_id = await abroad.worked()
    order_id = await abroad.an_order(units=2)
    await split_off_one(abroad, order_id)
    await deliver(abroad, daemon_id)
    numbers = [line["tracking_number"] for line in (await abroad.at_tiktok(order_id))["line_items"]]
    ours = await parcels(abroad, order_id)
    assert len(ours) == 2
    assert {number: numbers.count(number) for number in set(numbers)} == ours
    kinds = await abroad.database.pool.fetch(
        "SELECT kind, state FROM effects WHERE order_id = $1 AND dependency = 'tiktok' ORDER BY sequence", order_id
    )
    assert [(row["kind"], row["state"]) for row in kinds] == [
        ("split_order", "done"),
        ("ship_package", "done"),
        ("ship_package", "done"),
    ]
    stored = await abroad.database.pool.fetch(
        "SELECT tiktok_package_id FROM packages p JOIN package_items c ON c.package_id = p.id WHERE c.order_id = $1",
        order_id,
    )
    theirs = {line["package_id"] for line in (await abroad.at_tiktok(order_id))["line_items"]}
    assert {row["tiktok_package_id"] for row in stored} == theirs
    assert (await abroad.state())["double_ships_refused"] == 0
    assert (await account(abroad.database)).balanced


async def test_a_lost_answer_to_a_split_is_found_out_and_not_split_again(abroad: Connected) -> None:
    daemon_id = await abroad.worked()
    order_id = await abroad.an_order(units=2)
    await abroad.tell("aim", operation="tiktok.packing.split", failure="lost_reply", calls=[1])
    await split_off_one(abroad, order_id)
    await deliver(abroad, daemon_id)
    state = await abroad.state()
    assert state["http_calls"]["tiktok.packing.split"] == 1
    assert await abroad.count("effects WHERE kind = 'split_order' AND state = 'done'") == 1
    assert len(await parcels(abroad, order_id)) == 2


async def test_two_orders_travel_in_one_package_at_tiktok_too(abroad: Connected) -> None:
    daemon_id = await abroad.worked()
    pair = await a_pair(abroad)
    made = await combine(abroad.database, pair, actor=MIRA)
    assert made.package_id is not None, made
    await deliver(abroad, daemon_id)
    orders = [await abroad.at_tiktok(order_id) for order_id in pair]
    packages = {line["package_id"] for order in orders for line in order["line_items"]}
    assert len(packages) == 1
    assert {line["tracking_number"] for order in orders for line in order["line_items"]} == set(
        await parcels(abroad, pair[0])
    )
    assert (await abroad.state())["http_calls"]["tiktok.packing.combine"] == 1
    assert await abroad.count("effects WHERE kind = 'combine_packages' AND state = 'done'") == 2
    stored = await abroad.database.pool.fetchval(
        "SELECT tiktok_package_id FROM packages WHERE id = $1", made.package_id
    )
    assert packages == {stored}
    assert (await account(abroad.database)).balanced


async def test_a_parcel_taken_apart_here_is_taken_apart_there(abroad: Connected) -> None:
    daemon_id = await abroad.worked()
    pair = await a_pair(abroad)
    made = await combine(abroad.database, pair, actor=MIRA)
    assert made.package_id is not None
    await deliver(abroad, daemon_id, EffectKind.COMBINE_PACKAGES)
    assert len({line["package_id"] for key in pair for line in (await abroad.at_tiktok(key))["line_items"]}) == 1
    await uncombine(abroad.database, made.package_id, actor=MIRA)
    await deliver(abroad, daemon_id)
    packages = [{line["package_id"] for line in (await abroad.at_tiktok(key))["line_items"]} for key in pair]
    assert len(packages[0] | packages[1]) == 2
    assert (await abroad.state())["shipped"] >= 2
    assert (await account(abroad.database)).balanced


async def test_what_tiktok_does_not_combine_is_for_a_person(abroad: Connected) -> None:
    daemon_id = await abroad.worked()
    pair = await a_pair(abroad)
    number = await abroad.database.pool.fetchval("SELECT tiktok_order_id FROM orders WHERE id = $1", pair[0])
    await combine(abroad.database, pair, actor=MIRA)
    async with abroad.outside() as outside:
        connection = await outside.shop(abroad.shop.shop_id)
        lines = [line["id"] for line in (await abroad.at_tiktok(pair[0]))["line_items"]]
        await connection.fulfilment.mark_shipped(
            number,
            tracking_number="1Z999AA10000000077",
            shipping_provider_id="7117858858072016686",
            line_item_ids=lines,
        )
    await deliver(abroad, daemon_id, EffectKind.COMBINE_PACKAGES)
    failure = await abroad.database.pool.fetchrow(
        "SELECT code, what_to_do FROM failures WHERE order_id = $1 AND resolved_at IS NULL", pair[1]
    )
    assert failure["code"] == "tiktok.cannot_combine"
    assert "uncombine" in failure["what_to_do"]


async def test_one_sku_is_not_parted_where_the_market_forbids_it(database: EmbeddedServer, tmp_path: Path) -> None:
    async with connected(database, tmp_path, orders=24, region="ID") as shop:
        await shop.database.pool.execute("UPDATE shops SET region = 'ID'")
        await shop.worked()
        order_id = await shop.an_order(units=2)
        before = await shop.count("packages")
        with pytest.raises(Refused) as refused:
            await split_off_one(shop, order_id)
        assert refused.value.code == "split.whole_sku"
        assert await shop.count("packages") == before
        assert await shop.count("effects WHERE kind = 'split_order'") == 0


async def test_of_us_orders_nothing_is_told(database: EmbeddedServer, tmp_path: Path) -> None:
    async with connected(database, tmp_path, orders=24) as shop:
        await shop.worked()
        await split_off_one(shop, await shop.an_order(units=2))
        assert await shop.count("effects WHERE kind = 'split_order'") == 0
