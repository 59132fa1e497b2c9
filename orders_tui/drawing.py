"""Numbers drawn with block elements, one or two lines high: readable without any colour, and on the slowest line."""

from __future__ import annotations

from collections.abc import Sequence

_HEIGHTS = "▁▂▃▄▅▆▇█"
_WIDTHS = "▏▎▍▌▋▊▉█"
NOTHING = "·"
"""What is drawn for zero, so that time goes on visibly where nothing happened."""


def spark(values: Sequence[int], *, most: int | None = None) -> str:
    """One column a value, as high as its share of the greatest; anything above zero is seen."""
    top = max(most or 0, *values, 1) if values else 1
    return "".join(NOTHING if value <= 0 else _HEIGHTS[max(0, -(-value * 8 // top) - 1)] for value in values)


def bar(value: int, most: int, width: int) -> str:
    """A bar of at most `width` cells for a value's share of `most`; anything above zero is seen."""
    if value <= 0 or most <= 0 or width <= 0:
        return ""
    eighths = max(1, min(8 * width, round(8 * width * value / most)))
    whole, rest = divmod(eighths, 8)
    return "█" * whole + (_WIDTHS[rest - 1] if rest else "")


def condensed(values: Sequence[int], width: int) -> list[int]:
    """The values added up in equal groups so that at most `width` are left, the last group whole."""
    if width <= 0 or not values:
        return []
    size = -(-len(values) // width)
    first = len(values) % size
    groups = [values[:first]] if first else []
    groups += [values[at : at + size] for at in range(first, len(values), size)]
    return [sum(group) for group in groups]
