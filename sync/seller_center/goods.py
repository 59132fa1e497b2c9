"""Sheets of stock and of products: rows by the names of their columns, each read or refused by itself."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from importlib import resources
from pathlib import Path

from engine.errors import Refused
from engine.inventory.product_card import Component, Customs, ProductChange
from engine.orders.plain_text import plain as printable
from sync.seller_center.cells import read_money
from sync.seller_center.sheets import read_rows
from sync.seller_center.words import Words, plain

_HEADER_WITHIN = 5
_SIZE = re.compile(r"(\d{1,5})\s*[xX×*]\s*(\d{1,5})\s*[xX×*]\s*(\d{1,5})", re.ASCII)  # noqa: RUF001
_WEIGHT = re.compile(r"([0-9]+(?:[.,][0-9]+)?)\s*(g|kg)?", re.IGNORECASE)
_WHOLE = re.compile(r"[+-]?[0-9]{1,6}(?:\.0)?")
_APART = re.compile(r"[;|\n]+")


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row: its number, and what its known columns say; empty cells are not there."""

    number: int
    values: Mapping[str, str]

    @property
    def sku(self) -> str:
        return self.values.get("sku", "")


def goods_rows(path: Path, kind: str) -> Iterator[SheetRow]:
    """The rows of a sheet of `stock` or of `product`. Raises Refused for a file that is none, or lacks a column."""
    words = _words(kind)
    places: dict[str, int] | None = None
    above = 0
    for number, cells in read_rows(path):
        if places is None:
            found = words.column_places(cells)
            above += 1
            if missing := words.missing(found):
                if found or above >= _HEADER_WITHIN:
                    raise Refused("import.columns", f"{path.name} lacks the column {', '.join(missing)}.")
                continue
            places = found
            continue
        values = {name: cells[place] for name, place in places.items() if place < len(cells) and cells[place]}
        yield SheetRow(number, values)
    if places is None:
        raise Refused("import.columns", f"{path.name} lacks the column {', '.join(words.missing({}))}.")


def read_stock(row: SheetRow, *, signed: bool) -> tuple[str, int, str | None]:
    """SKU, quantity and location of a row of stock. Raises Refused as half a sentence."""
    if not row.sku:
        raise Refused("import.empty_cell", "SKU is empty")
    text = row.values.get("quantity", "")
    if not _WHOLE.fullmatch(text) or (not signed and text.startswith("-")):
        raise Refused(
            "import.bad_quantity", f"{_shown(text)} is no quantity: a whole number{'' if signed else ' from 0'}"
        )
    return row.sku, int(text.removesuffix(".0")), row.values.get("location")


def read_product(row: SheetRow) -> tuple[str, ProductChange]:
    """SKU and what a row gives of the product. Raises Refused as half a sentence."""
    if not row.sku:
        raise Refused("import.empty_cell", "SKU is empty")
    values = row.values
    barcodes = values.get("barcodes")
    change = ProductChange(
        name=values.get("name"),
        barcodes=tuple(_parts(barcodes)) if barcodes else None,
        weight_grams=_weight(values),
        box=values.get("box"),
        size_millimetres=_size(values),
        bin=values.get("bin"),
        customs=_customs(values),
        components=_components(values.get("components")),
        location=values.get("location"),
        low_stock=_number("low stock", values["low_stock"]) if "low_stock" in values else None,
    )
    return row.sku, change.checked(row.sku)


def _weight(values: Mapping[str, str]) -> int | None:
    for column, grams in (("weight_grams", 1), ("weight_kilograms", 1000)):
        text = values.get(column)
        if text is None:
            continue
        found = _WEIGHT.fullmatch(text)
        if found is None:
            raise Refused("import.bad_weight", f"{_shown(text)} is no weight: give one as 400, 400 g or 0.4 kg")
        unit = (found[2] or "").lower()
        factor = {"g": 1, "kg": 1000}.get(unit, grams)
        return int((Decimal(found[1].replace(",", ".")) * factor).to_integral_value())
    return None


def _size(values: Mapping[str, str]) -> tuple[int, int, int] | None:
    if text := values.get("size"):
        found = _SIZE.fullmatch(text.removesuffix("mm").strip())
        if found is None:
            raise Refused(
                "import.bad_size", f"{_shown(text)} is no size: give length, width and height in mm as 200x150x100"
            )
        return int(found[1]), int(found[2]), int(found[3])
    sides = [values.get(name) for name in ("length", "width", "height")]
    if not any(sides):
        return None
    length, width, height = (
        _number(name, text or "") for name, text in zip(("length", "width", "height"), sides, strict=True)
    )
    return length, width, height


def _customs(values: Mapping[str, str]) -> Customs | None:
    names = ("hs_code", "origin", "description", "value")
    given = [values.get(name) for name in names]
    if not any(given):
        return None
    if not all(given):
        raise Refused("import.bad_customs", "HS code, origin, customs description and customs value go together")
    amount, currency = read_money(values["value"], ".")
    if amount is None:
        raise Refused("import.bad_customs", f"{_shown(values['value'])} is no customs value: give one as 12.50 USD")
    return Customs.of(values["hs_code"], values["origin"], values["description"], amount, currency)


def _components(text: str | None) -> tuple[Component, ...] | None:
    if text is None:
        return None
    components = []
    for part in _parts(text):
        sku, _, quantity = part.rpartition(":") if re.search(r":\d+$", part, re.ASCII) else (part, "", "1")
        components.append(Component(sku.strip(), int(quantity)))
    return tuple(components)


def _parts(text: str) -> list[str]:
    return [part.strip() for part in _APART.split(text) if part.strip()]


def _number(what: str, text: str) -> int:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number != number.to_integral_value() or abs(number) > 1_000_000:
        raise Refused("import.bad_number", f"{_shown(text)} is no {what}: give a whole number")
    return int(number)


def _shown(text: str) -> str:
    return repr(printable(text)[:40]) if text else "an empty cell"


@functools.cache
def _words(kind: str) -> Words:
    text = resources.files("sync.seller_center").joinpath("goods.toml").read_text(encoding="utf-8")
    document = tomllib.loads(text)[kind]
    columns = {plain(name): column for column, names in document["columns"].items() for name in names}
    titles = {column: names[0] for column, names in document["columns"].items()}
    return Words(columns, tuple(document["required"]), (), titles, {}, {})
