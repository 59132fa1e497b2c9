"""Products and SKUs: what the shop sells and what its warehouse knows about them."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Sku:
    """One thing that can be ordered. Money in cents; `weight_grams` is None when it was never weighed."""

    seller_sku: str
    sku_id: str
    product_id: str
    product_title: str
    option: str
    price_cents: int
    weight_grams: int | None
    sold_out: bool
    listed: bool
    barcode: str
    bin: str

    @property
    def ordinary(self) -> bool:
        """Whether any order may contain it without coming to grief."""
        return self.listed and not self.sold_out and self.weight_grams is not None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All SKUs, and those that only orders of one fate contain."""

    skus: tuple[Sku, ...]
    viral: Sku

    @property
    def listed(self) -> tuple[Sku, ...]:
        """What the warehouse has in its own catalogue."""
        return tuple(sku for sku in self.skus if sku.listed)


def stock_of(sku: Sku, orders: int) -> int:
    """Return the stock at the start: none when sold out, else more than so many orders could ever ask for."""
    return 0 if sku.sold_out else 500 + 6 * orders


@cache
def catalogue() -> Catalogue:
    """Return the catalogue of the shop; it is the same for every seed."""
    raw = tomllib.loads(files(__package__).joinpath("catalogue.toml").read_text(encoding="utf-8"))
    skus: list[Sku] = []
    families = [(product, True) for product in raw["products"]] + [(product, False) for product in raw["unlisted"]]
    for product_number, (product, listed) in enumerate(families, start=1):
        for sku_number, row in enumerate(product["skus"], start=1):
            skus.append(
                Sku(
                    seller_sku=row["sku"],
                    sku_id=f"1729000000{product_number:05d}{sku_number:04d}",
                    product_id=f"1729000000{product_number:05d}0000",
                    product_title=product["title"],
                    option=row["option"],
                    price_cents=row["price"],
                    weight_grams=row.get("weight_grams"),
                    sold_out=row.get("sold_out", False),
                    listed=listed,
                    barcode=_in_store_barcode(product_number * 100 + sku_number),
                    bin=f"{'ABCDEF'[product_number % 6]}-{product_number:02d}-{sku_number}",
                )
            )
    return Catalogue(tuple(skus), next(sku for sku in skus if sku.seller_sku == raw["viral"]))


def _in_store_barcode(number: int) -> str:
    """Return an EAN-13 from the range reserved for use inside one shop (prefix 200)."""
    body = f"200{number:09d}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return body + str(-total % 10)
