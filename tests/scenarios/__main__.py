"""`make scenarios`: play every scenario and end with one line of totals. `--only NAME --seed N` plays one, or one run again."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from engine.errors import OrdersError
from orders_tui.logs import configure_json_logs
from orders_tui.loop import run
from tests.faults.cluster import Cluster
from tests.scenarios import (
    bad_webhooks,
    carrier_loses_reply,
    changed_minds,
    expiring_token,
    masked_addresses,
    revoked_grant,
    tiktok_down,
    viral_hour,
    week_offline,
)
from tests.scenarios.checker import Agreement, compare, stock_differences
from tests.scenarios.plays import Play
from tests.scenarios.stage import Stuck, open_stage

PLAYS = (
    week_offline.PLAY,
    viral_hour.PLAY,
    expiring_token.PLAY,
    carrier_loses_reply.PLAY,
    tiktok_down.PLAY,
    bad_webhooks.PLAY,
    masked_addresses.PLAY,
    revoked_grant.PLAY,
    changed_minds.PLAY,
)
SHOWN = 20


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201  # the list is the output


async def perform(play: Play, cluster: Cluster, folder: Path) -> Agreement:
    """Play one scenario and compare all books at its end."""
    async with open_stage(
        cluster,
        folder,
        play.scenario,
        faults=play.faults,
        begins_before_seconds=play.begins_before_seconds,
        token_seconds=play.token_seconds,
        settings=play.settings,
    ) as stage:
        try:
            saw = await play.act(stage)
            await stage.stop_all()
            stuck = ""
        except Stuck as error:
            saw, stuck = "", str(error)
        found = await compare(stage.database, await stage.world.ask("orders"), await stage.state())
        found.saw = saw
        stock = await stage.world.ask("stock")
        found.pushes = stock["pushes"]
        found.differences += await stock_differences(stage.database, stock)
        if stuck:
            found.differences.insert(0, stuck)
        broken = sum((daemon.events()["loop_broke"] + daemon.events()["handler_broke"]) for daemon in stage.daemons)
        if broken:
            found.differences.append(f"{broken} mistakes are in the daemons' logs.")
        return found


async def conduct(plays: Sequence[Play], folder: Path) -> list[Agreement]:
    """Play them one after the other on one cluster."""
    cluster, results = Cluster(folder / "cluster"), []
    await cluster.start()
    try:
        for number, play in enumerate(plays, start=1):
            started = time.monotonic()
            found = await perform(play, cluster, folder / f"play{number}")
            results.append(found)
            verdict = "WRONG" if found.differences else "right"
            say(
                f"{number}/{len(plays)} {verdict} {time.monotonic() - started:5.1f} s  orders {found.orders:>4}"
                f"  seed {play.scenario.seed}  {play.name}: {found.saw or '-'}"
            )
            for difference in found.differences[:SHOWN]:
                say(f"        {difference}")
            if len(found.differences) > SHOWN:
                say(f"        and {len(found.differences) - SHOWN} more")
    finally:
        await cluster.stop()
    return results


def totals(results: Sequence[Agreement]) -> str:
    """The last line."""

    def total(what: str) -> int:
        return sum(int(getattr(found, what)) for found in results)

    wrong = sum(bool(found.differences) for found in results)
    return (
        f"scenarios: played {len(results)} wrong {wrong} orders {total('orders')} packages {total('packages')}"
        f" labels {total('labels')} pushes {total('pushes')} lost {total('lost')} doubled {total('doubled')}"
        f" differences {sum(len(found.differences) for found in results)}"
    )


def main() -> int:
    """Return 0 when everything agrees."""
    parser = argparse.ArgumentParser(prog="python -m tests.scenarios")
    parser.add_argument("--only", help="part of a scenario's name")
    parser.add_argument("--seed", type=int, help="another seed than the scenario's own")
    parser.add_argument("--keep", action="store_true", help="keep the folder with the daemons' logs")
    asked = parser.parse_args()
    plays = [play for play in PLAYS if not asked.only or asked.only in play.name]
    if not plays:
        say(f"There is no scenario {asked.only!r}; choose among: {', '.join(play.name for play in PLAYS)}.")
        return 2
    plays = [play.seeded(asked.seed) if asked.seed is not None else play for play in plays]
    folder = Path(tempfile.mkdtemp(prefix="orders-scenarios-"))
    folder.chmod(0o711)
    configure_json_logs(folder / "conductor.log")
    os.environ.pop("ORDERS_TUI_DATABASE__URL", None)
    try:
        results = run(conduct(plays, folder))
    except OrdersError as error:
        say(str(error))
        return 1
    finally:
        if asked.keep:
            say(f"The logs are in {folder}.")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    say(totals(results))
    return int(any(found.differences for found in results))


if __name__ == "__main__":
    sys.exit(main())
