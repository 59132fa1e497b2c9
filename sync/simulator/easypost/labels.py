"""Label files: small, valid, and different for every shipment."""

import re
import struct
import zlib
from functools import lru_cache

from sync.simulator.easypost.shipments import Purchase, Shipment

WIDTH_DOTS, HEIGHT_DOTS = 812, 1218  # 4 x 6 inches at 203 dots an inch
MARGIN_DOTS, BARS_TOP_DOTS, BARS_BOTTOM_DOTS, BAR_DOTS = 40, 800, 1100, 4
PDF_SCALE = 72 / 203
UNPRINTABLE = re.compile(r'[^ -~]|[\^~"\\]')


def render(shipment: Shipment, purchase: Purchase, label_format: str) -> bytes:
    """Return the label as a file in one of PDF, PNG, ZPL, EPL2."""
    match label_format:
        case "PDF":
            return _pdf(shipment, purchase)
        case "PNG":
            return _png(purchase)
        case "ZPL":
            lines = "".join(
                f"^FO40,{40 + 60 * row}^A0N,40,40^FD{line}^FS" for row, line in enumerate(_lines(shipment, purchase))
            )
            return f"^XA{lines}^FO40,800^BCN,200,Y,N,N^FD{purchase.tracking_code}^FS^XZ\n".encode()
        case _:
            lines = "".join(
                f'A40,{40 + 60 * row},0,4,1,1,N,"{line}"\n' for row, line in enumerate(_lines(shipment, purchase))
            )
            return f'N\n{lines}B40,800,0,1,3,3,200,B,"{purchase.tracking_code}"\nP1\n'.encode()


def _lines(shipment: Shipment, purchase: Purchase) -> list[str]:
    """Return the printed text in ASCII, which every label format can carry."""
    address = shipment.request["to_address"]
    region = f"{address.get('city', '')} {address.get('state', '')} {address.get('zip') or ''}"
    texts = [
        f"{purchase.rate.service.carrier} {purchase.rate.service.name}",
        str(address.get("name") or address.get("company") or ""),
        str(address.get("street1") or ""),
        str(address.get("street2") or ""),
        region,
        purchase.tracking_code,
        str(shipment.options.get("print_custom_1") or shipment.reference or ""),
        "SPECIMEN - NOT VALID POSTAGE",
    ]
    return [UNPRINTABLE.sub("?", text) for text in texts if text]


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


def _png(purchase: Purchase) -> bytes:
    barred = bytearray(b"\xff" * ((WIDTH_DOTS + 7) // 8))
    for place, byte in enumerate(purchase.tracking_code.encode()):
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


def _pdf(shipment: Shipment, purchase: Purchase) -> bytes:
    drawing = ["BT /F1 14 Tf 18 400 Td 20 TL"]
    drawing += [f"({line.replace('(', '[').replace(')', ']')}) Tj T*" for line in _lines(shipment, purchase)]
    drawing.append("ET")
    drawing += [_drawn_bars(byte, place) for place, byte in enumerate(purchase.tracking_code.encode())]
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
