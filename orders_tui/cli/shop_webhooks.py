"""`orders-tui shop webhooks`: where TikTok sends what happens in a shop."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from engine.errors import Misconfigured, OrdersError
from orders_tui.assembly import tiktok_access
from orders_tui.cli.exits import Exit
from orders_tui.cli.order_targets import Json
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.opening import open_services
from orders_tui.services.connecting import open_directory
from orders_tui.settings import Settings
from orders_tui.settings_file import read_settings
from sync.http.tiktok_webhooks import PATH
from sync.tiktok.calls.webhooks import EVENTS, WebhookCalls


async def webhooks(
    shop: Annotated[str, Parameter(help="The shop's name, TikTok id or id.")],
    *,
    register: Annotated[
        bool, Parameter(negative=(), help="Let TikTok send everything that is used to http.public_url.")
    ] = False,
    remove: Annotated[bool, Parameter(negative=(), help="Let TikTok send nothing here any more.")] = False,
    json: Json = False,
) -> int:
    """List what TikTok sends where; with --register or --remove change it first."""
    if register and remove:
        raise Misconfigured("usage.webhooks", "Give --register or --remove, not both.")
    settings = read_settings()
    address = _address(settings) if register else ""
    async with open_services(settings, on_wait=narrate) as services:
        chosen = (await services.shops.find(shop)).shop
        access = tiktok_access(settings, services.database)
        async with open_directory(services.database, access) as directory:
            calls = (await directory.find(chosen.shop_id)).webhooks
            before = await calls.registered()
            refused: list[OrdersError] = []
            if register:
                wanted = [event for event in events_of(settings) if before.get(event) != address]
                refused = await _each(calls, wanted, address)
            elif remove:
                refused = await _each(calls, sorted(before), "")
            now = await calls.registered()
    for error in refused:
        narrate(error.sentence)
    for event, where in sorted(now.items()):
        if json:
            emit_json({"shop": chosen.name, "event": event, "address": where})
        else:
            emit(f"{event:<34} {where}")
    if not now:
        narrate(f"TikTok sends nothing of {chosen.name} anywhere; polling brings its changes.")
    return Exit.REFUSED if refused else Exit.OK


def events_of(settings: Settings) -> tuple[str, ...]:
    """What is asked for: what is certain, and what the configuration adds."""
    return tuple(dict.fromkeys((*EVENTS, *settings.tiktok.more_events)))


async def _each(calls: WebhookCalls, events: list[str] | tuple[str, ...], address: str) -> list[OrdersError]:
    """One event that TikTok refuses does not keep the others back."""
    refused: list[OrdersError] = []
    for event in events:
        try:
            await (calls.register(event, address) if address else calls.remove(event))
        except OrdersError as error:
            refused.append(error)
    return refused


def _address(settings: Settings) -> str:
    if not settings.http.public_url:
        raise Misconfigured(
            "http.no_public_url",
            "TikTok must know where to send webhooks: set http.public_url (https://, a name, no port) and http.enabled.",
        )
    return settings.http.public_url + PATH
