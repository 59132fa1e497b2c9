"""Deliveries: claims due effects, hands them to the handler of their kind, and is the desk at which handlers answer."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import orjson
import structlog

from engine.database.connection import Database
from engine.database.loss import is_lost
from engine.effects import ledger
from engine.effects.kinds import BUDGETS, Budgets
from engine.effects.settling import Settlement, settle
from engine.errors import OrdersError
from engine.fleet.daemons import DEAD_AFTER_SECONDS
from engine.identifiers import DaemonId, EffectId, OrderId, PackageId, ShopId
from engine.notices import sends
from engine.notices.requests import Notice, Requests
from engine.orders import answers, inbox
from engine.orders.parcels import arranging, packages
from engine.ports.outcomes import Claim, Failed, Outcome, Postponed, Unsure
from engine.ports.requests import AnswerRequest, NoticeRequest, PackingRequest, ParcelRequest, ShipRequest
from engine.words import Dependency, EffectKind
from sync.desk import Handler
from sync.gathering import Gathering
from sync.monitoring.traces import NO_TRACES, Traces
from sync.settling import persist
from sync.waking import Bell

_log = structlog.get_logger(__name__)
_RECONNECT_SECONDS = 0.5
_STOPPED_SECONDS = 3600.0
"""Until a shop is reached again, which wakes what waits for it."""

_NEED_THEIR_SHOP = frozenset(EffectKind) - {
    EffectKind.NOTICE,
    EffectKind.VOID_LABEL,
    EffectKind.RELEASE_STOCK,
    EffectKind.ADJUST_STOCK,
}
"""What is not begun for a shop that is not reached: nobody could ask whether the buyer has cancelled meanwhile."""

_WORKER_KILLER = Failed(
    "attempts_exhausted",
    "Every worker that took this up ended before it could say what came of it; it may have happened: ask the other side before retrying.",
)
"""Attempts are counted when they are claimed, so that what ends its worker ends in front of a person."""


@dataclass(frozen=True, slots=True)
class DeliverySettings:
    """How many effects of a kind are claimed at once, by how many workers, and how often an idle one looks."""

    batch: int = 32
    workers: Mapping[EffectKind, int] | None = None
    idle_seconds: float = 0.5
    budgets: Budgets = field(default_factory=lambda: BUDGETS)
    dead_after_seconds: float = DEAD_AFTER_SECONDS

    def workers_for(self, kind: EffectKind) -> int:
        return (self.workers or _WORKERS).get(kind, 1)


_WORKERS = {EffectKind.BUY_LABEL: 3, EffectKind.SHIP_PACKAGE: 2}


class EngineDesk:
    """The engine as handlers see it. Checkpoints and settlements of many claims commit together."""

    def __init__(
        self,
        database: Database,
        budgets: Budgets = BUDGETS,
        tell: Callable[[Claim, Outcome], None] = lambda _claim, _outcome: None,
    ) -> None:
        self._database = database
        self._budgets = budgets
        self._tell = tell
        self._notices = Requests(database)
        self._sent: set[EffectId] = set()
        self._checkpoints: Gathering[tuple[Claim, str], bool] = Gathering(
            self._write_checkpoints, lambda item: item[0].effect_id, absent=False
        )
        # Kinds do not wait for one another: a notice's end is written while labels' are.
        self._settlements: dict[EffectKind, Gathering[Settlement, bool]] = {
            kind: Gathering(self._write_settlements, lambda item: item.claim.effect_id, absent=False)
            for kind in EffectKind
        }

    async def parcel_requests(self, claims: Sequence[Claim]) -> dict[PackageId, ParcelRequest]:
        return await packages.parcel_requests(self._database, _packages(claims))

    async def ship_requests(self, claims: Sequence[Claim]) -> dict[EffectId, ShipRequest]:
        return await packages.ship_requests(self._database, claims)

    async def tiktok_order_ids(self, claims: Sequence[Claim]) -> dict[OrderId, str]:
        return await packages.tiktok_order_ids(self._database, claims)

    async def answer_requests(self, claims: Sequence[Claim]) -> dict[EffectId, AnswerRequest]:
        return await answers.answer_requests(self._database, claims)

    async def packing_requests(self, claims: Sequence[Claim]) -> dict[EffectId, PackingRequest]:
        return await arranging.packing_requests(self._database, claims)

    async def take_in(self, shop_id: ShopId, raw_orders: Sequence[Mapping[str, Any]]) -> None:
        arrivals = [inbox.Arrival("order", orjson.dumps(order, option=orjson.OPT_SORT_KEYS)) for order in raw_orders]
        await inbox.store_seen(self._database, shop_id, arrivals)

    async def notice_requests(self, claims: Sequence[Claim]) -> dict[EffectId, NoticeRequest]:
        return await self._notices.read([Notice.of(claim) for claim in claims])

    async def hand_over(self, requests: Sequence[NoticeRequest]) -> None:
        await sends.hand_over(self._database, requests)

    async def checkpoint(self, claim: Claim, provider_reference: str) -> bool:
        passed = await self._checkpoints.add((claim, provider_reference))
        if passed:
            self._sent.add(claim.effect_id)
        return passed

    def broken(self, claim: Claim, code: str, sentence: str) -> Settlement:
        """What a handler that broke leaves of a claim: past its checkpoint it may have happened."""
        outcome: Outcome = Postponed(code, sentence, None)
        if claim.effect_id in self._sent:
            outcome = Unsure(code, sentence, claim.provider_reference)
        return Settlement(self._as_counted(claim), outcome)

    async def settle(self, claim: Claim, outcome: Outcome) -> None:
        claim = self._as_counted(claim)
        self._sent.discard(claim.effect_id)
        if not await self._settlements[claim.kind].add(Settlement(claim, outcome)):
            _log.warning("claim_lost", effect=claim.key, attempt=claim.attempt)
        else:
            self._tell(claim, outcome)

    def _as_counted(self, claim: Claim) -> Claim:
        """The claim with its try as the ledger counts it: anew since its first checkpoint."""
        renewed = claim.effect_id in self._sent and not claim.provider_reference
        return replace(claim, attempt=1) if renewed else claim

    async def _write_checkpoints(self, items: Sequence[tuple[Claim, str]]) -> dict[UUID, bool]:
        passed = await self._database.run(lambda connection: ledger.checkpoint(connection, items))
        return dict.fromkeys(passed, True)

    async def _write_settlements(self, items: Sequence[Settlement]) -> dict[UUID, bool]:
        # What happened outside is not forgotten because the database is away for a moment.
        won = await persist(lambda: settle(self._database, items, self._budgets))
        return dict.fromkeys(won, True)


class Deliveries:
    """Runs the handlers of this process."""

    def __init__(
        self,
        database: Database,
        daemon_id: DaemonId,
        handlers: Mapping[EffectKind, Handler],
        settings: DeliverySettings,
        bell: Bell,
        stopped: Callable[[ShopId, Dependency], str | None] = lambda _shop, _dependency: None,
        tell: Callable[[Claim, Outcome], None] = lambda _claim, _outcome: None,
        traces: Traces = NO_TRACES,
    ) -> None:
        self._database = database
        self._traces = traces
        self._daemon_id = daemon_id
        self._handlers = handlers
        self._settings = settings
        self._bell = bell
        self._stopped = stopped
        self._desk = EngineDesk(database, settings.budgets, tell)
        self._known: set[EffectId] = set()
        self._claims_in_doubt = False

    async def run(self, stopping: asyncio.Event) -> None:
        """Deliver until `stopping`; what is under way then is finished first."""
        free = {kind: self._settings.workers_for(kind) for kind in self._handlers}
        under_way: set[asyncio.Task[None]] = set()

        def give_back(kind: EffectKind, task: asyncio.Task[None]) -> None:
            under_way.discard(task)
            free[kind] += 1
            self._bell.ring()

        while not stopping.is_set():
            claimed = await self._claim([kind for kind, count in free.items() if count])
            for kind, claims in claimed.items():
                free[kind] -= 1
                task = asyncio.create_task(self._deliver(kind, claims))
                under_way.add(task)
                task.add_done_callback(functools.partial(give_back, kind))
            if not claimed:
                await self._bell.wait(self._settings.idle_seconds, stopping)
        await asyncio.gather(*under_way)

    async def run_once(self, kind: EffectKind) -> int:
        """Claim one batch of this kind and deliver it. Answers how many were claimed."""
        claims = (await self._claim([kind])).get(kind, [])
        if claims:
            await self._deliver(kind, claims)
        return len(claims)

    async def _claim(self, kinds: Sequence[EffectKind]) -> dict[EffectKind, list[Claim]]:
        """One batch of each kind that has due effects; nothing while the database is away."""
        if not kinds:
            return {}
        wanted = dict.fromkeys(kinds, self._settings.batch)
        try:
            if self._claims_in_doubt:
                await ledger.forget_claims(self._database.pool, self._daemon_id, self._known)
                self._claims_in_doubt = False
            settings = self._settings
            claims = await ledger.claim(
                self._database.pool, wanted, self._daemon_id, settings.dead_after_seconds, settings.budgets
            )
        except Exception as error:
            if not is_lost(error):
                raise
            _log.warning("database_away", loop="deliveries")
            self._claims_in_doubt = True
            await asyncio.sleep(_RECONNECT_SECONDS)
            return {}
        self._known.update(claim.effect_id for claim in claims)
        batches: dict[EffectKind, list[Claim]] = {}
        for claim in claims:
            if why := self._why_stopped(claim):
                await self._desk.settle(
                    claim, Postponed("tiktok.not_connected", why, _STOPPED_SECONDS, burns_attempt=False)
                )
                self._known.discard(claim.effect_id)
            elif claim.attempt > self._settings.budgets[claim.kind].with_own(claim.retry).max_attempts:
                await self._desk.settle(claim, _WORKER_KILLER)
                self._known.discard(claim.effect_id)
            else:
                batches.setdefault(claim.kind, []).append(claim)
        return batches

    def _why_stopped(self, claim: Claim) -> str | None:
        if claim.shop_id is None or claim.kind not in _NEED_THEIR_SHOP:
            return None
        return self._stopped(claim.shop_id, claim.dependency)

    async def _deliver(self, kind: EffectKind, claims: Sequence[Claim]) -> None:
        """Hand a batch to its handler. Should the handler itself break, the claims are tried again later."""
        try:
            with self._traces.span(f"deliver {kind}", effect_kind=kind.value, effect_claims=len(claims)):
                await self._handlers[kind](claims, self._desk)
        except Exception as error:  # noqa: BLE001  # a handler that breaks loses no claim
            if is_lost(error):
                code, sentence = "database_away", "The database was away for a moment; it is tried again."
                _log.warning("database_away", loop=kind.value)
            elif isinstance(error, OrdersError):
                code, sentence = error.code, error.sentence
                _log.exception("handler_broke", kind=kind.value, claims=len(claims), code=code)
            else:
                code, sentence = "internal_error", f"The delivery broke ({type(error).__name__})."
                _log.exception("handler_broke", kind=kind.value, claims=len(claims), code=code)
            # Settled ones are no longer this worker's, so only those left open are put back.
            broken = [self._desk.broken(claim, code, sentence) for claim in claims]
            await persist(lambda: settle(self._database, broken, self._settings.budgets))
        finally:
            self._known.difference_update(claim.effect_id for claim in claims)


def _packages(claims: Sequence[Claim]) -> list[PackageId]:
    return [claim.package_id for claim in claims if claim.package_id is not None]
