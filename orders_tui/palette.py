"""The command palette over the action registry: what can be done here, with its key, and why not if it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.widgets import Input

from orders_tui.actions import ACTIONS, Action
from orders_tui.bindings import spoken_keys
from orders_tui.screens.console_screen import ConsoleScreen


class ActionProvider(Provider):
    """Every action that the screen beneath the palette or the console itself receives."""

    async def discover(self) -> Hits:
        for action in self._actions():
            yield DiscoveryHit(action.text, partial(self._perform, action), action.text, self._help(action))

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for action in self._actions():
            if (score := matcher.match(action.text)) > 0:
                yield Hit(
                    score,
                    matcher.highlight(action.text),
                    partial(self._perform, action),
                    action.text,
                    self._help(action),
                )

    def _actions(self) -> Iterator[Action]:
        scopes = self.screen.palette_scopes() if isinstance(self.screen, ConsoleScreen) else ()
        return (action for action in ACTIONS if action.scope in scopes)

    def _help(self, action: Action) -> str:
        assert isinstance(self.screen, ConsoleScreen)
        keys = spoken_keys(action, self.screen.session.options.keymap)
        reason = action.reason(self.screen.situation())
        return f"{keys}   {reason}" if reason else keys

    async def _perform(self, action: Action) -> None:
        await self.app.run_action(f"app.perform('{action.id}')")


class ActionPalette(CommandPalette):
    """The palette, with a cursor that does not blink on a slow line."""

    def __init__(self, *, blink: bool) -> None:
        super().__init__(placeholder="What do you want to do?", id="--command-palette")
        self._blink = blink

    def on_mount(self) -> None:
        self.query_one(Input).cursor_blink = self._blink
