"""`orders-tui shop add-offline`: a shop without access to TikTok's API, whose orders come from files."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cyclopts import Parameter

from engine.errors import Misconfigured
from engine.shops.offline import add_offline_shop
from orders_tui.cli.exits import Exit
from orders_tui.cli.order_targets import Json
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.opening import open_services
from orders_tui.settings_file import read_settings
from sync.seller_center.markets import require_market


async def add_offline(
    name: Annotated[str, Parameter(help="What the shop is called here.")],
    *,
    market: Annotated[str, Parameter(help="Its market: US, GB, ID, BR …")],
    timezone: Annotated[
        str, Parameter(help="The zone of its clock, such as America/New_York; the market's if not given.")
    ] = "",
    tiktok_id: Annotated[
        str, Parameter(help="TikTok's id of it, so that it is the same shop when it is connected later.")
    ] = "",
    location: Annotated[str, Parameter(help="Code of the location its parcels leave from.")] = "",
    work: Annotated[
        bool, Parameter(negative=(), help="Work its orders at once; otherwise they are only shown.")
    ] = False,
    json: Json = False,
) -> int:
    """Add a shop without API access: `import` brings its orders, `export tracking` takes its tracking numbers out."""
    known = require_market(market)
    zone = timezone or known.zone
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise Misconfigured("usage.timezone", f"{zone!r} is no time zone: give one such as {known.zone}.") from None
    async with open_services(read_settings(), on_wait=narrate) as services:
        shop = await services.door.write(
            add_offline_shop(
                services.database,
                name=name,
                region=known.code,
                timezone=zone,
                tiktok_shop_id=tiktok_id,
                location=location,
                work=work,
                actor=services.actor,
            )
        )
    if json:
        emit_json(shop)
    else:
        emit(f"{shop.name}  {shop.region}  {shop.timezone}  {'works its orders' if work else 'shows its orders'}")
    return Exit.OK
