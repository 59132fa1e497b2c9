"""The panels of the Overview, in the order a lead reads them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from orders_tui.overview.figure import Figure, midnight_of
from orders_tui.overview.flow import flow_figures
from orders_tui.overview.outside import dependency_figures
from orders_tui.overview.places import state_figures, status_figures
from orders_tui.overview.radar import radar_figures
from orders_tui.overview.shops import shop_figures
from orders_tui.overview.today import today_figures
from orders_tui.overview.trouble import effect_figures, failure_figures
from orders_tui.services.glance import Movement, Results, Standstill
from orders_tui.state import Viewer

TITLES = {
    "flow": "orders a minute and an hour",
    "today": "today",
    "radar": "ship by",
    "status": "by status",
    "state": "by workflow state",
    "failures": "failures",
    "effects": "messages to send",
    "shops": "shops",
    "outside": "dependencies",
}
"""Each panel and what stands over it."""

WIDE = frozenset({"flow", "shops", "outside"})
"""Panels whose lines need the whole width."""


@dataclass(slots=True)
class Readings:
    """What was read last of each kind, and when; what has not been read yet is empty."""

    movement: Movement | None = None
    standstill: Standstill | None = None
    standstill_at: datetime | None = None
    results: Results | None = None


def figures_of(panel: str, readings: Readings, viewer: Viewer, width: int) -> list[Figure]:
    """The lines of one panel; none while what they are made of has not been read."""
    moves, still = readings.movement, readings.standstill
    match panel:
        case "flow" if moves:
            return flow_figures(moves, readings.results, width)
        case "today" if moves:
            return today_figures(moves, readings.results, midnight_of(viewer))
        case "status" if moves:
            return status_figures(moves.places, width)
        case "state" if moves:
            return state_figures(moves.places, width)
        case "radar" if still and readings.standstill_at:
            return radar_figures(still.radar, readings.standstill_at, viewer, width)
        case "failures" if still:
            return failure_figures(still.failures, width)
        case "effects" if still:
            return effect_figures(still.effects)
        case "outside" if still:
            return dependency_figures(still.dependencies, still.daemons, viewer, still.alerts)
        case "shops" if still and moves:
            return shop_figures(still.shops, moves.places, viewer)
        case _:
            return []
