"""`orders-tui orders` where a carrier is asked: rates, check-address, label, document."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from engine.errors import Misconfigured, OrdersError
from engine.orders.parcels.documents import LabelDocument
from engine.orders.plain_text import plain
from orders_tui.assembly import open_outside
from orders_tui.cli.exits import Exit
from orders_tui.cli.order_targets import Json, find_all
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.opening import open_services
from orders_tui.services import Services
from orders_tui.services.shipping import Shipping
from orders_tui.settings_file import read_settings
from sync.shipping.port import LabelFormat
from sync.shipping.tiktok_documents import TikTokDocument

Order = Annotated[str, Parameter(help="Order number, package id or tracking number.")]
Output = Annotated[Path, Parameter(help="The file to write; several parcels get a number each.")]
Wanted = Literal[
    "shipping_label",
    "packing_slip",
    "shipping_label_and_packing_slip",
    "shipping_label_picture",
    "hazmat_label",
    "invoice_label",
]


@asynccontextmanager
async def open_shipping() -> AsyncIterator[tuple[Services, Shipping]]:
    """The services, and those that ask a carrier. Raises Misconfigured for what is not set up."""
    settings = read_settings()
    async with (
        open_services(settings, on_wait=narrate) as services,
        open_outside(settings, services.database) as outside,
    ):
        yield services, Shipping(services.database, services.actor, services.door, outside)


async def rates(order: Order, *, json: Json = False) -> int:
    """List what carriers offer for an order's parcels, and which offer would be bought; nothing is bought."""
    async with open_shipping() as (services, shipping):
        [order_id] = await find_all(services, [order])
        offers = await shipping.rates(order_id)
    for offer in offers:
        if json:
            emit_json(offer)
            continue
        days = "? days" if offer.delivery_days is None else f"{offer.delivery_days} days"
        name = plain(f"{offer.carrier} {offer.service}")
        mark, why = ("→", f"  would be bought: {offer.why}") if offer.chosen else (" ", "")
        emit(f"{mark} {offer.amount:>9} {offer.currency:<3}  {days:>7}  {name:<28}{why}".rstrip())
    return Exit.OK


async def check_address(*orders: Annotated[str, Parameter(help="Orders.", name="ORDER...")], json: Json = False) -> int:
    """Ask carriers whether they deliver to the addresses of orders."""
    if not orders:
        raise Misconfigured("usage.targets", "Give at least one order: orders check-address ORDER...")
    worst = Exit.OK
    async with open_shipping() as (services, shipping):
        for text, order_id in zip(orders, await find_all(services, orders), strict=False):
            try:
                check = await shipping.check_address(order_id)
            except OrdersError as error:
                worst = Exit.REFUSED
                emit_json({"order": text, "error": error.sentence}) if json else emit(f"{text}  {error.sentence}")
                continue
            if not check.deliverable:
                worst = Exit.REFUSED
            if json:
                emit_json({"order": text, "deliverable": check.deliverable, "problems": check.problems,
                           "suggestion": check.suggestion})  # fmt: skip
                continue
            told = "delivered to" if check.deliverable else f"not delivered to: {'; '.join(map(plain, check.problems))}"
            emit(f"{text}  {told}")
            if found := check.suggestion:
                lines = (found.line1, found.line2, found.city, found.state, found.postal_code, found.country)
                emit(f"{'':<{len(text)}}  as carriers write it: {plain(', '.join(line for line in lines if line))}")
    return worst


async def label(
    order: Order,
    *,
    output: Output,
    format: Annotated[LabelFormat | None, Parameter(help="As it was bought, unless given.")] = None,  # noqa: A002
    json: Json = False,
) -> int:
    """Write an order's labels to files: the stored ones; another format is asked of their provider. Nothing is bought."""
    if format is None:
        async with open_services(read_settings(), on_wait=narrate) as services:
            [order_id] = await find_all(services, [order])
            return _write(await services.parcels.labels(order_id), output, json=json)
    async with open_shipping() as (services, shipping):
        [order_id] = await find_all(services, [order])
        return _write(await shipping.labels(order_id, format), output, json=json)


async def document(
    order: Order,
    *,
    type: Annotated[Wanted, Parameter(help="What to print.")],  # noqa: A002
    size: Annotated[Literal["A6", "A5"], Parameter(help="Where there are two.")] = "A6",
    output: Annotated[
        Path, Parameter(name=["--output", "--out"], help="The file to write; several get a number each.")
    ],
    json: Json = False,
) -> int:
    """Write what TikTok prints for an order's parcels to files; it is kept, since TikTok prints nothing after the first scan."""
    async with open_shipping() as (services, shipping):
        [order_id] = await find_all(services, [order])
        return _write(await shipping.documents(order_id, TikTokDocument(type.upper()), size), output, json=json)


def _write(documents: Sequence[LabelDocument], output: Path, *, json: bool) -> int:
    for number, found in enumerate(documents, 1):
        path = output if len(documents) == 1 else output.with_stem(f"{output.stem}-{number}")
        write_file(path, found.body)
        if json:
            emit_json({"file": str(path), "package_id": found.package_id, "media_type": found.media_type})
        else:
            emit(f"{path}  {found.media_type}, {found.tracking_number}")
    return Exit.OK


def write_file(path: Path, body: bytes) -> None:
    """Write a document. Raises Misconfigured for a place that cannot be written."""
    try:
        path.write_bytes(body)
    except OSError as error:
        raise Misconfigured("label.file", f"{path} cannot be written: {error.strerror}.") from error
