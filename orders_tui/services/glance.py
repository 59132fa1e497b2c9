"""The house at a glance: what moves, what stands still, what it comes to. Each question is bounded, whatever the number of orders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from engine.database.connection import Database
from engine.fleet.dependencies import DependencyState, alive, read_states
from engine.monitoring.alerts import Alert, list_alerts
from engine.reports.flow import steps_a_minute
from engine.reports.latency import Latency, workflow_latency
from engine.reports.radar import RadarBin, radar
from engine.reports.series import Span, series
from engine.reports.shops import ShopGlance, shop_glances
from engine.reports.takings import Ordered, Takings, completed_on, ordered_since
from engine.reports.tallies import Tally, tallies
from engine.reports.waiting import OpenFailures, WaitingEffects, open_failures, waiting_effects
from engine.words import WorkflowState
from orders_tui.services.door import lost_is_unreachable

LATENCY_ORDERS: Final = 400
"""How many of the newest orders a glance at the latency takes; `report latency` takes thousands."""

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Movement:
    """Where orders are and how they move. `hour` is by minutes, `day` by hours; `today` is since the viewer's midnight."""

    places: tuple[Tally, ...]
    hour: tuple[Span, ...]
    day: tuple[Span, ...]
    today: Span
    steps_a_minute: Mapping[WorkflowState, int]


@dataclass(frozen=True, slots=True)
class Standstill:
    """What waits, and for whom."""

    radar: tuple[RadarBin, ...]
    failures: tuple[OpenFailures, ...]
    effects: tuple[WaitingEffects, ...]
    shops: tuple[ShopGlance, ...]
    dependencies: tuple[DependencyState, ...]
    daemons: int
    alerts: tuple[Alert, ...] = ()


@dataclass(frozen=True, slots=True)
class Results:
    """What changes slowly: money by currency, how long the workflow's own work takes."""

    ordered_today: Ordered
    completed_today: tuple[Takings, ...]
    latency: Latency


class Glance:
    """Read-only. `now` is the viewer's; a day begins at the viewer's midnight."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def movement(self, now: datetime, midnight: datetime) -> Movement:
        """Where orders are and how they move."""
        database = self._database
        until = _after(now)
        with lost_is_unreachable():
            return Movement(
                places=tuple(await tallies(database)),
                hour=tuple(await series(database, until - _HOUR, until)),
                day=tuple(await series(database, until - _DAY, until, step=_HOUR)),
                today=_sum(midnight, await series(database, midnight, until, step=_DAY)),
                steps_a_minute=await steps_a_minute(database, now),
            )

    async def standstill(self, now: datetime) -> Standstill:
        """What waits, and for whom."""
        database = self._database
        with lost_is_unreachable():
            return Standstill(
                radar=tuple(await radar(database, now)),
                failures=tuple(await open_failures(database)),
                effects=tuple(await waiting_effects(database)),
                shops=tuple(await shop_glances(database, now)),
                dependencies=tuple(await read_states(database)),
                daemons=await alive(database),
                alerts=tuple(await list_alerts(database)),
            )

    async def alerts(self, *, every: bool = False) -> list[Alert]:
        """What fires, the critical first; with `every` also what is well or pending."""
        with lost_is_unreachable():
            return await list_alerts(self._database, all_of_them=every)

    async def results(self, now: datetime, midnight: datetime) -> Results:
        """What changes slowly."""
        database = self._database
        with lost_is_unreachable():
            return Results(
                ordered_today=await ordered_since(database, midnight, now),
                completed_today=await completed_on(database, now),
                latency=await workflow_latency(database, now - _DAY, most=LATENCY_ORDERS),
            )


def _after(now: datetime) -> datetime:
    """The end of the minute that is under way."""
    return now.replace(second=0, microsecond=0) + timedelta(minutes=1)


def _sum(since: datetime, spans: list[Span]) -> Span:
    return Span(
        since,
        created=sum(span.created for span in spans),
        shipped=sum(span.shipped for span in spans),
        completed=sum(span.completed for span in spans),
        failed=sum(span.failed for span in spans),
        cancelled=sum(span.cancelled for span in spans),
    )
