"""The console: its screens, the one place where actions are carried out, and the refresh."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from functools import cached_property, partial
from importlib import import_module, resources
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.app import UnknownModeError
from textual.binding import Binding, BindingType
from textual.command import Provider
from textual.dom import DOMNode
from textual.driver import Driver
from textual.theme import Theme
from textual.widget import Widget

from engine.database.notify import CHANGED, listen
from orders_tui.actions import BY_ID, Scope
from orders_tui.actions.keymap import check_keymap
from orders_tui.bindings import bindings_of
from orders_tui.clipboard import sequence_for, too_long
from orders_tui.keyboard import ListeningApp
from orders_tui.looking import SOONEST_SECONDS, Looking
from orders_tui.messages import OrdersAsked, OrdersMarked
from orders_tui.mistakes import write_down
from orders_tui.modals.copying import Selectable
from orders_tui.modals.form import Form
from orders_tui.modals.jumping import Jump, places_of
from orders_tui.palette import ActionPalette, ActionProvider, OrderProvider
from orders_tui.remembered import Memory
from orders_tui.screens.console_screen import ConsoleScreen
from orders_tui.services import Services
from orders_tui.state import Clock, ConsoleOptions, Session, utc_now
from orders_tui.warming import warm
from styles import SHEETS
from styles.themes import THEMES

if TYPE_CHECKING:
    from engine.fleet.presence import AtWork
    from orders_tui.screens.orders import OrdersScreen

LEAVE_SECONDS = 1.0
"""So long the end of a console may take to say that it is gone."""

PULSE_EVERY = 4
"""The header's numbers are read on every so many refreshes."""
PULSE_SECONDS = 1.5
"""And on the next one after so long."""

_SCREENS = {
    "triage": ("triage", "TriageScreen"),
    "failed": ("failed", "FailedScreen"),
    "pick": ("pick", "PickScreen"),
    "overview": ("overview", "OverviewScreen"),
    "inventory": ("inventory", "InventoryScreen"),
    "rules": ("rules", "RulesScreen"),
    "activity": ("activity", "ActivityScreen"),
    "settings": ("settings", "SettingsScreen"),
}
"""Each mode's module and class, loaded when it is first opened."""

HEARING_ENDS_SECONDS = 2.0
WARM_AFTER_SECONDS = 0.5

FIRST_SCREEN = "triage"

QUIT_WITHIN = timedelta(seconds=3)
"""The second q has to follow the first within this time."""


