"""`orders-tui orders resume|correct-address|skip`: send on what failed, corrected or on a person's word."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from cyclopts import Parameter

from engine.errors import Misconfigured
from engine.orders.resuming import ADDRESS_FIELDS, Corrections
from engine.ports.facts import Address
from orders_tui.cli.exits import Exit
from orders_tui.cli.order_targets import Json, Reason, find_all, report_outcomes
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.cli.pairs import read_pairs
from orders_tui.opening import open_services
from orders_tui.settings_file import read_settings


async def resume(
    order: Annotated[str, Parameter(help="Order number.")],
    *,
    address: Annotated[
        tuple[str, ...], Parameter(negative=(), help="A line of the address, as city=Boston; repeatable.")
    ] = (),
    product: Annotated[
        tuple[str, ...], Parameter(negative=(), help="A SKU and the product it means, as OLD=MUG-BLU; repeatable.")
    ] = (),
    weight: Annotated[
        tuple[str, ...], Parameter(negative=(), help="A product's weight in grams, as MUG-BLU=400; repeatable.")
    ] = (),
    reason: Reason = "",
    json: Json = False,
) -> int:
    """Correct what was wrong with a failed order and send it on; when one part is refused, nothing is changed."""
    weights = {sku: _grams(sku, word) for sku, word in read_pairs(weight, "--weight").items()}
    corrections = Corrections(read_pairs(address, "--address"), read_pairs(product, "--product"), weights)
    if not corrections:
        raise Misconfigured("usage.corrections", "Give what is corrected: --address, --product or --weight.")
    async with open_services(read_settings(), on_wait=narrate) as services:
        [order_id] = await find_all(services, [order])
        outcome = await services.workflows.resume_with(order_id, corrections, reason=reason)
    return report_outcomes([outcome], json=json)


async def correct_address(
    order: Annotated[str, Parameter(help="Order number.")],
    *,
    line: Annotated[tuple[str, ...], Parameter(negative=(), help="A line of the address, as city=Boston; repeatable.")],
    json: Json = False,
) -> int:
    """Correct an order's address while its label is not bought; if it failed for the old one, it goes on."""
    lines = read_pairs(line, "--line")
    if unknown := sorted(set(lines) - set(ADDRESS_FIELDS)):
        raise Misconfigured("usage.line", f"An address has no {unknown[0]!r}; it has {', '.join(ADDRESS_FIELDS)}.")
    async with open_services(read_settings(), on_wait=narrate) as services:
        [order_id] = await find_all(services, [order])
        known = await services.detail(order_id)
        present = known.address or Address(*("" for _ in ADDRESS_FIELDS))
        await services.correct_address(order_id, replace(present, **lines), expected_version=known.row.version)
    if json:
        emit_json({"order_id": order_id, "corrected": sorted(lines)})
    else:
        emit(f"{known.row.order_number}  goes to the corrected address")
    return Exit.OK


async def skip(
    *orders: Annotated[str, Parameter(help="Order numbers.")],
    reason: Reason,
    json: Json = False,
) -> int:
    """Pass over the step that orders failed on or wait for, where their workflow allows it."""
    if not orders:
        raise Misconfigured("usage.targets", "Give at least one order: orders skip ORDER... --reason WHY.")
    async with open_services(read_settings(), on_wait=narrate) as services:
        outcomes = await services.workflows.skip(await find_all(services, orders), reason=reason)
    return report_outcomes(outcomes, json=json, done="skipped")


def _grams(sku: str, word: str) -> int:
    if not word.isdecimal():
        raise Misconfigured("usage.weight", f"--weight {sku}={word!r} must be a whole number of grams.")
    return int(word)
