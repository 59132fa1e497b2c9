"""`orders-tui shop connect`: the consent link out, the seller's answer in, every shop of the grant connected."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

from cyclopts import Parameter

from engine.errors import Misconfigured
from orders_tui.assembly import tiktok_access
from orders_tui.cli.exits import Exit
from orders_tui.cli.order_targets import Json
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.cli.shop_text import connected_lines, document
from orders_tui.opening import open_services
from orders_tui.services.connecting import open_connector
from orders_tui.services.shops import Connected
from orders_tui.settings import Settings
from orders_tui.settings_file import read_settings
from sync.tiktok.consent import MINUTES, make_link, read_answer


async def connect(
    *,
    region: Annotated[str, Parameter(help="Where the seller is: US has a consent page of its own.")] = "",
    code: Annotated[
        str,
        Parameter(help="The code, or the address the seller was sent to; other users of this machine may see it here."),
    ] = "",
    again: Annotated[
        bool, Parameter(negative=(), help="No new consent: look again which shops the sellers have authorised.")
    ] = False,
    timezone: Annotated[str, Parameter(help="The shops' zone, as America/New_York; else their market's.")] = "",
    json: Json = False,
) -> int:
    """Connect a seller's shops: open the link it prints as the seller, then paste the address you are sent to.

    A new shop is only observed: nothing is reserved, labelled or told until `shop work`. One that is known keeps its policies.
    """
    settings = read_settings()
    if again and code:
        raise Misconfigured("usage.connect", "Give --code or --again, not both.")
    given = "" if again else await _code(settings, code, region=region, json=json)
    async with (
        open_services(settings, on_wait=narrate) as services,
        open_connector(services.database, tiktok_access(settings, services.database), services.actor) as connector,
    ):
        if again:
            found = await services.shops.reconnect(connector, timezone=timezone)
        else:
            found = await services.shops.connect(connector, given, timezone=timezone)
    for each in found:
        _print(each, json=json)
    return Exit.OK


async def _code(settings: Settings, given: str, *, region: str, json: bool) -> str:
    if given:
        return read_answer(given, None).code
    link = make_link(settings.tiktok.for_consent(), united_states=region.upper() == "US")
    if json:
        emit_json({"consent_link": link.address})
    else:
        emit(link.address)
    sys.stdout.flush()
    narrate(f"Open it as the seller, then paste the address you are sent to here; it is good for {MINUTES} minutes.")
    answer = read_answer(await asyncio.to_thread(sys.stdin.readline), link.state)
    if not answer.has_state:
        narrate(
            "The answer carries no state, as after an installation from the seller app store: it is taken as it is."
        )
    return answer.code


def _print(connected: Connected, *, json: bool) -> None:
    if json:
        emit_json(document(connected.status) | {"new": connected.new})
        return
    for text in connected_lines(connected):
        emit(text)
