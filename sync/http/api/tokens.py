"""What a token of an issuer has to say to be believed: its algorithm, its signature, whose it is, for whom, and when.

Membership and role are not taken from it: they change while a token does not. A token that was verified is remembered by its hash
until it expires.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import jwt

from sync.http.api.keys import Key, Keys
from sync.http.api.settings import AccessSettings
from sync.http.problem import Problem

ALGORITHMS: Final = frozenset({"ES256", "RS256", "HS256"})
_REQUIRED = ["exp", "iat", "iss", "aud"]
_LONGEST_TOKEN = 8192
_LONGEST_SUBJECT = 255
_MOST_REMEMBERED = 4096
_LAST_SECOND = 253_402_300_799
"""Of the year 9999; beyond it numbers are no times."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What is taken from a token: whose it is, and until when."""

    subject: str
    expires_at: float


class Tokens:
    """Verifies tokens of the one issuer that is believed."""

    def __init__(self, settings: AccessSettings, keys: Keys, *, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._keys = keys
        self._clock = clock
        self._remembered: OrderedDict[bytes, Verified] = OrderedDict()

    async def verify(self, token: str) -> Verified:
        """Raises Problem 401 for a token that is not good, 403 for a good one of somebody who is nobody here."""
        if len(token) > _LONGEST_TOKEN:
            raise refused("access.bad_token", "The token is too long to be one.")
        digest = hashlib.sha256(token.encode()).digest()
        known = self._remembered.get(digest)
        if known is not None and known.expires_at > self._clock():
            self._remembered.move_to_end(digest)
            return known
        verified = _person(await self._claims(token))
        self._remembered[digest] = verified
        self._remembered.move_to_end(digest)
        while len(self._remembered) > _MOST_REMEMBERED:
            self._remembered.popitem(last=False)
        return verified

    async def _claims(self, token: str) -> Mapping[str, Any]:
        algorithm, name = _header(token)
        error: Exception | None = None
        for key in await self._keys.candidates(algorithm, name):
            try:
                return self._decoded(token, key)
            except jwt.InvalidSignatureError as wrong:
                error = wrong
        if error is None:
            raise refused("access.unknown_key", "The token is signed with a key that is not known here; get a new one.")
        raise refused("access.bad_signature", "The token's signature is wrong.") from error

    def _decoded(self, token: str, key: Key) -> Mapping[str, Any]:
        try:
            return jwt.decode(
                token,
                key.material,
                algorithms=[key.algorithm],
                audience=self._settings.audience,
                issuer=self._settings.issuer,
                leeway=self._settings.leeway_seconds,
                options={"require": _REQUIRED},
            )
        except jwt.InvalidSignatureError:
            raise
        except jwt.ExpiredSignatureError as error:
            raise refused("access.expired", "The token has expired; get a new one.") from error
        except jwt.ImmatureSignatureError as error:
            raise refused("access.not_yet", "The token is not valid yet; look at the clocks.") from error
        except jwt.InvalidIssuerError as error:
            raise refused("access.wrong_issuer", "The token is of another issuer than is believed here.") from error
        except jwt.InvalidAudienceError as error:
            raise refused("access.wrong_audience", "The token is meant for somebody else.") from error
        except jwt.MissingRequiredClaimError as error:
            raise refused("access.incomplete", f"The token does not say its {error.claim}.") from error
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError) as error:
            raise refused("access.bad_token", "The token cannot be read.") from error


def _header(token: str) -> tuple[str, str]:
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
        raise refused("access.bad_token", "The token cannot be read.") from error
    algorithm, name = header.get("alg"), header.get("kid", "")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS or not isinstance(name, str):
        raise refused("access.bad_algorithm", "The token is signed in a way that is not accepted here.")
    return algorithm, name


def _person(claims: Mapping[str, Any]) -> Verified:
    if claims.get("role") == "service_role":
        raise Problem(
            403, "access.service_role", "A service_role key opens everything and is not taken here; issue a token."
        )
    if claims.get("is_anonymous") or claims.get("role") == "anon":
        raise Problem(403, "access.anonymous", "Who has not signed in may not look; sign in.")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT:
        raise refused("access.no_subject", "The token does not say whose it is.")
    if int(claims["exp"]) > _LAST_SECOND:
        raise refused("access.bad_token", "The token cannot be read.")
    return Verified(subject, float(claims["exp"]))


def refused(code: str, sentence: str) -> Problem:
    """401 as RFC 6750 words it."""
    challenge = 'Bearer realm="orders", error="invalid_token"'
    return Problem(401, code, sentence, headers={"www-authenticate": challenge})
