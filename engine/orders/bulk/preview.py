"""What a bulk change would do, decided by the code that does it and rolled back, part by part so that no lock is held for long."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.actors import Actor
from engine.database.loss import is_lost
from engine.errors import Misconfigured
from engine.identifiers import OrderId
from engine.orders import queries
from engine.orders.bulk.breaking import broken, without_culprit
from engine.orders.bulk.operations import OPERATIONS, check
from engine.orders.bulk.requests import BulkPreview, BulkRequest, Chosen, Refusals, matching
from engine.orders.views import ChangeOutcome

if TYPE_CHECKING:
    from engine.database.connection import Database

PREVIEW_PART = 200
"""Orders looked at in one transaction: their work waits so long."""


class _RolledBackError(Exception):
    """Ends the transaction of a preview, and carries what it found."""

    def __init__(self, outcomes: list[ChangeOutcome]) -> None:
        super().__init__()
        self.outcomes = outcomes


async def preview(
    database: Database,
    request: BulkRequest,
    chosen: Chosen,
    *,
    actor: Actor,
    expected_versions: Mapping[OrderId, int] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> BulkPreview:
    """Count what would become of the orders, per change and per reason of refusal. Raises Refused as `bulk.begin` does."""
    moves: Counter[str] = Counter()
    refusals: Counter[str] = Counter()
    examples: dict[str, str] = {}
    unchanged = done = 0
    await check(database, request, actor=actor)
    words = OPERATIONS[request.kind].words(request)
    total = await _count(database, chosen) if on_progress is not None else 0
    async for outcomes in preview_parts(database, request, chosen, actor=actor, expected_versions=expected_versions):
        for outcome in outcomes:
            if outcome.unchanged:
                unchanged += 1
            elif outcome.refused:
                refusals[outcome.code] += 1
                examples.setdefault(outcome.code, outcome.sentence)
            elif outcome.before is outcome.after:
                moves[words] += 1
            else:
                moves[f"{outcome.before} → {outcome.after}"] += 1
        done += len(outcomes)
        if on_progress is not None:
            on_progress(done, total)
    return BulkPreview(
        done,
        tuple(moves.most_common()),
        unchanged,
        tuple(Refusals(code, orders, examples[code]) for code, orders in refusals.most_common()),
    )


async def preview_parts(
    database: Database,
    request: BulkRequest,
    chosen: Chosen,
    *,
    actor: Actor,
    expected_versions: Mapping[OrderId, int] | None = None,
) -> AsyncIterator[list[ChangeOutcome]]:
    """The outcome each order would have now, part by part."""
    await check(database, request, actor=actor)
    async for part in _parts(database, chosen):
        yield await _look(database, request, part, actor, expected_versions or {})


async def _look(
    database: Database, request: BulkRequest, part: Sequence[OrderId], actor: Actor, versions: Mapping[OrderId, int]
) -> list[ChangeOutcome]:
    operation = OPERATIONS[request.kind]

    async def look(connection: Any) -> None:
        raise _RolledBackError(
            await operation.change(connection, database.vault, part, request, actor, versions, write=False)
        )

    try:
        await database.run(look)
    except _RolledBackError as looked:
        return looked.outcomes
    except Misconfigured:
        raise
    except Exception as error:
        if is_lost(error):
            raise
        ahead = await without_culprit(database, part, error)
        if not ahead:
            async with database.pool.acquire() as connection:
                return await broken(connection, part, error)
        others = [order_id for order_id in part if order_id not in set(ahead)]
        return [
            outcome for piece in (ahead, others) for outcome in await _look(database, request, piece, actor, versions)
        ]
    raise AssertionError("unreachable")


async def _count(database: Database, chosen: Chosen) -> int:
    if (every := matching(chosen)) is not None:
        return (await queries.count(database, every.order_filter, cap=None)).number - len(every.without)
    assert isinstance(chosen, Sequence), "orders that match nothing are named"
    return len(set(chosen))


async def _parts(database: Database, chosen: Chosen) -> AsyncIterator[Sequence[OrderId]]:
    if (every := matching(chosen)) is not None:
        async for part in queries.ids_in_pages(database, every.order_filter, size=PREVIEW_PART):
            yield [order_id for order_id in part if order_id not in every.without]
        return
    assert isinstance(chosen, Sequence), "orders that match nothing are named"
    once = list(dict.fromkeys(chosen))
    for start in range(0, len(once), PREVIEW_PART):
        yield once[start : start + PREVIEW_PART]
