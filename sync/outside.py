"""The outside world as this process reaches it: one client and one guard for each dependency, and the handler of each kind of effect."""

from __future__ import annotations

import functools
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Self

import httpx

from engine.clock import DatabaseClock
from engine.database.connection import Database
from engine.effects.kinds import RETRIES, Retries
from engine.fleet.dependencies import DependencyReport
from engine.fleet.gates import Gates
from engine.identifiers import GrantId, ShopId
from engine.words import Dependency, EffectKind
from sync.desk import Handler
from sync.health import Health, Told
from sync.http_client import open_http_client
from sync.inventory.deliveries import stock_handlers
from sync.inventory.service import InventoryService, ServiceSettings
from sync.monitoring.counted import Counted
from sync.monitoring.traces import NO_TRACES, Traces
from sync.notices.letter import Outbox
from sync.notices.post_office import PostOffice, PostSettings
from sync.rates import Rates, RedisSettings
from sync.reports import guard_report, health_report, redis_report
from sync.resilience import BreakerSettings, Guard, GuardSettings
from sync.shipping.carriers import Carriers
from sync.shipping.deliveries import LabelSettings, buy_label_handler, void_label_handler
from sync.shipping.easypost import LISTS_BUDGET, EasyPost, EasyPostSettings
from sync.shipping.tiktok_shipping import TikTokShippingSettings
from sync.tiktok.cancelling import CancelSettings
from sync.tiktok.client import TikTokClient, TikTokSettings
from sync.tiktok.clock_skew import ClockSkew
from sync.tiktok.connected import ConnectedShop
from sync.tiktok.deliveries import ShipSettings
from sync.tiktok.directory import Directory
from sync.tiktok.handlers import tiktok_handlers
from sync.tiktok.stored_grants import StoredGrant
from sync.tiktok.token_calls import AppCredentials, TokenCalls
from sync.tiktok.tokens import TokenSource
from sync.watching import watched


@dataclass(frozen=True, slots=True)
class OutsideSettings:
    """Where the dependencies are and how they are used."""

    tiktok_base_url: str
    tiktok_auth_url: str
    app: AppCredentials
    carrier_base_url: str
    easypost: EasyPostSettings
    tiktok: TikTokSettings = field(default_factory=TikTokSettings)
    labels: LabelSettings = field(default_factory=LabelSettings)
    shipping: ShipSettings = field(default_factory=ShipSettings)
    tiktok_shipping: TikTokShippingSettings = field(default_factory=TikTokShippingSettings)
    cancellations: CancelSettings = field(default_factory=CancelSettings)
    notices: PostSettings = field(default_factory=PostSettings)
    tiktok_calls_per_second: int = 10
    carrier_calls_per_second: int = 10
    tiktok_breaker: BreakerSettings = field(default_factory=BreakerSettings)
    carrier_breaker: BreakerSettings = field(default_factory=BreakerSettings)
    redis: RedisSettings = field(default_factory=RedisSettings)
    inventory: ServiceSettings | None = None
    inventory_breaker: BreakerSettings = field(default_factory=BreakerSettings)
    inventory_read_retries: Retries = RETRIES[Dependency.INVENTORY]


