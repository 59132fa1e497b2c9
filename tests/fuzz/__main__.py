"""`make api-fuzz`: at least five thousand cases with all checks, and one line of what they came to."""

from __future__ import annotations

import argparse
import itertools
import random
import shutil
import tempfile
from pathlib import Path

from engine.database.connection import DatabaseSettings, open_database
from orders_tui.logs import configure_json_logs
from orders_tui.loop import run as run_loop
from tests.fuzz import run as fuzz

EXAMPLES = 12
"""For each endpoint and turn, beside those that try its limits one by one."""

PHASES = "examples,coverage,fuzzing"


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201  # the figures are the output


async def work(folder: Path, seed: int, cases: int) -> int:
    configure_json_logs(folder / "events.log")
    database = await open_database(DatabaseSettings(data_directory=folder / "data", pool_size=4), {})
    done, failures, code = 0, 0, 0
    try:
        async with fuzz.house(database) as (api, ids):
            # What no schema allows, and what it allows of orders that are there, in turn.
            for turn, order_id in enumerate(itertools.cycle(["", *ids])):
                # Chains of calls bring ids of their own, which an order put in would contradict.
                phases = PHASES if order_id else f"{PHASES},stateful"
                outcome = await fuzz.run(
                    api, folder, seed=seed + turn, examples=EXAMPLES, phases=phases, order_id=order_id
                )
                done, failures, code = done + outcome.cases, failures + outcome.failures, code or outcome.code
                if outcome.code:
                    say(outcome.told)
                if done >= cases or not outcome.cases:
                    break
    finally:
        await database.close()
    say(f"api.fuzz {done} cases, {failures} failures, seed {seed}")
    return code


def main() -> int:
    arguments = argparse.ArgumentParser(prog="make api-fuzz")
    arguments.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    arguments.add_argument("--cases", type=int, default=5000)
    given = arguments.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="orders-tui-fuzz-"))
    folder.chmod(0o711)
    try:
        return run_loop(work(folder, given.seed, given.cases))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    raise SystemExit(main())
