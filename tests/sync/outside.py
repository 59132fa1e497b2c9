"""The adapters, set up against a simulator or a scripted server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from engine.effects.kinds import Retries
from engine.errors import OrdersError
from engine.fleet.gates import Probe
from engine.identifiers import GrantId
from engine.shops.grants import GrantState, GrantTokens
from engine.shops.refreshing import Busy, Ended, RefreshClaim
from sync.http_client import Timeouts, open_http_client
from sync.resilience import BreakerSettings, Guard, GuardSettings
from sync.shipping.easypost import EasyPost, EasyPostSettings
from sync.simulator.scenario import Arrival, Scenario, Timings
from sync.simulator.server import Simulator, serve
from sync.tiktok.client import TikTokClient
from sync.tiktok.connected import ConnectedShop
from sync.tiktok.token_calls import AppCredentials, Issued, TokenCalls
from sync.tiktok.tokens import NotConnected, TokenSource
from tests.sync.recorded_desk import SHOP

AT_ONCE = Timings(0, 0, 3600, 3600, 3600)
QUICK = Timeouts(pool_seconds=1.0, connect_seconds=1.0, write_seconds=0.5, read_seconds=1.0)
UNHURRIED = GuardSettings(
    calls_per_second=0,
    breaker=BreakerSettings(failure_threshold=1_000_000),
    read_retries=Retries(3, 0.001, 0.002, 1.0),
)
"""No limit, no breaker, hardly a pause: what is tested is the adapter behind it."""


@dataclass(slots=True)
class Gates:
    """Remembers what breakers told."""

    told: list[tuple[str, str]] = field(default_factory=list)
    open_names: set[str] = field(default_factory=set)

    async def opened(self, name: str, seconds: float, reason: str) -> None:
        self.told.append(("opened", reason))
        self.open_names.add(name)

    async def closed(self, name: str) -> None:
        self.told.append(("closed", name))
        self.open_names.discard(name)

    def shut(self, name: str) -> float | None:
        return 0.0 if name in self.open_names else None

    async def probe(self, name: str, seconds: float) -> Probe:
        return Probe.GRANTED


def guard(name: str = "tiktok", settings: GuardSettings = UNHURRIED) -> Guard:
    return Guard(name, settings, Gates())


@dataclass(slots=True)
class TokenShelf:
    """One grant's tokens in memory, with the fence that the contract asks for."""

    tokens: GrantTokens
    saved: list[Issued] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    loads: int = 0
    ended: str = ""
    claimed: int = 0

    async def load(self) -> GrantTokens:
        self.loads += 1
        if self.ended:
            raise NotConnected(self.ended)
        return self.tokens

    async def claim(self, refused: str) -> RefreshClaim | GrantTokens | Busy | Ended:
        now = datetime.now(UTC)
        if self.ended:
            return Ended(GrantState.REVOKED)
        if self.tokens.access != refused and self.tokens.access_expires_at > now:
            return self.tokens
        self.claimed += 1
        return RefreshClaim(GrantId(SHOP), self.claimed, self.tokens)

    async def save(self, claim: RefreshClaim, issued: Issued) -> bool:
        if self.tokens.refresh != claim.tokens.refresh:
            return False
        self.tokens = issued.tokens
        self.saved.append(issued)
        return True

    async def give_back(self, claim: RefreshClaim, error: OrdersError) -> None:
        self.errors.append(error.code)

    async def end(self, claim: RefreshClaim, sentence: str) -> None:
        self.ended = sentence


def tokens_of(access: str = "TTP_access", refresh: str = "TTP_refresh", *, hours: float = 48.0) -> GrantTokens:
    now = datetime.now(UTC)
    return GrantTokens(access, now + timedelta(hours=hours), refresh, now + timedelta(days=300))


APP = AppCredentials("6demo4oms9k1", "oms-demo-secret-7f3a9c")


@asynccontextmanager
async def tiktok_at(
    url: str,
    *,
    app: AppCredentials = APP,
    tokens: GrantTokens | None = None,
    clock: Callable[[], float] | None = None,
    settings: GuardSettings = UNHURRIED,
) -> AsyncIterator[tuple[TikTokClient, TokenShelf]]:
    shelf = TokenShelf(tokens or tokens_of())
    async with open_http_client(url, timeouts=QUICK) as http:
        source = TokenSource(shelf, TokenCalls(http, app, guard("tiktok-tokens")))
        extra: dict[str, Any] = {"clock": clock} if clock else {}
        yield TikTokClient(http, app, source, guard("tiktok", settings), **extra), shelf


@asynccontextmanager
async def easypost_at(
    url: str, api_key: str = "EZTKfictional", *, settings: GuardSettings = UNHURRIED, buy_seconds: float = 1.0
) -> AsyncIterator[EasyPost]:
    async with open_http_client(url, timeouts=QUICK) as http:
        given = EasyPostSettings(api_key, buy_seconds=buy_seconds, timeouts=QUICK)
        yield EasyPost(http, given, guard("carrier", settings))


@dataclass(frozen=True, slots=True)
class Outside:
    """A simulated world and the adapters that talk to it."""

    simulator: Simulator
    tiktok: TikTokClient
    shelf: TokenShelf
    easypost: EasyPost
    admin: httpx.AsyncClient
    shop: ConnectedShop

    @property
    def cipher(self) -> str:
        return self.simulator.credentials.shop_cipher

    async def state(self) -> dict[str, Any]:
        return dict((await self.admin.get("/admin/state")).json())

    async def faults(self, **rates: float) -> None:
        (await self.admin.post("/admin/faults", json=rates)).raise_for_status()

    async def raw_orders(self) -> list[dict[str, Any]]:
        """Every order, each once."""
        orders: dict[str, dict[str, Any]] = {}
        begin, end = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
        async for page in self.shop.orders.search(update_time_ge=begin, update_time_lt=end):
            orders.update((order["id"], order) for order in page.rows)
        return list(orders.values())


@asynccontextmanager
async def outside(
    orders: int = 40,
    *,
    seed: int = 11,
    timings: Timings = AT_ONCE,
    faults: str = "none",
    token_seconds: float = 7 * 86_400,
    region: str = "US",
    tiktok_shipping_share: float = 0.0,
    twin_orders: bool = False,
    **more: Any,
) -> AsyncIterator[Outside]:
    """A world of orders that are all there at once."""
    scenario = Scenario(
        seed=seed,
        orders=orders,
        arrival=Arrival.IMMEDIATE,
        timings=timings,
        region=region,
        tiktok_shipping_share=tiktok_shipping_share,
        twin_orders=twin_orders,
    )
    async with (
        serve(scenario, faults=faults, token_seconds=token_seconds, **more) as simulator,
        open_http_client(simulator.url) as admin,
    ):
        keys = (await admin.get("/admin/credentials")).json()
        tokens = replace(
            tokens_of(keys["access_token"], keys["refresh_token"]),
            access_expires_at=datetime.fromtimestamp(keys["access_token_expire_in"], UTC),
        )
        app = AppCredentials(keys["app_key"], keys["app_secret"])
        async with (
            tiktok_at(simulator.url, app=app, tokens=tokens) as (tiktok, shelf),
            easypost_at(simulator.url, keys["easypost_api_key"], buy_seconds=5.0) as easypost,
        ):
            shop = ConnectedShop(tiktok, simulator.credentials.shop_cipher, region)
            yield Outside(simulator, tiktok, shelf, easypost, admin, shop)
