"""Two databases that are alike: a person with a console at the one, a script with the command line at the other."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC
from unittest.mock import patch

import asyncpg
from textual.pilot import Pilot

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.orders.views import OrderFilter
from orders_tui.actions import BY_ID, Permission
from orders_tui.cli.app import run
from orders_tui.console import OrdersApp
from orders_tui.modals.form import Form
from orders_tui.opening import standing_of
from orders_tui.services import Services
from orders_tui.state import ConsoleOptions
from tests.conftest import NUMBERS
from tests.engine import emptied
from tests.factories import Factory, environment_for, opened
from tests.orders_tui.cli.saying import Said
from tests.orders_tui.console.driving import notices, settle, text
from tests.orders_tui.console.parity.case import TYPED, Case, Prepare, Scene
from tests.orders_tui.console.parity.difference import changes, contents, told


class WatchedApp(OrdersApp):
    """Writes down which actions keys asked for, and why they did nothing if they did not."""

    performed: list[tuple[str, str]]

    async def action_perform(self, action_id: str) -> None:
        screen = self.screen
        reason = BY_ID[action_id].reason(screen.situation()) if hasattr(screen, "situation") else "no screen of ours"
        self.performed.append((action_id, reason))
        await super().action_perform(action_id)


@dataclass(slots=True)
class Desk:
    """Where the cases of one scene are played."""

    pilot: Pilot[int]
    app: WatchedApp
    typed: Database
    """The console's database."""
    said: Database
    """The command line's."""
    server: EmbeddedServer
    """How the command line reaches its own."""

    async def play(self, case: Case) -> list[str]:
        """Play one case: what is wrong, one text each; empty when keys and command agree."""
        action = BY_ID[case.action]
        for database in (self.typed, self.said):
            if case.prepare is not None:
                await case.prepare(Factory(database))
        await self._begin()
        typed_before, said_before = await contents(self.typed), await contents(self.said)
        self.app.performed = []
        for key in case.keys:
            await self._press(key)
        await self._drawn(case)
        wrong = self._wrong_on_screen(case)
        command = case.command if not callable(case.command) else await case.command(self.said)
        if list(command[: len(action.twin.split())]) != action.twin.split():
            wrong.append(f"the command is not the action's twin, {action.twin!r}: {' '.join(command)}")
        for words in (command, *case.also) if command else ():
            said = await self._say(case, *words)
            if said.code != case.code:
                wrong.append(f"{' '.join(words)} ended with {said.code}: {said.err.strip()}")
        typed_after, said_after = await contents(self.typed), await contents(self.said)
        known = typed_before.words & said_before.words
        by_keys = changes(typed_before, typed_after, known, case.ignores)
        by_command = changes(said_before, said_after, known, case.ignores)
        if action.permission is Permission.LOOK:
            if by_keys or by_command:
                wrong.append(f"looking changed something:\nby keys\n{told(by_keys)}\nby command\n{told(by_command)}")
        elif not by_keys or by_keys != by_command:
            only_keys = [change for change in by_keys if change not in by_command]
            only_command = [change for change in by_command if change not in by_keys]
            wrong.append(
                f"the changes differ ({len(by_keys)} by keys, {len(by_command)} by command):\n"
                f"only by keys\n{told(only_keys)}\nonly by command\n{told(only_command)}"
            )
        if wrong and self.app.is_running:
            wrong.append("\n".join([*(f"notice: {notice}" for notice in notices(self.app)), text(self.app)]))
        return [f"--- {case.action}: {' '.join(case.keys)}", *wrong] if wrong else []

    def _wrong_on_screen(self, case: Case) -> list[str]:
        wrong = []
        reasons = [reason for action_id, reason in self.app.performed if action_id == case.action]
        if not reasons:
            wrong.append(f"the keys never asked for it, but for {[name for name, _ in self.app.performed]}")
        elif all(reasons):
            wrong.append(f"the keys found it out of reach: {reasons[-1]}")
        if self._misses(case):
            wrong.append(f"{case.shows!r} is not on screen")
        return wrong

    async def _drawn(self, case: Case) -> None:
        """What was asked for is there; its frame may be a moment behind."""
        for _ in range(100):
            if not self._misses(case):
                return
            await self.pilot.pause(0.02)

    def _misses(self, case: Case) -> bool:
        if not case.shows or not self.app.is_running:
            return False
        return case.shows not in "\n".join([text(self.app), *notices(self.app)])

    async def _begin(self) -> None:
        """Back to Triage, with no form open, nothing marked and nothing filtered."""
        while len(self.app.screen_stack) > 1:
            screen = self.app.screen
            _ = screen.dismiss(None) if isinstance(screen, Form) else self.app.pop_screen()
            await settle(self.pilot)
        self.app.clear_notifications()
        self.app.orders.narrow(OrderFilter(), "")
        await self.app.switch_mode("triage")
        await settle(self.pilot)
        await self.app.tick()

    async def _press(self, key: str) -> None:
        if key.startswith(TYPED):
            for character in key.removeprefix(TYPED):
                await self.app._press_keys([character])
        else:
            await self.app._press_keys([key])
        await settle(self.pilot)

    async def _say(self, case: Case, *command: str) -> Said:
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
        streams = {"sys.stdin": io.StringIO(case.stdin), "sys.stdout": out, "sys.stderr": err}
        with contextlib.ExitStack() as stack:
            stack.enter_context(patch.dict(os.environ, environment_for(self.server)))
            for name, stream in streams.items():
                stack.enter_context(patch(name, stream))
            code = await asyncio.to_thread(run, command)
        return Said(code, *(stream.buffer.getvalue().decode() for stream in (out, err)))


@contextlib.asynccontextmanager
async def desk(two: tuple[EmbeddedServer, EmbeddedServer], scene: Scene) -> AsyncIterator[Desk]:
    """Two databases as the scene wants them, alike, and a console on the first."""
    async with (
        _two_alike(two, scene.prepare) as (typed_server, said_server),
        opened(typed_server) as typed,
        opened(said_server) as said,
    ):
        services = Services(typed, (await standing_of(typed, embedded=False)).actor)
        options = ConsoleOptions(zone=UTC, slow_line=True)
        app = WatchedApp(services, options=options, auto_refresh=False)
        app.performed = []
        async with app.run_test(size=scene.size, notifications=True) as pilot:
            yield Desk(pilot, app, typed, said, said_server)
        await services.close()


@contextlib.asynccontextmanager
async def _two_alike(
    two: tuple[EmbeddedServer, EmbeddedServer], prepare: Prepare | None
) -> AsyncIterator[tuple[EmbeddedServer, EmbeddedServer]]:
    """The two, emptied, the second with every row that was prepared in the first."""
    one, other = two
    for each in two:
        await emptied.empty(each)
    async with opened(one) as database:
        factory = Factory(database)
        await factory.shop()
        await database.pool.execute("UPDATE shops SET policies = $1", {"import_mode": "work"})
        if prepare is not None:
            await prepare(factory)
    if await emptied.copy(one, other):
        yield two
        return
    # The scene has triggers of its own: only the whole database can be copied.
    whole = replace(other, database=f"parity_{next(NUMBERS)}")
    administrator = await asyncpg.connect(**replace(one, database="postgres").dsn_parameters())
    try:
        await administrator.execute(f"CREATE DATABASE {whole.database} TEMPLATE {one.database} STRATEGY FILE_COPY")
        yield one, whole
    finally:
        await administrator.execute(f"DROP DATABASE IF EXISTS {whole.database} WITH (FORCE)")
        await administrator.close()
