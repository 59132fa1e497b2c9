"""The load on the API, in a process of its own: requests at a steady rate, each timed from the moment it was due.

`python -m tests.bench.api_load` reads what to ask as JSON on stdin and prints what it took as JSON on stdout.
"""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import Any

import aiohttp

from orders_tui.loop import run

_GIVES_UP_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Ask:
    """One request; `kind` is what its time counts for."""

    kind: str
    method: str
    path: str
    body: dict[str, Any] | None = None


@dataclass(slots=True)
class Took:
    """Milliseconds by kind, from the moment each was due; answers that were no success; how long all of it took."""

    milliseconds: dict[str, list[float]] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    def p95(self, *kinds: str) -> float:
        values = [value for kind in kinds or self.milliseconds for value in self.milliseconds.get(kind, ())]
        return statistics.quantiles(values, n=20)[-1] if len(values) > 1 else float("inf")


async def _load(url: str, tokens: list[str], asks: list[Ask], rate: float) -> Took:
    took = Took()
    timeout = aiohttp.ClientTimeout(total=_GIVES_UP_SECONDS)
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=60)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        loop = asyncio.get_running_loop()
        began = loop.time() + 0.1

        async def one(place: int, ask: Ask) -> None:
            due = began + place / rate
            await asyncio.sleep(max(0.0, due - loop.time()))
            headers = {"authorization": f"Bearer {tokens[place % len(tokens)]}"}
            try:
                async with session.request(ask.method, url + ask.path, json=ask.body, headers=headers) as answer:
                    await answer.read()
                    if answer.status >= 400:
                        reason = f"{ask.kind} {answer.status}"
                        took.refused[reason] = took.refused.get(reason, 0) + 1
            except (aiohttp.ClientError, TimeoutError) as error:
                reason = f"{ask.kind} {type(error).__name__}"
                took.refused[reason] = took.refused.get(reason, 0) + 1
            took.milliseconds.setdefault(ask.kind, []).append((loop.time() - due) * 1000)

        started = time.perf_counter()
        await asyncio.gather(*(one(place, ask) for place, ask in enumerate(asks)))
        took.seconds = time.perf_counter() - started
    return took


def main() -> None:
    asked = json.load(sys.stdin)
    asks = [Ask(**each) for each in asked["asks"]]
    random.Random(asked["seed"]).shuffle(asks)
    took = run(_load(asked["url"], asked["tokens"], asks, asked["rate"]))
    json.dump(asdict(took), sys.stdout)


if __name__ == "__main__":
    main()
