"""Exports as the seller centre writes them, made in the test. All people and ids are invented."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from openpyxl import Workbook

HEADER = (
    "Order ID", "Order Status", "Order Substatus", "SKU ID", "Seller SKU", "Product Name", "Variation", "Quantity",
    "SKU Unit Original Price", "SKU Subtotal After Discount", "Shipping Fee After Discount", "Order Amount", "Created Time",
    "Paid Time", "RTS Time", "Shipped Time", "Delivered Time", "Cancelled Time", "Cancel Reason", "Fulfillment Type", "Tracking ID",
    "Delivery Option", "Buyer Message", "Recipient", "Phone #", "Country", "State", "City", "Zipcode", "Detail Address",
    "Additional address information", "Payment Method", "Package ID", "Seller Note", "A column from the future",
)  # fmt: skip

DESCRIPTIONS = {
    "Order ID": "Platform unique order ID.",
    "Order Status": "Current order status.",
    "Quantity": "Units sold.",
}

ORDER = "576461412345678901"
ANOTHER = "576461412345678902"
MUG, BOWL = "1729000000000000501", "1729000000000000601"

MUGS: dict[str, str] = {
    "Order ID": f"{ORDER}\t",
    "Order Status": "To ship",
    "Order Substatus": "Awaiting shipment",
    "SKU ID": f"{MUG}\t",
    "Seller SKU": "MUG-BLU",
    "Product Name": "Stoneware mug",
    "Variation": "Blue",
    "Quantity": "2",
    "SKU Unit Original Price": "24.99",
    "SKU Subtotal After Discount": "44.98",
    "Shipping Fee After Discount": "3.99",
    "Order Amount": "62.74",
    "Created Time": "03/02/2026 9:15:00 AM\t",
    "Paid Time": "03/02/2026 9:16:00 AM\t",
    "RTS Time": "\t",
    "Shipped Time": "\t",
    "Delivered Time": "\t",
    "Cancelled Time": "\t",
    "Fulfillment Type": "Fulfillment by seller",
    "Delivery Option": "Standard",
    "Recipient": "Ines Falk",
    "Phone #": "(+1)5550100",
    "Country": "United States",
    "State": "Washington",
    "City": "Port Alder",
    "Zipcode": "98000",
    "Detail Address": "7 Quay Street",
    "Payment Method": "Visa",
}
BOWLS = MUGS | {"SKU ID": f"{BOWL}\t", "Seller SKU": "BOWL-LG", "Product Name": "Salad bowl", "Quantity": "1",
                "SKU Subtotal After Discount": "8.99"}  # fmt: skip


def table(
    rows: Iterable[Mapping[str, str]], *, described: bool = True, header: Sequence[str] = HEADER
) -> list[list[str]]:
    """The cells of a whole export."""
    lines = [list(header)]
    if described:
        lines.append([DESCRIPTIONS.get(name, "What it is.") for name in header])
    return lines + [[row.get(name, "") for name in header] for row in rows]


def as_csv(path: Path, cells: Iterable[Sequence[str]], *, encoding: str = "utf-8-sig", delimiter: str = ",") -> Path:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(cells)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def as_xlsx(path: Path, cells: Iterable[Sequence[object]]) -> Path:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in cells:
        sheet.append(list(row))
    book.save(path)
    return path


def moved(row: Mapping[str, str], status: str, substatus: str, **times: str) -> dict[str, str]:
    """The row as a later export has it; `times` by the column's first word in lower case."""
    named = {f"{name.upper() if name == 'rts' else name.capitalize()} Time": when for name, when in times.items()}
    return dict(row) | {"Order Status": status, "Order Substatus": substatus} | named
