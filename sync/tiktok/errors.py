"""What TikTok's refusals mean for the caller.

The body is read first and the HTTP status only when there is no envelope (a gateway's HTML). A read that fails for
TikTok's own reasons is `Retryable`; the same on a write is `Ambiguous`, because the work may have been done.
Sentences name the call, the code and the request id, never a token, a secret or a buyer's data.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
import orjson

from engine.errors import Ambiguous, OrdersError, Retryable, Terminal
from sync.http_client import never_left, retry_after_seconds

EXPIRED_TOKEN = 105002
"""Answered by one refresh and one more try, never shown to a person."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """One refusal: our stable code, and what to do, as the end of a sentence."""

    code: str
    advice: str


_CATCH_ALL = 36009004
_TOO_MANY = frozenset({36009002, 36009037})
_BROKEN = frozenset({36009003, 36009007})
_ALREADY_SHIPPED = Meaning(
    "tiktok.already_shipped", "the order was already marked as shipped; compare its tracking number"
)
_ALREADY_CANCELLED = Meaning("tiktok.already_cancelled", "it is cancelled there already, or about to be")
_BAD_CANCEL_REASON = Meaning(
    "tiktok.cancel_reason_refused",
    "it does not take this reason in this market; mend the shop's market in cancel_reasons, or cancel it in the seller centre",
)
_TOO_LATE_TO_CANCEL = Meaning(
    "tiktok.too_late_to_cancel", "the order is too far along; let it arrive, or agree on a return with the buyer"
)
_CANCELLED = Meaning("tiktok.order_cancelled", "the order was cancelled; do not ship it")
_TRACKING_FIXED = Meaning(
    "tiktok.tracking_fixed", "its tracking number can no longer be changed; correct it in the seller centre"
)
_TRACKING_USED = Meaning(
    "tiktok.tracking_used", "the tracking number is already used by another order; buy another label"
)
_BAD_TRACKING = Meaning(
    "tiktok.bad_tracking", "the carrier or the form of the tracking number is not accepted; check both"
)
_BUYER_ASKS = Meaning("tiktok.cancel_requested", "the buyer asks to cancel; approve or reject that first")
_PACKAGE_CANCELLED = Meaning(
    "tiktok.package_cancelled", "the package was cancelled there; another may have taken its place"
)
_SHOP_OFF = Meaning("tiktok.shop_inactive", "the shop or the seller is inactive; reactivate it in the seller centre")
_OUTDATED = Meaning(
    "tiktok.outdated", "TikTok no longer knows this call; update Orders TUI or the version in its settings"
)
_CREDENTIALS = Meaning(
    "tiktok.credentials", "the app key, the token and the shop do not belong together; connect the shop again"
)

_LABEL_GONE = Meaning(
    "tiktok.label_gone",
    "its package was cancelled or the carrier has it already, and its documents are printed no more",
)

MEANINGS: dict[int, Meaning] = {
    105005: Meaning(
        "tiktok.scope_missing",
        "the app lacks a permission; grant it in the Partner Center, then connect the shop again",
    ),
    101000: _CREDENTIALS,
    106001: Meaning("tiktok.bad_signature", "the signature is refused; check the app secret"),
    106013: _CREDENTIALS,
    36009009: _OUTDATED,
    36009010: _OUTDATED,
    36009014: _OUTDATED,
    36009033: Meaning(
        "tiktok.address_not_allowed",
        "this machine's address is not on the app's allow-list; add it in the Partner Center",
    ),
    36009043: _SHOP_OFF,
    36009044: _SHOP_OFF,
    21008025: Meaning("tiktok.not_ours_to_ship", "TikTok fulfils this order itself; nothing is to be sent"),
    21008117: Meaning("tiktok.not_ours_to_ship", "TikTok arranges the shipping of this order itself"),
    21008111: Meaning("tiktok.order_unknown", "TikTok does not know this order in this shop"),
    21011041: _CANCELLED,
    21011042: _CANCELLED,
    21022025: Meaning("tiktok.label_exists", "its label was already bought at TikTok"),
    **dict.fromkeys((21042102, 21023059), _LABEL_GONE),
    21011007: _BUYER_ASKS,
    21008044: _BUYER_ASKS,
    **dict.fromkeys((21042102, 21023059), _PACKAGE_CANCELLED),
    21011025: _TRACKING_USED,
    21034012: _TRACKING_USED,
    **dict.fromkeys((25001011, 25001051, 25020009), _ALREADY_CANCELLED),
    **dict.fromkeys((25001014, 25001015, 25001020, 25001021), _BAD_CANCEL_REASON),
    **dict.fromkeys((25020003, 25011012), _TOO_LATE_TO_CANCEL),
    **dict.fromkeys((11006021, 21008099, 21011006, 21011020, 21011040), _ALREADY_SHIPPED),
    **dict.fromkeys((21011049, 21011050, 21011051, 21011052), _TRACKING_FIXED),
    **dict.fromkeys((21011022, 21004012, 21004015, 11028006), _BAD_TRACKING),
}

_LABEL_NOT_READY = Meaning("tiktok.label_not_ready", "the label is not ready yet; it is asked for again")

POSTPONING: dict[int, Meaning] = {
    **dict.fromkeys((21023035, 21042104, 11034037, 11034023), _LABEL_NOT_READY),
    21011044: Meaning("tiktok.on_hold", "the order is still on hold; it is tried again later"),
    21011043: Meaning("tiktok.not_shipped_yet", "the order is not shipped yet; it is tried again later"),
}


def open_envelope(
    response: httpx.Response, *, doing: str, writes: bool, secrets: tuple[str, ...] = ()
) -> dict[str, object]:
    """The `data` of a successful answer; raises what the refusal means. An expired token raises `TokenExpired`.

    `doing` completes "TikTok refused to …"; `secrets` are cut out of any text of TikTok's that is shown.
    """
    envelope = _envelope(response)
    if envelope is None:
        raise _by_status(response, doing=doing, writes=writes)
    code = envelope.get("code")
    if code == 0:
        data = envelope.get("data")
        return data if isinstance(data, dict) else {}
    request_id = _clean(str(envelope.get("request_id") or "none"), ())[:64]
    if not isinstance(code, int):
        raise _by_status(response, doing=doing, writes=writes)
    where = f"(code {code}, request {request_id})"
    if code == EXPIRED_TOKEN:
        raise TokenExpired(f"TikTok says that the access token has expired {where}.")
    if code in _TOO_MANY or response.status_code == 429:
        raise _too_many(response, where)
    if code in _BROKEN or response.status_code >= 500:
        raise _broken(doing, where, writes=writes)
    message = _clean(str(envelope.get("message") or "no reason given"), secrets)
    # The catch-all code: only its message tells the cases apart.
    if code == _CATCH_ALL and "access token" in message.lower().replace("_", " "):
        raise TokenExpired(f"TikTok does not accept the access token {where}.")
    if code == _CATCH_ALL and "timestamp" in message.lower():
        raise Terminal("tiktok.clock_skew", f"{_skew_sentence(response)} {where}")
    raise _refusal(code, message, doing, where)


def refused_part(code: int, message: str, *, doing: str) -> OrdersError:
    """What the refusal of one part means, in an answer that is a success as a whole."""
    where = f"(code {code})"
    if code in _TOO_MANY or code in _BROKEN:
        return Retryable("tiktok.no_answer", f"TikTok could not {doing} just now {where}; it is tried again.")
    return _refusal(code, _clean(message or "no reason given", ()), doing, where)


def _refusal(code: int, message: str, doing: str, where: str) -> OrdersError:
    if meaning := POSTPONING.get(code):
        return Retryable(meaning.code, f"TikTok refused to {doing}: {meaning.advice} {where}.", postponed=True)
    if meaning := MEANINGS.get(code):
        return Terminal(meaning.code, f"TikTok refused to {doing}: {meaning.advice} {where}.")
    return Terminal("tiktok.refused", f"TikTok refused to {doing}: {message[:200].rstrip('. ')} {where}.")


_CREDENTIAL_REFUSED = frozenset({36004001, 36004004, 36004005})


def refused_credential(
    response: httpx.Response, *, doing: str, spends: bool, secrets: tuple[str, ...]
) -> Terminal | None:
    """What it means when the authorisation host does not take a code (`spends`) or a refresh token; None for every other answer.

    Its codes are not documented, so that its words count as well: a wrong app secret must not end anybody's grant.
    """
    envelope = _envelope(response) or {}
    code, message = envelope.get("code"), _clean(str(envelope.get("message") or ""), secrets)
    named = "auth code" if spends else "refresh token"
    if code not in _CREDENTIAL_REFUSED and not (code == _CATCH_ALL and named in message.lower().replace("_", " ")):
        return None
    where = f"(code {code}, request {_clean(str(envelope.get('request_id') or 'none'), ())[:64]})"
    if spends:
        return Terminal(
            "tiktok.code_refused",
            f"TikTok refused to {doing}: it works once and for 30 minutes; open the consent link again {where}.",
        )
    return Terminal(
        "tiktok.refresh_refused",
        f"TikTok refused to {doing}: {message.rstrip('. ')}; connect the shop again (orders-tui shop connect) {where}.",
    )


def lost(error: httpx.HTTPError, *, doing: str, writes: bool) -> OrdersError:
    """What a call means that ended without a whole answer."""
    what = type(error).__name__
    if never_left(error):
        return Retryable("tiktok.unreachable", f"TikTok could not be reached to {doing} ({what}); check the network.")
    return _broken(doing, f"({what})", writes=writes)


class TokenExpired(Terminal):
    """The access token is not accepted any more."""

    def __init__(self, sentence: str) -> None:
        super().__init__("tiktok.token_expired", sentence)


def _envelope(response: httpx.Response) -> dict[str, object] | None:
    try:
        envelope = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return None
    return envelope if isinstance(envelope, dict) and "code" in envelope else None


def _by_status(response: httpx.Response, *, doing: str, writes: bool) -> OrdersError:
    status = response.status_code
    where = f"(HTTP {status} without a readable answer)"
    if status == 429:
        return _too_many(response, where)
    if status == 408 or status >= 500 or status < 400:
        return _broken(doing, where, writes=writes)
    return Terminal("tiktok.refused", f"TikTok refused to {doing} {where}; check the address of the TikTok API.")


def _too_many(response: httpx.Response, where: str) -> Retryable:
    return Retryable(
        "tiktok.too_many_requests",
        f"TikTok asks for fewer calls {where}.",
        retry_after_seconds=retry_after_seconds(response),
        postponed=True,
    )


def _broken(doing: str, where: str, *, writes: bool) -> OrdersError:
    if writes:
        return Ambiguous(
            "tiktok.no_answer", f"TikTok gave no clear answer to the request to {doing} {where}; it is looked up next."
        )
    return Retryable("tiktok.no_answer", f"TikTok gave no clear answer to the request to {doing} {where}.")


def _skew_sentence(response: httpx.Response) -> str:
    try:
        theirs = parsedate_to_datetime(response.headers.get("date", ""))
    except ValueError:
        return "TikTok refuses the time of the request; set this machine's clock by the network."
    skew = round((datetime.now(UTC) - theirs.astimezone(UTC)).total_seconds())
    direction = "ahead of" if skew >= 0 else "behind"
    return f"This machine's clock is {abs(skew)} s {direction} TikTok's; set it by the network."


_EMAIL = re.compile(r"\S+@\S+")
_PHONE = re.compile(r"\(?\+\d[\d\s().-]{5,}\d")


def _clean(text: str, secrets: tuple[str, ...]) -> str:
    for secret in secrets:
        if secret:
            text = text.replace(secret, "…")
    text = _PHONE.sub("…", _EMAIL.sub("…", text))
    return "".join(character if character.isprintable() else " " for character in text)
