"""`orders-tui sync`: orders pulled from TikTok Shop by hand, with or without a daemon."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

import cyclopts
from cyclopts import Parameter

from engine.errors import Misconfigured, OrdersError, Unreachable
from engine.identifiers import ShopId
from engine.words import ChannelStatus
from orders_tui.assembly import tiktok_access
from orders_tui.cli.exits import Exit
from orders_tui.cli.order_targets import Json
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.opening import open_services
from orders_tui.services import Services
from orders_tui.services.connecting import open_directory
from orders_tui.services.pulling import Wish
from orders_tui.settings_file import read_settings
from sync.tiktok.directory import Directory
from sync.tiktok.events import OrderEventName

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_STATUSES = {str(status): status for status in ChannelStatus if status is not ChannelStatus.UNKNOWN}
_MOST_DAYS = 400

app = cyclopts.App(name="sync", help="Pull orders from TikTok Shop now.")


@app.default
async def sync(
    *,
    shop: Annotated[str, Parameter(help="One shop only: its name, TikTok id or id.")] = "",
    since: Annotated[
        str, Parameter(help="What changed since then: 2026-03-01, 2026-03-01T14:00 (UTC), 90m, 12h or 7d ago.")
    ] = "1d",
    status: Annotated[
        tuple[str, ...], Parameter(negative=(), help="A status of TikTok's; may be given several times.")
    ] = (),
    limit: Annotated[int | None, Parameter(help="How many orders of each shop at most.")] = None,
    json: Json = False,
) -> int:
    """Pull the orders that changed, and say what was new of them; orders that are as known are only counted."""
    now = datetime.now(UTC)
    if limit is not None and limit < 1:
        raise Misconfigured("usage.limit", f"--limit is {limit}: give a number from 1 on, or leave it out.")
    wish = Wish(moment(since, now), now + timedelta(seconds=1), statuses(status), limit)
    settings = read_settings()
    failed = False
    async with open_services(settings, on_wait=narrate) as services:
        access = tiktok_access(settings, services.database)
        found = [await services.shops.find(shop)] if shop else await services.shops.all()
        chosen = [each.shop for each in found if shop or each.shop.state == "connected"]
        if not chosen:
            raise Misconfigured("sync.no_shop", "No shop is connected: run orders-tui shop connect first.")
        async with open_directory(services.database, access) as directory:
            for each in chosen:
                try:
                    await _pull(services, directory, each.shop_id, each.name, wish, json=json)
                except Unreachable:
                    raise
                except OrdersError as error:
                    failed = True
                    _refused(each.name, error, json=json)
    return Exit.REFUSED if failed else Exit.OK


async def _pull(
    services: Services, directory: Directory, shop_id: ShopId, name: str, wish: Wish, *, json: bool
) -> None:
    told = seen = 0
    counts: Counter[OrderEventName] = Counter()
    async for pulled in services.pulls.pull(directory, shop_id, wish):
        for event in pulled.events[told:]:
            counts[event.event] += 1
            if json:
                emit_json(event.document() | {"shop": name})
            else:
                emit(event.words())
        told, seen = len(pulled.events), pulled.seen
    parts = [f"{counts[event]} {event.partition('.')[2]}" for event in OrderEventName if counts[event]]
    news = ", ".join(parts) or "nothing new"
    narrate(f"{name}: {seen} order{'' if seen == 1 else 's'} looked at, {news}.")


def _refused(name: str, error: OrdersError, *, json: bool) -> None:
    if json:
        emit_json({"shop": name, "code": error.code, "error": error.sentence})
    narrate(f"{name}: {error.sentence}")


def moment(text: str, now: datetime) -> datetime:
    """When a person means. Raises Misconfigured for what is no time, or one that is not past."""
    number, unit = text[:-1], text[-1:].casefold()
    try:
        if unit in _UNITS and number.isascii() and number.isdigit() and len(number) < 7:
            found = now - timedelta(**{_UNITS[unit]: int(number)})
        else:
            found = datetime.fromisoformat(text)
            found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Misconfigured(
            "usage.since", f"--since is {text!r}: give a date (2026-03-01), a time (2026-03-01T14:00), or 90m, 12h, 7d."
        ) from None
    if not timedelta(0) < now - found <= timedelta(days=_MOST_DAYS):
        raise Misconfigured("usage.since", f"--since is {text!r}: give a time of the past {_MOST_DAYS} days.")
    return found


def statuses(words: Sequence[str]) -> tuple[ChannelStatus, ...]:
    """TikTok's statuses that a person typed, in any case. Raises Misconfigured, listing them."""
    for word in words:
        if word.upper() not in _STATUSES:
            raise Misconfigured("usage.status", f"TikTok has no status {word!r}; there are {', '.join(_STATUSES)}.")
    return tuple(dict.fromkeys(_STATUSES[word.upper()] for word in words))
