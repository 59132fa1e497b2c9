"""What the timeline says of picking and packing: the audit's links in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.orders.plain_text import plain

_TEXTS: Mapping[str, str] = {
    "pick.wave": "Into wave {wave}",
    "pick.wave_closed": "Out of wave {wave}, not picked",
    "pick.confirmed": "Picked {units}",
    "pick.taken_back": "Taken back: {units}",
    "pick.short": "Short pick: {missing} missing of {sku} at {location}",
    "pick.put_back": "Put back {units}",
    "parcel.packed": "Packed {units}{at}",
    "parcel.unpacked": "Unpacked {units}",
}

TOLD = frozenset(_TEXTS)
"""The actions of the audit that are told here."""


def told(action: str, after: Mapping[str, Any]) -> str:
    """One line of the timeline for a link of the audit."""
    units = after.get("units") or {}
    values = {
        "wave": after.get("wave", ""),
        "units": ", ".join(f"{count} {plain(str(sku))}" for sku, count in units.items()),
        "missing": after.get("missing", ""),
        "sku": plain(str(after.get("sku", ""))),
        "location": plain(str(after.get("location", ""))),
        "at": f" at {plain(str(after['station']))}" if after.get("station") else "",
    }
    text = _TEXTS[action].format(**values)
    if action == "pick.confirmed" and after.get("scanned"):
        text += " by scan"
    if after.get("damaged"):
        text += f", {after['damaged']} of them damaged"
    return text
