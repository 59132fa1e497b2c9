"""A week offline: the daemon is stopped in the middle of its work on the second day, and started again on the ninth."""

from __future__ import annotations

from sync.simulator.scenario import Arrival, Scenario, Timings
from tests.scenarios.plays import Play
from tests.scenarios.stage import Stage

DAY = 86_400.0
ORDERS = 240


async def act(stage: Stage) -> str:
    """Day one passes before the shop is connected, and the last order comes a day before the week is over.

    At its end the world is as late as our clock, so that polls see what happens from then on.
    """
    await stage.pass_time(DAY)
    first = stage.start()

    async def some_shipped() -> bool:
        return bool((await stage.state())["shipped"] >= 10)

    await stage.until(some_shipped, "The first parcels")
    await first.stop()
    before = await stage.state()
    await stage.pass_time(7 * DAY)
    away = await stage.state()
    stage.start()
    await stage.settle()
    return f"{before['arrived']} orders before, {away['arrived'] - before['arrived']} came while nobody looked"


PLAY = Play(
    "a week offline",
    Scenario(
        seed=41,
        orders=ORDERS,
        arrival=Arrival.STEADY,
        orders_per_second=ORDERS / (6 * DAY),
        timings=Timings(
            unpaid_seconds=600,
            hold_seconds=3600,
            scan_after_seconds=1,
            deliver_after_seconds=2,
            complete_after_seconds=3,
        ),
    ),
    act,
    begins_before_seconds=8 * DAY,
)
