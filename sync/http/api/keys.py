"""The keys of an issuer, each allowed for one algorithm only, whatever a token says of itself.

Keys come from the issuer's JWKS (fetched when needed, kept for minutes), from a file of the same form, or are a shared secret. A token
with a key's name that nobody knows makes the keys be fetched again, but not more often than every half minute.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import jwt
import orjson
import structlog

from engine.errors import Misconfigured
from sync.http.api.settings import AccessSettings
from sync.http.problem import Problem
from sync.http_client import Timeouts, open_http_client

_MOST_KEYS = 16
_LARGEST_BYTES = 262_144
_LEAST_RSA_BITS = 2048
_LEAST_SECRET_BYTES = 32
_TIMES = Timeouts(pool_seconds=2.0, connect_seconds=3.0, write_seconds=2.0, read_seconds=4.0)
_AGAIN_SECONDS = 30.0
_STALE_SECONDS = 900.0
"""So long keys are still believed when their issuer does not answer."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Key:
    """A public key or a secret, and the one algorithm it is for."""

    algorithm: str
    material: Any
    name: str = ""


class Keys:
    """All keys that may have signed a token of the issuer."""

    def __init__(self, settings: AccessSettings, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._fixed = [*_of_secret(settings.secret), *_of_file(settings.keys_file)]
        self._fetched = _Fetched(settings.url, settings.keys_seconds, clock) if settings.url else None

    async def candidates(self, algorithm: str, name: str) -> list[Key]:
        """The keys that a token of this algorithm and key name may be signed with. Raises Problem 503 when they cannot be had."""
        found = _fitting(self._fixed, algorithm, name)
        if self._fetched is None or (found and algorithm == "HS256"):
            return found
        return found + await self._fetched.candidates(algorithm, name)

    async def close(self) -> None:
        """Let go of the issuer."""
        if self._fetched is not None:
            await self._fetched.close()


class _Fetched:
    def __init__(self, url: str, keep_seconds: float, clock: Callable[[], float]) -> None:
        parts = urlsplit(url)
        self._path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._keep_seconds = keep_seconds
        self._clock = clock
        self._http: httpx.AsyncClient | None = None
        self._keys: list[Key] = []
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._fetching: asyncio.Task[None] | None = None

    async def candidates(self, algorithm: str, name: str) -> list[Key]:
        if algorithm == "HS256":
            return []
        if self._age() > self._keep_seconds and self._may_try():
            await self._fetch()
        found = _fitting(self._keys, algorithm, name)
        if not found and self._may_try():
            await self._fetch()
            found = _fitting(self._keys, algorithm, name)
        if self._age() > self._keep_seconds + _STALE_SECONDS:
            raise Problem(
                503,
                "access.keys_unreachable",
                "The keys of the issuer cannot be fetched, so that no token can be checked; try again.",
                headers={"retry-after": str(int(_AGAIN_SECONDS))},
            )
        return found

    def _age(self) -> float:
        return float("inf") if self._fetched_at is None else self._clock() - self._fetched_at

    def _may_try(self) -> bool:
        if self._fetching is not None:
            return True  # whoever comes meanwhile waits for the same answer
        return self._tried_at is None or self._clock() - self._tried_at >= _AGAIN_SECONDS

    async def _fetch(self) -> None:
        if self._fetching is None:
            self._tried_at = self._clock()
            self._fetching = asyncio.create_task(self._ask())
        # A caller that gives up does not take the answer from the others.
        await asyncio.shield(self._fetching)

    async def _ask(self) -> None:
        try:
            self._http = self._http or open_http_client(self._origin, timeouts=_TIMES, connections=2)
            answer = await self._http.get(self._path, headers={"accept": "application/json"})
            if answer.status_code != 200 or len(answer.content) > _LARGEST_BYTES:
                _log.warning("keys_not_fetched", status=answer.status_code)
                return
            self._keys = list(keys_of(orjson.loads(answer.content)))
            self._fetched_at = self._clock()
            _log.info("keys_fetched", keys=len(self._keys))
        except (httpx.HTTPError, ValueError) as error:
            _log.warning("keys_not_fetched", error=type(error).__name__)
        finally:
            self._fetching = None

    async def close(self) -> None:
        if self._fetching is not None:
            self._fetching.cancel()
        if self._http is not None:
            await self._http.aclose()


def _fitting(keys: Iterable[Key], algorithm: str, name: str) -> list[Key]:
    """Of the key's own algorithm; of that name where both say one."""
    of_kind = [key for key in keys if key.algorithm == algorithm]
    named = [key for key in of_kind if key.name == name]
    return named or [key for key in of_kind if not key.name or not name]


def keys_of(document: Any) -> Iterable[Key]:
    """The keys of a JWKS that can verify a signature; secrets in it are passed over, since whoever reads it has them."""
    listed = document.get("keys") if isinstance(document, dict) else None
    for each in (listed if isinstance(listed, list) else [])[:_MOST_KEYS]:
        if isinstance(each, dict) and (key := _key(each)) is not None:
            yield key


def _key(described: Mapping[str, Any]) -> Key | None:
    algorithm = {("EC", "P-256"): "ES256", ("RSA", None): "RS256"}.get(
        (str(described.get("kty")), described.get("crv") if described.get("kty") == "EC" else None)
    )
    operations = described.get("key_ops")
    if (
        algorithm is None
        or described.get("alg", algorithm) != algorithm
        or described.get("use", "sig") != "sig"
        or (isinstance(operations, list) and "verify" not in operations)
    ):
        return None
    try:
        public = {name: value for name, value in described.items() if name in {"kty", "crv", "x", "y", "n", "e"}}
        material = jwt.PyJWK(public, algorithm).key
    except (jwt.PyJWTError, ValueError):
        return None
    if algorithm == "RS256" and material.key_size < _LEAST_RSA_BITS:
        return None
    name = described.get("kid")
    return Key(algorithm, material, name if isinstance(name, str) else "")


def _of_secret(secret: str) -> list[Key]:
    if not secret:
        return []
    if len(secret.encode()) < _LEAST_SECRET_BYTES:
        raise Misconfigured(
            "access.short_secret",
            f"The secret jwt_secret is shorter than {_LEAST_SECRET_BYTES} bytes, which can be guessed: take a longer one.",
        )
    return [Key("HS256", secret.encode())]


def _of_file(path: Path | None) -> list[Key]:
    if path is None:
        return []
    try:
        found = list(keys_of(orjson.loads(path.read_bytes())))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not JSON"
        raise Misconfigured(
            "access.keys_file", f"access.keys_file {path} cannot be read ({reason}): name a JWKS file."
        ) from error
    if not found:
        raise Misconfigured(
            "access.keys_file",
            f"access.keys_file {path} holds no ES256 or RS256 key: put the issuer's public keys into it.",
        )
    return found
