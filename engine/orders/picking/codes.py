"""What a scanned or typed text means on a walk: a product by its SKU, another SKU mapped to it, or one of its barcodes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from engine.errors import NotFound, OrdersError, Refused
from engine.identifiers import ProductId
from engine.orders.picking.lines import Wanted
from engine.orders.plain_text import plain

# Indexes: products_user_id_sku_key by way of the few creators that have shops, products_barcodes_index, product_aliases_pkey.
_MEANT = """
WITH owners AS (SELECT DISTINCT user_id FROM shops)
SELECT p.id, p.sku, p.name, p.bin, p.components FROM products p WHERE p.barcodes && $1::text[]
UNION
SELECT p.id, p.sku, p.name, p.bin, p.components FROM products p
WHERE p.user_id = ANY(ARRAY(SELECT user_id FROM owners)) AND p.sku = ANY($1::text[])
UNION
SELECT p.id, p.sku, p.name, p.bin, p.components
FROM product_aliases a JOIN products p ON p.user_id = a.user_id AND p.sku = a.product_sku
WHERE a.user_id = ANY(ARRAY(SELECT user_id FROM owners)) AND a.sku = ANY($1::text[])
ORDER BY sku, id
"""


@dataclass(frozen=True, slots=True)
class Meant:
    """A product that a text means."""

    product_id: ProductId
    sku: str
    name: str
    bin: str
    components: tuple[tuple[str, int], ...]
    """Of a kit: SKUs, each with how many."""


def spellings(text: str) -> list[str]:
    """How the same code may be stored: as it is, in capitals, and a UPC with or without the zero that makes it an EAN."""
    typed = " ".join(text.replace("\x00", "").split())
    found = [typed, typed.upper()]
    if typed.isascii() and typed.isdigit():
        if len(typed) == 12:
            found.append(f"0{typed}")
        elif len(typed) == 13 and typed.startswith("0"):
            found.append(typed[1:])
    return list(dict.fromkeys(each for each in found if each))


async def meant_by(connection: Any, text: str) -> list[Meant]:
    """Every product that the text means; several where creators share a code."""
    return [
        Meant(
            ProductId(row["id"]),
            row["sku"],
            row["name"],
            row["bin"],
            tuple((each["sku"], each["quantity"]) for each in row["components"] or ()),
        )
        for row in await connection.fetch(_MEANT, spellings(text))
    ]


def wrong(text: str, meant: Collection[Meant], walk: Iterable[Wanted], where: str) -> OrdersError:
    """Why a code is none that can be picked now: nobody knows it, it is a kit, nothing wants it, or all of it is in hand."""
    if not meant:
        return NotFound(
            "pick.unknown_code", f"{plain(text)!r} is no SKU and no barcode that is known here: put it aside and ask."
        )
    known = {each.product_id: each for each in meant}
    here = [each for each in walk if each.product_id in known]
    first = next(iter(meant))
    if first.components and not here:
        parts = ", ".join(f"{count} {plain(sku)}" for sku, count in first.components)
        return Refused("pick.kit", f"{plain(first.sku)} is a kit of {parts}: scan these one by one.")
    name, place = plain(first.name), f" It belongs in bin {plain(first.bin)}." if first.bin else ""
    if not here:
        return Refused("pick.wrong_item", f"WRONG ITEM: {plain(first.sku)} ({name}) is not wanted {where}.{place}")
    stopped = next((each for each in here if each.stopped), None)
    if stopped is not None and all(each.stopped or each.picked >= each.quantity for each in here):
        return Refused(
            "pick.stopped",
            f"NOT NOW: {plain(first.sku)} is wanted by order {stopped.order_number} only, "
            f"which is {stopped.stopped.replace('_', ' ')}.{place}",
        )
    count = sum(each.quantity for each in here)
    return Refused("pick.too_many", f"TOO MANY: all {count} of {plain(first.sku)} are picked {where}.{place}")
