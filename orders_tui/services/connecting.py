"""Connecting: a code becomes a stored grant, and each of its shops a connected one, observed only until a person switches it to work.

The tokens are stored before they are used: a code works once, and what fails afterwards is taken up again with `reconnect`.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from engine.actors import Actor
from engine.database.connection import Database
from engine.errors import Refused, Terminal
from engine.fleet.gates import Gates
from engine.identifiers import GrantId
from engine.shops import grants, shops
from engine.shops.shops import Shop
from sync.http_client import Timeouts, open_http_client
from sync.resilience import BreakerSettings, Guard, GuardSettings
from sync.tiktok.calls.authorization import authorized_shops
from sync.tiktok.client import TikTokClient, TikTokSettings
from sync.tiktok.clock_skew import ClockSkew, measure
from sync.tiktok.directory import Directory
from sync.tiktok.stored_grants import StoredGrant
from sync.tiktok.token_calls import SELLER, AppCredentials, TokenCalls
from sync.tiktok.tokens import TokenSource


@dataclass(frozen=True, slots=True)
class TikTokAccess:
    """Where TikTok is, and the app."""

    base_url: str
    auth_url: str
    app: AppCredentials
    settings: TikTokSettings
    calls_per_second: int
    breaker: BreakerSettings


@dataclass(frozen=True, slots=True)
class NewlyConnected:
    """One shop that a grant covers; `known` if it was connected before, and then its policies and its place in polling stay."""

    shop: Shop
    known: bool


class Connector:
    """TikTok as a person at the command line reaches it, to connect shops."""

    def __init__(
        self, database: Database, calls: TokenCalls, client_of: Callable[[GrantId], TikTokClient], actor: Actor
    ) -> None:
        self._database = database
        self._calls = calls
        self._client_of = client_of
        self._actor = actor

    async def exchange(self, code: str) -> GrantId:
        """Store the grant that a code stands for. Raises Terminal for a code that is used or old, Refused for who is no seller."""
        issued = await self._calls.exchange(code)
        if issued.user_type != SELLER:
            raise Refused(
                "shop.not_a_seller",
                "Whoever consented is no seller: open the link again, signed in as the shop's owner.",
            )
        if not issued.seller.open_id:
            raise Terminal("tiktok.malformed_tokens", "TikTok's answer names no seller (open_id); nothing was stored.")
        return await grants.save_grant(self._database, issued.seller, issued.tokens, actor=self._actor)

    async def connect(
        self, grant_id: GrantId, zone_of: Callable[[str], str], *, timezone: str = ""
    ) -> list[NewlyConnected]:
        """Connect every shop of the grant: new ones observed only, known ones as they were.

        `zone_of` gives a market's time zone; `timezone` is used instead when it is given. Raises Refused for a grant without shops.
        """
        authorised = await authorized_shops(self._client_of(grant_id))
        if not authorised:
            raise Refused("shop.none_authorised", "The seller's authorisation covers no shop; nothing was connected.")
        known = {shop.tiktok_shop_id: shop for shop in await shops.list_shops(self._database)}
        connected = []
        for each in authorised:
            before = known.get(each.tiktok_shop_id)
            zone = timezone or (before.timezone if before else "") or zone_of(each.region)
            shop = await shops.connect_shop(
                self._database,
                tiktok_shop_id=each.tiktok_shop_id,
                name=each.name,
                region=each.region or (before.region if before else ""),
                seller_type=each.seller_type,
                timezone=zone,
                cipher=each.cipher,
                grant=grant_id,
                actor=self._actor,
            )
            connected.append(NewlyConnected(shop, before is not None))
        return connected


@contextlib.asynccontextmanager
async def open_connector(database: Database, access: TikTokAccess, actor: Actor) -> AsyncIterator[Connector]:
    """A connector with clients of its own."""
    async with _open_clients(database, access) as (calls, client_of):
        yield Connector(database, calls, client_of, actor)


@contextlib.asynccontextmanager
async def open_directory(database: Database, access: TikTokAccess) -> AsyncIterator[Directory]:
    """The connected shops, reached beside whatever daemons there are."""
    async with _open_clients(database, access) as (_, client_of):
        yield Directory(database, client_of)


@contextlib.asynccontextmanager
async def _open_clients(
    database: Database, access: TikTokAccess
) -> AsyncIterator[tuple[TokenCalls, Callable[[GrantId], TikTokClient]]]:
    gates = Gates(database)
    guarded = GuardSettings(calls_per_second=access.calls_per_second, breaker=access.breaker)
    async with open_http_client(access.base_url) as http, open_http_client(access.auth_url) as auth:
        calls = TokenCalls(auth, access.app, Guard("tiktok_auth", guarded, gates))
        guard = Guard("tiktok", guarded, gates)

        def client_of(grant_id: GrantId) -> TikTokClient:
            source = TokenSource(StoredGrant(database, grant_id), calls)
            return TikTokClient(http, access.app, source, guard, settings=access.settings)

        yield calls, client_of


async def clock_of(base_url: str) -> ClockSkew:
    """How far this machine's clock is from TikTok's; unknown when TikTok does not answer."""
    quick = Timeouts(pool_seconds=1.0, connect_seconds=2.0, write_seconds=2.0, read_seconds=3.0)
    async with open_http_client(base_url, timeouts=quick) as http:
        return await measure(http, time.time)
