"""One cell of a seller-centre file: cleaned, and read as an id, a number or an amount."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from engine.errors import Refused
from engine.orders.plain_text import plain

LONGEST_CELL = 32_767
"""What a spreadsheet holds in one cell, and so the most that is read of one."""

_WRAPPED = re.compile(r'="?([^"]*)"?')
_DAMAGED = re.compile(r"[0-9]([.,][0-9]+)?[eE]\+?[0-9]+")
_ID = re.compile(r"[0-9]{12,20}")
_MONEY = re.compile(r"[^0-9.,\-]")
_CURRENCY = re.compile(r"(?<![A-Za-z])([A-Z]{3})(?![A-Za-z])")
_DIGITS_KEPT = 15
_CENT = Decimal("0.01")


def clean(text: str) -> str:
    """The cell's text without the tabs and spaces around it, and without what no terminal should get."""
    return text.strip(" \t\r\n\u00a0\ufeff")


def read_id(text: str, what: str) -> str:
    """A long id. Raises Refused `import.damaged_id` for one that a spreadsheet rounded, `import.bad_id` for what is none."""
    if text.startswith("=") and (wrapped := _WRAPPED.fullmatch(text)):
        text = wrapped[1]
    if _DAMAGED.fullmatch(text):
        raise Refused(
            "import.damaged_id",
            f"the {what} {text} was rounded by a spreadsheet: import the file as it was downloaded, without saving it there",
        )
    if not _ID.fullmatch(text):
        raise Refused("import.bad_id", f"{_shown(text)} is no {what}: it has 12 to 20 digits and nothing else")
    return text


def number_as_text(value: float) -> str:
    """A number cell of a workbook as text; a long one that ends as a spreadsheet rounds it says so by its form."""
    if not isinstance(value, int) and not value.is_integer():
        return repr(value)
    digits = str(int(value))
    rounded = isinstance(value, float) or not digits[_DIGITS_KEPT:].strip("0")
    return f"{value:.14E}" if len(digits) > _DIGITS_KEPT and rounded else digits


def read_quantity(text: str) -> int:
    """A whole number of units. Raises Refused."""
    number = text.removesuffix(".0")
    if not (number.isascii() and number.isdigit()) or not 0 < int(number) <= 10_000:
        raise Refused("import.bad_quantity", f"{_shown(text)} is no Quantity: a whole number from 1 to 10000")
    return int(number)


def read_money(text: str, decimal: str) -> tuple[Decimal | None, str]:
    """An amount and the currency that stands beside it, either of which may be missing.

    The last of two marks parts the cents; a single one does so unless it stands before three digits and is not the market's.
    Raises Refused for what is no amount.
    """
    if not text:
        return None, ""
    found = _CURRENCY.search(text)
    number = _MONEY.sub("", text)
    try:
        amount = Decimal(_with_point(number, decimal))
    except InvalidOperation:
        raise Refused("import.bad_amount", f"{_shown(text)} is no amount of money") from None
    if not amount.is_finite() or abs(amount) >= Decimal("1e12"):
        raise Refused("import.bad_amount", f"{_shown(text)} is no amount of money")
    return amount.quantize(_CENT), found[1] if found else ""


def _with_point(number: str, decimal: str) -> str:
    marks = [character for character in number if character in ".,"]
    if not marks:
        return number
    last = marks[-1]
    whole, _, cents = number.rpartition(last)
    if len(set(marks)) == 1:
        thousands = len(marks) > 1 or (len(cents) == 3 and last != decimal)
        if thousands:
            return number.replace(last, "")
    elif marks.count(last) > 1:
        return "x"
    return f"{whole.replace('.', '').replace(',', '')}.{cents}"


def _shown(text: str) -> str:
    """What a refused cell says, short and harmless; these columns hold nothing personal."""
    return repr(plain(text)[:40]) if text else "an empty cell"
