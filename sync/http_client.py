"""The outbound HTTP client: httpx's interface over aiohttp's connection pool.

One client per dependency. Nothing here logs an address, a header or a body, since token calls carry secrets in their
query and answers carry personal data. Whatever goes wrong below surfaces as httpx's own exceptions; `never_left`
tells those that prove that the other side saw nothing from those that do not.
"""

from __future__ import annotations

import asyncio
import functools
import ipaddress
import logging
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
import httpx
import orjson
import yarl

from engine.errors import Misconfigured

LONGEST_RETRY_AFTER_SECONDS = 3600.0
"""No other side may make orders wait longer by a header; it is asked again then."""

_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long each part of one call may take; together they are the call's deadline."""

    pool_seconds: float = 10.0
    connect_seconds: float = 5.0
    write_seconds: float = 10.0
    read_seconds: float = 20.0

    def as_httpx(self, *, read_seconds: float | None = None) -> httpx.Timeout:
        """The same in httpx's words; `read_seconds` replaces the read part for one slow call."""
        return httpx.Timeout(
            pool=self.pool_seconds,
            connect=self.connect_seconds,
            write=self.write_seconds,
            read=self.read_seconds if read_seconds is None else read_seconds,
        )


class _Silence(logging.Filter):
    """httpx writes every address it calls to its log, secrets in the query included."""

    def filter(self, record: logging.LogRecord) -> bool:
        return False


_SILENCE = _Silence()


class _Answer(httpx.Response):
    """An answer whose whole body is here."""

    def __init__(self, answer: aiohttp.ClientResponse, body: bytes, request: httpx.Request) -> None:
        super().__init__(answer.status, headers=answer.raw_headers, request=request, stream=_READ_ALREADY)
        self._body = body

    @property
    def content(self) -> bytes:
        return self._body


_READ_ALREADY = httpx.ByteStream(b"")


def _in_httpx_words(error: Exception, request: httpx.Request) -> httpx.TransportError:
    match error:
        case aiohttp.ConnectionTimeoutError():
            return httpx.ConnectTimeout("No connection in time.", request=request)
        case aiohttp.ClientConnectorError():
            return httpx.ConnectError(str(error), request=request)
        case TimeoutError():
            return httpx.ReadTimeout("No answer in time.", request=request)
        case aiohttp.ClientConnectionError() | aiohttp.ClientPayloadError():
            return httpx.ReadError("The connection was lost before the answer.", request=request)
        case _:
            return httpx.RemoteProtocolError("The answer was not HTTP.", request=request)


async def _only_once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keeps aiohttp from repeating a lost GET by itself: a token is exchanged by GET, and that works once."""
    try:
        return await send(request)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
        raise aiohttp.ClientConnectionError("The connection was lost.") from None


@functools.lru_cache(maxsize=64)
def _limits(
    pool: float | None, connect: float | None, write: float | None, read: float | None
) -> tuple[aiohttp.ClientTimeout, float | None]:
    """The parts of a timeout for aiohttp, and the seconds of the whole call."""
    seconds = [part for part in (pool, connect, write, read) if part is not None]
    parts = aiohttp.ClientTimeout(connect=pool, sock_connect=connect, sock_read=read)
    return parts, sum(seconds) if seconds else None


class _Connections(httpx.AsyncBaseTransport):
    """aiohttp's connections to one address, opened at the first call, inside the running loop."""

    def __init__(self, most: int, context: ssl.SSLContext, headers: Mapping[str, str]) -> None:
        self._most = most
        self._context = context
        self._headers = headers
        self._session: aiohttp.ClientSession | None = None

    def session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._most, ssl=self._context, keepalive_timeout=30.0),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=self._headers,
                middlewares=(_only_once,),
            )
        return self._session

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()


