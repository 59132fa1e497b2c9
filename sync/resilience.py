"""What stands around each dependency: a rate limit, a circuit breaker, and short retries of reads.

`Guard.read` repeats a failed read a few times; `Guard.write` tries once, since repeating a write is the ledger's
decision. Both take a call that raises `engine.errors`; what it raises tells the breaker what it needs to know:
`Ambiguous`, and `Retryable` that is not `postponed`, are failures of the dependency; `TurnedAway` opens it at once; everything
else shows that it is alive.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar, assert_never

import structlog

from engine.effects.kinds import Retries
from engine.errors import Ambiguous, Retryable
from engine.fleet.gates import Probe
from sync.health import Health, Told
from sync.monitoring.traces import NO_TRACES, Traces
from sync.rates import Rates

T = TypeVar("T")
_log = structlog.get_logger(__name__)

_ASK_AGAIN_SECONDS = 1.0
_PROBE_SECONDS = 90.0
"""Longer than any call takes: what a daemon tries that ends meanwhile is free at once all the same."""

SHORT_READ_RETRIES = Retries(max_attempts=3, base_delay_seconds=0.2, max_delay_seconds=2.0, multiplier=2.0)


@dataclass(frozen=True, slots=True)
class BreakerSettings:
    """Opens when `failure_threshold` calls failed within `monitoring_seconds`; tries one call again after
    `reset_seconds`. The defaults are the specification's for TikTok.

    `failure_share` asks that the failures are also that share of the latest calls: at hundreds of calls a second ten
    failures in half a minute are noise, ten of the last twenty are an outage. 0 counts failures alone.
    """

    failure_threshold: int = 10
    monitoring_seconds: float = 30.0
    reset_seconds: float = 60.0
    failure_share: float = 0.5


@dataclass(frozen=True, slots=True)
class GuardSettings:
    """Everything around one dependency; `calls_per_second` 0 means no limit of ours.

    `budgets` gives single budgets a rate of their own.
    """

    calls_per_second: int = 10
    budgets: Mapping[str, int] = field(default_factory=dict)
    breaker: BreakerSettings = field(default_factory=BreakerSettings)
    read_retries: Retries = SHORT_READ_RETRIES
    longest_wait_seconds: float = 5.0
    """A read that should wait longer than this is handed back to its caller instead."""


class GateStore(Protocol):
    """Where the breakers of a fleet meet: what one daemon finds is known to all, and one of them tries again."""

    async def opened(self, name: str, seconds: float, reason: str) -> None: ...

    async def closed(self, name: str) -> None: ...

    def shut(self, name: str) -> float | None: ...

    async def probe(self, name: str, seconds: float) -> Probe: ...


class TurnedAway(Retryable):
    """The other side turns every call of ours away until a person mends something: a key, an account without funds.

    It opens the gate at once: a queue that waits is better than hundreds of orders that fail one by one.
    """

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(code, sentence, postponed=True)


class Breaker:
    """A circuit breaker with a time window; while half open it lets exactly one call through."""

    def __init__(self, settings: BreakerSettings, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._clock = clock
        latest = round(settings.failure_threshold / settings.failure_share) if settings.failure_share else None
        self._calls: deque[tuple[float, bool]] = deque(maxlen=latest)
        self._failures = 0
        self._open_until: float | None = None
        self._probing = False

    def wait(self) -> float | None:
        """How many seconds it stays open: 0 when a call may probe, None when it is closed."""
        return None if self._open_until is None else max(self._open_until - self._clock(), 0.0)

    def begin_probe(self) -> bool:
        """Let one call through, which must report back; False while another one is on its way."""
        if self._probing:
            return False
        self._open_until = self._open_until or self._clock()
        self._probing = True
        return True

    def close(self) -> None:
        """Forget the outage."""
        self._calls.clear()
        self._failures = 0
        self._open_until = None
        self._probing = False

    def succeeded(self) -> bool:
        """True when this closes the breaker."""
        if self._open_until is None:
            self._note(failed=False)
            return False
        if not self._probing:
            return False  # a straggler from before the outage proves nothing
        self.close()
        return True

    def open(self) -> bool:
        """Open at once, whatever came before. True unless it was open, and nobody was probing."""
        if self._open_until is not None and not self._probing:
            return False
        self._probing = False
        self._open_until = self._clock() + self._settings.reset_seconds
        return True

    def failed(self) -> bool:
        """True when this opens the breaker, or opens it again."""
        if self._open_until is not None:
            if not self._probing:
                return False
            self._probing = False
        else:
            self._note(failed=True)
            if self._failures < self._settings.failure_threshold:
                return False
        self._open_until = self._clock() + self._settings.reset_seconds
        return True

    def abandoned(self) -> None:
        """The probing call ended without telling anything (it was cancelled): the next one may probe."""
        self._probing = False

    def _note(self, *, failed: bool) -> None:
        now = self._clock()
        if len(self._calls) == self._calls.maxlen and self._calls[0][1]:
            self._failures -= 1
        self._calls.append((now, failed))
        self._failures += failed
        while self._calls[0][0] < now - self._settings.monitoring_seconds:
            self._failures -= self._calls.popleft()[1]


class Guard:
    """The guard of the dependency `name`; one per process and dependency."""

    def __init__(
        self,
        name: str,
        settings: GuardSettings,
        gates: GateStore,
        *,
        rates: Rates | None = None,
        clock: Callable[[], float] = time.monotonic,
        chance: random.Random | None = None,
        tell: Told = lambda _outcome, _seconds: None,
        traces: Traces = NO_TRACES,
    ) -> None:
        self.name = name
        self.health = Health(clock, tell)
        self._settings = settings
        self._gates = gates
        self._chance = chance or random.Random()  # noqa: S311  # jitter, not a secret
        self._breaker = Breaker(settings.breaker, clock)
        self._is_shared = False
        self._turned_away = ""
        self._rates = rates or Rates()
        self._traces = traces

    async def write(self, call: Callable[[], Awaitable[T]], *, budget: str = "") -> T:
        """Make `call` once. `budget` names whose share of the rate it uses (a shop).

        Raises Retryable with `postponed` when the breaker is open or the rate is used up, else whatever the call
        raises.
        """
        await self._take(budget)
        await self._admit()
        began = self.health.begin()
        try:
            with self._traces.span(self.name, "client", peer_service=self.name):
                result = await call()
        except TurnedAway as error:
            self.health.failed(began, error.code, error.sentence)
            if self._breaker.open():
                self._turned_away = error.sentence
                await self._share_opening(error.sentence)
            raise
        except Ambiguous as error:
            self.health.failed(began, error.code, error.sentence)
            await self._failed(error.code)
            raise
        except Retryable as error:
            if error.postponed:
                self.health.limited(began, error.retry_after_seconds or 0.0)
                await self._succeeded()
            else:
                self.health.failed(began, error.code, error.sentence)
                await self._failed(error.code)
            raise
        except Exception:
            self.health.succeeded(began)
            await self._succeeded()
            raise
        except BaseException:
            self._breaker.abandoned()
            raise
        self.health.succeeded(began)
        await self._succeeded()
        return result

    def left_alone(self) -> float | None:
        """For how many seconds more no call is made; 0 when one may try, None when nothing is wrong."""
        here, anywhere = self._breaker.wait(), self._gates.shut(self.name)
        return None if here is None and anywhere is None else max(here or 0.0, anywhere or 0.0)

    async def read(self, call: Callable[[], Awaitable[T]], *, budget: str = "") -> T:
        """Make `call`, repeating it briefly while it raises Retryable; `call` must change nothing on the other side."""
        policy = self._settings.read_retries
        tries = 0
        while True:
            try:
                return await self.write(call, budget=budget)
            except Retryable as error:
                tries += 1
                if tries == policy.max_attempts or isinstance(error, _ClosedOff | TurnedAway):
                    raise
                wait = policy.delay_seconds(tries, at_least=error.retry_after_seconds, chance=self._chance)
                if wait > self._settings.longest_wait_seconds:
                    raise
            await asyncio.sleep(wait)

    async def _take(self, budget: str) -> None:
        calls = self._settings.budgets.get(budget, self._settings.calls_per_second)
        if not calls:
            return
        wait = await self._rates.take(self.name, budget, calls)
        if wait is None:
            return
        self.health.held_back(wait)
        raise Retryable(
            f"{self.name}.rate_limited",
            f"The {calls} calls a second allowed to {self.name} are used up; waiting for the next.",
            retry_after_seconds=wait,
            postponed=True,
        )

    async def _admit(self) -> None:
        """Raises _ClosedOff while the dependency is shut here or anywhere in the fleet; one call of all tries it again."""
        here, anywhere = self._breaker.wait(), self._gates.shut(self.name)
        if here is not None and anywhere is None and self._is_shared:
            self._breaker.close()  # another daemon has found it well again
            here = None
        if here is None and anywhere is None:
            return
        if wait := max(here or 0.0, anywhere or 0.0):
            raise _ClosedOff(self.name, wait, self._turned_away)
        if not self._breaker.begin_probe():
            raise _ClosedOff(self.name, _ASK_AGAIN_SECONDS, self._turned_away)
        try:
            probe = await self._gates.probe(self.name, _PROBE_SECONDS)
        except Exception as error:  # noqa: BLE001  # with nobody to ask, this process decides for itself
            _log.warning("gate_not_shared", gate=self.name, error=type(error).__name__)
            return
        except BaseException:
            self._breaker.abandoned()
            raise
        match probe:
            case Probe.GRANTED:
                return
            case Probe.CLOSED:
                self._breaker.close()
            case Probe.WAIT:
                self._breaker.abandoned()
                raise _ClosedOff(self.name, _ASK_AGAIN_SECONDS, self._turned_away)
            case _:
                assert_never(probe)

    async def _succeeded(self) -> None:
        if self._breaker.succeeded():
            self._turned_away = ""
            try:
                await self._gates.closed(self.name)
            except Exception as error:  # noqa: BLE001  # the call itself went well; sharing that must not undo it
                _log.warning("gate_not_shared", gate=self.name, error=type(error).__name__)

    async def _failed(self, reason: str) -> None:
        if self._breaker.failed():
            self._turned_away = ""
            await self._share_opening(reason)

    async def _share_opening(self, reason: str) -> None:
        self._is_shared = False
        try:
            await self._gates.opened(self.name, self._settings.breaker.reset_seconds, reason)
            self._is_shared = True
        except Exception as error:  # noqa: BLE001  # the caller needs the call's own error
            _log.warning("gate_not_shared", gate=self.name, error=type(error).__name__)


class _ClosedOff(Retryable):
    """The breaker is open: waiting in process would only hold a claim."""

    def __init__(self, name: str, wait: float, turned_away: str) -> None:
        why = turned_away or f"{name} failed too often."
        super().__init__(
            f"{name}.paused",
            f"{why} It is left alone for another {max(round(wait), 1)} s.",
            retry_after_seconds=wait,
            postponed=True,
        )
