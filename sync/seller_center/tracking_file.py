"""The template for uploading tracking numbers in bulk: order id, SKU id, quantity, tracking id, shipping provider.

Everything in it is text. A cell that a spreadsheet would take for a formula gets an apostrophe in front.
"""

from __future__ import annotations

import csv
import functools
import os
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from importlib import resources
from pathlib import Path

from engine.errors import Refused
from engine.orders.parcels.exporting import TrackingLine
from engine.orders.plain_text import plain as printable
from sync.seller_center.words import plain

HEADER = ("Order ID", "SKU ID", "Quantity", "Tracking ID", "Shipping Provider")
_FORMULA = "=+-@"


def write_tracking(path: Path, lines: Sequence[TrackingLine]) -> None:
    """Write the template as CSV or XLSX, by the file's name; the file is there as a whole or not at all. Raises Refused."""
    rows = (_cells(line) for line in lines)
    match path.suffix.lower():
        case ".csv":
            write = _write_csv
        case ".xlsx":
            write = _write_xlsx
        case _:
            raise Refused(
                "export.format", f"{path.name} is neither .csv nor .xlsx: end the file's name in one of them."
            )
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=path.suffix)
    except OSError as error:
        raise Refused("export.not_written", f"{path} cannot be written: {(error.strerror or '?').lower()}.") from None
    os.close(handle)
    try:
        write(Path(name), rows)
        Path(name).replace(path)
    except OSError as error:
        raise Refused("export.not_written", f"{path} cannot be written: {(error.strerror or '?').lower()}.") from None
    finally:
        Path(name).unlink(missing_ok=True)


def safe_cell(text: str) -> str:
    """The text as a cell that no spreadsheet works out."""
    shown = printable(text)
    return f"'{shown}" if shown.startswith(tuple(_FORMULA)) else shown


def provider_name(carrier: str) -> str:
    """What the template calls a carrier."""
    return _providers().get(plain(carrier), carrier)


def _cells(line: TrackingLine) -> list[str]:
    cells = (line.order, line.sku_id, str(line.quantity), line.tracking_number, provider_name(line.carrier))
    return [safe_cell(cell) for cell in cells]


def _write_csv(path: Path, rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(rows)


def _write_xlsx(path: Path, rows: Iterable[Sequence[str]]) -> None:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Tracking")

    def as_text(cells: Iterable[str]) -> Iterator[object]:
        for text in cells:
            cell = WriteOnlyCell(sheet, value=text)
            cell.data_type = "s"  # never a formula, never a number that loses its last digits
            cell.number_format = "@"
            yield cell

    sheet.append(list(HEADER))
    for row in rows:
        sheet.append(list(as_text(row)))
    book.save(path)


@functools.cache
def _providers() -> dict[str, str]:
    text = resources.files("sync.seller_center").joinpath("providers.toml").read_text(encoding="utf-8")
    return {plain(carrier): name for name, carriers in tomllib.loads(text)["providers"].items() for carrier in carriers}
