"""Settings: what is in force and where it comes from, colours, keys, notices, places, checks."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on, work
from textual.binding import BindingType
from textual.theme import Theme
from textual.widgets import OptionList

from engine.inventory.locations import LocationView
from engine.paper.stations import Station
from orders_tui.actions import BY_ID, Scope
from orders_tui.actions.keymap import check_keymap
from orders_tui.bindings import bindings_of
from orders_tui.modals.phrase import Phrase
from orders_tui.modals.press_key import PressKey
from orders_tui.preferences.checks import ChecksPart
from orders_tui.preferences.colours import ColoursPart
from orders_tui.preferences.in_force import InForcePart
from orders_tui.preferences.keys import KeysPart
from orders_tui.preferences.people import QUIET_HOURS_HINT, PeoplePart, read_quiet_hours
from orders_tui.preferences.places import PlacesPart
from orders_tui.preferences.preference import Preference
from orders_tui.reach import Situation
from orders_tui.screens.parts_screen import PartsScreen
from orders_tui.screens.place_doing import PlaceDoing
from orders_tui.settings_writer import Written, write_setting
from orders_tui.state import Session

if TYPE_CHECKING:
    from orders_tui.console import OrdersApp


class SettingsScreen(PlaceDoing, PartsScreen):
    """What is written goes into the configuration file; colours and keys hold at once."""

    SCOPES = (Scope.SETTINGS, Scope.LIST)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Scope.SETTINGS)

    def __init__(self, session: Session) -> None:
        self.colours = ColoursPart(session, self._themes)
        self.keys = KeysPart(session)
        self.people = PeoplePart(session)
        self.places = PlacesPart(session)
        parts = (InForcePart(session), self.colours, self.keys, self.people, self.places, ChecksPart(session))
        super().__init__(session, parts)

    def _themes(self) -> list[Theme]:
        return [self.app.available_themes[name] for name in self._program.theme_names]

    @property
    def _program(self) -> OrdersApp:
        return cast("OrdersApp", self.app)

    @property
    def preference(self) -> Preference:
        """The part that is shown."""
        return cast(Preference, self.part)

    @property
    def place(self) -> LocationView | Station | None:
        """The location or station under the cursor."""
        line_id = self.lines.cursor_id
        return self.places.place(line_id) if self.part is self.places and line_id is not None else None

    # ------------------------------------------------------------------ colours, seen while one goes through them

    @on(OptionList.OptionHighlighted)
    def _preview(self, event: OptionList.OptionHighlighted) -> None:
        if self.part is self.colours and event.option_id is not None:
            self.app.theme = event.option_id

    def do_part(self, step: str) -> None:
        self._program.wear_kept_theme()
        super().do_part(step)

    def on_screen_suspend(self) -> None:
        self._program.wear_kept_theme()

    # ------------------------------------------------------------------ changing

    def situation(self) -> Situation:
        line_id = self.lines.cursor_id
        return Situation(
            connected=self.session.connected,
            read_only=self.session.options.read_only,
            role=self.session.role,
            place=self.place is not None,
            command=line_id is not None and bool(self.part.command(line_id)),
            unchangeable=self.preference.reason(line_id) if line_id is not None else "There is nothing to change here.",
        )

    def do_change(self) -> None:
        line_id = self.lines.cursor_id
        if line_id is None:
            return
        if self.part is self.colours:
            self._program.keep_theme(line_id)
            self.session.did("settings.change", ["console.theme", line_id], "kept on this machine")
            self.say(f"{line_id} is kept on this machine.")
        elif self.part is self.keys:
            self.rebind(line_id)
        else:
            self.change(line_id)

    def do_reset(self) -> None:
        if (line_id := self.lines.cursor_id) is not None:
            self.reset(line_id)

    def do_quiet_hours(self) -> None:
        self.ask_quiet_hours()

    @work(group="change", exit_on_error=False)
    async def change(self, line_id: str) -> None:
        async def take(phrase: str) -> None:
            self._told(await asyncio.to_thread(write_setting, line_id, phrase), phrase)

        value = self.preference.value(line_id)
        await self.app.push_screen_wait(Phrase(self.session, line_id, "The new value:", take, value=value))
        await self.read()

    @work(group="change", exit_on_error=False)
    async def reset(self, line_id: str) -> None:
        if self.part is self.colours:
            self._program.keep_theme("")
        self._told(await asyncio.to_thread(write_setting, self.preference.setting(line_id), None), None)
        if self.part is self.keys:
            self._use_keys(line_id, None)
        await self.read()

    @work(group="change", exit_on_error=False)
    async def rebind(self, action_id: str) -> None:
        """Ask for the key by its being pressed; one that is taken in the same place is told, and asked for again."""
        own = self.session.options.keymap

        def refusal(key: str) -> str:
            before, wanted = check_keymap(own), check_keymap({**own, action_id: key})
            return next((complaint for complaint in wanted if complaint not in before), "")

        key = await self.app.push_screen_wait(PressKey(self.session, BY_ID[action_id].text, refusal))
        if key is None:
            return
        self._use_keys(action_id, key)
        self._told(await asyncio.to_thread(write_setting, f"console.keys.{action_id}", key), key)
        await self.read()

    def _use_keys(self, action_id: str, key: str | None) -> None:
        keymap = self.session.options.keymap
        if key is None:
            keymap.pop(action_id, None)
        else:
            keymap[action_id] = key
        self.app.set_keymap(dict(keymap))
        self.name_keys()
        self.show_lines()

    def _told(self, written: Written, value: str | None) -> None:
        action = "settings.change" if value is not None else "settings.reset"
        self.session.did(
            action, [written.name] if value is None else [written.name, value], f"written into {written.path}"
        )
        overruled = f" The variable {written.overruled_by} wins over it." if written.overruled_by else ""
        self.say(f"{written.path}: {written.line or f'{written.name} is back at its default'}.{overruled}")

    @work(group="change", exit_on_error=False)
    async def ask_quiet_hours(self) -> None:
        me = self.session.services.actor.name

        async def take(phrase: str) -> None:
            hours = read_quiet_hours(phrase)
            await self.session.services.notices.keep_quiet(me, hours)
            if hours is None:
                self.session.did("settings.quiet_hours", [me], "taken away", twin="notices quiet-hours clear")
            else:
                words = [me, f"{hours.begin:%H:%M}", f"{hours.end:%H:%M}", "--zone", hours.zone]
                self.session.did("settings.quiet_hours", words, "set")

        form = Phrase(self.session, "Your quiet hours", QUIET_HOURS_HINT, take, value=self.people.quiet_hours())
        if await self.app.push_screen_wait(form) is not None:
            await self.read()
