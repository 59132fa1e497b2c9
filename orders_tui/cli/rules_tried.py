"""`orders-tui rules test|dry-run|runs|history`: rules tried on orders of the past, and what they did."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from engine.errors import Misconfigured
from engine.orders.views import OrderFilter
from engine.words import OrderStatus
from engine.workflow.rules.dry_run import DryRun, OrderTrial, Tally, Trial
from engine.workflow.rules.file import load
from engine.workflow.rules.trace import Term
from orders_tui.cli.exits import Exit
from orders_tui.cli.order_targets import find_all
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.opening import open_services
from orders_tui.settings_file import read_settings

Json = Annotated[
    bool, Parameter(name="--json", negative=(), help="One JSON object a line: the orders, then the tallies.")
]
Creator = Annotated[str, Parameter(help="Whose rules and orders: a creator's name; needed where there are several.")]
Days = Annotated[int, Parameter(help="Orders placed in the last so many days; 0 for all.")]
Limit = Annotated[int, Parameter(help="How many orders at most, the newest first.")]
Statuses = Annotated[tuple[OrderStatus, ...], Parameter(negative=(), help="Only orders in this status; repeatable.")]
Search = Annotated[str, Parameter(help="Only these: an id, SKU, tracking number, name or product word.")]
Tag = Annotated[str | None, Parameter(help="Only orders with this tag.")]
Everything = Annotated[
    bool,
    Parameter(name="--trace", negative=(), help="Also orders that no rule matched, and every condition term by term."),
]


async def try_file(
    file: Annotated[Path, Parameter(name="FILE", help="A rules file (TOML).")],
    *,
    days: Days = 7,
    limit: Limit = 200,
    status: Statuses = (),
    search: Search = "",
    tag: Tag = None,
    trace: Everything = False,
    creator: Creator = "",
    json: Json = False,
) -> int:
    """Check a file and try its rules, saved or not, on orders of the past; changes nothing."""
    drafts = load(file)
    chosen = _filter(days, limit, status, search, tag)
    async with open_services(read_settings(), on_wait=narrate) as services:
        tried = await services.rules.try_drafts(drafts, chosen, limit=limit, creator=creator)
    return _report(tried, trace=trace, json=json)


async def dry_run(
    *names: Annotated[str, Parameter(name="NAME...", help="The rules' names; none for all.")],
    days: Days = 7,
    limit: Limit = 200,
    status: Statuses = (),
    search: Search = "",
    tag: Tag = None,
    trace: Everything = False,
    creator: Creator = "",
    json: Json = False,
) -> int:
    """Try saved rules, on or off, on orders of the past; changes nothing."""
    chosen = _filter(days, limit, status, search, tag)
    async with open_services(read_settings(), on_wait=narrate) as services:
        tried = await services.rules.try_saved(names, chosen, limit=limit, creator=creator)
    return _report(tried, trace=trace, json=json)


async def runs(
    order: Annotated[str, Parameter(name="ORDER", help="Order number, package id or tracking number.")],
    *,
    json: Annotated[bool, Parameter(name="--json", negative=(), help="One JSON object a line.")] = False,
) -> int:
    """What rules did about one order."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        [order_id] = await find_all(services, [order])
        found = await services.rules.runs(order_id)
    for run in found:
        if json:
            emit_json(run)
        else:
            emit(f"{run.at.astimezone(UTC):%Y-%m-%d %H:%M}  {run.event:<16} {run.rule}: {', '.join(run.done)}")
    if not found:
        narrate("No rule has matched this order.")
    return Exit.OK


async def history(
    name: Annotated[str, Parameter(name="NAME", help="The rule's name.")],
    *,
    limit: Annotated[int, Parameter(help="How many at most, the newest first.")] = 100,
    creator: Creator = "",
    json: Annotated[bool, Parameter(name="--json", negative=(), help="One JSON object a line.")] = False,
) -> int:
    """What one rule did, the newest first."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        rule = await services.rules.show(name, creator)
        page = await services.rules.runs_page(rule.rule_id, limit=limit)
    for run in page.rows:
        if json:
            emit_json(run)
        else:
            emit(f"{run.at.astimezone(UTC):%Y-%m-%d %H:%M}  {run.event:<16} {run.order_number}: {', '.join(run.done)}")
    if page.more_after:
        narrate(f"Only the newest {limit} are shown: --limit gives more.")
    return Exit.OK


def _filter(days: int, limit: int, status: tuple[OrderStatus, ...], search: str, tag: str | None) -> OrderFilter:
    if limit < 1 or days < 0:
        raise Misconfigured("usage.rules", "--limit must be at least 1 and --days at least 0.")
    since = datetime.now(UTC) - timedelta(days=days) if days else None
    return OrderFilter(
        statuses=frozenset(status), search=search, tags=frozenset({tag} if tag else ()), ordered_from=since
    )


def _report(tried: DryRun, *, trace: bool, json: bool) -> int:
    for order in tried.orders:
        if json:
            emit_json(order)
        elif trace or order.matched:
            for line in _lines(order, trace=trace):
                emit(line)
    for tally in tried.tallies:
        if json:
            emit_json(tally)
        else:
            narrate(_tally(tally))
    if not json:
        narrate(f"{len(tried.orders)} orders tried; nothing was changed.")
    return Exit.REFUSED if any(tally.broke for tally in tried.tallies) else Exit.OK


def _lines(order: OrderTrial, *, trace: bool) -> Iterator[str]:
    if order.note:
        yield f"{order.order_number}  {order.note}"
    for trial in order.trials:
        if trial.matched or trace:
            yield f"{order.order_number}  {trial.event:<16} {trial.rule}: {_outcome(trial)}"
            if trace and trial.term is not None:
                yield from _terms(trial.term, 4)


def _outcome(trial: Trial) -> str:
    return f"would have {', '.join(trial.done)}" if trial.matched else f"no, {trial.why_not}"


def _terms(term: Term, indent: int) -> Iterator[str]:
    answer = {True: "yes", False: "no", None: "not asked"}[term.holds]
    values = ", ".join(f"{name} is {value}" for name, value in term.values.items())
    text = f"all of ({term.text})" if term.joined == "and" else f"any of ({term.text})" if term.joined else term.text
    yield f"{' ' * indent}{answer:<9} {text}" + (f"  ({values})" if values else "")
    for each in term.terms:
        yield from _terms(each, indent + 2)


def _tally(tally: Tally) -> str:
    broke = f"; it broke: {tally.broke}" if tally.broke else ""
    return f"{tally.rule}: matched {tally.orders} orders, {tally.matched} of {tally.asked} times it was asked{broke}"
