"""The template for uploading tracking numbers: text in every cell, formulas in none, whole or not there at all."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from openpyxl import load_workbook

from engine.errors import Refused
from engine.identifiers import PackageId, new_id
from engine.orders.parcels.exporting import TrackingLine
from sync.seller_center.tracking_file import HEADER, provider_name, safe_cell, write_tracking

LINES = [
    TrackingLine(
        PackageId(new_id()), "576461412345678901", "1729000000000000501", "MUG", 2, "1Z999AA10123456784", "UPSDAP"
    ),
    TrackingLine(PackageId(new_id()), "576461412345678902", "1729000000000000601", "BOWL", 1, "=1+1", "@carrier"),
]
ROWS = [
    ["576461412345678901", "1729000000000000501", "2", "1Z999AA10123456784", "UPS"],
    ["576461412345678902", "1729000000000000601", "1", "'=1+1", "'@carrier"],
]


def test_a_csv_has_the_template_s_columns(tmp_path: Path) -> None:
    write_tracking(tmp_path / "t.csv", LINES)
    with (tmp_path / "t.csv").open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file)) == [list(HEADER), *ROWS]
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


def test_a_workbook_has_text_in_every_cell(tmp_path: Path) -> None:
    write_tracking(tmp_path / "t.xlsx", LINES)
    sheet = load_workbook(tmp_path / "t.xlsx").worksheets[0]
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [list(HEADER), *ROWS]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} == {"s"}


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        write_tracking(tmp_path / "t.pdf", LINES)
    assert caught.value.code == "export.format"
    with pytest.raises(Refused) as missing:
        write_tracking(tmp_path / "none" / "t.csv", LINES)
    assert missing.value.code == "export.not_written"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum", "\t=1", " =1"])
def test_what_a_spreadsheet_would_work_out_is_text(text: str) -> None:
    assert safe_cell(text) == f"'{text.strip()}"
    assert safe_cell("1Z-999") == "1Z-999"


def test_carriers_are_named_as_the_template_names_them() -> None:
    assert provider_name("fedexdefault") == "FedEx"
    assert provider_name("Alder Post") == "Alder Post"
