"""The consent of a seller: the link that is opened as them, and the address they are sent back to."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode, urlsplit

from engine.errors import Misconfigured, Refused

MINUTES = 30
"""How long a code lives; it works once."""


@dataclass(frozen=True, slots=True)
class ConsentSettings:
    """Where sellers consent, and the number of the app there."""

    service_id: str
    host: str
    host_us: str


@dataclass(frozen=True, slots=True)
class Link:
    """A consent link; `state` comes back with the answer and proves that it answers this link."""

    address: str
    state: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the seller was sent back with. Without `state` the app was installed from the seller app store, or only the code was given."""

    code: str = field(repr=False)
    has_state: bool


def make_link(settings: ConsentSettings, *, united_states: bool) -> Link:
    """A link with a state of its own. Raises Misconfigured while the app's number is not set."""
    if not settings.service_id:
        raise Misconfigured(
            "tiktok.no_service_id",
            "There is no consent link without the app's number: set tiktok.service_id, as the Partner Center shows it.",
        )
    state = secrets.token_urlsafe(24)
    query = urlencode({"service_id": settings.service_id, "state": state})
    return Link(f"{settings.host_us if united_states else settings.host}/open/authorize?{query}", state)


def read_answer(text: str, state: str | None) -> Answer:
    """The code in what a person pasted: the whole address they were sent to, or the code alone.

    Raises Refused for a seller who said no, an address without a code, or one that answers another link than the one with `state`.
    """
    text = text.strip()
    if not text:
        raise Refused(
            "shop.no_code",
            "No code was given: open the link as the seller, then paste the address you are sent to, or run it with --code.",
        )
    if "code=" not in text and not text.startswith(("http://", "https://")):
        return Answer(text, has_state=False)
    query = parse_qs(urlsplit(text).query or text.partition("?")[2] or text, keep_blank_values=True)
    code, error, theirs = (query.get(name, [""])[-1] for name in ("code", "error", "state"))
    if state is not None and theirs and not secrets.compare_digest(theirs.encode(), state.encode()):
        raise Refused(
            "shop.wrong_state",
            "The address answers another link than the one given here, so it is not used: open the new link and try again.",
        )
    if error == "auth_denied" or code == "null":
        raise Refused("shop.consent_denied", "The seller refused the app access, so nothing was connected.")
    if error:
        raise Refused("shop.consent_failed", "TikTok sent the seller back without access; open the link again.")
    if not code:
        raise Refused("shop.no_code", "The address holds no code: paste the whole address that TikTok sent you to.")
    return Answer(code, has_state=bool(theirs))
