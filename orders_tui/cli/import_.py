"""`orders-tui import`: the seller centre's order export, taken in or tried."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import cyclopts
from cyclopts import Parameter

from orders_tui.cli.exits import Exit
from orders_tui.cli.order_targets import Json
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.opening import open_services
from orders_tui.services.imports import ImportOutcome, Verdict
from orders_tui.settings_file import read_settings

app = cyclopts.App(name="import", help="Take in the seller centre's order export (CSV or XLSX).")


@app.default
async def import_orders(
    file: Annotated[Path, Parameter(help="The export, as it was downloaded.")],
    *,
    shop: Annotated[str, Parameter(help="The shop whose orders they are: its name or TikTok id.")],
    market: Annotated[
        str, Parameter(help="Which market's dates and money: US, GB, BR …; the shop's if not given.")
    ] = "",
    words: Annotated[
        Path | None, Parameter(help="A TOML file with more names of columns and words of statuses.")
    ] = None,
    dry_run: Annotated[bool, Parameter(negative=(), help="Say what it would do, and do nothing.")] = False,
    json: Json = False,
) -> int:
    """Take in every good order of an export; the rest is named with its rows. The same file again changes nothing."""
    counted: Counter[Verdict] = Counter()
    async with open_services(read_settings(), on_wait=narrate) as services:
        async for outcome in services.imports.orders(file, shop, market=market, words=words, dry_run=dry_run):
            counted[outcome.outcome] += 1
            _print(outcome, json=json)
    narrate(_sum(counted, dry_run=dry_run))
    return Exit.REFUSED if counted[Verdict.REFUSED] else Exit.OK


def _print(outcome: ImportOutcome, *, json: bool) -> None:
    if json:
        emit_json(outcome)
        return
    rows = ", ".join(map(str, outcome.rows[:5])) + (" …" if len(outcome.rows) > 5 else "")
    said = outcome.reason or f"{outcome.status}, {outcome.units} unit{'s' if outcome.units != 1 else ''}"
    emit(f"{outcome.outcome:<10} {outcome.order or '-':<20} row {rows}: {said}")


def _sum(counted: Counter[Verdict], *, dry_run: bool) -> str:
    if not counted:
        return "The file has no orders."
    said = {
        Verdict.CREATE: "new",
        Verdict.UPDATE: "changed",
        Verdict.UNCHANGED: "as known",
        Verdict.OLDER: "older than known",
    }
    parts = [f"{counted[verdict]} {word}" for verdict, word in said.items() if counted[verdict]]
    if counted[Verdict.REFUSED]:
        parts.append(f"{counted[Verdict.REFUSED]} refused")
    return ", ".join(parts) + (": nothing was changed, this was a dry run." if dry_run else ".")
