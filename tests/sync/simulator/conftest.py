"""Quiet worlds whose orders can be worked at once."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from sync.simulator.scenario import Arrival, Scenario, Timings
from sync.simulator.server import serve
from tests.sync.simulator.seller import Seller, seller_at

AT_ONCE = Timings(0, 0, 3600, 3600, 3600)


@dataclass(slots=True)
class MovableClock:
    """Unix seconds that stand still until moved."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
async def seller(clock: MovableClock) -> AsyncIterator[Seller]:
    """Sixty orders that arrived at once and wait for shipment; scanned an hour after they are marked shipped."""
    scenario = Scenario(seed=11, orders=60, arrival=Arrival.IMMEDIATE, timings=AT_ONCE)
    async with serve(scenario, faults="none", clock=clock) as simulator, seller_at(simulator.url) as seller:
        yield seller
