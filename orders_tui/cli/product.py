"""`orders-tui product`: list, show, set, set-weight, map, unmap."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Annotated

import cyclopts
from cyclopts import Parameter

from engine.errors import Misconfigured
from engine.inventory.product_card import Component, Customs, ProductChange, ProductView
from orders_tui.cli.exits import Exit
from orders_tui.cli.order_targets import Json, report_outcomes
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.opening import open_services
from orders_tui.settings_file import read_settings

app = cyclopts.App(name="product", help="What the program knows of a product.")
app.command("orders_tui.cli.goods_import:import_products", name="import", help="Add or change the products of a sheet.")

_SIZE = re.compile(r"(\d{1,4})[x×](\d{1,4})[x×](\d{1,4})")  # noqa: RUF001


@app.command(name="list")
async def list_products(
    search: Annotated[str, Parameter(help="The beginning of a SKU.")] = "",
    *,
    limit: Annotated[int, Parameter(help="How many at most.")] = 1000,
    json: Json = False,
) -> int:
    """List products by SKU."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        products = await services.products.list(search, limit=limit + 1)
    for product in products[:limit]:
        if json:
            emit_json(product)
        else:
            emit(_line(product))
    if len(products) > limit:
        narrate(f"Only the first {limit} are shown: --limit gives more.")
    return Exit.OK


@app.command
async def show(sku: Annotated[str, Parameter(help="Its SKU, or one mapped to it.")], *, json: Json = False) -> int:
    """Show one product."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        product = await services.products.show(sku)
    _print(product, json=json)
    return Exit.OK


@app.command(name="set")
async def set_product(
    sku: str,
    *,
    name: Annotated[str | None, Parameter(help="Its name.")] = None,
    barcode: Annotated[
        tuple[str, ...] | None,
        Parameter(negative=(), help="What a scanner reads; several replace all there are. Empty: none."),
    ] = None,
    weight: Annotated[int | None, Parameter(help="Weight in grams.")] = None,
    box: Annotated[str | None, Parameter(help="The box it ships in.")] = None,
    size: Annotated[str | None, Parameter(help="Length x width x height in millimetres: 200x150x100.")] = None,
    bin_: Annotated[str | None, Parameter(name="--bin", help="Where it lies.")] = None,
    location: Annotated[str | None, Parameter(help="Code of the location it ships from; empty for the shop's.")] = None,
    component: Annotated[
        tuple[str, ...] | None,
        Parameter(negative=(), help="For a kit: SKU, or SKU:QUANTITY; several replace all. Empty: no kit any more."),
    ] = None,
    hs_code: Annotated[str | None, Parameter(help="Customs: six to ten digits.")] = None,
    origin: Annotated[str | None, Parameter(help="Customs: two letters of the country it was made in.")] = None,
    description: Annotated[str | None, Parameter(help="Customs: what it is.")] = None,
    value: Annotated[str | None, Parameter(help="Customs: what one is worth: `12.50 USD`.")] = None,
    low_stock: Annotated[
        int | None, Parameter(help="Raise an alarm when no more than this is available; -1 for never.")
    ] = None,
    buffer: Annotated[
        int | None, Parameter(help="Units that are kept from the channels; -1 for what each shop says.")
    ] = None,
    json: Json = False,
) -> int:
    """Add a product, or change what is given of it."""
    change = ProductChange(
        name=name,
        barcodes=None if barcode is None else tuple(filter(None, barcode)),
        weight_grams=weight,
        box=box,
        size_millimetres=_size(size) if size else None,
        bin=bin_,
        customs=_customs(hs_code, origin, description, value),
        components=_components(component),
        location=location,
        low_stock=low_stock,
        stock_buffer=buffer,
    )
    async with open_services(read_settings(), on_wait=narrate) as services:
        product = await services.products.set(sku, change)
    _print(product, json=json)
    return Exit.OK


@app.command
async def set_weight(sku: str, weight_grams: Annotated[int, Parameter(name="GRAMS", help="Weight in grams.")]) -> int:
    """Give a product its weight; carriers quote nothing without one."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        going = await services.set_weight(sku, weight_grams)
    narrate(f"{sku} weighs {weight_grams} g." + (f" {going} failed orders go on." if going else ""))
    return Exit.OK


