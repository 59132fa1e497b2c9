"""What TikTok's refusals mean for the caller.

The body is read first and the HTTP status only when there is no envelope (a gateway's HTML). A read that fails for
TikTok's own reasons is `Retryable`; the same on a write is `Ambiguous`, because the work may have been done.
Sentences name the call, the code and the request id, never a token, a secret or a buyer's data. The codes themselves are
data (`sync.tiktok.meanings`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson

from engine.errors import Ambiguous, OrdersError, Retryable, Terminal
from sync.http_client import never_left, retry_after_seconds
from sync.tiktok import meanings
from sync.tiktok.clock_skew import difference
from sync.tiktok.meanings import (
    BROKEN,
    CATCH_ALL,
    EXPIRED_TOKEN,
    HOURLY_CAP,
    MEANINGS,
    SELLER_INACTIVE,
    SHOP_INACTIVE,
    TOO_MANY,
    Meaning,
    Reaction,
)
from sync.tiktok.reading import objects, text, whole

_INACTIVE_SECONDS = 3600.0
_HOUR_SECONDS = 3600.0


class TokenExpired(Terminal):
    """The access token is not accepted any more."""

    def __init__(self, sentence: str) -> None:
        super().__init__("tiktok.token_expired", sentence)


class ShopInactive(Retryable):
    """TikTok calls the shop inactive, or its seller and with that all shops of the grant: nothing is asked of it for a while."""

    def __init__(self, sentence: str, *, whole_seller: bool) -> None:
        super().__init__("tiktok.shop_inactive", sentence, retry_after_seconds=_INACTIVE_SECONDS, postponed=True)
        self.whole_seller = whole_seller


@dataclass(frozen=True, slots=True)
class PartialError:
    """One part of a call that was refused although the whole succeeded (code 0)."""

    code: int
    message: str
    detail: Mapping[str, Any] = field(default_factory=dict)

    def meant(self, doing: str) -> OrdersError:
        """What it means for the part; `doing` completes "TikTok refused to …"."""
        return refused_part(self.code, self.message, doing=doing)

    def named(self, name: str) -> str:
        """What its detail names, such as the `package_id`; empty when it does not."""
        return text(dict(self.detail), name)


def partial_errors(data: dict[str, Any]) -> list[PartialError]:
    """The parts that were refused in an answer that succeeded as a whole: check them, item by item."""
    return [
        PartialError(
            whole(error, "code"),
            _clean(text(error, "message"), ()),
            detail if isinstance(detail := error.get("detail"), dict) else {},
        )
        for error in objects(data, "errors")
    ]


def open_envelope(
    response: httpx.Response,
    *,
    doing: str,
    writes: bool,
    secrets: tuple[str, ...] = (),
    scope: str = "",
    skew_seconds: float | None = None,
) -> dict[str, object]:
    """The `data` of a successful answer; raises what the refusal means. An expired token raises `TokenExpired`.

    `doing` completes "TikTok refused to …"; `secrets` are cut out of any text of TikTok's that is shown; `scope` is the permission that
    the call needs, `skew_seconds` how far our clock is from TikTok's.
    """
    envelope = _envelope(response)
    if envelope is None:
        raise _by_status(response, doing=doing, writes=writes)
    code = envelope.get("code")
    if code == 0:
        data = envelope.get("data")
        return data if isinstance(data, dict) else {}
    if not isinstance(code, int):
        raise _by_status(response, doing=doing, writes=writes)
    where = _where(envelope)
    message = _clean(str(envelope.get("message") or "no reason given"), secrets)
    if code in EXPIRED_TOKEN:
        raise TokenExpired(f"TikTok says that the access token has expired {where}.")
    if code in TOO_MANY or response.status_code == 429:
        raise _too_many(response, where, hourly=code == HOURLY_CAP)
    if code in BROKEN or response.status_code >= 500:
        raise _broken(doing, where, writes=writes, wish=retry_after_seconds(response))
    if code in {SHOP_INACTIVE, SELLER_INACTIVE}:
        whose = "the seller is" if code == SELLER_INACTIVE else "the shop is"
        advice = f"{whose} inactive; reactivate it in the seller centre, it goes on by itself then"
        raise ShopInactive(f"TikTok refused to {doing}: {advice} {where}.", whole_seller=code == SELLER_INACTIVE)
    if code == CATCH_ALL:
        raise _caught_all(message, doing, where, skew_seconds)
    raise _meant(MEANINGS.get(code), message, doing, where, scope)


def _meant(meaning: Meaning | None, message: str, doing: str, where: str, scope: str = "") -> OrdersError:
    if meaning is None:
        return Terminal("tiktok.refused", f"TikTok refused to {doing}: {message[:200].rstrip('. ')} {where}.")
    advice = meaning.advice.format(scope=scope or "for this call")
    sentence = f"TikTok refused to {doing}: {advice} {where}."
    if meaning.reaction is Reaction.POSTPONE:
        return Retryable(meaning.code, sentence, postponed=True)
    return Terminal(meaning.code, sentence)


def refused_part(code: int, message: str, *, doing: str) -> OrdersError:
    """What the refusal of one part means, in an answer that is a success as a whole."""
    where = f"(code {code})"
    if code in TOO_MANY or code in BROKEN:
        return Retryable("tiktok.no_answer", f"TikTok could not {doing} just now {where}; it is tried again.")
    return _meant(MEANINGS.get(code), _clean(message or "no reason given", ()), doing, where)


def _caught_all(message: str, doing: str, where: str, skew_seconds: float | None) -> OrdersError:
    """The code that means many things: only its message tells them apart."""
    said = message.lower().replace("_", " ")
    if "access token" in said:
        return TokenExpired(f"TikTok does not accept the access token {where}.")
    if "timestamp" in said:
        told = "TikTok refuses the time of the request; set this machine's clock by the network."
        told = told if skew_seconds is None else difference(skew_seconds)
        return Terminal("tiktok.clock_skew", f"{told} {where}")
    if "app key" in said:
        return _meant(meanings.CREDENTIALS, message, doing, where)
    if "version" in said:
        return _meant(meanings.OUTDATED, message, doing, where)
    if "shop cipher" in said or said.startswith("sign ") or "sign is" in said:
        return _meant(meanings.BAD_REQUEST, message, doing, where)
    return _meant(None, message, doing, where)


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
    if code not in _CREDENTIAL_REFUSED and not (code == CATCH_ALL and named in message.lower().replace("_", " ")):
        return None
    where = _where(envelope)
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
        return _broken(doing, where, writes=writes, wish=retry_after_seconds(response))
    return Terminal("tiktok.refused", f"TikTok refused to {doing} {where}; check the address of the TikTok API.")


def _where(envelope: dict[str, object]) -> str:
    return f"(code {envelope.get('code')}, request {_clean(str(envelope.get('request_id') or 'none'), ())[:64]})"


def _too_many(response: httpx.Response, where: str, *, hourly: bool = False) -> Retryable:
    wish = retry_after_seconds(response)
    if hourly:
        # A test shop's calls are counted by the hour, and nothing helps before it is over.
        over = _HOUR_SECONDS - datetime.now(UTC).timestamp() % _HOUR_SECONDS
        return Retryable(
            "tiktok.hourly_cap",
            f"TikTok lets a test shop make so many calls an hour, and they are used up {where}; it goes on with the next hour.",
            retry_after_seconds=max(over, wish or 0.0),
            postponed=True,
        )
    return Retryable(
        "tiktok.too_many_requests",
        f"TikTok asks for fewer calls {where}.",
        retry_after_seconds=wish,
        postponed=True,
    )


def _broken(doing: str, where: str, *, writes: bool, wish: float | None = None) -> OrdersError:
    if writes:
        return Ambiguous(
            "tiktok.no_answer", f"TikTok gave no clear answer to the request to {doing} {where}; it is looked up next."
        )
    sentence = f"TikTok gave no clear answer to the request to {doing} {where}."
    return Retryable("tiktok.no_answer", sentence, retry_after_seconds=wish)


_EMAIL = re.compile(r"\S+@\S+")
_PHONE = re.compile(r"\(?\+\d[\d\s().-]{5,}\d")


def _clean(text: str, secrets: tuple[str, ...]) -> str:
    for secret in secrets:
        if secret:
            text = text.replace(secret, "…")
    text = _PHONE.sub("…", _EMAIL.sub("…", text))
    return "".join(character if character.isprintable() else " " for character in text)
