"""What a shop's server is told: it receives webhooks and checks both signatures by itself, from the reference alone."""

import asyncio
import hashlib
import hmac
import json
import unicodedata
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.sync.scripted_server import Received, ScriptedServer, reply, scripted
from tests.sync.simulator.seller import Json, Seller


@dataclass(slots=True)
class Told:
    """A server that answers every webhook with `status`, and what it was told so far."""

    server: ScriptedServer
    status: list[int] = field(default_factory=lambda: [200])

    @property
    def url(self) -> str:
        return f"{self.server.url}/told"

    @property
    def received(self) -> list[Received]:
        return self.server.received

    def answer(self, status: int) -> None:
        """Answer with this status from now on."""
        self.status[0] = status

    def envelopes(self, wanted: int | None = None) -> list[Json]:
        """The bodies received, those of one TikTok type or all."""
        bodies = [json.loads(request.body) for request in self.received]
        return [body for body in bodies if wanted is None or body.get("type") == wanted]

    async def until(self, reached: Callable[[], bool]) -> None:
        """Wait for what the sender does on its own."""
        async with asyncio.timeout(20):
            while not reached():
                await asyncio.sleep(0.01)

    async def messages(self, number: int) -> list[Json]:
        """Wait for so many messages, and a moment more in which no further one may come."""
        await self.until(lambda: len(self.received) >= number)
        await asyncio.sleep(0.05)
        assert len(self.received) == number
        return self.envelopes()

    async def until_counted(self, seller: Seller, service: str, **wanted: int) -> None:
        """Wait until the sender has noted how its tries ended."""
        async with asyncio.timeout(20):
            while True:
                counts = (await seller.state())["webhooks"][service]
                if all(counts[name] == number for name, number in wanted.items()):
                    return
                await asyncio.sleep(0.01)


@asynccontextmanager
async def told() -> AsyncIterator[Told]:
    """Listen for webhooks while the context is open."""
    status = [200]
    async with scripted(lambda _: reply(status=status[0], body=b"")) as server:
        yield Told(server, status)


def signed_by_tiktok(request: Received, keys: Json) -> bool:
    """Say whether TikTok signed these bytes: lower-case hex of HMAC-SHA256(app secret, app key + body)."""
    made = hmac.new(keys["app_secret"].encode(), keys["app_key"].encode() + request.body, hashlib.sha256).hexdigest()
    return request.headers["authorization"] == made


def signed_by_easypost(request: Received, secret: str) -> bool:
    """Say whether EasyPost signed these bytes with the NFKD form of the secret."""
    key = unicodedata.normalize("NFKD", secret).encode()
    made = hmac.new(key, request.body, hashlib.sha256).hexdigest()
    return request.headers["x-hmac-signature"] == f"hmac-sha256-hex={made}"
