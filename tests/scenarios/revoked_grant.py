"""A revoked grant among several shops: its shop pauses and the others go on; the seller consents again, and nothing was lost."""

from __future__ import annotations

import asyncio
from typing import Any

from sync.simulator.scenario import Arrival, Fate, Scenario, Timings
from tests.orders_tui.cli.programs import environment, run
from tests.scenarios.plays import Play
from tests.scenarios.stage import Stage, Stuck

SHOPS = 3
REVOKED = 1
ENDS = {"COMPLETED", "CANCELLED"}


async def act(stage: Stage) -> str:
    """The second and third shop are connected as a person does it, by the program's own commands."""
    granted = (await stage.world.ask("grants"))["grants"]
    for grant in granted[1:]:
        name = await connect(stage, grant)
        await command(stage, "shop", "set", name, "pick=auto", "ship_on=first_scan")
        await command(stage, "shop", "work", name)
    stage.start()

    async def some_shipped() -> bool:
        return bool(await shipped(stage, granted[REVOKED]) >= 5)

    await stage.until(some_shipped, "The first parcels of every shop")
    await stage.admin("revoke", grant=REVOKED)
    before = await shipped(stage, granted[REVOKED])
    own = granted[REVOKED]["shops"][0]["id"]

    async def others_done() -> bool:
        rows = [row for row in (await stage.world.ask("orders"))["orders"] if row["shop_id"] != own]
        return all(row["status"] in ENDS or row["fate"] != Fate.COMPLETED for row in rows)

    await stage.until(others_done, "The end of the other shops' orders")
    if await shipped(stage, granted[REVOKED]) != before:
        raise Stuck("Parcels of the shop without a grant were told to TikTok.")
    await connect(stage, (await stage.world.ask("grants"))["grants"][REVOKED])
    await stage.settle()
    return f"{before} parcels of its shop before the grant was revoked, the rest after the seller consented again"


async def shipped(stage: Stage, grant: dict[str, Any]) -> int:
    """How many orders of a grant's shop are marked shipped."""
    own = grant["shops"][0]["id"]
    return sum(bool(row["packages"]) for row in (await stage.world.ask("orders"))["orders"] if row["shop_id"] == own)


async def connect(stage: Stage, grant: dict[str, Any]) -> str:
    """Connect a grant's shop with the code its seller was given; answers the shop's name."""
    await command(stage, "shop", "connect", "--code", grant["auth_code"])
    return str(grant["shops"][0]["name"])


async def command(stage: Stage, *arguments: str) -> None:
    """Run one of the program's commands. Raises Stuck when it is refused."""
    ended = await asyncio.to_thread(run, *arguments, env=environment(stage.folder, stage.settings))
    if ended.code != 0:
        raise Stuck(f"orders-tui {' '.join(arguments)} ended with {ended.code}: {ended.last_words}")


PLAY = Play(
    "a revoked grant among several shops",
    Scenario(
        seed=48,
        orders=240,
        arrival=Arrival.STEADY,
        orders_per_second=30,
        timings=Timings(0.3, 0.5, 0.5, 1, 1.5),
        shops=SHOPS,
    ),
    act,
)
