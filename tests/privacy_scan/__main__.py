"""Work a shop of invented people with everything that may leave a trace, then look for them in every trace."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

from engine.backup import programs
from engine.database.connection import Database
from engine.database.logins import login_of
from engine.reports.accounts import at_work
from orders_tui.demo.live import environment_of
from orders_tui.demo.plan import DemoFiles, DemoPlan
from orders_tui.demo.preparation import demo_settings, open_demo, prepare
from sync.http_client import open_http_client
from tests.privacy_scan import needles, places
from tests.privacy_scan.needles import Needle

_WORK_SECONDS = 45.0
"""So long orders are worked; what harsh faults left open by then is left open."""
_PATIENCE_SECONDS = 180.0
_CONTROL = "notices"
"""Where people must be found, or the search is blind."""


class Run:
    """One shop, its daemon, and what they said."""

    def __init__(self, folder: Path, database: Database, environment: dict[str, str], port: int) -> None:
        self.folder = folder
        self.database = database
        self.environment = environment
        self.port = port
        self.said: dict[str, bytearray] = {
            name: bytearray() for name in ("answers", "errors", "process list", "metrics")
        }

    async def command(self, *arguments: str, typed: bytes = b"", shown: bool = False) -> None:
        """A command as a person runs it; what it shows a person who may see it is no leak, what it says on stderr is."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "orders_tui", *arguments,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment,
        )  # fmt: skip
        out, error = await process.communicate(typed)
        self.said["errors"] += error
        if not shown:
            self.said["answers"] += out

    async def watch(self) -> None:
        """What a process list and the daemon's pages say, again and again."""
        async with open_http_client(f"http://127.0.0.1:{self.port}") as http:
            while True:
                self.said["process list"] += b"\n".join(places.command_lines(os.getpid())) + b"\n"
                for page in ("/metrics", "/api/health/orders", "/livez", "/readyz", "/api/orders", "/openapi.json"):
                    with contextlib.suppress(Exception):
                        self.said["metrics"] += (await http.get(page)).content
                await asyncio.sleep(0.5)

    async def until(self, query: str) -> None:
        patience = time.monotonic() + _PATIENCE_SECONDS
        while not await self.database.pool.fetchval(query):
            if time.monotonic() > patience:
                raise SystemExit(f"privacy-scan: {query} did not come true.")
            await asyncio.sleep(0.2)

    def dump(self) -> bytes:
        """The database as anybody who steals it has it."""
        pieces: list[bytes] = []
        programs.dump(login_of(self.database.server_parameters()), ["--format=plain"], pieces.append, [])
        return b"".join(pieces)


@contextlib.asynccontextmanager
async def at_work_on(folder: Path, orders: int, seed: int) -> AsyncIterator[Run]:
    """The demo's shop with a daemon of its own that listens, everything of theirs in one folder."""
    files = DemoFiles(folder / "shop")
    files.make()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with open_demo(DemoPlan(seed=seed, orders=orders, faults="harsh"), files, on_wait=None) as (
        database,
        world,
        _,
    ):
        settings = demo_settings(files, world.url, await prepare(database, world))
        environment = environment_of(settings, files) | {
            "ORDERS_TUI_HTTP__ENABLED": "true",
            "ORDERS_TUI_HTTP__PORT": str(port),
            "ORDERS_TUI_PRIVACY__ERRAND_SHARE": "1",
            "XDG_STATE_HOME": str(folder / "state"),
        }
        log = (folder / "daemon.log").open("wb")
        daemon = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "orders_tui", "daemon", env=environment, stderr=log
        )
        run = Run(folder, database, environment, port)
        watching = asyncio.create_task(run.watch())
        try:
            yield run
        finally:
            watching.cancel()
            daemon.send_signal(signal.SIGTERM)
            await daemon.wait()
            log.close()


