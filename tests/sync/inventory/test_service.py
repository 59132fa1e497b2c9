"""An inventory service has the last word: asked before the label, told of what left, mirrored, and both agree at the end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from engine.actors import Actor
from engine.database.embedded import EmbeddedServer
from engine.errors import Terminal
from engine.identifiers import DaemonId, OrderId
from engine.inventory import mirror
from engine.inventory.ledger import receive
from engine.orders import intake
from engine.orders.cancelling import cancel
from engine.orders.parcels.packages import record_tracking
from engine.ports.facts import TrackingFact
from engine.ports.requests import StockItem
from engine.reports.accounts import account
from engine.shops.policies import set_policies
from engine.words import CancelReason, ChangeSource, EffectKind, StockReason, TrackingStatus
from engine.workflow import runner
from orders_tui.settings_outside import InventorySection
from sync.delivery import Deliveries, DeliverySettings
from sync.inventory.service import Insufficient, InventoryService, ServiceSettings
from sync.outside import Outside
from sync.resilience import BreakerSettings
from sync.waking import Bell
from tests.engine.facts import NOON, an_order, units_of
from tests.sync.connected import Connected, connected
from tests.sync.scripted_server import Received, reply, scripted

MIRA = Actor("mira", ChangeSource.USER)
SKU = "GLOW-MUG-TEAL"
LANE = (EffectKind.RESERVE_STOCK, EffectKind.RELEASE_STOCK, EffectKind.ADJUST_STOCK)
ALL = (*LANE, EffectKind.VOID_LABEL, EffectKind.BUY_LABEL, EffectKind.SHIP_PACKAGE)


@pytest.fixture
async def shop(database: EmbeddedServer, tmp_path: Path) -> AsyncIterator[Connected]:
    """A shop that follows the service; nobody buys anything but what a test orders."""
    async with connected(database, tmp_path, orders=0) as shop:
        await set_policies(shop.database, shop.shop.shop_id, {"inventory": "service"}, actor=MIRA)
        yield shop


async def ordered(shop: Connected, number: str = "577001", *skus: str) -> OrderId:
    fact = an_order(shop.shop.shop_id, number, units=units_of(*(skus or (SKU, SKU))))
    return (await intake.apply(shop.database, [fact])).order_ids[number]


async def work(shop: Connected, daemon_id: DaemonId, kinds: tuple[EffectKind, ...] = LANE, rounds: int = 20) -> None:
    async with shop.outside() as outside:
        await work_with(shop, outside, daemon_id, kinds, rounds)


async def work_with(
    shop: Connected, outside: Outside, daemon_id: DaemonId, kinds: tuple[EffectKind, ...] = LANE, rounds: int = 20
) -> None:
    working = Deliveries(shop.database, daemon_id, outside.handlers(), DeliverySettings(batch=100), Bell())
    for _ in range(rounds):
        await shop.database.pool.execute("UPDATE effects SET due_at = now() WHERE head")
        done = sum([await working.run_once(kind) for kind in kinds])
        while await runner.run_batch(shop.database, 100):
            done += 1
        if not done:
            return


async def theirs(shop: Connected, sku: str = SKU) -> tuple[int, int]:
    """What the service has on hand, and keeps."""
    book = await shop.world.ask("inventory")
    [level] = [level for level in book["levels"] if level["sku"] == sku]
    return level["on_hand"], level["reserved"]


async def ours(shop: Connected, sku: str = SKU) -> tuple[int, int]:
    row = await shop.database.pool.fetchrow(
        "SELECT on_hand, reserved FROM stock_levels l JOIN products p ON p.id = l.product_id WHERE p.sku = $1", sku
    )
    return row["on_hand"], row["reserved"]


async def reflect(shop: Connected) -> int:
    async with shop.outside() as outside:
        assert outside.inventory is not None
        return sum([await mirror.reflect(shop.database, page) async for page in outside.inventory.levels()])


async def effects(shop: Connected, order_id: OrderId) -> list[tuple[str, str, bool]]:
    rows = await shop.database.pool.fetch(
        "SELECT kind, state, head FROM effects WHERE order_id = $1 AND kind <> 'notice' ORDER BY sequence", order_id
    )
    return [(row["kind"], row["state"], row["head"]) for row in rows]


async def state(shop: Connected, order_id: OrderId) -> str:
    return str(await shop.database.pool.fetchval("SELECT workflow_status FROM orders WHERE id = $1", order_id))


async def scan(shop: Connected, order_id: OrderId) -> None:
    row = await shop.database.pool.fetchrow(
        "SELECT id, tracking_number FROM packages WHERE id IN (SELECT package_id FROM package_items WHERE order_id = $1)",
        order_id,
    )
    fact = TrackingFact(row["id"], row["tracking_number"], TrackingStatus.IN_TRANSIT, NOON, "scanned")
    await record_tracking(shop.database, [fact])


async def mark_told(shop: Connected, order_id: OrderId) -> None:
    """TikTok knows nothing of an order that only a test placed; a person vouches for it."""
    await shop.database.pool.execute(
        "UPDATE effects SET state = 'done', head = false, settled_at = now() WHERE order_id = $1 AND kind = 'ship_package'",
        order_id,
    )
    await shop.database.pool.execute(
        "UPDATE packages SET state = 'told', told_tracking_number = tracking_number WHERE id IN"
        " (SELECT package_id FROM package_items WHERE order_id = $1)",
        order_id,
    )


async def test_no_label_is_bought_before_the_service_has_agreed_and_both_agree_at_the_end(shop: Connected) -> None:
    daemon_id = await shop.daemon()
    order_id = await ordered(shop)
    assert await effects(shop, order_id) == [("reserve_stock", "intent", True), ("buy_label", "intent", False)]
    await work(shop, daemon_id, (EffectKind.BUY_LABEL,))
    assert (await shop.state())["labels_bought"] == 0
    await work(shop, daemon_id)
    assert await theirs(shop) == (500, 2) == await ours(shop)
    assert await effects(shop, order_id) == [("reserve_stock", "done", False), ("buy_label", "intent", True)]
    await work(shop, daemon_id, (*LANE, EffectKind.BUY_LABEL))
    assert (await shop.state())["labels_bought"] == 1
    await mark_told(shop, order_id)
    await scan(shop, order_id)
    assert await state(shop, order_id) == "shipped"
    await work(shop, daemon_id)
    assert await theirs(shop) == (498, 0) == await ours(shop)
    assert await reflect(shop) == 0
    assert (await account(shop.database)).balanced


async def test_a_ledger_s_order_costs_no_effect_more(shop: Connected) -> None:
    await set_policies(shop.database, shop.shop.shop_id, {"inventory": "ledger"}, actor=MIRA)
    order_id = await ordered(shop)
    assert await effects(shop, order_id) == [("buy_label", "intent", True)]


async def test_what_the_service_does_not_have_fails_the_order_and_corrects_the_mirror_at_once(shop: Connected) -> None:
    daemon_id = await shop.daemon()
    await shop.world.tell("inventory", {"sku": SKU, "on_hand": 1})
    order_id = await ordered(shop)
    await work(shop, daemon_id, ALL)
    assert await state(shop, order_id) == "failed"
    row = await shop.database.pool.fetchrow(
        "SELECT code, fingerprint, failed_from FROM failures WHERE order_id = $1", order_id
    )
    assert (row["code"], row["fingerprint"], row["failed_from"]) == ("out_of_stock", f"out_of_stock:{SKU}", "validated")
    assert await ours(shop) == (1, 0)
    assert await theirs(shop) == (1, 0)
    reasons = await shop.database.pool.fetch(
        "SELECT delta_on_hand FROM stock_movements WHERE reason = 'inventory service'"
    )
    assert [each["delta_on_hand"] for each in reasons] == [-499]
    assert (await shop.state())["labels_bought"] == 0
    await shop.world.tell("inventory", {"sku": SKU, "on_hand": 7})
    assert await reflect(shop) == 1
    await work(shop, daemon_id)
    assert await state(shop, order_id) == "inventory_reserved"
    assert await theirs(shop) == (7, 2) == await ours(shop)
    assert (await account(shop.database)).balanced


async def test_a_cancelled_order_s_stock_is_given_back_there_too(shop: Connected) -> None:
    daemon_id = await shop.daemon()
    early, late = await ordered(shop, "1"), await ordered(shop, "2")
    await cancel(shop.database, [early], because=CancelReason.OUT_OF_STOCK, actor=MIRA)
    await work(shop, daemon_id)
    assert await theirs(shop) == (500, 2)
    await cancel(shop.database, [late], because=CancelReason.OUT_OF_STOCK, actor=MIRA)
    await work(shop, daemon_id)
    assert await theirs(shop) == (500, 0) == await ours(shop)
    assert [kind for kind, what, _ in await effects(shop, late) if what == "done"] == ["reserve_stock", "release_stock"]


async def test_a_lost_answer_is_asked_again_and_found_done(shop: Connected) -> None:
    daemon_id = await shop.daemon()
    for operation in ("inventory.reserve", "inventory.adjust"):
        await shop.world.tell("aim", {"operation": operation, "failure": "lost_reply", "calls": [1]})
    order_id = await ordered(shop)
    await work(shop, daemon_id, ALL[:-1])
    await mark_told(shop, order_id)
    await scan(shop, order_id)
    await work(shop, daemon_id)
    calls = (await shop.state())["http_calls"]
    assert (calls["inventory.reserve"], calls["inventory.adjust"]) == (2, 2)
    assert (await shop.world.ask("inventory"))["movements"] == 1
    assert await theirs(shop) == (498, 0) == await ours(shop)


async def test_an_open_breaker_waits_without_using_up_tries(shop: Connected) -> None:
    daemon_id = await shop.daemon()
    broken = replace(shop.outside_settings(), inventory_breaker=BreakerSettings(1, 60.0, 3600.0, 0.0))
    order_id = await ordered(shop)
    await shop.world.tell("aim", {"operation": "inventory.reserve", "failure": "server_error", "calls": [1]})
    async with Outside(shop.database, broken, shop.outbox()) as outside:
        await work_with(shop, outside, daemon_id, rounds=6)
        row = await shop.database.pool.fetchrow(
            "SELECT state, attempt, error_code FROM effects WHERE order_id = $1 AND kind = 'reserve_stock'", order_id
        )
        assert (row["state"], row["attempt"]) == ("ambiguous", 1)
        assert (await shop.state())["http_calls"]["inventory.reserve"] == 1
    assert await shop.database.pool.fetchval("SELECT opened_until > now() FROM gates WHERE dependency = 'inventory'")
    assert await state(shop, order_id) == "inventory_reserved"


async def test_a_service_that_stays_away_fails_the_order_and_its_label_waits_behind_the_next_asking(
    shop: Connected,
) -> None:
    daemon_id = await shop.daemon()
    order_id = await ordered(shop)
    await shop.world.tell("aim", {"operation": "inventory.reserve", "failure": "server_error", "calls": [1, 2]})
    await work(shop, daemon_id, LANE, rounds=4)
    assert await state(shop, order_id) == "failed"
    await work(shop, daemon_id, (EffectKind.BUY_LABEL,), rounds=2)
    await shop.database.pool.execute("UPDATE failures SET retry_at = now() WHERE order_id = $1", order_id)
    await shop.database.pool.execute("UPDATE work SET ready = true WHERE order_id = $1", order_id)
    while await runner.run_batch(shop.database, 100):
        pass
    assert await effects(shop, order_id) == [("reserve_stock", "ambiguous", True), ("buy_label", "intent", False)] or (
        await effects(shop, order_id)
    ) == [("reserve_stock", "intent", True), ("buy_label", "intent", False)]
    await work(shop, daemon_id, ALL[:-1])
    assert (await shop.state())["labels_bought"] == 1
    assert await theirs(shop) == (500, 2)


async def test_differences_are_booked_with_a_reason_and_what_others_have_there_is_not_ours_to_promise(
    shop: Connected,
) -> None:
    daemon_id = await shop.daemon()
    await ordered(shop)
    assert await reflect(shop) == 0, "what is still to be told is left alone"
    await work(shop, daemon_id)
    await shop.world.tell("inventory", {"sku": SKU, "on_hand": 40})
    async with shop.outside() as outside:
        assert outside.inventory is not None
        await outside.inventory.reserve("somebody else's", [StockItem(SKU, "MAIN", 8)])
    assert await reflect(shop) == 1
    assert await ours(shop) == (32, 2)
    assert await reflect(shop) == 0
    await receive(shop.database, SKU, 5, actor=MIRA)
    assert await reflect(shop) == 1, "the service has the last word"
    assert await ours(shop) == (32, 2)
    assert (await account(shop.database)).balanced


async def test_without_a_service_the_order_waits_and_says_for_what(shop: Connected) -> None:
    daemon_id = await shop.daemon()
    order_id = await ordered(shop)
    alone = replace(shop, settings=shop.settings.model_copy(update={"inventory": InventorySection()}))
    await work(alone, daemon_id, rounds=3)
    row = await shop.database.pool.fetchrow("SELECT attempt, error FROM effects WHERE order_id = $1 AND head", order_id)
    assert row["attempt"] == 0
    assert row["error"].startswith("The shop follows an inventory service and none is set")


@asynccontextmanager
async def client(shop: Connected, api_key: str = "") -> AsyncIterator[InventoryService]:
    settings = shop.outside_settings()
    assert settings.inventory is not None
    wrong = ServiceSettings(settings.inventory.url, api_key or settings.inventory.api_key)
    async with Outside(shop.database, replace(settings, inventory=wrong), shop.outbox()) as outside:
        assert outside.inventory is not None
        yield outside.inventory


async def test_the_port_checks_reserves_releases_and_adjusts_by_repeatable_calls(shop: Connected) -> None:
    async with client(shop) as service:
        result = await service.check([StockItem(SKU, "MAIN", 600), StockItem("NOBODY", "MAIN", 1)])
        found = [(item.product_id, item.available_quantity, item.status.value) for item in result.items]
        assert (result.available, found) == (False, [(SKU, 500, "partial"), ("NOBODY", 0, "unavailable")])
        for _ in range(2):
            await service.reserve("o-1", [StockItem(SKU, "MAIN", 3)])
        await service.reserve("o-1", [StockItem(SKU, "MAIN", 5)])
        with pytest.raises(Insufficient) as short:
            await service.reserve("o-2", [StockItem(SKU, "MAIN", 496)])
        assert [(level.sku, level.available) for level in short.value.levels] == [(SKU, 495)]
        assert await theirs(shop) == (500, 5)
        for _ in range(2):
            await service.adjust([StockItem(SKU, "MAIN", 2, "m-1")], StockReason.SHIPPED, order="o-1")
        assert await theirs(shop) == (498, 3)
        with pytest.raises(Terminal) as refused:
            await service.adjust([StockItem(SKU, "MAIN", 9, "m-1")], StockReason.SHIPPED)
        assert refused.value.code == "inventory.refused"
        for order in ("o-1", "o-1", "never"):
            await service.release(order)
        assert await theirs(shop) == (498, 0)


async def test_a_wrong_key_is_named_and_not_shown(shop: Connected) -> None:
    async with client(shop, "not-the-key") as service:
        with pytest.raises(Exception, match="inventory_api_key") as refused:
            await service.reserve("o-1", [StockItem(SKU, "MAIN", 1)])
    assert "not-the-key" not in str(refused.value)


async def test_a_refusal_that_does_not_say_what_there_is_is_not_asked_again_at_once(shop: Connected) -> None:
    daemon_id = await shop.daemon()

    def refuse(_: Received) -> bytes:
        return reply({"error": {"code": "insufficient", "message": "no"}}, status=422)

    order_id = await ordered(shop)
    async with scripted(refuse) as server:
        mute = replace(shop, settings=shop.settings.model_copy(update={"inventory": InventorySection(url=server.url)}))
        await work(mute, daemon_id, (EffectKind.RESERVE_STOCK,), rounds=6)
        assert len(server.received) == 1
    assert await state(shop, order_id) == "failed"
    assert await ours(shop) == (0, 0)
    await work(shop, daemon_id, (EffectKind.RELEASE_STOCK,))
    assert await reflect(shop) == 1
    assert await ours(shop) == (500, 0)
