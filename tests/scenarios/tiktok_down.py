"""TikTok down for six hours: the carrier goes on, orders keep coming there, and all is caught up when it is back."""

from __future__ import annotations

from sync.simulator.scenario import Arrival, Scenario, Timings
from tests.scenarios.plays import Play
from tests.scenarios.stage import Stage, Stuck

HOUR = 3600.0
ORDERS = 240


async def act(stage: Stage) -> str:
    """Half the orders are there when it goes down, cutting connections first and behind a gateway later."""
    await stage.pass_time(5 * HOUR)
    stage.start()

    async def some_shipped() -> bool:
        return bool((await stage.state())["shipped"] >= 15)

    await stage.until(some_shipped, "The first parcels")
    await stage.admin("outage", service="tiktok", seconds=6 * HOUR, how="refuse")
    before = await stage.state()

    async def labels_went_on() -> bool:
        return bool((await stage.state())["labels_bought"] > before["labels_bought"])

    await stage.until(labels_went_on, "Labels while TikTok is down")
    await stage.pass_time(3 * HOUR)
    await stage.restock(37)
    await stage.admin("outage", service="tiktok", seconds=3 * HOUR, how="502")
    down = await stage.state()
    if down["shipped"] != before["shipped"]:
        raise Stuck("Parcels were marked shipped while TikTok was down.")
    await stage.pass_time(3 * HOUR)
    await stage.settle()
    pushes = (await stage.world.ask("stock"))["pushes"]
    if pushes < 6:
        raise Stuck(f"Stock came in for six SKUs, and {pushes} numbers were told to TikTok.")
    return f"{down['arrived'] - before['arrived']} orders came while TikTok was down"


PLAY = Play(
    "TikTok down for six hours",
    Scenario(
        seed=45,
        orders=ORDERS,
        arrival=Arrival.STEADY,
        orders_per_second=ORDERS / (9 * HOUR),
        timings=Timings(
            unpaid_seconds=60, hold_seconds=600, scan_after_seconds=1, deliver_after_seconds=2, complete_after_seconds=3
        ),
    ),
    act,
    begins_before_seconds=11 * HOUR,
    # Small batches, so that labels are still being bought when TikTok goes down.
    settings={"ORDERS_TUI_BREAKERS__TIKTOK__RESET_SECONDS": "1", "ORDERS_TUI_DAEMON__EFFECT_BATCH_SIZE": "8"},
)
