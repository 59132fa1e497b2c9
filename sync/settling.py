"""How a delivery handler works through its batch, and what an error means for a claim."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

import structlog
from structlog.contextvars import bind_contextvars

from engine.database.loss import is_lost
from engine.errors import Ambiguous, OrdersError, Retryable
from engine.ports.outcomes import Claim, Failed, Outcome, Postponed, Unsure

T = TypeVar("T")

_log = structlog.get_logger(__name__)
_RECONNECT_SECONDS = 0.5


async def for_each(items: Iterable[T], work: Callable[[T], Awaitable[None]], *, at_once: int) -> None:
    """Run `work` for every item, `at_once` at a time.

    One that raises does not stop the others; the first error is raised at the end.
    """
    slots = asyncio.Semaphore(at_once)

    async def one(item: T) -> None:
        bind_contextvars(**_about(item))  # in this item's own task
        async with slots:
            await work(item)

    results = await asyncio.gather(*(one(item) for item in items), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result


def _about(item: object) -> dict[str, object]:
    """What every line logged while this item is worked names: its effect, order and shop."""
    claim = item[0] if isinstance(item, tuple) and item else item
    if not isinstance(claim, Claim):
        return {}
    if claim.order_id is None:
        return {"effect": claim.key}
    return {
        "effect": claim.key,
        "order_id": claim.order_id,
        "shop_id": claim.shop_id,
    }  # as they are: few are ever written


def outcome_of(error: OrdersError, provider_reference: str = "") -> Outcome:
    """The error of a call as the outcome of its claim."""
    if isinstance(error, Ambiguous):
        return Unsure(error.code, error.sentence, provider_reference)
    if isinstance(error, Retryable):
        # A wait that the other side asks for costs no try; should it never end, the breaker leaves the other side alone.
        asked = error.postponed or error.retry_after_seconds is not None
        return Postponed(error.code, error.sentence, error.retry_after_seconds, burns_attempt=not asked)
    return Failed(error.code, error.sentence)


async def persist(write: Callable[[], Awaitable[T]], *, loop: str = "settling") -> T:
    """Do it, again while the database is away."""
    while True:
        try:
            return await write()
        except Exception as error:
            if not is_lost(error):
                raise
            _log.warning("database_away", loop=loop)
            await asyncio.sleep(_RECONNECT_SECONDS)
