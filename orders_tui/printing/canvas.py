"""Pages of text, boxes, rules, barcodes and pictures, measured in millimetres from the upper left. The one module that knows reportlab."""

from __future__ import annotations

import functools
import io
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from reportlab.graphics.barcode.code128 import Code128
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.pdfgen.canvas import Canvas

from orders_tui.printing.typefaces import Typeface, Typefaces, find_fonts

MM = 72 / 25.4
"""Points in a millimetre."""

_THINNEST_BAR_MM = 0.17
"""Thinner bars are not read by hand scanners."""
_WIDEST_BAR_MM = 0.33

# Adobe's names for fonts that readers and printers bring, and what text they hold.
_EAST_ASIAN = (
    ("HYGothic-Medium", "cp949", (0x1100, 0xAC00, 0x3130)),
    ("HeiseiKakuGo-W5", "cp932", (0x3040, 0x30A0, 0xFF00)),
    ("STSong-Light", "gbk", ()),
    ("MSung-Light", "big5", ()),
    ("HeiseiKakuGo-W5", "cp932", ()),
    ("HYGothic-Medium", "cp949", ()),
)
_FIRST_EAST_ASIAN = 0x2E80


@functools.cache
def faces(fonts: tuple[str, ...]) -> tuple[Typeface, ...]:
    """The fonts to draw with: reportlab's own, then those of the layouts, then the East Asian ones."""
    own = resources.files("reportlab") / "fonts"
    return (
        _embedded("Vera", Path(str(own / "Vera.ttf")), bold=Path(str(own / "VeraBd.ttf"))),
        *(face for path in find_fonts(fonts) if (face := _tried(path)) is not None),
        *_east_asian(),
    )


def _embedded(name: str, path: Path, *, bold: Path | None = None) -> Typeface:
    font = TTFont(name, str(path))
    pdfmetrics.registerFont(font)
    glyphs = font.face.charToGlyph
    if bold is not None:
        pdfmetrics.registerFont(TTFont(f"{name}-Bold", str(bold)))
    return Typeface(name, lambda character: ord(character) in glyphs, f"{name}-Bold" if bold else "")


def _tried(path: Path) -> Typeface | None:
    try:
        return _embedded(f"own-{path.stem}", path)
    except (TTFError, OSError, ValueError):  # outlines of another kind, or no font at all
        return None


def _east_asian() -> tuple[Typeface, ...]:
    for name in dict.fromkeys(name for name, _, _ in _EAST_ASIAN):
        pdfmetrics.registerFont(UnicodeCIDFont(name))
    return tuple(Typeface(name, functools.partial(_holds, codec, blocks)) for name, codec, blocks in _EAST_ASIAN)


def _holds(codec: str, blocks: Sequence[int], character: str) -> bool:
    code = ord(character)
    if not _FIRST_EAST_ASIAN <= code <= 0xFFFF:
        return False
    if blocks and not any(block <= code < block + 0x100 or block == 0xAC00 <= code < 0xD7A4 for block in blocks):
        return False
    try:
        character.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


