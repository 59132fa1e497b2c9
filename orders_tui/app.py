"""The way into the console: prepare the terminal, open the database, run the app, leave nothing behind.

Textual is imported only after the terminal is prepared, so nothing here imports it at the top.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.errors import Misconfigured
from orders_tui import terminal
from orders_tui.child_daemon import child_daemon
from orders_tui.opening import open_services_at
from orders_tui.own_daemon import OwnDaemon
from orders_tui.remembered import memory_file
from orders_tui.services import Services
from orders_tui.settings_path import settings_cache, settings_path
from orders_tui.start_settings import StartSettings, keep, recall
from orders_tui.state import ConsoleOptions

if TYPE_CHECKING:
    from orders_tui.console import OrdersApp
    from orders_tui.settings import ConsoleSection

LOOK_SECONDS = 2.0
"""How often it is checked that the terminal is still there."""

TERMINATED = 128


def run_console() -> int:
    """Read the settings, open the database and show the console. Raises Misconfigured or Unreachable before anything is drawn."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Misconfigured(
            "console.no_terminal",
            "The console needs a terminal; here, use a command such as `orders-tui orders list --json`.",
        )
    return asyncio.run(_open_and_run(start_settings()))


def start_settings() -> StartSettings:
    """What the console starts with: as it was kept, else read anew and kept. Raises Misconfigured."""
    config, cache = settings_path(), settings_cache()
    if (kept := recall(config, cache)) is not None:
        return kept
    from orders_tui.settings_file import read_settings

    settings = read_settings()
    start = StartSettings(
        settings.database.for_engine(), settings.printing.for_printers(), console_options(settings.console)
    )
    keep(config, cache, start)
    return start


async def _open_and_run(start: StartSettings) -> int:
    opening = open_services_at(start.database, start.printing, on_wait=_say)
    async with opening as services, child_daemon(services.database) as own_daemon:
        return await run(services, start.console, own_daemon)


def console_options(console: ConsoleSection) -> ConsoleOptions:
    """The settings as the console takes them, with what the terminal's line allows."""
    return ConsoleOptions(
        theme=console.theme,
        themes=console.themes,
        theme_folder=settings_path().parent / "themes",
        slow_line=terminal.is_slow_line(os.environ),
        read_only=console.read_only,
        mouse=console.mouse,
        keymap=console.keys,
        refresh_seconds=console.refresh_seconds,
        slow_refresh_seconds=console.slow_refresh_seconds,
        scanner=console.scanner.options(),
        memory_file=memory_file(),
    )


def _say(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")


async def run(services: Services, options: ConsoleOptions, own_daemon: OwnDaemon) -> int:
    """Show the console until the person leaves: 0 then, 128 + the number of the signal that ended it else.

    The caller closes `services`.
    """
    terminal.prepare(os.environ)
    own_colours = terminal.wants_own_colours(os.environ)

    from orders_tui.console import OrdersApp
    from orders_tui.driver import PatientDriver

    if own_colours:
        options = replace(options, theme="orders-terminal")
    app = OrdersApp(services, options=options, ansi_color=True if own_colours else None, driver_class=PatientDriver)
    app.session.own_daemon = own_daemon
    async with _ended_by_signals(app), _ended_with_the_terminal(app):
        result = await app.run_async(mouse=options.mouse)
    if _terminal_is_lost():
        terminal.let_go()
    return result if result is not None else app.return_code or 0


def _terminal_is_lost() -> bool:
    return terminal.is_lost(sys.__stdin__.fileno() if sys.__stdin__ else 0)


@contextlib.asynccontextmanager
async def _ended_by_signals(app: OrdersApp) -> AsyncIterator[None]:
    """SIGHUP and SIGTERM end the app like a key would, so that every `finally` runs."""
    loop = asyncio.get_running_loop()
    signals = (signal.SIGHUP, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, app.exit, TERMINATED + number)
    try:
        yield
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


@contextlib.asynccontextmanager
async def _ended_with_the_terminal(app: OrdersApp) -> AsyncIterator[None]:
    """A console whose terminal is gone ends, also where the hang-up signal is ignored (nohup, some wrappers)."""

    async def watch() -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if _terminal_is_lost():
                app.exit(TERMINATED + signal.SIGHUP)
                return

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
