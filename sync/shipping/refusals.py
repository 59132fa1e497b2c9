"""What EasyPost's errors mean for the caller.

Its sentences are shown to people, so whatever of the parcel's address they repeat is cut out first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import httpx
import orjson

from engine.errors import Ambiguous, OrdersError, Retryable, Terminal
from sync.http_client import never_left, retry_after_seconds
from sync.resilience import TurnedAway

_UNCLEAR = frozenset(
    {
        "SHIPMENT.PURCHASE.IN_PROGRESS",
        "SHIPMENT.POSTAGE.NO_RESPONSE",
        "SHIPMENT.POSTAGE.TIMED_OUT",
        "REFUND.NO_RESPONSE",
    }
)
_ADDRESS_FIELDS = frozenset({"street1", "street2", "city", "state", "zip", "country"})
_STALE = re.compile(r"\brates?\b.*\b(expired|stale|no longer|out of date)\b", re.IGNORECASE)
_ADDRESS_WORDS = re.compile(r"\b(address|zip|postal|street|city|undeliverable)\b", re.IGNORECASE)


class AlreadyBought(Terminal):
    """The shipment has its label: look it up and adopt it."""


class StaleRate(Terminal):
    """The offer no longer holds: ask for fresh ones."""


def raise_refusal(response: httpx.Response, *, doing: str, spends: bool, private: Iterable[str] = ()) -> None:
    """Return when the answer is a success; else raise what it means.

    `spends` marks calls that cost money or take a label back, whose outcome is unknown when the answer is unclear.
    """
    status = response.status_code
    if 200 <= status < 300:
        return
    code, message = _error(response)
    # The support id is what EasyPost's people ask for.
    support = response.headers.get("x-ep-request-uuid", "none")[:64]
    where = f"({code or f'HTTP {status}'}, support id {support})"
    if status == 429:
        raise Retryable(
            "carrier.too_many_requests",
            f"EasyPost asks for fewer calls {where}.",
            retry_after_seconds=retry_after_seconds(response),
            postponed=True,
        )
    if status == 408 or status >= 500 or code in _UNCLEAR:
        raise unclear(doing, where, spends=spends, wish=retry_after_seconds(response))
    sentence = redact(message, private)
    if code == "SHIPMENT.POSTAGE.EXISTS":
        raise AlreadyBought("carrier.already_bought", f"The label was bought before {where}.")
    if code == "SHIPMENT.POSTAGE.FORMAT_UNAVAILABLE":
        raise Terminal(
            "carrier.no_format",
            f"The carrier does not give this label in that format {where}; print it as it was bought.",
        )
    if code == "SHIPMENT.REFUND.UNAVAILABLE":
        raise Terminal("carrier.no_refund", f"The carrier says that there is nothing to give back {where}.")
    if status == 401:
        raise TurnedAway(
            "carrier_credentials",
            f"EasyPost refuses the API key {where}; give it again (easypost_api_key), and the labels that wait are bought.",
        )
    if status == 402:
        raise TurnedAway(
            "carrier_funds",
            f"EasyPost has no funds or no billing to buy labels with: {sentence} {where}; "
            "add funds there, and the labels that wait are bought.",
        )
    if status == 403:
        raise Terminal("carrier_credentials", f"EasyPost refuses the API key {where}; check it.")
    named = _named_address(response)
    if named.startswith("from_address"):
        raise Terminal(
            "bad_ship_from", f"The carrier cannot use the warehouse's address: {sentence} {where}; correct it."
        )
    if named or code.startswith("ADDRESS."):
        raise Terminal(
            "bad_address", f"The carrier cannot use the address: {sentence} {where}; correct it, then retry."
        )
    if code == "SHIPMENT.RATES.UNAVAILABLE" or _STALE.search(message):
        raise StaleRate("carrier.stale_rate", f"The offer no longer holds {where}.")
    if status == 404:
        raise Terminal("carrier_unknown", f"EasyPost does not know what was named to {doing} {where}.")
    raise Terminal("carrier_refused", f"The carrier refused to {doing}: {sentence} {where}.")


def lost(error: httpx.HTTPError, *, doing: str, spends: bool) -> OrdersError:
    """What a call means that ended without a whole answer."""
    what = type(error).__name__
    if never_left(error):
        return Retryable(
            "carrier.unreachable", f"EasyPost could not be reached to {doing} ({what}); check the network."
        )
    return unclear(doing, f"({what})", spends=spends)


def unclear(doing: str, where: str, *, spends: bool, wish: float | None = None) -> OrdersError:
    """No clear answer: unknown when money may have moved, else simply to be tried again."""
    sentence = f"EasyPost gave no clear answer to the request to {doing} {where}"
    if spends:
        return Ambiguous("carrier.no_answer", f"{sentence}; it is looked up next.")
    return Retryable("carrier.no_answer", f"{sentence}.", retry_after_seconds=wish)


def no_offer(messages: Iterable[str], private: Iterable[str]) -> Terminal:
    """Why a shipment got no offers: its address, when the carriers say so."""
    told = "; ".join(dict.fromkeys(redact(message, private) for message in messages)) or "they gave no reason"
    if _ADDRESS_WORDS.search(told):
        return Terminal("bad_address", f"No carrier offers a label for this address: {told}; correct it, then retry.")
    return Terminal("no_rates", f"No carrier offers a label for this parcel: {told}; check weight, size and carriers.")


def redact(sentence: str, private: Iterable[str]) -> str:
    """The sentence without what it repeats of the address, without long numbers and e-mail addresses, on one line."""
    for words in sorted({text.strip() for text in private if len(text.strip()) > 1}, key=len, reverse=True):
        sentence = re.sub(rf"(?<!\w){re.escape(words)}(?!\w)", "…", sentence, flags=re.IGNORECASE)
    sentence = re.sub(r"\S+@\S+|\+?\d[\d().\s-]{4,}\d", "…", sentence)
    return "".join(character if character.isprintable() else " " for character in sentence)[:200].rstrip(". ")


def _error(response: httpx.Response) -> tuple[str, str]:
    error = _error_object(response)
    code = error.get("code")
    parts = [*_texts(error.get("message")), *_texts(error.get("errors"))]
    return (code if isinstance(code, str) else ""), "; ".join(dict.fromkeys(parts)) or "no reason given"


def _error_object(response: httpx.Response) -> dict[str, object]:
    try:
        document = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return {}  # a gateway's page
    error = document.get("error") if isinstance(document, dict) else None
    return error if isinstance(error, dict) else {}


def _texts(value: object) -> list[str]:
    """Messages come as text, list or object; their details as objects or plain strings."""
    match value:
        case str():
            return [value] if value else []
        case list():
            return [text for item in value for text in _texts(item)]
        case dict():
            return _texts(value.get("message")) or [text for item in value.values() for text in _texts(item)]
        case _:
            return []


def _named_address(response: httpx.Response) -> str:
    """The field of an address that the error names; empty when it names none."""
    errors = _error_object(response).get("errors")
    fields = (
        [str(item.get("field") or "") for item in errors if isinstance(item, dict)] if isinstance(errors, list) else []
    )
    return next((field for field in fields if "address" in field or field in _ADDRESS_FIELDS), "")
