"""A refused key or an empty account: the queue of labels waits in one place with one sentence, and goes on once it is mended."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from engine.identifiers import DaemonId
from engine.reports.accounts import account
from engine.words import EffectKind
from sync.delivery import Deliveries, DeliverySettings
from sync.outside import Outside
from sync.resilience import BreakerSettings
from sync.waking import Bell
from tests.sync.connected import Connected
from tests.sync.test_parcels_over_the_wire import deliver


async def buy(shop: Connected, daemon_id: DaemonId, outside: Outside) -> int:
    await shop.database.pool.execute("UPDATE effects SET due_at = now() WHERE head")
    buying = Deliveries(shop.database, daemon_id, outside.handlers(), DeliverySettings(batch=100), Bell())
    return await buying.run_once(EffectKind.BUY_LABEL)


@pytest.mark.parametrize("why", ["key", "funds"])
async def test_labels_wait_and_are_bought_once_it_is_mended(shop: Connected, why: str) -> None:
    daemon_id = await shop.worked()
    waiting = await shop.count("effects WHERE kind = 'buy_label' AND state = 'intent'")
    settings = replace(shop.outside_settings(), carrier_breaker=BreakerSettings(reset_seconds=3600))
    if why == "key":
        settings = replace(settings, easypost=replace(settings.easypost, api_key="EZAKnobody"))
    else:
        await shop.world.tell(
            "aim", {"operation": "easypost.shipments.buy", "code": "PAYMENT_REQUIRED", "calls": list(range(1, 50))}
        )
    async with Outside(shop.database, settings, shop.outbox()) as outside:
        assert await buy(shop, daemon_id, outside) == waiting > 10
        calls = (await shop.state())["http_calls"]["easypost.shipments.create"]
        await buy(shop, daemon_id, outside)
        assert (await shop.state())["http_calls"]["easypost.shipments.create"] == calls, "a shut gate asks nothing"
    rows = await shop.database.pool.fetch("SELECT state, attempt, error FROM effects WHERE kind = 'buy_label'")
    assert {row["state"] for row in rows} <= {"intent", "ambiguous"}
    assert {row["attempt"] for row in rows} <= {0, 1}, "waiting burns no tries"
    reason = await shop.database.pool.fetchval("SELECT reason FROM gates WHERE dependency = 'carrier'")
    assert ("easypost_api_key" if why == "key" else "Insufficient funds") in reason
    assert await shop.count("failures WHERE code LIKE 'carrier%'") == 0
    assert (await shop.state())["labels_bought"] == 0
    # Mended: another key, or the funds are there; the gate's time is over.
    await shop.world.tell("faults", {"preset": "none"})
    await shop.database.pool.execute("UPDATE gates SET opened_until = now()")
    if why == "funds":
        await use_up_aimed(shop)
    await deliver(shop, daemon_id)
    state = await shop.state()
    assert state["labels_bought"] > 10
    assert state["orders_with_two_labels"] == 0
    assert (await account(shop.database)).balanced


async def use_up_aimed(shop: Connected) -> None:
    """Use up the answers that are still aimed at purchases."""
    keys = await shop.world.ask("credentials")
    headers = {"authorization": f"Bearer {keys['easypost_api_key']}"}
    async with httpx.AsyncClient(base_url=shop.simulator.url, headers=headers) as http:
        while (await http.post("/v2/shipments/shp_none/buy", json={})).status_code == 402:
            pass
