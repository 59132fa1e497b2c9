"""A screen on which orders are chosen, and what is done to the chosen ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import work

from engine.orders.bulk.requests import BulkKind
from engine.orders.views import OrderRow
from orders_tui.actions import Scope
from orders_tui.messages import OrdersMarked
from orders_tui.modals.bulk.chosen import Chosen
from orders_tui.modals.copying import Copying, copyable
from orders_tui.screens.paper_doing import PaperDoing

if TYPE_CHECKING:
    from orders_tui.modals.bulk.change import BulkChange

ME = "me"
"""The argument that means: hand them to the person at this console."""


class ChoosingScreen(PaperDoing):
    """Subclasses say what is chosen; the actions of `Scope.CHOSEN` are carried out here."""

    @property
    def cursor_row(self) -> OrderRow | None:
        """The order under the cursor."""
        raise NotImplementedError

    async def chosen(self) -> Chosen:
        """What an action is for, with the rows a person saw."""
        raise NotImplementedError

    def do_bulk(self, kind: str) -> None:
        if kind == ME:
            self.take_chosen()
        else:
            self.change_chosen(BulkKind(kind))

    @work(group="change", exit_on_error=False)
    async def change_chosen(self, kind: BulkKind) -> None:
        from orders_tui.modals.bulk.change import BulkChange

        chosen = Chosen() if kind is BulkKind.UNDO else await self.chosen()
        await self.ask(BulkChange(self.session, kind, chosen))

    @work(group="change", exit_on_error=False)
    async def take_chosen(self) -> None:
        from orders_tui.modals.bulk.change import BulkChange
        from orders_tui.modals.bulk.kinds import Choice

        mine = await self.session.services.bulk.assignee(self.session.services.actor.name)
        given = Choice(ME, ME, mine)
        await self.ask(BulkChange(self.session, BulkKind.ASSIGN, await self.chosen(), given=given))

    async def ask(self, form: BulkChange) -> None:
        """Let the form be filled in; what it ends with is told, shown, and read again."""
        ended = await self.app.push_screen_wait(form)
        if ended is None:
            return
        if ended.sentence:
            self.say(ended.sentence)
        if ended.show:
            self.post_message(OrdersMarked(ended.show, "refused"))
        else:
            await self.after_change()

    def do_copy(self) -> None:
        if row := self.cursor_row:
            self.app.copy_to_clipboard(row.order_number)
            self.say(f"Copied {row.order_number}.")

    def do_copy_part(self) -> None:
        if row := self.cursor_row:
            self.copy_part(row)

    @work(group="change", exit_on_error=False)
    async def copy_part(self, row: OrderRow) -> None:
        detail = await self.session.services.detail(row.order_id)
        choices = copyable(detail, self.session.viewer())
        chosen = await self.app.push_screen_wait(Copying(self.session, f"Copy of {row.order_number}", choices))
        if chosen:
            self.app.copy_to_clipboard(chosen)
            self.say(f"Copied {chosen}.")

    def do_task(self, name: str) -> None:
        self.carry_out(name)

    @work(group="change", exit_on_error=False)
    async def carry_out(self, name: str) -> None:
        from orders_tui.tasks import TASKS

        await TASKS[name](self, await self.chosen())

    def do_menu(self) -> None:
        self.open_menu()

    @work(group="change", exit_on_error=False)
    async def open_menu(self) -> None:
        from orders_tui.modals.order_menu import OrderMenu

        action_id = await self.app.push_screen_wait(OrderMenu(self, (await self.chosen()).words))
        if action_id:
            await self.run_action(f"app.perform('{action_id}')")

    def palette_scopes(self) -> tuple[Scope, ...]:
        return (*super().palette_scopes(), Scope.MENU)
