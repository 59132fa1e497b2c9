"""One run: a scene, an act that strikes it, everything brought to its end, and the books."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.books import Verdict, check
from tests.faults.cluster import Cluster
from tests.faults.interception import Blow, Strike
from tests.faults.scenes import PLAIN, Scene
from tests.faults.stage import Stage, Stuck, open_stage
from tests.faults.victim import LOST

Act = Callable[[Stage], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Run:
    """A run of the list. The same name and seed are the same run."""

    name: str
    seed: int
    act: Act
    scene: Scene = PLAIN
    orders: int = 13
    mistakes: frozenset[str] = frozenset()
    """What a daemon may have to write into its log here."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a run."""

    run: Run
    verdict: Verdict
    kills: int
    seconds: float

    @property
    def right(self) -> bool:
        return not self.verdict.complaints


async def perform(run: Run, cluster: Cluster, folder: Path) -> Result:
    """Play the run; whatever goes wrong is a complaint of its verdict."""
    started, kills = time.monotonic(), 0
    verdict = Verdict()
    try:
        async with open_stage(
            cluster, folder, orders=run.orders, seed=run.seed, prelude=run.scene.prelude, **run.scene.world
        ) as stage:
            try:
                await run.scene.begin(stage)
                async with asyncio.timeout(150), asyncio.TaskGroup() as group:
                    stage.meanwhile = group.create_task(run.scene.meanwhile(stage))
                    await run.act(stage)
                    await stage.meanwhile
                    await stage.stop_all()
            except* Stuck as stuck:
                verdict.complaints += [str(error) for error in stuck.exceptions]
            except* TimeoutError:
                verdict.complaints.append("The run did not end.")
            kills = stage.kills
            found = await check(
                stage.shop.database, await stage.shop.state(), stage.foretold(), stage.folder / "notices"
            )
            found.complaints += verdict.complaints + await stage.broken(run.mistakes | run.scene.mistakes)
            verdict = found
    except Exception as error:  # noqa: BLE001  # a run that breaks is a run that fails
        verdict.complaints.append(f"The run broke: {type(error).__name__}: {error}")
    return Result(run, verdict, kills, time.monotonic() - started)


def struck(strike: Strike, *, whole_server: bool = False) -> Act:
    """A daemon is struck; whoever is left brings everything to its end."""

    async def act(stage: Stage) -> None:
        victim = stage.start(*stage.prelude, strike)
        await stage.struck_or_settled(victim)
        if not victim.struck:
            await stage.finish(victim)
            # Some boundaries are met at the very end only.
            victim.tell("stop")

            async def reached() -> bool:
                victim.hear()
                return victim.struck or victim.code is not None

            await stage.until(reached, "The blow at the end")
            if not victim.struck:
                raise Stuck("The boundary was never reached.")
        match strike.blow:
            case Blow.KILL:
                await _gone(stage, -signal.SIGKILL)
                stage.kills += 1
                await stage.finish(stage.start())
            case Blow.LOSE:
                await stage.finish(victim)
            case Blow.RESTART:
                stage.kills += await (stage.cluster.restart() if whole_server else stage.cluster.crash())
                victim.tell("go")
                await stage.finish(victim)
            case Blow.FREEZE:
                other = stage.start()
                await stage.finish(other)
                victim.send(signal.SIGCONT)
                await _awake(stage)
                await stage.finish(other)

    return act


async def _gone(stage: Stage, code: int) -> None:
    victim = stage.daemons[0]

    async def reached() -> bool:
        return victim.code is not None

    await stage.until(reached, "The death of the victim")
    if victim.code != code:
        raise Stuck(f"The victim ended with {victim.code}, not with {code}.")


async def _awake(stage: Stage) -> None:
    """The woken daemon works again: its heart beats, or it has ended because its database was away when it had just begun."""
    victim = stage.daemons[0]
    woken = await stage.shop.database.pool.fetchval("SELECT now()")

    async def reached() -> bool:
        victim.hear()
        if victim.code is not None:
            if victim.code not in {0, LOST}:
                raise Stuck(f"The woken daemon ended with exit code {victim.code}: {victim.log.read_text()[-1500:]}")
            return True
        return await stage.shop.count("daemons WHERE process_id = $1 AND beat_at > $2", victim.process.pid, woken) > 0

    await stage.until(reached, "The heartbeat of the woken daemon")
    await asyncio.sleep(0.3)
