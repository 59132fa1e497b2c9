"""Refused orders as a file that a spreadsheet opens and never works out."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from engine.errors import Refused
from engine.orders.bulk.requests import BatchError
from sync.seller_center.tracking_file import safe_cell

_HEADER = ("order_number", "code", "reason", "order_id")


def write_errors(path: Path, errors: Sequence[BatchError]) -> None:
    """One line an order. Raises Refused when the file cannot be written."""
    rows = ((error.order_number, error.code, error.error, error.order_id) for error in errors)
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(_HEADER)
            writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    except OSError as error:
        raise Refused("export.not_written", f"{path} cannot be written: {(error.strerror or '?').lower()}.") from None
