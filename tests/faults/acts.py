"""What does not fit into the table of blows: replies that come late or twice, a wrong clock, and blows at any moment under load."""

from __future__ import annotations

import asyncio
import random
import signal

from tests.faults.runs import Act
from tests.faults.stage import Daemon, Stage, Stuck


def lost_reply(operation: str, call: int = 1) -> Act:
    """The other side does what it is asked and its answer is lost; the daemon finds out what came of it."""

    async def act(stage: Stage) -> None:
        await stage.aim(operation, "lost_reply", calls=[call])
        await stage.finish(stage.start())
        await _met(stage, "lost_reply")

    return act


def repeated(operation: str, call: int = 1) -> Act:
    """A gateway on the way hands a request on twice, and answers with what came of the second."""

    async def act(stage: Stage) -> None:
        await stage.aim(operation, "repeated_call", calls=[call])
        await stage.finish(stage.start())
        await _met(stage, "repeated_call")

    return act


def delayed(operation: str, call: int = 1, *, then_settles: bool = True) -> Act:
    """A reply comes when the claim's lease is over and another daemon has taken over: the late one writes nothing.

    One that would have gone on to buy is stopped at its checkpoint instead, which leaves no word in its log.
    """

    async def act(stage: Stage) -> None:
        await stage.aim(operation, None, delay_seconds=3.0, calls=[call])
        late = stage.start(lease_seconds=0.6)

        async def under_way() -> bool:
            return bool((await stage.shop.state())["faults"].get("latency"))

        await stage.until(under_way, "The call that is answered late")
        other = stage.start()
        await stage.finish(other)
        await asyncio.sleep(3.0)  # until the late answer is there for certain
        await stage.finish(late)
        if then_settles and not late.events()["claim_lost"]:
            raise Stuck("The late daemon did not notice that its claim was another's.")

    return act


async def undisturbed(stage: Stage) -> None:
    """Nothing happens but the scene."""
    await stage.finish(stage.start())


def wrong_clock(seconds: float) -> Act:
    """The daemon's machine believes that it is another day; only the database's clock counts."""

    async def act(stage: Stage) -> None:
        await stage.finish(stage.start(clock_shift_seconds=seconds))

    return act


def clock_jumps(seconds: float) -> Act:
    """The clock of the daemon's machine is set while it works."""

    async def act(stage: Stage) -> None:
        await stage.finish(stage.start(clock_shift_seconds=seconds, clock_shift_after_seconds=0.4))

    return act


def under_load(seed: int) -> Act:
    """Two daemons at work; every few tenths of a second a daemon or the database is killed, and another daemon begins."""

    async def act(stage: Stage) -> None:
        dice = random.Random(seed)
        at_work: list[Daemon] = [stage.start(), stage.start()]
        for _ in range(3):
            await asyncio.sleep(dice.uniform(0.2, 1.2))
            match dice.choice(("daemon", "daemon", "session", "server")):
                case "daemon":
                    victim = at_work.pop(dice.randrange(2))
                    victim.send(signal.SIGKILL)
                    stage.kills += 1
                    at_work.append(stage.start())
                case "session":
                    stage.kills += await stage.cluster.crash()
                case _:
                    stage.kills += await stage.cluster.restart()
        await stage.finish(at_work[0])

    return act


async def _met(stage: Stage, failure: str) -> None:
    if not (await stage.shop.state())["faults"].get(failure):
        raise Stuck(f"No call met the fault {failure}.")