class _Client(httpx.AsyncClient):
    """A client of one address: httpx's interface and errors, aiohttp's connection pool, and nothing in between.

    There are no cookies, redirects or authentication flows to look after, and httpx's requests and answers cost more than the call
    itself. A deadline stands over the whole call: aiohttp has no write timeout, and dripping bytes never trip the read one. What
    breaks is told apart by whether anything can have left: a refused or unanswered connection is `ConnectError` or `ConnectTimeout`,
    one that was lost later `ReadError`, since the request may have been carried out.
    """

    def __init__(self, origin: str, connections: _Connections, **options: Any) -> None:
        self._connections = connections
        super().__init__(base_url=origin, transport=connections, **options)
        self._origin = origin.rstrip("/")
        self._request = functools.cache(lambda method: httpx.Request(method, self.base_url))

    async def request(self, method: str, url: httpx.URL | str, **options: Any) -> httpx.Response:
        told = str(url)
        address = f"{self._origin}{told}" if told.startswith("/") else told
        is_ours = address.startswith(f"{self._origin}/")
        if params := options.get("params"):
            address = f"{address}?{urlencode(params, quote_via=quote)}"
        headers, body = options.get("headers"), options.get("content")
        if (document := options.get("json")) is not None:
            headers, body = {"content-type": "application/json", **(headers or {})}, encode_json(document)
        asked = options.get("timeout")
        timeout = asked if isinstance(asked, httpx.Timeout) else self.timeout
        limits, seconds = _limits(timeout.pool, timeout.connect, timeout.write, timeout.read)
        # The whole address, which may carry a signature or a token, stays in here: no error repeats it.
        request = self._request(method) if is_ours else httpx.Request(method, url)
        failure: httpx.TransportError
        deadline = asyncio.timeout(seconds)
        try:
            async with (
                deadline,
                self._connections.session().request(
                    method,
                    # Encoded already: quoted once more it would no longer be the one that was signed.
                    yarl.URL(address, encoded=True),
                    headers=headers,
                    data=body or None,
                    allow_redirects=False,
                    auto_decompress=False,
                    timeout=limits,
                ) as answer,
            ):
                received = await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            failure = _in_httpx_words(error, request)
            if deadline.expired():
                failure = httpx.ReadTimeout("The whole call took too long.", request=request)
        else:
            if "content-encoding" in answer.headers:
                return httpx.Response(answer.status, headers=answer.raw_headers, content=received, request=request)
            return _Answer(answer, received, request)
        raise failure


def open_http_client(
    base_url: str, *, timeouts: Timeouts | None = None, connections: int = 256, user_agent: str = "orders-tui"
) -> httpx.AsyncClient:
    """A client for one dependency; close it with `async with` or `aclose()`.

    TLS 1.2 or newer with the certificate checked; plain HTTP only to this machine. No cookies, no redirects, no proxy
    from the environment. Raises Misconfigured for an address that is not one.
    """
    _refuse_bad_address(base_url)
    logging.getLogger("httpx").addFilter(_SILENCE)
    context = httpx.create_ssl_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    headers = {"user-agent": user_agent, "accept-encoding": "gzip, deflate"}
    return _Client(
        base_url,
        _Connections(connections, context, headers),
        timeout=(timeouts or Timeouts()).as_httpx(),
        trust_env=False,
    )


def _refuse_bad_address(base_url: str) -> None:
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in {"http", "https"} or not url.host:
        raise Misconfigured("http.bad_address", f"{base_url!r} is not an http(s) address; write it as https://host.")
    if url.scheme == "http" and not is_this_machine(url.host):
        raise Misconfigured(
            "http.not_encrypted", f"{url.host} would be called without encryption; use https:// in its address."
        )


def is_this_machine(host: str) -> bool:
    """True for `localhost` and loopback addresses."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def never_left(error: httpx.HTTPError) -> bool:
    """True when the request provably did not reach the other side, so that repeating it repeats nothing."""
    return isinstance(error, _NEVER_LEFT)


def encode_json(value: object) -> bytes:
    """The one serialisation of a body: these bytes are signed and these bytes are sent."""
    return orjson.dumps(value)


def retry_after_seconds(response: httpx.Response, *, now: datetime | None = None) -> float | None:
    """The other side's `Retry-After`, given in seconds or as a date, as seconds from now, an hour at most; None when it is no such."""
    text = response.headers.get("retry-after", "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_RETRY_AFTER_SECONDS)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - (now or datetime.now(UTC))).total_seconds(), 0.0), LONGEST_RETRY_AFTER_SECONDS)
