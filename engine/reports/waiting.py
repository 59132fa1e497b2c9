"""What stands still: failures by class and cause, messages to each dependency that have not gone out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from engine.effects.kinds import DEPENDENCY_OF
from engine.orders.views import Count
from engine.words import Dependency, EffectKind, ErrorClass

if TYPE_CHECKING:
    from engine.database.connection import Database

KIND_CAP: Final = 5000
"""Up to so many messages of one kind are counted, and so many failures."""

# Index: effects_open_index, of which nothing but the index is read.
_EFFECTS = f"""
SELECT k.kind,
       (SELECT count(*) FROM (SELECT FROM effects e WHERE e.head AND e.kind = k.kind AND e.due_at <= now() LIMIT {KIND_CAP}) due) AS due,
       (SELECT count(*) FROM (SELECT FROM effects e WHERE e.head AND e.kind = k.kind AND e.due_at > now() LIMIT {KIND_CAP}) later) AS later
FROM unnest($1::text[]) AS k(kind)
"""  # noqa: S608

# Index: failures_open_index.
_FAILURES = f"""
SELECT error_class, code, count(*) AS orders
FROM (SELECT error_class, code FROM failures WHERE resolved_at IS NULL LIMIT {KIND_CAP}) open
GROUP BY error_class, code ORDER BY orders DESC, code
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class WaitingEffects:
    """Messages to one dependency: `due` may go out now, `later` wait for their time, a retry most of them."""

    dependency: Dependency
    due: Count
    later: Count


@dataclass(frozen=True, slots=True)
class OpenFailures:
    """Orders that one cause stopped."""

    error_class: ErrorClass
    code: str
    orders: int


async def waiting_effects(database: Database) -> list[WaitingEffects]:
    """Each dependency, those without messages too."""
    due: Counter[Dependency] = Counter()
    later: Counter[Dependency] = Counter()
    capped: set[Dependency] = set()
    for record in await database.pool.fetch(_EFFECTS, [kind.value for kind in EffectKind]):
        dependency = DEPENDENCY_OF[EffectKind(record["kind"])]
        due[dependency] += record["due"]
        later[dependency] += record["later"]
        if KIND_CAP in (record["due"], record["later"]):
            capped.add(dependency)
    return [
        WaitingEffects(each, Count(due[each], exact=each not in capped), Count(later[each], exact=each not in capped))
        for each in Dependency
    ]


async def open_failures(database: Database) -> list[OpenFailures]:
    """Every cause that stops orders now, the one that stops most first."""
    return [
        OpenFailures(ErrorClass(record["error_class"]), record["code"], record["orders"])
        for record in await database.pool.fetch(_FAILURES)
    ]
