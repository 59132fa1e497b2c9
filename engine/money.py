"""Money: a Decimal amount and its currency, never a float, never added across currencies."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from engine.errors import Refused

_WITHOUT_DECIMALS = frozenset({"IDR", "JPY", "VND", "KRW", "CLP"})
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in major units of `currency` (ISO 4217)."""

    amount: Decimal
    currency: str

    def __add__(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise Refused("money.currencies_differ", f"{self.currency} and {other.currency} cannot be added together.")
        return Money(self.amount + other.amount, self.currency)

    def __str__(self) -> str:
        places = 0 if self.currency in _WITHOUT_DECIMALS else 2
        return f"{self.amount:,.{places}f} {self.currency}"


def parse_amount(text: str | int | None) -> Decimal:
    """A channel's money string as Decimal with two places; absent or empty is zero. Raises Refused for anything else."""
    if text is None or text == "":
        return Decimal("0.00")
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or abs(amount) >= Decimal("1e12"):
        raise Refused("money.malformed", f"{text!r} is not an amount of money.")
    return amount.quantize(_CENT)