class Paper:
    """A document under the pen. `y` runs downwards."""

    def __init__(self, size_mm: tuple[float, float], fonts: tuple[str, ...], title: str) -> None:
        self.typefaces = Typefaces(faces(fonts))
        self._bytes = io.BytesIO()
        self._canvas: Any = Canvas(self._bytes, pageCompression=1)
        self._canvas.setTitle(title)
        self._canvas.setCreator("Orders TUI")
        self.page(size_mm)
        self._blank = True

    @property
    def missing(self) -> dict[str, int]:
        """Scripts no font could draw, with how many characters."""
        return self.typefaces.missing

    def page(self, size_mm: tuple[float, float]) -> None:
        """Take a page of this size for what is drawn next, after `turn` or at the beginning."""
        self.width, self.height = size_mm
        self._canvas.setPageSize((size_mm[0] * MM, size_mm[1] * MM))

    def turn(self) -> None:
        """This page is done."""
        self._canvas.showPage()
        self._blank = True

    def finished(self) -> bytes:
        """The document."""
        if not self._blank:
            self._canvas.showPage()
        self._canvas.save()
        return self._bytes.getvalue()

    # ------------------------------------------------------------------ text

    def wide(self, text: str, points: float, *, bold: bool = False) -> float:
        """How wide a text is."""
        width = sum(pdfmetrics.stringWidth(piece, name, points) for name, piece in self._measured(text, bold=bold))
        return float(width) / MM

    def _measured(self, text: str, *, bold: bool) -> list[tuple[str, str]]:
        known = dict(self.typefaces.missing)
        pieces = list(self.typefaces.runs(text, bold=bold))
        self.typefaces.missing = known  # measuring draws nothing
        return pieces

    def text(
        self, x: float, y: float, text: str, points: float, *, bold: bool = False, width: float = 0, right: bool = False
    ) -> None:
        """One line with its foot at `y`, cut with an ellipsis where it is wider than `width`; `right` ends at x + width."""
        if width:
            text = self.cut(text, points, width, bold=bold)
        at = x + width - self.wide(text, points, bold=bold) if right else x
        pen = self._canvas.beginText(at * MM, (self.height - y) * MM)
        for name, piece in self.typefaces.runs(text, bold=bold):
            pen.setFont(name, points)
            pen.textOut(piece)
        self._canvas.drawText(pen)
        self._blank = False

    def cut(self, text: str, points: float, width: float, *, bold: bool = False) -> str:
        """As much of a text as fits."""
        if self.wide(text, points, bold=bold) <= width:
            return text
        kept = len(text)
        while kept and self.wide(f"{text[:kept]}…", points, bold=bold) > width:
            kept -= max(1, kept // 16)
        return f"{text[: max(kept, 0)]}…"

    def wrapped(self, text: str, points: float, width: float, *, bold: bool = False) -> list[str]:
        """A text as lines that fit; a word that is too long is broken."""
        lines = [""]
        for word in text.split(" "):
            longer = f"{lines[-1]} {word}".strip()
            if self.wide(longer, points, bold=bold) <= width:
                lines[-1] = longer
                continue
            if lines[-1]:
                lines.append("")
            rest = word
            while self.wide(rest, points, bold=bold) > width and len(rest) > 1:
                fits = next(
                    (n for n in range(len(rest) - 1, 1, -1) if self.wide(rest[:n], points, bold=bold) <= width), 1
                )
                lines[-1] = rest[:fits]
                rest = rest[fits:]
                lines.append("")
            lines[-1] = rest
        return lines

    # ------------------------------------------------------------------ shapes

    def box(self, x: float, y: float, side: float) -> None:
        """An empty square to tick."""
        self._canvas.setLineWidth(0.8)
        self._canvas.rect(x * MM, (self.height - y - side) * MM, side * MM, side * MM)
        self._blank = False

    def rule(self, x: float, y: float, length: float, *, thick: bool = False) -> None:
        """A level line."""
        self._canvas.setLineWidth(1.0 if thick else 0.25)
        self._canvas.line(x * MM, (self.height - y) * MM, (x + length) * MM, (self.height - y) * MM)
        self._blank = False

    def barcode(self, x: float, y: float, text: str, height: float, width: float, *, right: bool = False) -> bool:
        """A Code128 with its upper edge at `y`; answers False, and draws nothing, where it could not be scanned."""
        if not text or not text.isascii() or not text.isprintable():
            return False
        modules = float(Code128(text, barWidth=1, barHeight=height * MM, quiet=0).width)
        bar = min(width / modules, _WIDEST_BAR_MM)
        if bar < _THINNEST_BAR_MM:
            return False
        drawn = Code128(text, barWidth=bar * MM, barHeight=height * MM, quiet=0)
        at = x + width - modules * bar if right else x
        drawn.drawOn(self._canvas, at * MM, (self.height - y - height) * MM)
        self._blank = False
        return True

    def picture(self, x: float, y: float, width: float, height: float, body: bytes) -> None:
        """A picture. Raises ValueError for bytes that are none."""
        try:
            image = ImageReader(io.BytesIO(body))
        except Exception as error:
            raise ValueError("these bytes are no picture") from error
        self._canvas.drawImage(image, x * MM, (self.height - y - height) * MM, width * MM, height * MM)
        self._blank = False
