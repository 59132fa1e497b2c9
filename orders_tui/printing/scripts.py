"""Right-to-left text in the order in which it is drawn, Arabic letters in their joined shapes.

The bidirectional algorithm without explicit marks, which `plain` has taken out of every text from outside.
"""

from __future__ import annotations

import functools
import unicodedata

_RIGHT = frozenset({"R", "AL"})
_NUMBERS = frozenset({"EN", "AN"})
_MIRRORED = str.maketrans("()[]{}<>«»", ")(][}{><»«")


def as_drawn(text: str) -> str:
    """The characters from left to right."""
    if not any(unicodedata.bidirectional(character) in _RIGHT for character in text):
        return text
    shaped = joined(text)
    levels = _levels(shaped)
    order = list(range(len(shaped)))
    for level in range(max(levels), 0, -1):
        start = 0
        while start < len(order):
            if levels[order[start]] < level:
                start += 1
                continue
            end = start
            while end < len(order) and levels[order[end]] >= level:
                end += 1
            order[start:end] = reversed(order[start:end])
            start = end
    return "".join(shaped[place].translate(_MIRRORED) if levels[place] % 2 else shaped[place] for place in order)


def _levels(text: str) -> list[int]:
    """0 is left to right, 1 right to left, 2 a number or a foreign word within that."""
    kinds = [unicodedata.bidirectional(character) for character in text]
    base = next((1 if kind in _RIGHT else 0 for kind in kinds if kind in _RIGHT or kind == "L"), 0)
    strong: list[int | None] = []
    after_right = base == 1
    for kind in kinds:
        if kind in _RIGHT:
            after_right = True
            strong.append(1)
        elif kind == "L":
            after_right = False
            strong.append(2 if base else 0)
        elif kind in _NUMBERS:
            strong.append(2 if after_right else 0)
        elif kind == "NSM" and strong:
            strong.append(strong[-1])
        else:
            strong.append(None)
    return [_between(strong, place, base) if level is None else level for place, level in enumerate(strong)]


def _between(strong: list[int | None], place: int, base: int) -> int:
    """What is neither takes the side of its neighbours where they agree, else the line's."""
    before = next((level for level in reversed(strong[:place]) if level is not None), base)
    after = next((level for level in strong[place + 1 :] if level is not None), base)
    # A number counts as right-to-left for what stands beside it.
    sides = {1 if level == 2 and not base else level for level in (before, after)}
    return sides.pop() if len(sides) == 1 else base


# ------------------------------------------------------------------ Arabic


@functools.cache
def _shapes() -> dict[str, dict[str, str]]:
    """Letter (or lam and alef) → its shapes, as Unicode's presentation forms name them."""
    shapes: dict[str, dict[str, str]] = {}
    for code in (*range(0xFB50, 0xFDFC), *range(0xFE70, 0xFEFD)):
        form, _, letters = unicodedata.decomposition(chr(code)).partition(" ")
        whole = "".join(chr(int(letter, 16)) for letter in letters.split())
        is_letter = len(whole) == 1 and unicodedata.category(whole) == "Lo"
        is_lam_alef = len(whole) == 2 and whole[0] == "\u0644" and code >= 0xFEF5
        if is_letter or is_lam_alef:
            shapes.setdefault(whole, {}).setdefault(form.strip("<>"), chr(code))
    return shapes


def joined(text: str) -> str:
    """Arabic letters as they join, lam and alef as one; everything else as it is."""
    shapes = _shapes()
    units: list[str] = []
    for character in text:
        if units and units[-1] + character in shapes:
            units[-1] += character
        else:
            units.append(character)
    drawn = []
    for place, unit in enumerate(units):
        forms = shapes.get(unit)
        if not forms:
            drawn.append(unit)
            continue
        before = _beside(units, place, -1)
        after = _beside(units, place, 1)
        joins_before = "initial" in shapes.get(before, {}) and "final" in forms
        joins_after = "initial" in forms and "final" in shapes.get(after, {})
        wanted = ("medial" if joins_after else "final") if joins_before else ("initial" if joins_after else "isolated")
        drawn.append(forms.get(wanted) or unit)
    return "".join(drawn)


def _beside(units: list[str], place: int, step: int) -> str:
    """The next letter on one side; vowel marks do not come between letters."""
    place += step
    while 0 <= place < len(units) and unicodedata.category(units[place][0]) == "Mn":
        place += step
    return units[place] if 0 <= place < len(units) else ""


def unjoined(character: str) -> str:
    """The letter that a joined shape stands for, for fonts that have only the letters."""
    form, _, letters = unicodedata.decomposition(character).partition(" ")
    if form not in {"<initial>", "<medial>", "<final>", "<isolated>"}:
        return character
    return "".join(chr(int(letter, 16)) for letter in letters.split())
