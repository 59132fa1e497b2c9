"""The command line: ``python -m sync.simulator --seed 7 --orders 500``; see ``--help``."""

import argparse
import asyncio
import os
import signal
import sys
import threading
from pathlib import Path

import orjson

from sync.simulator.faults import PRESETS, UnknownFaultsError
from sync.simulator.journal import JournalError
from sync.simulator.scenario import Arrival, Scenario, Timings
from sync.simulator.server import ListenError, serve


def main() -> int:
    """Run until the end of standard input (with --stdin-lifeline), SIGTERM or SIGINT; return the exit status."""
    asked = _parser().parse_args()
    try:
        timings = Timings(
            unpaid_seconds=asked.unpaid_seconds,
            hold_seconds=asked.hold_seconds,
            scan_after_seconds=asked.scan_after_seconds,
            deliver_after_seconds=asked.deliver_after_seconds,
            complete_after_seconds=asked.complete_after_seconds,
        )
        scenario = Scenario(
            seed=asked.seed,
            orders=asked.orders,
            arrival=asked.arrival,
            orders_per_second=asked.orders_per_second,
            timings=timings,
        )
        asyncio.run(_run(scenario, asked))
    except (ValueError, JournalError, UnknownFaultsError, ListenError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


async def _run(scenario: Scenario, asked: argparse.Namespace) -> None:
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    running = serve(
        scenario, port=asked.port, journal=asked.journal, faults=asked.faults, token_seconds=asked.token_seconds
    )
    async with running as simulator:
        ready = {"ready": True, "port": simulator.port, "url": simulator.url}
        sys.stdout.write(orjson.dumps(ready).decode() + "\n")
        sys.stdout.flush()
        if asked.stdin_lifeline:
            threading.Thread(target=_watch_stdin, args=(loop, ended), daemon=True).start()
        await ended.wait()


def _watch_stdin(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    # A read below Python's own buffering: a thread that sleeps in sys.stdin would hold its lock at exit.
    while os.read(0, 4096):
        pass
    loop.call_soon_threadsafe(ended.set)


def _parser() -> argparse.ArgumentParser:
    timings, scenario = Timings(), Scenario()
    parser = argparse.ArgumentParser(
        prog="python -m sync.simulator",
        description="TikTok Shop and EasyPost on loopback. Prints one JSON line with the URL when it listens.",
    )
    add = parser.add_argument
    add("--seed", type=int, default=scenario.seed, help="what is drawn (default %(default)s)")
    add("--orders", type=int, default=scenario.orders, help="how many orders arrive (default %(default)s)")
    add("--arrival", choices=[arrival.value for arrival in Arrival], default=Arrival.BURST.value)
    add("--orders-per-second", type=float, default=scenario.orders_per_second, help="mean rate (default %(default)s)")
    add("--unpaid-seconds", type=float, default=timings.unpaid_seconds, help="time to payment (default %(default)s)")
    add("--hold-seconds", type=float, default=timings.hold_seconds, help="cooling-off (default %(default)s)")
    add("--scan-after-seconds", type=float, default=timings.scan_after_seconds, help="marked shipped to first scan")
    add("--deliver-after-seconds", type=float, default=timings.deliver_after_seconds, help="marked shipped to delivery")
    add("--complete-after-seconds", type=float, default=timings.complete_after_seconds, help="marked shipped to end")
    add("--token-seconds", type=float, default=7 * 86_400, help="life of access tokens (default %(default)s)")
    add("--faults", choices=list(PRESETS), default="default", help="what goes wrong (default %(default)s)")
    add("--port", type=int, default=0, help="0 takes a free one")
    add("--journal", type=Path, default=None, help="file that lets the world survive a kill")
    add("--stdin-lifeline", action="store_true", help="end when standard input does")
    return parser


if __name__ == "__main__":
    sys.exit(main())