class Outside:
    """Opens the clients on entering, closes them on leaving."""

    def __init__(
        self,
        database: Database,
        settings: OutsideSettings,
        outbox: Outbox,
        clock: DatabaseClock | None = None,
        counted: Counted | None = None,
        traces: Traces = NO_TRACES,
    ) -> None:
        self._database = database
        self._clock = clock or DatabaseClock()
        self._settings = settings
        self.notices = PostOffice(database, outbox, settings.notices, shop=self.shop, clock=self._clock.now)
        self._stack = AsyncExitStack()
        self.skew = ClockSkew()
        self.directory = Directory(database, self._client)
        self.gates = Gates(database)
        self.rates = Rates(settings.redis)
        counted = counted or Counted()

        def tell(name: str) -> Told:
            return functools.partial(counted.call, name)

        self._notices_health = Health(time.monotonic, tell("notices"))
        tiktok = GuardSettings(calls_per_second=settings.tiktok_calls_per_second, breaker=settings.tiktok_breaker)
        self._tiktok_guard = Guard("tiktok", tiktok, self.gates, rates=self.rates, tell=tell("tiktok"), traces=traces)
        self._auth_guard = Guard(
            "tiktok_auth",
            GuardSettings(breaker=settings.tiktok_breaker),
            self.gates,
            rates=self.rates,
            tell=tell("tiktok_auth"),
            traces=traces,
        )
        # EasyPost lets lists through more slowly than everything else.
        budgets = {LISTS_BUDGET: 5} if settings.carrier_calls_per_second else {}
        carrier = GuardSettings(
            calls_per_second=settings.carrier_calls_per_second, budgets=budgets, breaker=settings.carrier_breaker
        )
        self._carrier_guard = Guard(
            "carrier", carrier, self.gates, rates=self.rates, tell=tell("carrier"), traces=traces
        )
        inventory = GuardSettings(
            calls_per_second=0, breaker=settings.inventory_breaker, read_retries=settings.inventory_read_retries
        )
        self._inventory_guard = Guard(
            "inventory", inventory, self.gates, rates=self.rates, tell=tell("inventory"), traces=traces
        )

    async def __aenter__(self) -> Self:
        self._tiktok = await self._open(self._settings.tiktok_base_url)
        self._auth = await self._open(self._settings.tiktok_auth_url)
        carrier = await self._open(self._settings.carrier_base_url)
        self.inventory: InventoryService | None = None
        if self._settings.inventory is not None:
            http = await self._open(self._settings.inventory.url)
            self.inventory = InventoryService(http, self._settings.inventory, self._inventory_guard)
        self.carrier = EasyPost(carrier, self._settings.easypost, self._carrier_guard)
        self.carriers = Carriers(self.carrier, self.shop, self._settings.tiktok_shipping)
        return self

    @property
    def labels(self) -> LabelSettings:
        """How labels are bought."""
        return self._settings.labels

    async def __aexit__(self, *_: object) -> None:
        self.notices.close()
        await self.rates.close()
        await self._stack.aclose()

    def handlers(self) -> Mapping[EffectKind, Handler]:
        """The handler of every kind of effect that this process delivers."""
        return {
            **tiktok_handlers(self.shop, self._settings.shipping, self._settings.cancellations),
            EffectKind.BUY_LABEL: buy_label_handler(
                self.carriers, self._settings.labels, depot=self.carrier, clock=self._clock.now
            ),
            EffectKind.VOID_LABEL: void_label_handler(self.carriers, self._settings.labels),
            EffectKind.NOTICE: watched(self.notices.handler(), self._notices_health),
            **stock_handlers(self._database, self.inventory),
        }

    def reports(self) -> list[DependencyReport]:
        """How this process sees each of its dependencies now."""
        reports = [
            guard_report(self._tiktok_guard, skew_seconds=self.skew.seconds),
            guard_report(self._auth_guard),
            guard_report(self._carrier_guard),
            *([guard_report(self._inventory_guard)] if self.inventory is not None else []),
            health_report("notices", self._notices_health),
        ]
        return reports + ([redis_report(self.rates.shared)] if self.rates.shared else [])

    async def shop(self, shop_id: ShopId) -> ConnectedShop:
        """A connected shop's families of calls. Raises Retryable while it is not reached, Terminal when there is none."""
        return await self.directory.find(shop_id)

    def token_calls(self) -> TokenCalls:
        """Where tokens come from."""
        return TokenCalls(self._auth, self._settings.app, self._auth_guard)

    def _client(self, grant_id: GrantId) -> TikTokClient:
        """A client with the grant's own token."""
        store = StoredGrant(self._database, grant_id)
        token = TokenSource(store, self.token_calls(), clock=self._clock.seconds)
        return TikTokClient(
            self._tiktok,
            self._settings.app,
            token,
            self._tiktok_guard,
            settings=self._settings.tiktok,
            clock=self._clock.seconds,
            skew=self.skew,
            on_inactive=functools.partial(self.directory.pause, grant_id),
        )

    async def _open(self, base_url: str) -> httpx.AsyncClient:
        return await self._stack.enter_async_context(open_http_client(base_url))
