"""Locations and stations changed from a screen that lists them."""

from __future__ import annotations

from textual import work

from engine.inventory.locations import LocationView
from engine.paper.stations import Station
from orders_tui.modals.calendars import change_calendar
from orders_tui.modals.stations import put_station
from orders_tui.screens.console_screen import ConsoleScreen


class PlaceDoing(ConsoleScreen):
    """Subclasses say which location or station is under the cursor."""

    @property
    def place(self) -> LocationView | Station | None:
        """What is under the cursor."""
        raise NotImplementedError

    def do_change_place(self) -> None:
        if (place := self.place) is not None:
            self.change_place(place)

    def do_add_station(self) -> None:
        self.change_place(None)

    @work(group="change", exit_on_error=False)
    async def change_place(self, place: LocationView | Station | None) -> None:
        """Let a calendar or a station be typed; without a place a new station."""
        if isinstance(place, LocationView):
            form = change_calendar(self.session, place)
        else:
            codes = [each.code for each in await self.session.services.locations.list()]
            form = put_station(self.session, place, codes)
        done = await self.app.push_screen_wait(form)
        if done is not None:
            self.say(done)
            await self.read()
