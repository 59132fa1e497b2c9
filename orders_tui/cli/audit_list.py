"""`orders-tui audit list`: what people, and if asked the program, did."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated

from cyclopts import Parameter

from engine.audit.reading import AuditFilter, AuditKey, AuditLine
from engine.errors import NotFound
from orders_tui.cli.exits import Exit
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.opening import open_services
from orders_tui.services import Services
from orders_tui.settings_file import read_settings

_PAGE = 500


async def list_entries(
    *,
    who: Annotated[str, Parameter(help="Only what this person did, by the name the audit has.")] = "",
    what: Annotated[str, Parameter(help="Only actions that begin so: `order.held`, `held`, `order`.")] = "",
    order: Annotated[str, Parameter(help="Only what was done to this order.")] = "",
    since: Annotated[datetime | None, Parameter(help="Only from then on (UTC unless it says).")] = None,
    until: Annotated[datetime | None, Parameter(help="Only up to then.")] = None,
    everything: Annotated[
        bool, Parameter(negative=(), help="What the program and TikTok did too, not people alone.")
    ] = False,
    limit: Annotated[int, Parameter(help="How many at most.")] = 100,
    json: Annotated[bool, Parameter(name="--json", negative=(), help="One JSON object a line.")] = False,
) -> int:
    """What was done, newest first: when, by whom, what, to which order, product or shop."""
    shown = 0
    async with open_services(read_settings(), on_wait=narrate) as services:
        order_id = await services.find(order) if order else None
        if order and order_id is None:
            raise NotFound("order.not_found", f"There is no order {order!r}: give its order number.")
        wanted = AuditFilter(not everything, who, what, order_id, _in_utc(since), _in_utc(until))
        async for line in _lines(services, wanted, limit + 1):
            shown += 1
            if shown > limit:
                narrate(f"Only the newest {limit} are shown: --limit gives more.")
                break
            emit_json(_document(line)) if json else emit(_text(line))
    return Exit.OK


async def _lines(services: Services, wanted: AuditFilter, limit: int) -> AsyncIterator[AuditLine]:
    before: AuditKey | None = None
    while limit > 0:
        page = await services.audit.page(wanted, before=before, limit=min(_PAGE, limit))
        for line in page.lines:
            yield line
        limit -= len(page.lines)
        before = page.looked_until
        if before is None:
            return


def _document(line: AuditLine) -> dict[str, object]:
    return {
        "at": line.key.at,
        "subject": line.key.subject,
        "sequence": line.key.sequence,
        "action": line.action,
        "actor": line.actor,
        "source": line.source,
        "about": line.about,
        "order_id": line.order_id,
    }


def _text(line: AuditLine) -> str:
    return f"{line.key.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}  {line.actor:<16} {line.action:<28} {line.about}"


def _in_utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
