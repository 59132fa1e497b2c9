"""`orders-tui report`: overview, latency; the reports of the business lie beside it."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Annotated

import cyclopts
from cyclopts import Parameter

from orders_tui.cli.exits import Exit
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.cli.report_overview import overview
from orders_tui.opening import open_services
from orders_tui.settings_file import read_settings

app = cyclopts.App(name="report", help="Numbers over many orders.")
app.command(overview)
for _name in ("volume", "cycle", "ship-by", "failures", "labels", "creators"):
    app.command(f"orders_tui.cli.report_business:{_name.replace('-', '_')}", name=_name)


@app.command
async def latency(
    *,
    since: Annotated[
        datetime | None, Parameter(help="Orders since then (UTC unless it says); a day by default.")
    ] = None,
    json: Annotated[bool, Parameter(name="--json", negative=(), help="One JSON object.")] = False,
) -> int:
    """How long the workflow's own work takes and how often it goes wrong; waiting for people, stock and carriers left out."""
    moment = since or datetime.now(UTC) - timedelta(days=1)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    async with open_services(read_settings(), on_wait=narrate) as services:
        took = await services.reports.latency(moment)
        errors = await services.reports.errors(moment)
    if json:
        emit_json({"latency": dataclasses.asdict(took), "errors": dataclasses.asdict(errors) | {"rate": errors.rate}})
        return Exit.OK
    if took.median_seconds is None or took.p95_seconds is None:
        emit("Workflow   no order became ready to ship")
    else:
        emit(f"Workflow   median {took.median_seconds:.1f} s, p95 {took.p95_seconds:.1f} s over {took.orders} orders")
    emit(
        f"Errors     {errors.failed} of {errors.orders} orders ({errors.rate:.1%}); out of stock besides: {errors.out_of_stock}"
    )
    return Exit.OK
