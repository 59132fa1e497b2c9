"""`orders-tui stock`: list, receive, adjust, transfer, hold, release, alarms, check, availability; the rest lies beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Literal

import cyclopts
from cyclopts import Parameter

from engine.errors import Misconfigured
from engine.inventory.ledger import Adjusted
from engine.inventory.shortfall import Shortfall
from engine.orders.views import StockRow
from engine.words import StockReason
from engine.workflow.facts import StockSource
from orders_tui.cli.exits import Exit
from orders_tui.cli.order_targets import Json
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.opening import open_services
from orders_tui.settings_file import read_settings

app = cyclopts.App(name="stock", help="Stock: listed, received, adjusted, moved, held back, counted, checked.")
app.command(
    "orders_tui.cli.goods_import:import_stock",
    name="import",
    help="Make stock what a sheet says, or book its differences.",
)
for _name in ("movements", "reverse", "acknowledge", "export"):
    app.command(f"orders_tui.cli.stock_lists:{_name}", name=_name)
app.command("orders_tui.cli.stock_count:app", name="count", help="Count the shelves: open, enter, approve, post once.")

Location = Annotated[str | None, Parameter(help="Code of the location; MAIN when none is named.")]
Force = Annotated[
    bool, Parameter(negative=(), help="Take back what is promised to the least urgent orders; they are listed.")
]
Why = Literal["received", "returned", "found", "damaged", "lost", "expired", "sample", "correction"]


@app.command(name="list")
async def list_stock(
    search: Annotated[str, Parameter(help="The beginning of a SKU, or words of a name.")] = "",
    *,
    limit: Annotated[int, Parameter(help="How many lines at most.")] = 1000,
    json: Json = False,
) -> int:
    """List stock by SKU."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        rows = await services.stock(search, limit=limit + 1)
    for row in rows[:limit]:
        print_level(row, json=json)
    if len(rows) > limit:
        narrate(f"Only the first {limit} are shown: --limit gives more.")
    return Exit.OK


@app.command
async def receive(
    sku: str,
    quantity: Annotated[int, Parameter(help="Units that arrived.")],
    *,
    location: Location = None,
    json: Json = False,
) -> int:
    """Add stock that arrived; orders that wait for it go on by themselves."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        adjusted = await services.inventory.adjust(sku, quantity, reason=StockReason.RECEIVED, location_code=location)
    print_level(adjusted.row, json=json)
    return Exit.OK


@app.command
async def adjust(
    sku: str,
    delta: Annotated[int, Parameter(help="Units more, or with a minus fewer.", allow_leading_hyphen=True)],
    *,
    reason: Annotated[Why, Parameter(help="Why.")],
    location: Location = None,
    held: Annotated[bool, Parameter(negative=(), help="Of the held stock: written off, or come in damaged.")] = False,
    force: Force = False,
    key: Annotated[str | None, Parameter(help="A key of your own: the same again books nothing.")] = None,
    json: Json = False,
) -> int:
    """Book units that came, went or were found missing."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        adjusted = await services.inventory.adjust(
            sku,
            delta,
            reason=StockReason(reason),
            location_code=location,
            from_held=held,
            force=force,
            idempotency_key=key,
        )
    return print_adjusted(adjusted, json=json)


@app.command
async def transfer(
    sku: str,
    quantity: int,
    *,
    source: Annotated[str, Parameter(name="--from", help="Code of the location they leave.")],
    target: Annotated[str, Parameter(name="--to", help="Code of the location they go to.")],
    json: Json = False,
) -> int:
    """Move units from one location to another."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        rows = await services.inventory.transfer(sku, quantity, source=source, target=target)
    for row in rows:
        print_level(row, json=json)
    return Exit.OK


@app.command
async def hold(
    sku: str,
    quantity: int,
    *,
    reason: Annotated[Literal["damaged", "quality"], Parameter(help="Why.")] = "quality",
    location: Location = None,
    json: Json = False,
) -> int:
    """Take units out of sale without an order."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        row = await services.inventory.hold(sku, quantity, reason=StockReason(reason), location_code=location)
    print_level(row, json=json)
    return Exit.OK


@app.command
async def release(sku: str, quantity: int, *, location: Location = None, json: Json = False) -> int:
    """Put held units back into sale; orders that wait for them go on by themselves."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        row = await services.inventory.release(sku, quantity, location_code=location)
    print_level(row, json=json)
    return Exit.OK


@app.command
async def alarms(
    *,
    all_: Annotated[bool, Parameter(name="--all", negative=(), help="Those that are over, too.")] = False,
    limit: int = 200,
    json: Json = False,
) -> int:
    """What is low or oversold, newest first."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        found = await services.inventory.alarms(cleared=all_, limit=limit)
    for alarm in found:
        if json:
            emit_json(alarm)
        else:
            over = "  over" if alarm.cleared_at else ""
            kind = alarm.kind.replace("_", " ")
            emit(f"{alarm.raised_at:%Y-%m-%d %H:%M}  {kind:<10} {alarm.sku:<20} {alarm.sentence}{over}")
    return Exit.OK


