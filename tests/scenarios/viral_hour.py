"""A viral hour: orders come at ten times their rate, and a thousand of them are under way at once."""

from __future__ import annotations

from sync.simulator.scenario import Arrival, Scenario, Timings
from tests.scenarios.plays import Play
from tests.scenarios.stage import Stage, Stuck

IN_FLIGHT = 1000


async def act(stage: Stage) -> str:
    """Parcels take their time, so that orders pile up on the way as well as in the warehouse."""
    peak = 0
    stage.start()

    async def settled() -> bool:
        nonlocal peak
        state = await stage.state()
        over = state["orders"].get("COMPLETED", 0) + state["orders"].get("CANCELLED", 0)
        peak = max(peak, state["arrived"] - over)
        return state["arrived"] == state["orders_total"] and await stage.settled()

    await stage.until(settled, "The end of every order")
    await stage.settle()
    if peak < IN_FLIGHT:
        raise Stuck(f"Only {peak} orders were under way at once; the scenario wants {IN_FLIGHT}.")
    return f"{peak} orders under way at once"


PLAY = Play(
    "a viral hour",
    Scenario(
        seed=42,
        orders=1700,
        arrival=Arrival.BURST,
        orders_per_second=150,
        timings=Timings(0.3, 1, scan_after_seconds=4, deliver_after_seconds=10, complete_after_seconds=14),
    ),
    act,
    faults="default",
)
