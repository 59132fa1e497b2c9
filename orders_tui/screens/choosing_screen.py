"""A screen on which orders are chosen, and what is done to the chosen ones."""

from __future__ import annotations

from textual import work

from engine.orders.views import OrderRow
from orders_tui.modals.retrying import retry_with_report
from orders_tui.modals.status_change import Chosen, StatusChange
from orders_tui.screens.console_screen import ConsoleScreen


class ChoosingScreen(ConsoleScreen):
    """Subclasses say what is chosen; the actions of `Scope.CHOSEN` are carried out here."""

    @property
    def cursor_row(self) -> OrderRow | None:
        """The order under the cursor."""
        raise NotImplementedError

    async def chosen(self) -> Chosen:
        """What an action is for, with the rows a person saw."""
        raise NotImplementedError

    def do_status(self) -> None:
        self.change_status()

    def do_retry(self) -> None:
        self.retry_chosen()

    @work(group="change", exit_on_error=False)
    async def change_status(self) -> None:
        chosen = await self.chosen()
        if await self.app.push_screen_wait(StatusChange(self.session, chosen)):
            await self.refresh_live()

    @work(group="change", exit_on_error=False)
    async def retry_chosen(self) -> None:
        chosen = await self.chosen()
        await retry_with_report(self, chosen.order_ids)

    def do_copy(self) -> None:
        if row := self.cursor_row:
            self.app.copy_to_clipboard(row.order_number)
            self.say(f"Copied {row.order_number}.")