@app.command(name="map")
async def map_sku(
    sku: Annotated[str, Parameter(help="The SKU that orders come with.")],
    product: Annotated[str, Parameter(help="The SKU of the product it means.")],
    *,
    retry: Annotated[bool, Parameter(help="Send the orders on that failed for it.")] = True,
    json: Json = False,
) -> int:
    """Let a SKU mean a product, and send the orders on that failed because it meant none."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        outcomes = await services.products.map(sku, product, retry_failed=retry)
    narrate(f"{sku} is {product} now; {len(outcomes)} failed orders were sent on.")
    return report_outcomes(outcomes, json=json)


@app.command
async def unmap(sku: str) -> int:
    """Let a SKU mean no product any more."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        await services.products.unmap(sku)
    narrate(f"{sku} means no product any more.")
    return Exit.OK


@app.command
async def listings(
    search: Annotated[str, Parameter(help="The beginning of a SKU.")] = "",
    *,
    unmatched: Annotated[bool, Parameter(negative=(), help="Only what no product answers for.")] = False,
    limit: int = 1000,
    json: Json = False,
) -> int:
    """What the shops list, and the product each is."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        found = await services.products.listings(search, unmatched=unmatched, limit=limit)
    for each in found:
        if json:
            emit_json(each)
        else:
            product = each.product_sku or "no product"
            refusal = f"  {each.refusal}" if each.refusal else ""
            emit(f"{each.seller_sku or '-':<20} {product:<20} {each.status:<20} {each.shop}: {each.title}{refusal}")
    return Exit.OK


@app.command
async def import_from_shop(*, json: Json = False) -> int:
    """Add a product for every listed SKU that the master lacks; weights are still to be entered."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        added = await services.products.import_from_shop()
    for sku in added:
        if json:
            emit_json({"sku": sku})
        else:
            emit(sku)
    narrate(f"{len(added)} products were added; they need a weight before a label can be bought.")
    return Exit.OK


def _print(product: ProductView, *, json: bool) -> None:
    if json:
        emit_json(product)
        return
    emit(f"{product.sku}  {product.name}")
    weight = f"{product.weight_grams} g" if product.weight_grams else "none yet"
    size = " x ".join(map(str, product.size_millimetres)) + " mm" if product.size_millimetres else ""
    customs = product.customs
    for word, text in (
        ("Also called", ", ".join(product.aliases)),
        ("Barcodes", ", ".join(product.barcodes)),
        ("Weight", weight),
        ("Box", " ".join(part for part in (product.box, size) if part)),
        ("Bin", product.bin),
        ("Ships from", product.location),
        ("Low stock at", "" if product.low_stock is None else str(product.low_stock)),
        ("Kit of", _kit(product)),
        ("Customs", f"{customs.hs_code} {customs.origin} {customs.description}, {customs.value}" if customs else ""),
    ):
        if text:
            emit(f"{word:<12} {text}")


def _line(product: ProductView) -> str:
    weight = f"{product.weight_grams} g" if product.weight_grams else "no weight"
    kit = f"  = {_kit(product)}" if product.components else ""
    return f"{product.sku:<20} {weight:>10}  {product.bin:<10} {product.name}{kit}"


def _kit(product: ProductView) -> str:
    return " + ".join(f"{each.quantity} {each.sku}" for each in product.components)


def _size(text: str) -> tuple[int, int, int]:
    sides = _SIZE.fullmatch(text.replace(" ", ""))
    if sides is None:
        raise Misconfigured("usage.size", f"{text!r} is no size: give length, width and height as 200x150x100.")
    return int(sides[1]), int(sides[2]), int(sides[3])


def _components(texts: tuple[str, ...] | None) -> tuple[Component, ...] | None:
    if texts is None:
        return None
    components = []
    for text in filter(None, texts):
        sku, _, quantity = text.rpartition(":") if re.search(r":\d+$", text) else (text, "", "1")
        components.append(Component(sku, int(quantity)))
    return tuple(components)


def _customs(hs_code: str | None, origin: str | None, description: str | None, value: str | None) -> Customs | None:
    given = (hs_code, origin, description, value)
    if given == (None, None, None, None):
        return None
    if hs_code is None or origin is None or description is None or value is None:
        raise Misconfigured("usage.customs", "Customs data is --hs-code, --origin, --description and --value together.")
    amount, _, currency = value.strip().partition(" ")
    try:
        return Customs.of(hs_code, origin, description, Decimal(amount), currency.strip().upper())
    except InvalidOperation:
        raise Misconfigured("usage.customs", f"{value!r} is no value: give one as `12.50 USD`.") from None
