"""Which font draws which characters; what none can draw is shown as a question mark and named, never left black or blank."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from orders_tui.printing.scripts import as_drawn, unjoined

FONT_FOLDERS = (
    "~/.local/share/fonts",
    "~/.fonts",
    "/usr/local/share/fonts",
    "/usr/share/fonts",
    "~/Library/Fonts",
    "/Library/Fonts",
    "/System/Library/Fonts/Supplemental",
)

_IN_PLACE_OF = "?"


@dataclass(frozen=True, slots=True)
class Typeface:
    """One font: its name on the page, and whether it has a character."""

    name: str
    has: Callable[[str], bool]
    bold: str = ""
    """The name of its bold one, where there is one."""


@dataclass(slots=True)
class Typefaces:
    """Fonts in the order in which they are tried."""

    faces: Sequence[Typeface]
    missing: dict[str, int] = field(default_factory=dict)
    """Script → how many of its characters no font could draw, so far."""

    def runs(self, text: str, *, bold: bool = False) -> Iterator[tuple[str, str]]:
        """The text from left to right as pieces of one font each."""
        name, piece = "", ""
        for character in self._drawable(as_drawn(text)):
            face = next(face for face in self.faces if face.has(character))
            wanted = face.bold if bold and face.bold else face.name
            if wanted != name and piece:
                yield name, piece
                piece = ""
            name, piece = wanted, piece + character
        if piece:
            yield name, piece

    def _drawable(self, text: str) -> Iterator[str]:
        for character in text:
            if self._has(character):
                yield character
            elif self._has(letters := unjoined(character)):
                yield from letters
            elif unicodedata.category(character) in {"Cf", "Mn"} and not _is_vowel(character):
                continue  # joiners and variation marks are nothing to see
            else:
                script = script_of(character)
                self.missing[script] = self.missing.get(script, 0) + 1
                yield _IN_PLACE_OF

    def _has(self, text: str) -> bool:
        return all(any(face.has(character) for face in self.faces) for character in text)


def _is_vowel(character: str) -> bool:
    """A mark that changes the word: Thai, Indic and Arabic vowels, accents."""
    return not unicodedata.name(character, "").startswith(("VARIATION", "ZERO WIDTH", "COMBINING ENCLOSING"))


def script_of(character: str) -> str:
    """`Thai`, `Arabic`, `Emoji and symbols` …"""
    if unicodedata.category(character).startswith(("S", "Co", "Cn")) or ord(character) >= 0x1F000:
        return "Emoji and symbols"
    first = unicodedata.name(character, "unknown").split()[0]
    return "Chinese, Japanese or Korean" if first in {"CJK", "HANGUL", "HIRAGANA", "KATAKANA"} else first.capitalize()


def missing_sentence(missing: dict[str, int]) -> str:
    """What could not be drawn, and the mend; empty when everything was."""
    if not missing:
        return ""
    return (
        f"No font here draws {' and '.join(sorted(missing))}: such characters are shown as {_IN_PLACE_OF}. "
        "Name a font that has them under fonts in the layouts file (printing.layouts)."
    )


def find_fonts(wanted: Sequence[str]) -> list[Path]:
    """The font files that there are, in the order wanted; each a path or a file name without its ending."""
    found: dict[str, Path] = {}
    names = {name for name in wanted if "/" not in name}
    for folder in FONT_FOLDERS if names else ():
        for place, _, files in os.walk(Path(folder).expanduser()):
            for file in files:
                path = Path(place, file)
                if path.suffix.lower() == ".ttf" and path.stem in names:
                    found.setdefault(path.stem, path)
    paths = [Path(name).expanduser() if "/" in name else found.get(name) for name in wanted]
    return [path for path in paths if path is not None and path.is_file()]