class OrdersApp(ListeningApp):
    """Everything a person sees. `tick` is one refresh; with `auto_refresh` a timer calls it, in tests the test does."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Scope.EVERYWHERE)
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {ActionProvider, OrderProvider}
    CSS_PATH: ClassVar[list[str | PurePath]] = [Path(str(resources.files("styles"))) / sheet for sheet in SHEETS]
    ENABLE_COMMAND_PALETTE = False  # the registry has its own key for it
    TITLE = "Orders TUI"

    def __init__(
        self,
        services: Services,
        *,
        options: ConsoleOptions | None = None,
        clock: Clock = utc_now,
        auto_refresh: bool = True,
        ansi_color: bool | None = None,
        driver_class: type[Driver] | None = None,
    ) -> None:
        super().__init__(ansi_color=ansi_color, driver_class=driver_class)
        settled = options or ConsoleOptions()
        self.session = Session(services, settled, clock, Memory(settled.memory_file))
        self._auto_refresh = auto_refresh
        self.listen(settled.scanner)
        self._refresh_seconds = settled.slow_refresh_seconds if settled.slow_line else settled.refresh_seconds
        soonest_seconds = self._refresh_seconds if settled.slow_line else SOONEST_SECONDS
        self._looking = Looking(self._refresh_seconds, soonest_seconds=soonest_seconds)
        self._look_comes = False
        self._deaf = asyncio.Event()
        self._hearing: asyncio.Task[None] | None = None
        self._pulse_at = time.monotonic()
        self._ticks = 0
        self._ticking = False
        self._quit_asked_at = clock() - 2 * QUIT_WITHIN
        self.add_mode("orders", lambda: self.orders)
        for mode, (module, name) in _SCREENS.items():
            self.add_mode(mode, partial(self._screen, module, name))
        self.theme_names, self._complaints = self._register_themes()
        options, memory = self.session.options, self.session.memory
        self._complaints += [*check_keymap(options.keymap), *filter(None, [memory.complaint])]
        if options.theme not in self.theme_names and options.theme not in self.available_themes:
            themes = ", ".join(self.theme_names)
            self._complaints.append(f"There is no theme {options.theme!r}; choose one of {themes}.")
        self.wear_kept_theme()

    def _register_themes(self) -> tuple[list[str], list[str]]:
        """Our colours and the person's own: their names, and what is wrong with those that are passed over."""
        own: list[Theme] = []
        complaints: list[str] = []
        options = self.session.options
        if options.themes or (options.theme_folder is not None and options.theme_folder.is_dir()):
            from orders_tui.own_themes import own_themes  # most people have none: what checks them is not loaded
            from orders_tui.settings_themes import read_theme_folder

            from_files, complaints = read_theme_folder(options.theme_folder) if options.theme_folder else ({}, [])
            own, wrong = own_themes({**from_files, **options.themes})
            complaints += wrong
        for theme in (*THEMES, *own):
            self.register_theme(theme)
        return list(dict.fromkeys(theme.name for theme in (*THEMES, *own))), complaints

    def wear_kept_theme(self) -> None:
        """The colours that were kept here last, unless the configuration names others since then."""
        wanted, kept = self.session.options.theme, self.session.memory.now
        names = [kept.theme] if kept.theme_instead_of == wanted else []
        self.theme = next(name for name in (*names, wanted, THEMES[0].name) if name in self.available_themes)

    def keep_theme(self, name: str) -> None:
        """Wear these colours from now on, on this machine; empty forgets what was kept."""
        self.session.memory.keep(theme=name, theme_instead_of=self.session.options.theme)
        self.wear_kept_theme()

    async def on_mount(self) -> None:
        options = self.session.options
        for complaint in self._complaints:
            self.notify(complaint, severity="warning", markup=False)
        self.set_keymap(dict(options.keymap))
        try:
            await self.switch_mode(self.session.memory.now.screen or FIRST_SCREEN)
        except UnknownModeError:  # remembered by a program that had other screens
            await self.switch_mode(FIRST_SCREEN)
        if self._auto_refresh:
            self.set_timer(WARM_AFTER_SECONDS, self._warm)
            self.set_interval(self._refresh_seconds, self._look)
            self._hearing = asyncio.create_task(
                listen(self.session.services.database, self._hinted, self._deaf, CHANGED, self._hears)
            )

    def _warm(self) -> None:
        self.run_worker(warm(), group="warm", exit_on_error=False)

    async def on_unmount(self) -> None:
        self._deaf.set()
        if self._hearing is not None:
            await asyncio.wait({self._hearing}, timeout=HEARING_ENDS_SECONDS)
            self._hearing.cancel()
        with contextlib.suppress(Exception):  # the others see by themselves that this console is gone
            await asyncio.wait_for(self.session.presence.leave(), LEAVE_SECONDS)
        self.session.memory.keep(screen=self.current_mode, **self.orders.to_remember())

    @cached_property
    def orders(self) -> OrdersScreen:
        """The one screen that others send people to."""
        from orders_tui.screens.orders import OrdersScreen

        return OrdersScreen(self.session)

    def _screen(self, module: str, name: str) -> ConsoleScreen:
        screen = getattr(import_module(f"orders_tui.screens.{module}"), name)(self.session)
        assert isinstance(screen, ConsoleScreen)
        return screen

    # ------------------------------------------------------------------ refreshing

    def _at_work(self) -> AtWork | None:
        """What the person has before them, and whether a form is open for it."""
        beneath = next((each for each in reversed(self.screen_stack) if isinstance(each, ConsoleScreen)), None)
        at = beneath.at_work() if beneath is not None else None
        return replace(at, edits=True) if at is not None and isinstance(self.screen, Form) else at

    def _look(self) -> None:
        self._look_comes = False
        # On a slow line unasked frames would pile up in front of the next key.
        if self._looking.wait_seconds() <= 0 and not self._ticking and not getattr(self._driver, "behind", False):
            self._looking.looks()
            self.run_worker(self.tick(), group="refresh", exit_on_error=False)

    def _hinted(self) -> None:
        """Something changed: look as soon as the last look is long enough ago. Called beside the app's own messages."""
        self._looking.hint()
        if not self._look_comes and self._running:
            self._look_comes = True
            self.call_later(self._look_in_time)

    def _look_in_time(self) -> None:
        if (wait := self._looking.wait_seconds()) > 0:
            self.set_timer(wait, self._look)
        else:
            self._look()

    def _hears(self, hearing: bool) -> None:
        self._looking.hearing = self.session.hearing = hearing

    async def tick(self) -> None:
        """One refresh: the numbers on top now and then, the screen on show each time. On failure the old rows stay."""
        self._ticking = True
        screen = self.screen
        try:
            late = time.monotonic() - self._pulse_at >= PULSE_SECONDS
            if late or self._ticks % PULSE_EVERY == 0 or not self.session.connected:
                self._pulse_at = time.monotonic()
                self.session.pulse = await self.session.services.pulse()
            self._ticks += 1
            await self.session.presence.tend(self._at_work(), self.session.clock())
            if isinstance(screen, ConsoleScreen):
                await screen.refresh_live()
            self.session.heard()
        except Exception as error:  # noqa: BLE001 - whatever it was, the next refresh tries again
            self.session.failed(error)
        finally:
            self._ticking = False
            self._looking.looked()
        if isinstance(screen, ConsoleScreen) and screen.is_attached:
            screen.show_health()

    # ------------------------------------------------------------------ actions

    async def action_perform(self, action_id: str) -> None:
        """Carry out an action of the registry, or say why not."""
        action, screen = BY_ID[action_id], self.screen
        if not isinstance(screen, ConsoleScreen | Form):
            return
        if reason := action.reason(screen.situation()):
            self.notify(reason, severity="warning", markup=False)
            return
        receiver: DOMNode = self if action.scope is Scope.EVERYWHERE else screen.receiver(action.scope)
        carry_out = getattr(receiver, f"do_{action.method}")
        outcome = carry_out(action.argument) if action.argument else carry_out()
        if inspect.isawaitable(outcome):
            await outcome

    async def do_go(self, screen: str) -> None:
        await self.switch_mode(screen)

    async def do_view(self, key: str) -> None:
        await self.switch_mode("orders")
        self.orders.open_on_key(int(key))

    async def do_help(self) -> None:
        from orders_tui.screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            await self.push_screen(HelpScreen(self.session, self.screen))

    def copy_to_clipboard(self, text: str) -> None:
        """Hand a text to the clipboard of the person's terminal; what it may not take is shown to be selected by hand."""
        self._clipboard = text
        if too_long(text):
            _ = self.push_screen(Selectable(self.session, text))
        elif self._driver is not None:
            self._driver.write(sequence_for(text, os.environ))

    async def do_copied(self) -> None:
        if self.clipboard:
            await self.push_screen(Selectable(self.session, self.clipboard))
        else:
            self.notify("Nothing was copied yet; y copies the number of an order.", markup=False)

    async def do_jump(self) -> None:
        """Put letters on what can be gone to, and go there."""
        screen = self.screen

        async def go(goal: Widget | str | None) -> None:
            if isinstance(goal, str):
                await self.action_perform(goal)
            elif goal is not None and goal.is_attached:
                screen.set_focus(goal)

        await self.push_screen(Jump(places_of(screen)), go)

    async def do_palette(self) -> None:
        await self.push_screen(ActionPalette(blink=not self.session.options.slow_line))

    def do_returns(self) -> None:
        from orders_tui.screens.paper_doing import show_returns

        self._on_screen(show_returns)

    def do_calendars(self) -> None:
        from orders_tui.screens.paper_doing import show_calendars

        self._on_screen(show_calendars)

    def _on_screen(self, show: Callable[[ConsoleScreen], Awaitable[None]]) -> None:
        """Forms that any screen may have on top of it."""
        if isinstance(screen := self.screen, ConsoleScreen):
            screen.run_worker(show(screen), group="change", exit_on_error=False)

    def do_theme(self) -> None:
        names = self.theme_names
        self.keep_theme(names[(names.index(self.theme) + 1) % len(names)] if self.theme in names else names[0])

    async def do_refresh(self) -> None:
        if isinstance(self.screen, ConsoleScreen):
            await self.screen.read()

    def do_quit(self) -> None:
        now = self.session.clock()
        if now - self._quit_asked_at <= QUIT_WITHIN:
            self.exit(0)
            return
        self._quit_asked_at = now
        self.notify("Press q again to quit.", markup=False)

    def do_suspend(self) -> None:
        self.action_suspend_process()

    def do_leave(self) -> None:
        self.exit(0)

    @on(OrdersAsked)
    async def _orders_asked(self, event: OrdersAsked) -> None:
        self.orders.narrow(event.order_filter, event.title, event.order_id)
        await self.switch_mode("orders")
        if event.opened and event.order_id is not None:
            self.orders.open_pane(event.order_id)

    @on(OrdersMarked)
    async def _orders_marked(self, event: OrdersMarked) -> None:
        self.orders.show_marked(event.order_ids, event.title)
        await self.switch_mode("orders")

    def _fatal_error(self) -> None:
        """A mistake of ours that nothing caught: one sentence on a clean terminal, the traceback in the log."""
        assert self._exception is not None, "Textual calls this with what went wrong"
        self.panic(Text(write_down(self._exception, part="console")))

    def handle_bindings_clash(self, clashed_bindings: set[Binding], node: DOMNode) -> None:
        """Clashes were told once, at the start."""
