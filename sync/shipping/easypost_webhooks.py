"""EasyPost's webhooks: their signatures, and what a tracker's event says of a parcel."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from datetime import UTC
from email.utils import parsedate_to_datetime

import orjson

from engine.errors import Terminal
from sync.shipping.port import Track
from sync.shipping.wire import read_track

EASYPOST = "easypost"
"""The kind of a payload that is an event of EasyPost's."""

_PREFIX = "hmac-sha256-hex="
_TOLERANCE_SECONDS = 16 * 3600


def is_genuine_v1(header: str, raw_body: bytes, secret: str) -> bool:
    """Whether `X-Hmac-Signature` fits the body as received. It holds no time: replays are stopped by the event's id."""
    return _same(header, _digest(secret, raw_body))


def is_genuine_v2(
    header: str, raw_body: bytes, secret: str, *, timestamp: str, method: str, path: str, now: float
) -> bool:
    """Whether `X-Hmac-Signature-V2` fits time, method, path and body, and the time is not long past."""
    try:
        sent = parsedate_to_datetime(timestamp)
    except ValueError:
        return False
    # "-0000" is UTC of a sender who does not tell where he is.
    seconds = (sent if sent.tzinfo else sent.replace(tzinfo=UTC)).timestamp()
    recent = abs(now - seconds) <= _TOLERANCE_SECONDS
    return _same(header, _digest(secret, f"{timestamp}{method}{path}".encode() + raw_body)) and recent


def read_event(payload: bytes) -> Track | str:
    """What the event says of a parcel, or why nothing is to be done about it. Raises Terminal for what is no event."""
    try:
        event = orjson.loads(payload)
    except orjson.JSONDecodeError:
        event = None
    if not isinstance(event, dict):
        raise Terminal(
            "carrier.malformed_webhook",
            "A webhook with EasyPost's signature is no JSON object; nothing can be read from it, the tracking rounds tell.",
        )
    what, tracker = str(event.get("description") or "")[:60], event.get("result")
    if not what.startswith("tracker."):
        return f"nothing here handles {what or 'an event without a name'}"
    track = read_track(tracker) if isinstance(tracker, dict) else None
    return track or f"{what} without a tracker that names a parcel"


def _digest(secret: str, message: bytes) -> str:
    key = unicodedata.normalize("NFKD", secret).encode()
    return _PREFIX + hmac.new(key, message, hashlib.sha256).hexdigest()


def _same(header: str, expected: str) -> bool:
    return hmac.compare_digest(header.encode("utf-8", "replace"), expected.encode())
