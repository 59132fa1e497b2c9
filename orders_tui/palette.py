"""The command palette: what can be done here with its key (and why not if it cannot), screens, and any order by what names it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.widgets import Input

from engine.errors import OrdersError
from engine.orders.plain_text import plain
from engine.orders.views import OrderFilter, OrderRow
from orders_tui.actions import ACTIONS, Action
from orders_tui.actions.spoken import spoken_keys
from orders_tui.messages import OrdersAsked
from orders_tui.screens.console_screen import ConsoleScreen

LEAST_OF_AN_ORDER = 3
"""An order is looked for once so many characters are typed."""

MOST_ORDERS = 5


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


class OrderProvider(Provider):
    """The orders that the phrase names by an id, a tracking number, a SKU or a buyer."""

    async def search(self, query: str) -> Hits:
        phrase = query.strip()
        if not isinstance(self.screen, ConsoleScreen) or len(phrase) < LEAST_OF_AN_ORDER:
            return
        try:
            page = await self.screen.session.services.page(OrderFilter(search=phrase), limit=MOST_ORDERS)
        except OrdersError:
            return  # the database is lost, which the banner says; actions are found all the same
        for row in page.rows:
            number = plain(row.order_number)
            text = f"Order {number}"
            yield Hit(
                1.0 if phrase == row.order_number else 0.3,
                text,
                partial(self._open, row),
                text,
                f"{row.order_status}   {plain(row.customer_name)}",
            )

    def _open(self, row: OrderRow) -> None:
        self.screen.post_message(OrdersAsked(OrderFilter(), "", row.order_id, opened=True))


class ActionPalette(CommandPalette):
    """The palette, with a cursor that does not blink on a slow line."""

    def __init__(self, *, blink: bool) -> None:
        super().__init__(placeholder="What do you want to do, or which order?", id="--command-palette")
        self._blink = blink

    def on_mount(self) -> None:
        self.query_one(Input).cursor_blink = self._blink
