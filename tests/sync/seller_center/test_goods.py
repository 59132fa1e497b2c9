"""Sheets of stock and of products: every column as people write it, and what is refused in which words."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from engine.errors import Refused
from engine.inventory.product_card import Component, Customs
from engine.money import Money
from sync.seller_center.goods import SheetRow, goods_rows, read_product, read_stock
from tests.sync.seller_center.exports import as_csv, as_xlsx


@pytest.mark.parametrize("make", [as_csv, as_xlsx])
def test_rows_are_read_by_the_names_of_their_columns(tmp_path: Path, make: object) -> None:
    cells = [
        ["Name", "Bestand", "Lager", "SKU"],
        ["Mug", "12", "MAIN", "MUG-BLU"],
        ["", "", "", ""],
        ["", "3", "", "X"],
    ]
    write = as_csv if make is as_csv else as_xlsx
    rows = list(goods_rows(write(tmp_path / ("s.csv" if make is as_csv else "s.xlsx"), cells), "stock"))
    assert [(row.number, dict(row.values)) for row in rows] == [
        (2, {"quantity": "12", "location": "MAIN", "sku": "MUG-BLU"}),
        (4, {"quantity": "3", "sku": "X"}),
    ]
    assert read_stock(rows[0], signed=False) == ("MUG-BLU", 12, "MAIN")


def test_a_sheet_without_its_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        list(goods_rows(as_csv(tmp_path / "s.csv", [["SKU", "Colour"], ["X", "blue"]]), "stock"))
    assert caught.value.sentence == "s.csv lacks the column Quantity."


@pytest.mark.parametrize(
    ("text", "signed"), [("-1", False), ("1.5", True), ("", True), ("many", True), ("1234567", True)]
)
def test_what_is_no_quantity_is_refused(text: str, *, signed: bool) -> None:
    with pytest.raises(Refused):
        read_stock(SheetRow(2, {"sku": "X", "quantity": text}), signed=signed)


def test_a_product_s_columns_are_read_as_people_write_them() -> None:
    row = {
        "sku": "SET",
        "name": "A set",
        "barcodes": "4006381333931; ABC-1",
        "weight_kilograms": "0,4",
        "length": "200",
        "width": "150",
        "height": "100",
        "bin": "A-1",
        "components": "MUG-BLU:2; BOWL-LG",
        "hs_code": "6912.00",
        "origin": "pt",
        "description": "Stoneware set",
        "value": "USD 12.50",
        "low_stock": "5",
    }
    sku, change = read_product(SheetRow(2, row))
    assert (sku, change.name, change.barcodes, change.weight_grams) == ("SET", "A set", ("4006381333931", "ABC-1"), 400)
    assert (change.size_millimetres, change.bin, change.box, change.low_stock) == ((200, 150, 100), "A-1", None, 5)
    assert change.components == (Component("MUG-BLU", 2), Component("BOWL-LG", 1))
    assert change.customs == Customs("691200", "PT", "Stoneware set", Money(Decimal("12.50"), "USD"))


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"weight_grams": "heavy"}, "import.bad_weight"),
        ({"size": "20x15"}, "import.bad_size"),
        ({"length": "200"}, "import.bad_number"),
        ({"hs_code": "691200"}, "import.bad_customs"),
        ({"low_stock": "few"}, "import.bad_number"),
        ({"barcodes": "ü"}, "product.barcode"),
        ({"weight_grams": "0"}, "product.weight"),
    ],
)
def test_what_no_product_has_is_refused(values: dict[str, str], code: str) -> None:
    with pytest.raises(Refused) as caught:
        read_product(SheetRow(2, {"sku": "X"} | values))
    assert caught.value.code == code


def test_weights_may_name_their_unit() -> None:
    for text, grams in (("400", 400), ("400 g", 400), ("0.4kg", 400), ("1,25 KG", 1250)):
        assert read_product(SheetRow(2, {"sku": "X", "weight_grams": text}))[1].weight_grams == grams
