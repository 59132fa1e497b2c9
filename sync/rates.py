"""How many calls a second each dependency allows: counted in Redis for all daemons together, else in memory with this daemon's share.

In memory a hit costs microseconds and never waits. Redis is asked without blocking the loop; when it does not answer, its absence is said
once, memory counts at once, and it is asked again every few seconds until it is back.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import structlog
from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

_log = structlog.get_logger(__name__)

_ANSWER_SECONDS = 0.5
"""Longer than a Redis that is near ever takes; a call waits so long once, then memory counts."""
_SHORTEST_WAIT_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class RedisSettings:
    """Where the fleet's counters are; `scope` keeps the counters of different apps and accounts apart."""

    url: str = ""
    password: str = field(default="", repr=False)
    scope: str = ""


class Rates:
    """The budgets of this process. One is `calls` a second for a dependency's name and whose share of it is used."""

    def __init__(self, redis: RedisSettings | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._memory = MovingWindowRateLimiter(MemoryStorage())
        self._clock = clock
        self._daemons = 1
        self._redis = _Redis(redis) if redis is not None and redis.url else None

    @property
    def shared(self) -> RedisLink | None:
        """How it stands with Redis; None where none is set."""
        return self._redis.link if self._redis else None

    async def look(self, daemons: int) -> None:
        """Learn how many daemons share the budgets, and whether a Redis that was away is back."""
        self._daemons = max(daemons, 1)
        if self._redis is not None and not self._redis.link.up:
            await self._redis.greet()

    async def take(self, name: str, budget: str, calls: int) -> float | None:
        """Use one call of the budget: None when it was free, else how many seconds to wait."""
        if self._redis is not None and self._redis.link.up:
            try:
                return await self._redis.take(name, budget, calls)
            except Exception as error:  # noqa: BLE001  # whatever is wrong with Redis, memory goes on counting
                self._redis.lost(error)
        return self.take_here(name, budget, calls)

    def take_here(self, name: str, budget: str, calls: int) -> float | None:
        """The same from this daemon's share, in memory."""
        # Fewer calls than daemons: one of each daemon every so many seconds.
        share = max(calls // self._daemons, 1)
        seconds = max(-(-self._daemons // calls), 1)
        limit = RateLimitItemPerSecond(share, seconds)
        if self._memory.hit(limit, name, budget):
            return None
        reset, _ = self._memory.get_window_stats(limit, name, budget)
        return max(reset - time.time(), _SHORTEST_WAIT_SECONDS)

    async def close(self) -> None:
        """Let go of Redis."""
        if self._redis is not None:
            await self._redis.close()


@dataclass(slots=True)
class RedisLink:
    """How it stands with Redis."""

    up: bool = True
    sentence: str = ""
    since: float = 0.0
    """When this became so, by the monotonic clock."""
    calls: int = 0
    failures: int = 0


class _Redis:
    def __init__(self, settings: RedisSettings) -> None:
        self._settings = settings
        self.link = RedisLink(since=time.monotonic())
        self._opened: tuple[Any, Any] | None = None
        self._keys: dict[str, str] = {}

    async def take(self, name: str, budget: str, calls: int) -> float | None:
        self.link.calls += 1
        limiter, _ = self._open()
        limit = RateLimitItemPerSecond(calls)
        key = self._key(budget)
        async with asyncio.timeout(_ANSWER_SECONDS):
            if await limiter.hit(limit, name, key):
                return None
            reset, _ = await limiter.get_window_stats(limit, name, key)
        return max(float(reset) - time.time(), _SHORTEST_WAIT_SECONDS)

    async def greet(self) -> None:
        if not await self._answers():
            return
        self.link.up, self.link.sentence, self.link.since = True, "", time.monotonic()
        _log.info("redis_back")

    async def _answers(self) -> bool:
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                return bool(await self._open()[1].check())
        except Exception:  # noqa: BLE001  # still away
            return False

    def lost(self, error: Exception) -> None:
        self.link.failures += 1
        if not self.link.up:
            return
        why = "no answer" if isinstance(error, TimeoutError) else type(error).__name__
        self.link.up, self.link.since = False, time.monotonic()
        self.link.sentence = (
            f"Redis does not answer ({why}): every daemon keeps to its own share of the rates until it is back."
        )
        _log.warning("redis_lost", sentence=self.link.sentence)

    async def close(self) -> None:
        if self._opened is not None:
            storage = self._opened[1]
            self._opened = None
            await storage.bridge.get_connection().aclose()

    def _open(self) -> tuple[Any, Any]:
        """The limiter and its store, made at the first call inside the running loop."""
        if self._opened is None:
            from limits.aio.storage import RedisStorage
            from limits.aio.strategies import SlidingWindowCounterRateLimiter

            options: dict[str, Any] = {
                "socket_timeout": _ANSWER_SECONDS,
                "socket_connect_timeout": _ANSWER_SECONDS,
                "retry_on_timeout": False,
            }
            if self._settings.password:
                options["password"] = self._settings.password
            prefix = f"orders-tui:{self._settings.scope}" if self._settings.scope else "orders-tui"
            storage = RedisStorage(
                f"async+{self._settings.url}", implementation="redispy", key_prefix=prefix, **options
            )
            # Redis's own expiry is the clock of this window: daemons whose clocks differ count alike.
            self._opened = SlidingWindowCounterRateLimiter(storage), storage
        return self._opened

    def _key(self, budget: str) -> str:
        """A budget's name says which shop it is, which is nobody else's business."""
        known = self._keys.get(budget)
        if known is None:
            known = self._keys[budget] = hashlib.blake2b(budget.encode(), digest_size=12).hexdigest()
        return known
