"""XLSX files, read row by row; the one place that knows openpyxl's reader.

A workbook is a zip that anybody may have made: its sizes are looked at before anything is unpacked, and whatever it holds is text.
"""

from __future__ import annotations

import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from pathlib import Path
from xml.etree.ElementTree import ParseError

from engine.errors import Refused
from sync.seller_center.cells import LONGEST_CELL, number_as_text

_MAGIC = b"PK\x03\x04"
_MOST_BYTES = 2 * 1024**3
_MOST_STRINGS_BYTES = 256 * 1024**2
_MOST_TIMES_PACKED = 400
_SMALL_BYTES = 16 * 1024**2
"""What is unpacked to less than this is no bomb, however well it was packed."""
_MOST_ROWS = 1_048_576
_MOST_COLUMNS = 500
_STRINGS = re.compile(r"xl/sharedStrings\.xml", re.IGNORECASE)


def is_workbook(head: bytes) -> bool:
    """Whether a file that begins so is a zip, as XLSX is."""
    return head.startswith(_MAGIC)


def workbook_rows(path: Path) -> Iterator[tuple[int, Sequence[str]]]:
    """The rows of the first sheet that has any. Raises Refused in one sentence for a file that is damaged or meant to harm."""
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    _refuse_bomb(path)
    # All that openpyxl lets through of a file that is not as it should be.
    broken = (
        InvalidFileException,
        zipfile.BadZipFile,
        ParseError,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        OSError,
        EOFError,
        IndexError,
        NotImplementedError,
        zlib.error,
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and validations that openpyxl leaves out: we want none
            book = load_workbook(path, read_only=True, data_only=False, keep_links=False)
            try:
                sheet = book.worksheets[0]
                sheet.reset_dimensions()  # what the file says of its own size may be anything
                for number, cells in enumerate(sheet.iter_rows(values_only=True, max_col=_MOST_COLUMNS), 1):
                    if number > _MOST_ROWS:
                        raise Refused("import.too_long", f"{path.name} has more rows than a spreadsheet can have.")
                    yield number, [_text(path, number, value) for value in cells]
            finally:
                book.close()
    except broken as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise Refused(
                "import.unreadable", f"{path.name} cannot be read: {(error.strerror or '?').lower()}."
            ) from None
        raise Refused(
            "import.broken_xlsx", f"{path.name} is damaged or no XLSX: download the export again, or as CSV."
        ) from None


def _refuse_bomb(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise Refused(
            "import.broken_xlsx", f"{path.name} is damaged or no XLSX: download the export again, or as CSV."
        ) from None
    unpacked = sum(entry.file_size for entry in entries)
    packed = max(sum(entry.compress_size for entry in entries), 1)
    strings = sum(entry.file_size for entry in entries if _STRINGS.fullmatch(entry.filename))
    if (
        unpacked > _MOST_BYTES
        or strings > _MOST_STRINGS_BYTES
        or (unpacked > _SMALL_BYTES and unpacked / packed > _MOST_TIMES_PACKED)
    ):
        raise Refused(
            "import.bomb",
            f"{path.name} would unpack to {unpacked // 1024**2} MB, which no export does: download it again, or as CSV.",
        )


def _text(path: Path, number: int, value: object) -> str:
    match value:
        case None:
            return ""
        case str():
            if len(value) > LONGEST_CELL:
                raise Refused(
                    "import.huge_cell", f"{path.name}, row {number}: a cell is longer than any spreadsheet's."
                )
            return value
        case bool():
            return "TRUE" if value else "FALSE"
        case int() | float():
            return number_as_text(value)
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M:%S")
        case date():
            return value.strftime("%Y-%m-%d")
        case time():
            return value.strftime("%H:%M:%S")
        case _:
            return str(value)
