"""What paper, returns and calendars take from a screen: a form on top of it, and what came of it told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import work

from engine.errors import NotFound
from engine.words import PaperKind
from orders_tui.modals.bulk.chosen import Chosen
from orders_tui.screens.console_screen import ConsoleScreen

if TYPE_CHECKING:
    from engine.orders.parcels.receiving import ReturnView
    from orders_tui.modals.returns import Received

_OF_CHOSEN = {
    PaperKind.LABEL: "orders.print_labels",
    PaperKind.SLIP: "orders.print_slips",
    PaperKind.LIST: "orders.print_list",
}

MOST_ASKED = 50
"""Of so many chosen orders it is looked up what is on its way back; the list of returns has all."""


class PaperDoing(ConsoleScreen):
    """A screen on which orders are chosen: their paper, and what came back of them."""

    async def chosen(self) -> Chosen:
        """What an action is for."""
        raise NotImplementedError

    def do_print(self, kind: str) -> None:
        self.show_paper(PaperKind(kind), look=False)

    def do_see(self, kind: str) -> None:
        self.show_paper(PaperKind(kind), look=True)

    def do_receive_return(self) -> None:
        self.receive_return()

    @work(group="change", exit_on_error=False)
    async def show_paper(self, kind: PaperKind, *, look: bool) -> None:
        from orders_tui.modals.paper import PrintPaper

        chosen = await self.chosen()
        order_ids = await chosen.ids(self.session.services)
        done = await self.app.push_screen_wait(PrintPaper(self.session, kind, order_ids, chosen.words, look=look))
        if done is None:
            return
        rows = await self.session.services.rows(order_ids)
        arguments = [*(row.order_number for row in rows), *done.options]
        self.session.did(_OF_CHOSEN[kind], arguments, done.printed.sentence)
        if not done.told:
            self.say(done.printed.sentence)

    @work(group="change", exit_on_error=False)
    async def receive_return(self) -> None:
        found: list[ReturnView] = []
        for order_id in (await (await self.chosen()).ids(self.session.services))[:MOST_ASKED]:
            found += await self.session.services.parcels.returns(order_id, to_receive=True)
        if not found:
            raise NotFound("return.none", "Nothing of what is chosen is on its way back.")
        await receive_one_of(self, found)


async def receive_one_of(screen: ConsoleScreen, returns: Sequence[ReturnView], *, choose: bool = False) -> None:
    """Let a return be chosen where there are several, and be received."""
    from orders_tui.modals.returns import ReceiveReturn, Returns

    session = screen.session
    one = None if choose or len(returns) != 1 else returns[0]
    if one is None:
        one = await screen.app.push_screen_wait(Returns(session, returns))
    received: Received | None = None
    if one is not None and not session.changes_nothing:
        received = await screen.app.push_screen_wait(ReceiveReturn(session, one))
    if received is None:
        return
    arguments = [received.return_id]
    for line in received.lines:
        arguments += ["--restocked", f"{line.sku}={line.restocked}"] if line.restocked else []
        arguments += ["--damaged", f"{line.sku}={line.damaged}"] if line.damaged else []
    session.did("orders.receive_return", arguments, received.sentence)
    screen.say(received.sentence)
    await screen.refresh_live()


async def show_returns(screen: ConsoleScreen) -> None:
    """Everything that is to be received, to choose from."""
    returns = await screen.session.services.parcels.returns(to_receive=True)
    await receive_one_of(screen, returns, choose=True)


async def show_calendars(screen: ConsoleScreen) -> None:
    """Every location's calendar, to be changed one after another."""
    from orders_tui.modals.calendars import Calendars, change_calendar

    session = screen.session
    while True:
        view = await screen.app.push_screen_wait(Calendars(session, await session.services.locations.list()))
        if view is None:
            return
        done = await screen.app.push_screen_wait(change_calendar(session, view))
        if done is not None:
            screen.say(done)
