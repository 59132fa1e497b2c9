"""Grams and millimetres as carriers count: ounces and inches with one decimal, always rounded up."""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

_GRAMS_PER_OUNCE = Decimal("28.349523125")
_MILLIMETRES_PER_INCH = Decimal("25.4")
_TENTH = Decimal("0.1")


def ounces(weight_grams: int) -> float:
    """Ounces with one decimal, rounded up: an under-declared parcel is billed again later."""
    return float((Decimal(weight_grams) / _GRAMS_PER_OUNCE).quantize(_TENTH, ROUND_CEILING))


def inches(millimetres: int) -> float:
    """Inches with one decimal, rounded up."""
    return float((Decimal(millimetres) / _MILLIMETRES_PER_INCH).quantize(_TENTH, ROUND_CEILING))


def grams(weight_ounces: Decimal) -> int:
    """The most grams that were declared as so many ounces."""
    return math.floor(weight_ounces * _GRAMS_PER_OUNCE)


def exact_ounces(weight_grams: int) -> float:
    """Ounces with three decimals, rounded down: the lines of a customs form must not weigh more than their parcel."""
    return float((Decimal(weight_grams) / _GRAMS_PER_OUNCE).quantize(Decimal("0.001"), ROUND_FLOOR))
