"""Printed files: small, valid, and different for every code that is printed."""

import re
import struct
import zlib
from collections.abc import Sequence
from functools import lru_cache

WIDTH_DOTS, HEIGHT_DOTS = 812, 1218  # 4 x 6 inches at 203 dots an inch
MARGIN_DOTS, BARS_TOP_DOTS, BARS_BOTTOM_DOTS, BAR_DOTS = 40, 800, 1100, 4
PDF_SCALE = 72 / 203
UNPRINTABLE = re.compile(r'[^ -~]|[\^~"\\]')


def plain(texts: Sequence[str]) -> list[str]:
    """Return the texts in ASCII, which every format can carry, without the empty ones."""
    return [UNPRINTABLE.sub("?", text) for text in texts if text]


def zpl(lines: Sequence[str], code: str) -> bytes:
    """Return a label for a Zebra printer."""
    rows = "".join(f"^FO40,{40 + 60 * row}^A0N,40,40^FD{line}^FS" for row, line in enumerate(plain(lines)))
    return f"^XA{rows}^FO40,800^BCN,200,Y,N,N^FD{code}^FS^XZ\n".encode()


def epl2(lines: Sequence[str], code: str) -> bytes:
    """Return a label for an Eltron printer."""
    rows = "".join(f'A40,{40 + 60 * row},0,4,1,1,N,"{line}"\n' for row, line in enumerate(plain(lines)))
    return f'N\n{rows}B40,800,0,1,3,3,200,B,"{code}"\nP1\n'.encode()


@lru_cache(maxsize=16_384)
def _bars(byte: int, place: int) -> tuple[tuple[int, int], ...]:
    """Return (left, width) of bars, in dots, that spell one byte at its place, in a code of our own."""
    start = MARGIN_DOTS + place * 8 * BAR_DOTS
    return tuple((start + (7 - bit) * BAR_DOTS, BAR_DOTS - 1) for bit in range(7, -1, -1) if byte >> bit & 1)


@lru_cache(maxsize=16_384)
def _drawn_bars(byte: int, place: int) -> str:
    """Return the same as PDF writes it."""
    return "\n".join(
        f"{left * PDF_SCALE:.2f} 60 {width * PDF_SCALE:.2f} 100 re f" for left, width in _bars(byte, place)
    )


def png(code: str) -> bytes:
    """Return a picture of the code's bars."""
    barred = bytearray(b"\xff" * ((WIDTH_DOTS + 7) // 8))
    for place, byte in enumerate(code.encode()):
        for left, width in _bars(byte, place):
            for dot in range(left, left + width):
                barred[dot // 8] &= ~(0x80 >> dot % 8) & 0xFF
    blank_row, barred_row = b"\0" + b"\xff" * len(barred), b"\0" + bytes(barred)
    rows = (
        blank_row * BARS_TOP_DOTS
        + barred_row * (BARS_BOTTOM_DOTS - BARS_TOP_DOTS)
        + blank_row * (HEIGHT_DOTS - BARS_BOTTOM_DOTS)
    )
    header = struct.pack(">IIBBBBB", WIDTH_DOTS, HEIGHT_DOTS, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


def pdf(lines: Sequence[str], code: str) -> bytes:
    """Return one page with these lines and the code's bars."""
    drawing = ["BT /F1 14 Tf 18 400 Td 20 TL"]
    drawing += [f"({line.replace('(', '[').replace(')', ']')}) Tj T*" for line in plain(lines)]
    drawing.append("ET")
    drawing += [_drawn_bars(byte, place) for place, byte in enumerate(code.encode())]
    content = "\n".join(drawing).encode()
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 288 432] /Contents 4 0 R"
            b" /Resources << /Font << /F1 5 0 R >> >> >>"
        ),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    file, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(file)
    file += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    file += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    file += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return bytes(file)
