"""What the house knows of a product, as people give it: every value checked, in words, before anything is written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.errors import Refused
from engine.money import Money
from engine.orders.address_rules import is_country
from engine.orders.plain_text import plain

MOST_BARCODES = 20
MOST_COMPONENTS = 50
HEAVIEST_GRAMS = 70_000
LONGEST_MILLIMETRES = 5_000

_HS_CODE = re.compile(r"\d{6,10}")
_BARCODE = re.compile(r"[\x21-\x7e]{1,64}")


@dataclass(frozen=True, slots=True)
class Customs:
    """What a border asks of a product."""

    hs_code: str
    """Six to ten digits of the Harmonized System."""
    origin: str
    """The country it was made in, ISO 3166 alpha-2."""
    description: str
    value: Money

    @classmethod
    def of(cls, hs_code: str, origin: str, description: str, value: Decimal, currency: str) -> Customs:
        """Customs data as people type it. Raises Refused with what is wrong."""
        digits, country, words = re.sub(r"[.\s]", "", hs_code), origin.strip().upper(), plain(description)
        if not _HS_CODE.fullmatch(digits):
            raise Refused("product.customs", f"{plain(hs_code)!r} is no HS code: give six to ten digits.")
        if not is_country(country):
            raise Refused("product.customs", f"{plain(origin)!r} is no country: give its two letters.")
        if not 3 <= len(words) <= 100:
            raise Refused("product.customs", "Describe the goods for customs in 3 to 100 characters.")
        if not 0 < value < 1_000_000 or not re.fullmatch(r"[A-Z]{3}", currency):
            raise Refused(
                "product.customs", f"{value} {plain(currency)} is no value for customs: give one as 12.50 USD."
            )
        return cls(digits, country, words, Money(value.quantize(Decimal("0.01")), currency))

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Customs:
        return cls(
            stored["hs_code"],
            stored["origin"],
            stored["description"],
            Money(Decimal(stored["value"]), stored["currency"]),
        )

    def document(self) -> dict[str, str]:
        """What is stored."""
        return {
            "hs_code": self.hs_code,
            "origin": self.origin,
            "description": self.description,
            "value": str(self.value.amount),
            "currency": self.value.currency,
        }


@dataclass(frozen=True, slots=True)
class Component:
    """So many of this product in one kit."""

    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class ProductChange:
    """What is to become of a product; None leaves a value as it is."""

    name: str | None = None
    barcodes: tuple[str, ...] | None = None
    weight_grams: int | None = None
    box: str | None = None
    size_millimetres: tuple[int, int, int] | None = None
    bin: str | None = None
    customs: Customs | None = None
    components: tuple[Component, ...] | None = None
    """Makes it a kit; empty makes it a product of its own again."""
    location: str | None = None
    """The code of the location it ships from; empty: from wherever its shop does."""
    low_stock: int | None = None
    """An alarm is raised when no more than this is available; negative: never."""
    stock_buffer: int | None = None
    """Units that are kept from the channels; negative: as each shop says."""

    def checked(self, sku: str) -> ProductChange:
        """The same, cleaned. Raises Refused for a value that no product has."""
        if self.weight_grams is not None and not 0 < self.weight_grams <= HEAVIEST_GRAMS:
            raise Refused(
                "product.weight",
                f"{self.weight_grams} g is no weight for a product: give 1 to {HEAVIEST_GRAMS} grams.",
            )
        if self.size_millimetres is not None and not all(
            0 < side <= LONGEST_MILLIMETRES for side in self.size_millimetres
        ):
            raise Refused(
                "product.size", f"Give length, width and height in millimetres, 1 to {LONGEST_MILLIMETRES} each."
            )
        return ProductChange(
            name=_words(self.name, 200),
            barcodes=_barcodes(self.barcodes),
            weight_grams=self.weight_grams,
            box=_words(self.box, 60),
            size_millimetres=self.size_millimetres,
            bin=_words(self.bin, 40),
            customs=self.customs,
            components=_components(sku, self.components),
            location=self.location,
            low_stock=None if self.low_stock is None else max(self.low_stock, -1),
            stock_buffer=None if self.stock_buffer is None else max(self.stock_buffer, -1),
        )


@dataclass(frozen=True, slots=True)
class ProductView:
    """A product, for people."""

    sku: str
    name: str
    aliases: tuple[str, ...]
    """Other SKUs that are mapped to it."""
    barcodes: tuple[str, ...]
    weight_grams: int | None
    box: str
    size_millimetres: tuple[int, int, int] | None
    bin: str
    customs: Customs | None
    components: tuple[Component, ...]
    location: str
    """The code of the location it ships from; empty: from wherever its shop does."""
    low_stock: int | None = None
    """An alarm is raised when no more than this is available."""
    stock_buffer: int | None = None
    """Units that are kept from the channels."""


def checked_sku(text: str) -> str:
    """A SKU as it is stored. Raises Refused."""
    sku = text.strip()
    if not 0 < len(sku) <= 100 or plain(sku) != sku:
        raise Refused("product.sku", f"{plain(text)!r} is no SKU: give 1 to 100 printable characters.")
    return sku


def _words(text: str | None, most: int) -> str | None:
    if text is None:
        return None
    words = plain(text)
    if len(words) > most:
        raise Refused("product.text", f"{words[:20]!r}… is too long: give at most {most} characters.")
    return words


def _barcodes(barcodes: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if barcodes is None:
        return None
    kept = tuple(dict.fromkeys(barcode.strip() for barcode in barcodes))
    for barcode in kept:
        if not _BARCODE.fullmatch(barcode):
            raise Refused("product.barcode", f"{plain(barcode)!r} is no barcode: give what the scanner types.")
    if len(kept) > MOST_BARCODES:
        raise Refused("product.barcode", f"A product has at most {MOST_BARCODES} barcodes.")
    return kept


def _components(sku: str, components: tuple[Component, ...] | None) -> tuple[Component, ...] | None:
    if components is None:
        return None
    merged: dict[str, int] = {}
    for each in components:
        if not 0 < each.quantity <= 1000:
            raise Refused("product.kit", f"{each.quantity} × {each.sku} is no part of a kit: give 1 to 1000.")  # noqa: RUF001
        if each.sku == sku:
            raise Refused("product.kit", f"{sku} cannot be a component of itself.")
        merged[each.sku] = merged.get(each.sku, 0) + each.quantity
    if len(merged) > MOST_COMPONENTS:
        raise Refused("product.kit", f"A kit has at most {MOST_COMPONENTS} components.")
    return tuple(Component(name, quantity) for name, quantity in merged.items())
