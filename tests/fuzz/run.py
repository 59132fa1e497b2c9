"""A house with orders in every state behind a real listener, and one run of Schemathesis over what it serves."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from engine.access.roles import Role
from engine.database.connection import Database
from engine.words import ExecutionStatus, OrderStatus, WorkflowState
from tests.factories import Factory
from tests.sync.http.api_calling import Api, serving

LET_GO_SECONDS = 0.05
_ACCEPTED = ["2xx", "3xx", "401", "403", "404", "409", "412", "429"]
_REFUSED = ["400", "401", "403", "404", "405", "406", "409", "412", "413", "415", "422", "428", "429"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run came to."""

    cases: int
    failures: int
    code: int
    told: str


async def furnish(store: Database) -> list[str]:
    """Orders that are open, failed, on their way and delivered; their ids."""
    factory = Factory(store)
    await factory.product(on_hand=10)
    open_id = await factory.order(number="FUZZ-1")
    failed_id = await factory.failed(number="FUZZ-2")
    sent_id = await factory.order(number="FUZZ-3", status=OrderStatus.SHIPPED, state=WorkflowState.SHIPPED)
    await factory.package(sent_id, "9400FUZZ")
    done_id = await factory.order(
        number="FUZZ-4",
        status=OrderStatus.DELIVERED,
        state=WorkflowState.COMPLETED,
        execution=ExecutionStatus.COMPLETED,
    )
    await factory.hold(open_id)
    return [str(each) for each in (open_id, failed_id, sent_id, done_id)]


@contextlib.asynccontextmanager
async def house(store: Database) -> AsyncIterator[tuple[Api, list[str]]]:
    """The listener; who follows changes is soon let go, since nobody here waits for the end of what has none."""
    ids = await furnish(store)
    async with serving(store) as api:
        letting_go = asyncio.create_task(_let_go(api.gate))
        try:
            yield api, ids
        finally:
            letting_go.cancel()


async def _let_go(gate: Any) -> None:
    while True:
        await asyncio.sleep(LET_GO_SECONDS)
        for follower in gate._app.state.following._followers:
            follower.ended = True
            follower.woken.set()


async def run(
    api: Api,
    folder: Path,
    *,
    seed: int | None,
    examples: int,
    phases: str,
    order_id: str = "",
    more: Sequence[str] = (),
) -> Outcome:
    """All checks, as an admin, over everything that is served, with `order_id` wherever an order is asked for; without a seed the same."""
    report, config = folder / "report.json", folder / "schemathesis.toml"
    # A version that was seen and has changed since is no fault of the request.
    lines = ["[checks.positive_data_acceptance]", f"expected-statuses = {_ACCEPTED}"]
    lines += ["[checks.negative_data_rejection]", f"expected-statuses = {_REFUSED}"]
    lines += ["[parameters]", f'"path.order_id" = "{order_id}"'] if order_id else []
    config.write_text("\n".join(lines) + "\n")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "schemathesis.cli",
        f"--config-file={config}",
        "run",
        f"{api.url}/openapi.json",
        f"--header=Authorization: Bearer {api.tokens[Role.ADMIN]}",
        "--checks=all",
        # An order that is put in for a spoilt one mends the request, which would then be taken, and blamed for it.
        f"--mode={'positive' if order_id else 'all'}",
        f"--phases={phases}",
        f"--max-examples={examples}",
        *(["--generation-deterministic"] if seed is None else [f"--seed={seed}", "--generation-database=none"]),
        "--suppress-health-check=all",
        "--continue-on-failure",
        "--request-timeout=20",
        "--generation-allow-x00=false",  # refused everywhere, which no schema says of every text
        "--warnings=off",
        "--no-color",
        "--report=json",
        f"--report-json-path={report}",
        *more,
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await process.communicate()
    found = orjson.loads(report.read_bytes()) if report.exists() else {}
    return Outcome(*_counted(found), process.returncode or 0, told.decode(errors="replace"))


def _counted(report: dict[str, Any]) -> tuple[int, int]:
    cases = report.get("test_cases", {})
    return cases.get("generated", 0), len(report.get("failures", [])) + len(report.get("errors", []))
