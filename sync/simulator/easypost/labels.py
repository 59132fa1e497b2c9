"""Label files: small, valid, and different for every shipment."""

from sync.simulator import printing
from sync.simulator.easypost.shipments import Purchase, Shipment


def render(shipment: Shipment, purchase: Purchase, label_format: str) -> bytes:
    """Return the label as a file in one of PDF, PNG, ZPL, EPL2."""
    lines, code = _lines(shipment, purchase), purchase.tracking_code
    match label_format:
        case "PDF":
            return printing.pdf(lines, code)
        case "PNG":
            return printing.png(code)
        case "ZPL":
            return printing.zpl(lines, code)
        case _:
            return printing.epl2(lines, code)


def _lines(shipment: Shipment, purchase: Purchase) -> list[str]:
    """Return the printed text."""
    address = shipment.request["to_address"]
    region = f"{address.get('city', '')} {address.get('state', '')} {address.get('zip') or ''}"
    return [
        f"{purchase.rate.service.carrier} {purchase.rate.service.name}",
        str(address.get("name") or address.get("company") or ""),
        str(address.get("street1") or ""),
        str(address.get("street2") or ""),
        region,
        purchase.tracking_code,
        str(shipment.options.get("print_custom_1") or shipment.reference or ""),
        "SPECIMEN - NOT VALID POSTAGE",
    ]
