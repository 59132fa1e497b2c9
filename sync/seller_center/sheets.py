"""The rows of a CSV or XLSX file, read one by one, each with the number it has on the screen of whoever looks for it.

Nothing but the row at hand is kept in memory, so that a file of any length costs the same.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from engine.errors import Refused
from sync.seller_center.cells import LONGEST_CELL, clean
from sync.seller_center.workbook import is_workbook, workbook_rows

Row = tuple[int, list[str]]
"""A row's number and its cells."""

_HEAD_BYTES = 8192
_DELIMITERS = ",;\t"
_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_OTHERS = (("gb18030", "GB18030 or Shift JIS"), ("cp1252", "Windows-1252"))
_PAIRS = re.compile(rb"[\x80-\xff]{2}")
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of a file that are not empty, cells cleaned. Raises Refused in one sentence for a file that is none of ours."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise Refused("import.unreadable", f"{path.name} cannot be read: {(error.strerror or '?').lower()}.") from None
    if not head:
        raise Refused("import.empty", f"{path.name} is empty: download the export again.")
    if head.startswith(_OLD_EXCEL):
        raise Refused("import.old_excel", f"{path.name} is an old Excel file: save it as CSV UTF-8 or XLSX.")
    rows = workbook_rows(path) if is_workbook(head) else _csv_rows(path, head)
    for number, cells in rows:
        cleaned = [clean(cell) for cell in cells]
        if any(cleaned):
            yield number, cleaned


def _csv_rows(path: Path, head: bytes) -> Iterator[tuple[int, Sequence[str]]]:
    for mark, name in _MARKS:
        if head.startswith(mark):
            raise _other_encoding(path, name, 1)
    if b"\x00" in head:
        raise Refused("import.binary", f"{path.name} is neither CSV nor XLSX.")
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from _records(path, file, _delimiter(head))


def _records(path: Path, file: IO[str], delimiter: str) -> Iterator[tuple[int, Sequence[str]]]:
    csv.field_size_limit(LONGEST_CELL * 4)
    reader = csv.reader(file, delimiter=delimiter)
    number = 1
    try:
        for record in reader:
            yield number, record
            number = reader.line_num + 1
    except UnicodeDecodeError as error:
        raise _other_encoding(path, _guess(error.object), number) from None
    except csv.Error as error:
        why = (
            "a cell is longer than any spreadsheet's: a quote is never closed" if "limit" in str(error) else str(error)
        )
        raise Refused("import.broken_csv", f"{path.name} cannot be read from line {number} on: {why}.") from None


def _delimiter(head: bytes) -> str:
    """The mark that parts the cells of the first line."""
    first = head.decode("utf-8", "replace").splitlines()[0]
    return max(_DELIMITERS, key=first.count)


def _guess(data: bytes) -> str:
    sample = data[:_HEAD_BYTES]
    if not _PAIRS.search(sample):  # an accent here and there; Chinese and Japanese come in pairs of bytes
        return "Windows-1252"
    for codec, name in _OTHERS:
        try:
            sample.decode(codec)
        except UnicodeDecodeError:
            continue
        return name
    return "another encoding"


def _other_encoding(path: Path, name: str, line: int) -> Refused:
    return Refused(
        "import.encoding",
        f"{path.name} is not UTF-8 but looks like {name} (line {line}): save it as CSV UTF-8 or as XLSX.",
    )
