"""Locations and stations: cut-offs, working days, holidays, printers."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from engine.inventory.locations import LocationView
from engine.orders.plain_text import plain
from engine.paper.stations import Station
from orders_tui.calendars import days_text
from orders_tui.formatting import fit
from orders_tui.panes.summary import labelled
from orders_tui.preferences.preference import Preference
from orders_tui.state import Session, Viewer


class PlacesPart(Preference):
    """Where goods lie and paper comes out."""

    title = "places"
    heading = f"{'place':<14}{'name':<24}{'cut-off':<9}{'zone':<20}holidays to come"
    empty = "There is no location yet."

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._locations: dict[str, LocationView] = {}
        self._stations: dict[str, Station] = {}

    async def read(self) -> None:
        self._locations = {each.code: each for each in await self.session.services.locations.list()}
        self._stations = {f"station {each.code}": each for each in await self.session.services.printing.stations()}

    def lines(self, viewer: Viewer) -> Sequence[tuple[str, Content]]:
        today = viewer.now.date()
        lines = []
        for code, each in self._locations.items():
            coming = sum(day >= today for day in each.holidays)
            lines.append(
                (
                    code,
                    Content.assemble(
                        (f"{fit(code, 13)} ", "bold"),
                        f"{fit(each.name, 23)} {each.cut_off or 'none':<9}{fit(each.timezone, 19)} {coming or 'none'}",
                    ),
                )
            )
        for line_id, station in self._stations.items():
            here = "  (this machine)" if station.code == self.session.services.printing.settings.station else ""
            lines.append((line_id, Content.assemble((f"{line_id:<14}", "bold"), f"{plain(station.name)}{here}")))
        return lines

    async def detail(self, line_id: str, viewer: Viewer) -> Content:
        if (each := self._locations.get(line_id)) is not None:
            days = days_text(each.working_days) or "every day"
            coming = ", ".join(f"{day:%Y-%m-%d}" for day in each.holidays if day >= viewer.now.date())
            return labelled(
                [
                    ("place", plain(f"{each.code}: {each.name}, {each.city} {each.country}")),
                    (
                        "cut-off",
                        f"{each.cut_off} in {each.timezone}" if each.cut_off else "none: deadlines stay TikTok's",
                    ),
                    ("works", days),
                    ("holidays", coming),
                    ("change", f"e, or orders-tui location calendar {each.code} …"),
                ]
            )
        if (station := self._stations.get(line_id)) is not None:
            printers = ", ".join(f"{kind} on {plain(printer)}" for kind, printer in station.printers.items() if printer)
            return labelled(
                [
                    ("station", plain(station.name)),
                    ("prints", printers or "nothing yet"),
                    ("here", "the setting printing.station says which station this machine is"),
                ]
            )
        return Content("")

    def place(self, line_id: str) -> LocationView | Station | None:
        """What a line is about."""
        return self._locations.get(line_id) or self._stations.get(line_id)

    def reason(self, line_id: str) -> str:
        return "e changes this place, a adds a station; orders-tui station delete takes one away."
