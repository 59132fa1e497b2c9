"""A token that expires in the middle of a batch, three times over: refreshed once each time, and nothing is sent twice."""

from __future__ import annotations

from sync.simulator.scenario import Arrival, Scenario, Timings
from tests.scenarios.plays import Play
from tests.scenarios.stage import Stage, Stuck

TIMES = 3


async def act(stage: Stage) -> str:
    """Each time some more parcels are shipped, the token in use is good no more."""
    stage.start()
    for number in range(1, TIMES + 1):

        async def shipped(number: int = number) -> bool:
            return bool((await stage.state())["shipped"] >= 40 * number)

        async def refreshed(number: int = number) -> bool:
            return await _refreshes(stage) >= number

        await stage.until(shipped, f"Parcel {40 * number}")
        await stage.admin("expire_token")
        # Parcels come in batches: the next forty may be there already, and two expiries in one breath are one refresh.
        await stage.until(refreshed, f"Refresh {number}")
    await stage.settle()
    if (refreshes := await _refreshes(stage)) != TIMES:
        raise Stuck(f"The token expired {TIMES} times and was refreshed {refreshes} times.")
    return f"{TIMES} expiries, {TIMES} refreshes"


async def _refreshes(stage: Stage) -> int:
    return int((await stage.state())["http_calls"].get("tiktok.tokens.refresh", 0))


PLAY = Play(
    "a token that expires mid-batch",
    Scenario(seed=43, orders=300, arrival=Arrival.IMMEDIATE, timings=Timings(0, 0, 0.5, 1, 1.5)),
    act,
)