async def play(run: Run, orders: int) -> tuple[set[Needle], bytes]:
    """Everything that may leave a trace; answers whom and what to look for, and the database before people were forgotten."""
    pool = run.database.pool
    end = time.monotonic() + _WORK_SECONDS
    while ((counts := await at_work(run.database))[0] < orders or counts[1]) and time.monotonic() < end:
        await asyncio.sleep(0.5)
    found = await needles.secrets(run.database)
    number = await pool.fetchval("SELECT order_number FROM orders ORDER BY order_number LIMIT 1")
    await run.command("orders", "note", number, "--text", "-", typed=b"Ines Falk wants it on the 7th floor, Heron Lane")
    for kind in ("orders", "failures", "audit"):
        await run.command(kind, "list", shown=kind == "orders")
    await run.command("doctor")
    await run.command("status", "--json")
    found |= await needles.people(run.database)
    email = next(each.text for each in found if each.kind == "customer_email")
    await run.command("privacy", "export", "--by", "email", typed=email, shown=True)
    await run.command("privacy", "export", "--by", "email", typed=b"nobody@relay.example")
    await run.command("keys", "rotate")
    await run.command("keys", "status")
    before = run.dump()
    found = await needles.secrets(run.database, older=found)
    await pool.execute("UPDATE order_status_history SET created_at = created_at - interval '400 days'")
    await run.command("privacy", "policy", "--orders-days", "365")
    await run.until(
        "SELECT EXISTS (SELECT FROM privacy_errands WHERE errand = 'retention orders' AND finished_at IS NOT NULL)"
    )
    await run.command("privacy", "erase", number, "--dry-run")
    return found, before


async def scan(folder: Path, orders: int, seed: int) -> int:
    async with at_work_on(folder, orders, seed) as run:
        found, before = await play(run, orders)
        after = run.dump()
        forgotten = await run.database.pool.fetchval("SELECT count(*) FROM orders WHERE forgotten_at IS NOT NULL")
        traces = {name: bytes(text) for name, text in run.said.items()} | {
            "database dump": before,
            "database dump after retention": after,
            "daemon log": (folder / "daemon.log").read_bytes(),
        }
        # The server's own files too, as they lie on the disk.
        on_disk = {str(path.relative_to(folder)): path.read_bytes() for path in places.files(folder)}
        letters = b"".join(path.read_bytes() for path in folder.rglob(f"{_CONTROL}/*/*"))
        open_files = places.readable_by_others(folder)
    leaks: dict[str, Counter[str]] = {}
    for name, text in traces.items():
        leaks[name] = places.search(text, found, spelled=True)
    for name, text in on_disk.items():
        leaks[name] = places.search(text, found, spelled=False)
    control = sum(places.search(letters, found, spelled=False).values())
    worst = {name: kinds for name, kinds in leaks.items() if kinds}
    for name, kinds in worst.items():
        say(f"LEAK {name}: {', '.join(f'{kind} {count}' for kind, count in kinds.items())}")
    for path in open_files:
        say(f"READABLE BY OTHERS {path}")
    if not control:
        say(f"BLIND nobody is found in the {_CONTROL}, where people are")
    megabytes = sum(map(len, [*traces.values(), *on_disk.values()])) // 1_000_000
    say(
        f"privacy-scan: seed {seed}, {orders} orders, {forgotten} forgotten, {len(found)} needles in {len(traces)} traces and"
        f" {len(on_disk)} files ({megabytes} MB): {sum(map(sum, (kinds.values() for kinds in worst.values())))} leaks"
        f" ({control} found where they belong)"
    )
    return 1 if worst or open_files or not control or not forgotten else 0


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201  # the findings are the output


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.privacy_scan")
    parser.add_argument("--orders", type=int, default=60)
    parser.add_argument("--seed", type=int, default=20260302)
    parser.add_argument("--keep", type=Path, help="leave everything there, to look at")
    arguments = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = arguments.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="orders-tui-scan-")))
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o711)  # as root the server's own account has to pass through
        return asyncio.run(scan(folder, arguments.orders, arguments.seed))


if __name__ == "__main__":
    sys.exit(main())
