"""The outbound HTTP client: httpx's interface over aiohttp's connection pool.

One client per dependency. Nothing here logs an address, a header or a body, since token calls carry secrets in their
query and answers carry personal data. Whatever goes wrong below surfaces as httpx's own exceptions; `never_left`
tells those that prove that the other side saw nothing from those that do not.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import httpx
import orjson
from httpx_aiohttp import AiohttpTransport

from engine.errors import Misconfigured

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


class _Transport(AiohttpTransport):
    """Corrects what the adapter makes of aiohttp's errors.

    It calls every broken connection `ConnectTimeout`. "Refused" would do no harm that way, but "the server hung up"
    would mean that a purchase was never sent although it may have been carried out. Errors of the HTTP parser it lets
    through as they are.
    """

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await super().handle_async_request(request)
        except httpx.ConnectTimeout as error:
            match error.__cause__:
                case aiohttp.ConnectionTimeoutError():
                    raise
                case aiohttp.ClientConnectorError() as cause:
                    raise httpx.ConnectError(str(cause), request=request) from None
                case _:
                    raise httpx.ReadError("The connection was lost before the answer.", request=request) from None
        except aiohttp.ClientError:
            raise httpx.RemoteProtocolError("The answer was not HTTP.", request=request) from None


async def _only_once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keeps aiohttp from repeating a lost GET by itself: a token is exchanged by GET, and that works once."""
    try:
        return await send(request)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
        raise aiohttp.ClientConnectionError("The connection was lost.") from None


class _Client(httpx.AsyncClient):
    """A client of one address, whose calls go straight to the transport.

    There are no cookies, redirects or authentication flows to look after, and looking after them costs a third of a
    call. A deadline stands over the whole call: aiohttp has no write timeout, and dripping bytes never trip the read
    one.
    """

    def __init__(self, origin: str, transport: httpx.AsyncBaseTransport, **options: Any) -> None:
        super().__init__(base_url=origin, transport=transport, **options)
        self._origin = origin.rstrip("/")
        self._straight = transport

    def build_request(self, method: str, url: httpx.URL | str, **options: Any) -> httpx.Request:
        if isinstance(url, str) and url.startswith("/"):
            url = self._origin + url
        return super().build_request(method, url, **options)

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        parts = request.extensions.get("timeout", {})
        seconds = [part for part in parts.values() if part is not None]
        try:
            async with asyncio.timeout(sum(seconds) if seconds else None):
                response = await self._straight.handle_async_request(request)
                response.request = request
                try:
                    await response.aread()
                except BaseException:
                    await response.aclose()
                    raise
                return response
        except TimeoutError:
            raise httpx.ReadTimeout("The whole call took too long.", request=request) from None


def open_http_client(
    base_url: str, *, timeouts: Timeouts | None = None, connections: int = 64, user_agent: str = "orders-tui"
) -> httpx.AsyncClient:
    """A client for one dependency; close it with `async with` or `aclose()`.

    TLS 1.2 or newer with the certificate checked; plain HTTP only to this machine. No cookies, no redirects, no proxy
    from the environment. Raises Misconfigured for an address that is not one.
    """
    _refuse_bad_address(base_url)
    logging.getLogger("httpx").addFilter(_SILENCE)
    context = httpx.create_ssl_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2

    def session() -> aiohttp.ClientSession:
        # Made at the first call, inside the running loop.
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=connections, ssl=context, keepalive_timeout=30.0),
            cookie_jar=aiohttp.DummyCookieJar(),
            middlewares=(_only_once,),
        )

    return _Client(
        base_url,
        _Transport(verify=context, client=session),
        timeout=(timeouts or Timeouts()).as_httpx(),
        headers={"user-agent": user_agent},
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
    """The other side's `Retry-After`, given in seconds or as a date, as seconds from now; None when it is no such."""
    text = response.headers.get("retry-after", "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return min(float(text), 86_400.0)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - (now or datetime.now(UTC))).total_seconds(), 0.0), 86_400.0)
