"""`orders-tui workflow`: check, show, list and load workflows; trigger, pause, resume and cancel them for orders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import cyclopts
from cyclopts import Parameter

from engine.errors import Misconfigured, OrdersError
from engine.identifiers import OrderId
from engine.workflow.definition import Definition
from orders_tui.cli.exits import Exit
from orders_tui.cli.order_targets import Json, Reason, find_all, report_outcomes
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.cli.pairs import read_pairs
from orders_tui.cli.workflow_text import diagram, document, mermaid
from orders_tui.opening import open_services
from orders_tui.services import Services
from orders_tui.settings_file import read_settings

app = cyclopts.App(name="workflow", help="Check, draw, load and list workflows; start, pause and stop them for orders.")

File = Annotated[Path, Parameter(help="A workflow file (TOML).")]
Orders = Annotated[str, Parameter(help="Order numbers.")]


@app.command
def check(file: File, *, json: Json = False) -> int:
    """Check a workflow file: every mistake with its state and its mend; exit code 2 when there is one."""
    from engine.workflow.definition_file import inspect, read_text

    definition, mistakes = inspect(read_text(file), file.name)
    if json:
        emit_json({"file": str(file), "sound": definition is not None, "mistakes": list(mistakes)})
    else:
        for mistake in mistakes:
            emit(mistake)
        if definition is not None:
            emit(f"{file.name} is sound: {definition.name}, version {definition.version}.")
    return Exit.OK if definition is not None else Exit.USAGE


@app.command
async def show(
    workflow: Annotated[str, Parameter(help="A workflow's name, or a file.")] = "order",
    *,
    version: Annotated[int | None, Parameter(help="An older version of the named one.")] = None,
    as_mermaid: Annotated[bool, Parameter(name="--mermaid", negative=(), help="As a Mermaid state diagram.")] = False,
    as_toml: Annotated[
        bool, Parameter(name="--toml", negative=(), help="As the file it is: a start for your own.")
    ] = False,
    json: Json = False,
) -> int:
    """Draw a workflow: its states, what leads from one to the next, and what happens on the way."""
    definition, text = await _definition(workflow, version)
    if as_toml:
        emit(text.removesuffix("\n"))
        return Exit.OK
    if json:
        emit_json(document(definition))
        return Exit.OK
    for line in (mermaid if as_mermaid else diagram)(definition):
        emit(line)
    return Exit.OK


@app.command(name="list")
async def list_workflows(*, json: Json = False) -> int:
    """List every version of every workflow, the shops that start on it and the open orders that are on it."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        for each in await services.workflows.known():
            if json:
                emit_json(each)
                continue
            starts = f"  new orders of {', '.join(each.shops)}" if each.shops else ""
            emit(f"{each.name:<20} version {each.version:<4} {each.open_orders:>7} open orders{starts}")
    return Exit.OK


@app.command
async def load(
    file: File,
    *,
    shop: Annotated[str | None, Parameter(help="Start this shop's new orders on it: its name or TikTok id.")] = None,
    json: Json = False,
) -> int:
    """Check a file and store it as a version of its workflow; open orders stay on the version they started with."""
    from engine.workflow.definition_file import read_text

    text = read_text(file)
    async with open_services(read_settings(), on_wait=narrate) as services:
        loaded = await services.workflows.load(text, file.name, shop=shop)
    if json:
        emit_json(loaded)
    else:
        emit(f"{loaded.name}, version {loaded.version}: {'stored' if loaded.stored else 'was stored already'}.")
    if shop is not None:
        narrate(f"New orders of {shop} start on {loaded.name}.")
    return Exit.OK


@app.command
async def trigger(
    *orders: Orders,
    workflow: Annotated[str, Parameter(help="The workflow to start, in its newest version.")] = "order",
    config: Annotated[
        tuple[str, ...], Parameter(negative=(), help="A policy of this execution alone, as pick=auto; repeatable.")
    ] = (),
    force_restart: Annotated[bool, Parameter(negative=(), help="Close the running one and start anew.")] = False,
    reason: Reason = "",
    json: Json = False,
) -> int:
    """Start a workflow for orders; what is reserved, bought and told already is not done again."""
    wanted = read_pairs(config, "--config")
    failed = False
    async with open_services(read_settings(), on_wait=narrate) as services:
        for order_id in await _find(services, orders, "trigger"):
            try:
                started = await services.workflows.trigger(
                    order_id, workflow, wanted, force_restart=force_restart, reason=reason
                )
            except OrdersError as error:
                failed = True
                refusal = {"success": False, "order_id": order_id, "code": error.code, "error": error.sentence}
                emit_json(refusal) if json else emit(f"refused: {error.sentence}")
                continue
            if json:
                fields = {name: getattr(started, name) for name in started.__slots__}
                emit_json({"success": True} | fields)
                continue
            ready = (
                f", done about {started.estimated_completion:%Y-%m-%d %H:%M}" if started.estimated_completion else ""
            )
            edition = f"{started.workflow_name}, version {started.workflow_version}"
            emit(f"{started.order_number}  {edition}: {started.state}{ready}")
    return Exit.REFUSED if failed else Exit.OK


@app.command
async def pause(*orders: Orders, reason: Reason = "", json: Json = False) -> int:
    """Stop orders where they are until they are resumed; what TikTok says is recorded meanwhile."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        outcomes = await services.workflows.pause(await _find(services, orders, "pause"), reason=reason)
    return report_outcomes(outcomes, json=json, done="paused")


@app.command
async def resume(*orders: Orders, reason: Reason = "", json: Json = False) -> int:
    """Let paused orders go on where they were."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        outcomes = await services.workflows.resume(await _find(services, orders, "resume"), reason=reason)
    return report_outcomes(outcomes, json=json, done="resumed")


@app.command
async def cancel(*orders: Orders, reason: Reason = "", json: Json = False) -> int:
    """End orders' workflows though the sale stands: stock goes back, labels are voided, nothing more is sent."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        outcomes = await services.workflows.cancel(await _find(services, orders, "cancel"), reason=reason)
    return report_outcomes(outcomes, json=json, done="cancelled")


async def _find(services: Services, orders: Sequence[str], command: str) -> list[OrderId]:
    if not orders:
        raise Misconfigured("usage.targets", f"Give at least one order: workflow {command} ORDER...")
    return await find_all(services, orders)


async def _definition(workflow: str, version: int | None) -> tuple[Definition, str]:
    """The workflow and its text. A file is meant where it looks like one, and needs no database."""
    from engine.workflow.definition_file import parse, read_text

    if workflow.endswith(".toml") or "/" in workflow:
        text = read_text(Path(workflow))
        return parse(text, Path(workflow).name), text
    async with open_services(read_settings(), on_wait=narrate) as services:
        return await services.workflows.read(workflow, version)
