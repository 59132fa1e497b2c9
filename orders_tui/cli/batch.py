"""`orders-tui batch`: list, show, stop, continue."""

from __future__ import annotations

from typing import Annotated

import cyclopts
from cyclopts import Parameter

from orders_tui.cli.bulk_text import batch_line, batch_named, batch_story, tell_report
from orders_tui.cli.exits import Exit
from orders_tui.cli.output import emit, emit_json, narrate, progress
from orders_tui.opening import open_services
from orders_tui.settings_file import read_settings

app = cyclopts.App(name="batch", help="Bulk changes: list, show, stop, continue.")

Json = Annotated[bool, Parameter(name="--json", negative=(), help="One JSON object a line.")]
Batch = Annotated[str, Parameter(help="The batch's id.")]


@app.command(name="list")
async def list_batches(*, limit: Annotated[int, Parameter(help="How many at most.")] = 50, json: Json = False) -> int:
    """List bulk changes, newest first."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        found = await services.bulk.batches(limit=limit + 1)
    for batch in found[:limit]:
        if json:
            emit_json(batch)
        else:
            emit(batch_line(batch))
    if len(found) > limit:
        narrate(f"Only the latest {limit} are shown: --limit gives more.")
    return Exit.OK


@app.command
async def show(batch: Batch, *, json: Json = False) -> int:
    """Show one bulk change: how far it is, and every order that was refused."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        found = await services.bulk.batch(batch_named(batch))
    if json:
        emit_json(found)
    else:
        for line in batch_story(found):
            emit(line)
    return Exit.OK


@app.command
async def stop(batch: Batch) -> int:
    """Let a bulk change end after the orders under way; `continue` goes on with it."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        await services.bulk.stop(batch_named(batch))
    narrate(f"Batch {batch} ends after the orders under way.")
    return Exit.OK


@app.command(name="continue")
async def go_on(batch: Batch, *, json: Json = False) -> int:
    """Do what is left of a bulk change that was stopped or interrupted; nothing is done twice."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        report = await services.bulk.go_on(batch_named(batch), on_progress=progress())
    return tell_report(report, json=json)
