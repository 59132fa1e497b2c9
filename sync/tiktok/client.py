"""TikTok Shop's API for one grant: signed, guarded, its refusals named.

A client belongs to one grant, since the access token does; the shop is named at each call by its cipher. The calls themselves are in
`sync.tiktok.calls`, what they are called and where they go in `sync.tiktok.endpoints`.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import httpx

from engine.errors import Retryable, Terminal
from sync.http_client import encode_json, is_this_machine
from sync.resilience import Guard
from sync.tiktok.clock_skew import ClockSkew
from sync.tiktok.endpoints import ENDPOINTS
from sync.tiktok.errors import ShopInactive, TokenExpired, lost, open_envelope
from sync.tiktok.scopes import scope_of
from sync.tiktok.signing import sign_request
from sync.tiktok.token_calls import AppCredentials
from sync.tiktok.tokens import TokenSource

_LARGEST_FILE_BYTES = 20_000_000

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class TikTokSettings:
    """`versions` replaces the version of single endpoints, by the names of `sync.tiktok.endpoints`."""

    versions: Mapping[str, str] = field(default_factory=dict)
    ids_per_call: int = 50
    chunks_at_once: int = 4
    provider_cache_seconds: float = 3600.0


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    path: str
    doing: str
    cipher: str
    query: Mapping[str, str]
    body: bytes
    writes: bool
    scope: str


class TikTokClient:
    """TikTok Shop for one grant."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        app: AppCredentials,
        token: TokenSource,
        guard: Guard,
        *,
        settings: TikTokSettings | None = None,
        clock: Callable[[], float] = time.time,
        skew: ClockSkew | None = None,
        on_inactive: Callable[[str, ShopInactive], Awaitable[None]] | None = None,
    ) -> None:
        self._http = http
        self._app = app
        self._token = token
        self._guard = guard
        self.settings = settings or TikTokSettings()
        self.clock = clock
        self.skew = skew or ClockSkew()
        self._on_inactive = on_inactive

    async def call(
        self,
        endpoint: str,
        *,
        cipher: str = "",
        path: Mapping[str, str] = _NOTHING,
        query: Mapping[str, str] = _NOTHING,
        body: Mapping[str, object] | None = None,
        about: Mapping[str, str] = _NOTHING,
    ) -> dict[str, object]:
        """The `data` of TikTok's answer. `about` has what the endpoint's sentence names and its path does not.

        Raises Retryable, Terminal or, for a write, Ambiguous; an expired token is renewed once without the caller noticing.
        """
        known = ENDPOINTS[endpoint]
        version = self.settings.versions.get(endpoint, known.version)
        request = _Request(
            method=known.method,
            path=known.path.format(version=version, **path),
            doing=known.doing.format(**path, **about),
            cipher=cipher if known.of_shop else "",
            query=query,
            body=b"" if body is None else encode_json(body),
            writes=known.writes,
            scope=scope_of(endpoint),
        )
        # TikTok counts calls by app, shop and API.
        budget = f"{request.cipher} {'write' if request.writes else endpoint}"
        try:
            return await self._authorized(request, budget)
        except ShopInactive as error:
            if self._on_inactive is not None:
                await self._on_inactive(request.cipher, error)
            raise

    async def _authorized(self, request: _Request, budget: str) -> dict[str, object]:
        token = await self._token.access()
        try:
            return await self._guarded(request, token, budget)
        except TokenExpired:
            return await self._guarded(request, await self._token.renew(token), budget)

    async def fetch(self, address: str, *, doing: str) -> tuple[str, bytes]:
        """A file that TikTok keeps elsewhere, and its media type; no token, no signature goes there.

        Raises Retryable, or Terminal for an address that is not https.
        """
        url = httpx.URL(address)
        base = self._http.base_url
        if url.scheme != "https" and not (url.host == base.host and is_this_machine(base.host)):
            raise Terminal("tiktok.file_not_safe", "The file's address is not https; fetch it in the seller centre.")
        return await self._guard.read(lambda: self._fetch(url, doing), budget="files")

    async def _fetch(self, url: httpx.URL, doing: str) -> tuple[str, bytes]:
        try:
            response = await self._http.get(url)
        except httpx.HTTPError as error:
            failure = lost(error, doing=doing, writes=False)
        else:
            if response.status_code == 200 and 0 < len(response.content) <= _LARGEST_FILE_BYTES:
                media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
                return media_type, response.content
            raise Retryable(
                "tiktok.no_answer", f"TikTok did not give the file to {doing} (HTTP {response.status_code})."
            )
        raise failure

    async def _guarded(self, request: _Request, token: str, budget: str) -> dict[str, object]:
        if request.writes:
            return await self._guard.write(lambda: self._send(request, token), budget=budget)
        return await self._guard.read(lambda: self._send(request, token), budget=budget)

    async def _send(self, request: _Request, token: str) -> dict[str, object]:
        # Signed at every attempt: the time in the signature is only good for five minutes back and half a minute ahead.
        query = {**request.query, "app_key": self._app.app_key, "timestamp": str(int(self.clock()))}
        if request.cipher:
            query["shop_cipher"] = request.cipher
        query["sign"] = sign_request(request.path, query, request.body, self._app.app_secret)
        headers = {"x-tts-access-token": token, "content-type": "application/json"}
        try:
            response = await self._http.request(
                request.method, request.path, params=query, content=request.body or None, headers=headers
            )
        except httpx.HTTPError as error:
            failure = lost(error, doing=request.doing, writes=request.writes)
        else:
            secrets = (token, self._app.app_secret, self._app.app_key, request.cipher)
            self.skew.note(response, self.clock())
            return open_envelope(
                response,
                doing=request.doing,
                writes=request.writes,
                secrets=secrets,
                scope=request.scope,
                skew_seconds=self.skew.seconds,
            )
        # Outside the `except`, so that the signed address in the cause is not carried along.
        raise failure