@app.command
async def check(*, json: Json = False) -> int:
    """Whether movements and reservations add up to every level; 1 when one does not. Nothing is repaired."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        differences = await services.inventory.check()
    for each in differences:
        if json:
            emit_json(each)
        else:
            emit(
                f"{each.sku:<20} {each.location:<10} on hand {each.on_hand}, moved {each.moved_on_hand}"
                f"  reserved {each.reserved}, moved {each.moved_reserved}, active {each.active}"
                f"  held {each.held}, moved {each.moved_held}"
            )
    narrate("Every level adds up." if not differences else f"{len(differences)} levels do not add up.")
    return Exit.REFUSED if differences else Exit.OK


@app.command
async def availability(
    *items: Annotated[str, Parameter(help="SKU, or SKU:QUANTITY.")], location: Location = None, json: Json = False
) -> int:
    """Whether so much is there; 1 when not all of it is. Advisory: only a reservation holds anything."""
    if not items:
        raise Misconfigured("usage.items", "Name what is asked for: SKU, or SKU:QUANTITY.")
    wanted = [read_item(text) for text in items]
    async with open_services(read_settings(), on_wait=narrate) as services:
        result = await services.inventory.available(wanted, location_code=location)
    if json:
        emit_json(result)
    else:
        for item in result.items:
            emit(f"{item.product_id:<38} {item.available_quantity:>7} of {item.requested_quantity:<7} {item.status}")
    return Exit.OK if result.available else Exit.REFUSED


@app.command
async def pushed(
    search: Annotated[str, Parameter(help="The beginning of a SKU.")] = "", *, limit: int = 1000, json: Json = False
) -> int:
    """What the shops were last told of stock, what they showed when it was read back, and what they refused."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        rows = await services.inventory.pushed(search, limit=limit)
    for row in rows:
        if json:
            emit_json(row)
            continue
        told = "-" if row.pushed is None else str(row.pushed)
        shows = "-" if row.channel_quantity is None else str(row.channel_quantity)
        state = row.error or ("as told" if row.agrees else "" if row.location else "no location of ours")
        emit(
            f"{row.seller_sku:<20} {row.shop:<20} {row.location or row.warehouse_id:<20} told {told:>6}  shows {shows:>6}"
            f"  {state}".rstrip()
        )
    return Exit.OK


@app.command(name="push")
async def set_push(
    shop: Annotated[str, Parameter(help="The shop's name, or its id at TikTok.")],
    *,
    on: Annotated[bool | None, Parameter(name="--on", negative="--off", help="Tell it of stock, or not.")] = None,
    buffer: Annotated[int | None, Parameter(help="Units of each product that are kept from it.")] = None,
) -> int:
    """Whether a shop is told of stock, and with what buffer."""
    if on is None and buffer is None:
        raise Misconfigured("usage.push", "Say --on, --off or --buffer N.")
    async with open_services(read_settings(), on_wait=narrate) as services:
        await services.inventory.set_push(shop, enabled=on, buffer=buffer)
    narrate("It is told at the next round." if on is not False else f"{shop} is told of stock no more.")
    return Exit.OK


@app.command
async def follow(
    shop: Annotated[str, Parameter(help="The shop's name, or its id at TikTok.")],
    source: Annotated[Literal["ledger", "service"], Parameter(help="Who has the last word on its stock.")],
) -> int:
    """Let a shop follow the built-in ledger, or an inventory service (`inventory.url`); best while no order is open."""
    settings = read_settings()
    if source == "service" and not settings.inventory.url:
        raise Misconfigured("inventory.no_url", "There is no inventory service yet: set inventory.url first.")
    async with open_services(settings, on_wait=narrate) as services:
        await services.inventory.follow(shop, StockSource(source))
    narrate(f"{shop} follows the {source} now.")
    return Exit.OK


def read_item(text: str) -> tuple[str, int]:
    """A SKU with its quantity, 1 unless one is given."""
    sku, _, quantity = text.rpartition(":") if re.search(r":\d+$", text) else (text, "", "1")
    return sku, int(quantity)


def print_level(row: StockRow, *, json: bool) -> None:
    """One level."""
    if json:
        emit_json(row)
        return
    weight = f"{row.weight_grams} g" if row.weight_grams else "no weight"
    held = f"  {row.held:>7} held" if row.held else ""
    emit(
        f"{row.sku:<20} {row.location:<10} {row.available:>7} free  {row.on_hand:>7} on hand"
        f"  {row.reserved:>7} reserved{held}  {weight:>10}  {row.name}"
    )


def print_adjusted(adjusted: Adjusted, *, json: bool) -> int:
    """What a booking left; 1 when orders lost what had been promised to them."""
    if json:
        emit_json(adjusted)
    else:
        print_level(adjusted.row, json=False)
        print_shortfall(adjusted.shortfall)
    return Exit.REFUSED if adjusted.shortfall else Exit.OK


def print_shortfall(shortfall: Sequence[Shortfall]) -> None:
    """The orders that lost what had been promised to them."""
    for each in shortfall:
        emit(f"{each.order_number}  lost {each.quantity} {each.sku}: it waits for stock")
