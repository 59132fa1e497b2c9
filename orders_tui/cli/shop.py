"""`orders-tui shop`: connect, list, status, work, observe, set, disconnect, add-offline, webhooks."""

from __future__ import annotations

from typing import Annotated

import cyclopts
from cyclopts import Parameter

from engine.errors import Misconfigured
from engine.workflow.facts import ImportMode
from orders_tui.cli.exits import Exit
from orders_tui.cli.order_targets import Json
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.cli.pairs import read_pairs
from orders_tui.cli.shop_connect import connect
from orders_tui.cli.shop_offline import add_offline
from orders_tui.cli.shop_text import document, line, lines
from orders_tui.cli.shop_webhooks import webhooks
from orders_tui.opening import open_services
from orders_tui.services.connecting import clock_of
from orders_tui.services.shops import ShopStatus
from orders_tui.settings_file import read_settings

app = cyclopts.App(name="shop", help="Shops: connected, looked at, worked or only observed.")
app.command(connect)
app.command(add_offline, name="add-offline")
app.command(webhooks)

Named = Annotated[str, Parameter(help="The shop's name, TikTok id or id.")]


@app.command(name="list")
async def list_shops(*, json: Json = False) -> int:
    """List every shop that was ever connected."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        for status in await services.shops.all():
            if json:
                emit_json(document(status))
            else:
                emit(line(status))
    return Exit.OK


@app.command
async def status(
    shop: Annotated[str, Parameter(help="One shop only: its name, TikTok id or id.")] = "",
    *,
    offline: Annotated[bool, Parameter(negative=(), help="Do not ask TikTok for the time.")] = False,
    json: Json = False,
) -> int:
    """How shops stand: when their authorisation and token end, the last polls, what is missing, and whether the clock is right."""
    settings = read_settings()
    async with open_services(settings, on_wait=narrate) as services:
        found = [await services.shops.find(shop)] if shop else await services.shops.all()
        clock = await clock_of(settings.tiktok.base_url) if found and not offline else None
        for each in found:
            if json:
                emit_json(document(each) | {"clock_skew_seconds": clock.seconds if clock else None})
            else:
                for text in lines(each):
                    emit(text)
        if clock and clock.sentence and not json:
            emit(f"! {clock.sentence}")
    troubled = any(each.troubles for each in found) or bool(clock and clock.sentence)
    return Exit.REFUSED if troubled else Exit.OK


@app.command
async def work(
    shop: Named,
    *,
    anyway: Annotated[bool, Parameter(negative=(), help="Even while no stock is loaded for any product.")] = False,
    json: Json = False,
) -> int:
    """Work the shop's orders from now on: reserve, label, and tell TikTok."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        changed = await services.shops.set_mode(shop, ImportMode.WORK, anyway=anyway)
    return _print(changed, json=json)


@app.command
async def observe(shop: Named, *, json: Json = False) -> int:
    """Only show the shop's orders from now on: nothing is reserved, labelled or told."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        changed = await services.shops.set_mode(shop, ImportMode.OBSERVE)
    return _print(changed, json=json)


@app.command(name="set")
async def set_policies(shop: Named, *given: str, json: Json = False) -> int:
    """Change how the shop's orders are worked: label_on=reserve|pick, pick=scan|confirm|auto, ship_on=handover|first_scan,
    backorder=fail|wait, workflow=NAME.
    """
    if not given:
        raise Misconfigured("usage.policy", "Say what to change, as label_on=pick.")
    async with open_services(read_settings(), on_wait=narrate) as services:
        changed = await services.shops.set_policies(shop, read_pairs(given, "the policy"))
    return _print(changed, json=json)


@app.command
async def disconnect(shop: Named, *, json: Json = False) -> int:
    """Reach the shop no more: no polling, nothing sent; its orders stay. `connect` brings it back."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        changed = await services.shops.disconnect(shop)
    narrate("The seller may also take the app's authorisation back in the seller centre.")
    return _print(changed, json=json)


def _print(status: ShopStatus, *, json: bool) -> int:
    if json:
        emit_json(document(status))
    else:
        emit(line(status))
    return Exit.OK
