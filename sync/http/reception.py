"""Who calls, how much and how often: the body of a request, or the answer that refuses it before anything is read or verified."""

from __future__ import annotations

import asyncio
import ipaddress

from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from sync.http.settings import HttpSettings

_HEARD_OUT = 8
"""Who sends somewhat too much is heard out, since one who is hung up on does not read the answer; nothing of it is kept."""


class Refusal(Exception):
    """A request that is not taken; `status` is the whole answer."""

    def __init__(self, status: int, headers: dict[str, str] | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.headers = headers

    def response(self) -> Response:
        """The answer."""
        return Response(status_code=self.status, headers=self.headers)


class Reception:
    """Stands before every endpoint that strangers may call."""

    def __init__(self, settings: HttpSettings) -> None:
        self._settings = settings
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._limit = RateLimitItemPerSecond(settings.calls_per_second) if settings.calls_per_second else None

    async def body(self, request: Request) -> bytes:
        """The request's exact bytes. Raises Refusal: 429 for too many calls of one source, 413 for too much, 408 for too slow."""
        if self._limit is not None and not self._limiter.hit(self._limit, self.source(request)):
            raise Refusal(429, {"retry-after": "1"})
        largest = self._settings.largest_body_bytes
        declared = request.headers.get("content-length", "")
        # Python refuses to read a number of thousands of digits.
        if len(declared) > 18 or (declared.isdecimal() and int(declared) > _HEARD_OUT * largest):
            raise _too_large()
        received, length = bytearray(), 0
        try:
            async with asyncio.timeout(self._settings.body_seconds):
                async for part in request.stream():
                    length += len(part)
                    if length <= largest:
                        received += part
                    elif length > _HEARD_OUT * largest:
                        raise _too_large()
        except TimeoutError:
            raise Refusal(408, {"connection": "close"}) from None
        except ClientDisconnect:
            raise Refusal(400) from None
        if length > largest:
            raise _too_large()
        return bytes(received)

    def source(self, request: Request) -> str:
        """The address that a call came from, as far as it can be believed."""
        nearest = request.client.host if request.client else ""
        hops = [hop.strip() for line in request.headers.getlist("x-forwarded-for") for hop in line.split(",")]
        # Each proxy writes whom it heard at the end of the list; what the first stranger says of others is worth nothing.
        while hops and self._is_trusted(nearest):
            nearest = hops.pop()
        return nearest[:64]

    def is_relayed(self, request: Request) -> bool:
        """Whether the call says that it came through something which nobody vouched for."""
        said = any(name in request.headers for name in ("forwarded", "x-forwarded-for", "x-real-ip"))
        return said and not self._is_trusted(request.client.host if request.client else "")

    def _is_trusted(self, address: str) -> bool:
        try:
            known = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(known in network for network in self._settings.trusted_proxies)


def _too_large() -> Refusal:
    return Refusal(413, {"connection": "close"})
