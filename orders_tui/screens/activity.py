"""Activity: what this console did and with which command, what others did, bulk changes, mistakes of the program."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from textual import work
from textual.binding import BindingType

from engine.identifiers import BatchId, OrderId
from engine.orders.bulk.requests import BulkPreview
from engine.orders.plain_text import plain
from engine.orders.views import BatchReport, OrderFilter
from orders_tui.actions import Scope
from orders_tui.activity.audit import AuditPart
from orders_tui.activity.bulk import BulkPart
from orders_tui.activity.here import HerePart
from orders_tui.activity.mistakes import MistakesPart
from orders_tui.activity.prints import PrintsPart
from orders_tui.bindings import bindings_of
from orders_tui.messages import OrdersAsked, OrdersMarked
from orders_tui.modals.confirm import Confirm
from orders_tui.modals.phrase import Phrase
from orders_tui.reach import Situation
from orders_tui.screens.parts_screen import PartsScreen
from orders_tui.state import Session


class ActivityScreen(PartsScreen):
    """One part at a time; what it says of the line under the cursor stands below."""

    SCOPES = (Scope.ACTIVITY, Scope.LIST)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Scope.ACTIVITY)

    def __init__(self, session: Session) -> None:
        self.bulk, self.audit = BulkPart(session), AuditPart(session)
        parts = (HerePart(session), self.audit, self.bulk, PrintsPart(session), MistakesPart(session))
        super().__init__(session, parts)

    def situation(self) -> Situation:
        line_id = self.lines.cursor_id
        return Situation(
            connected=self.session.connected,
            read_only=self.session.options.read_only,
            role=self.session.role,
            behind=self._order_id() is not None,
            command=line_id is not None and bool(self.part.command(line_id)),
            refused=self.bulk.refused(line_id) if line_id is not None and self.part is self.bulk else 0,
            bulk_state=self.part.bulk_state(line_id) if line_id is not None else "",
        )

    # ------------------------------------------------------------------ actions

    def _order_id(self) -> OrderId | None:
        """The order that the line under the cursor is about."""
        line_id = self.lines.cursor_id
        return self.audit.order_id(line_id) if self.part is self.audit and line_id is not None else None

    def do_open(self) -> None:
        if (order_id := self._order_id()) is not None:
            self.post_message(OrdersAsked(OrderFilter(), "", order_id, opened=True))

    def do_filter(self) -> None:
        self.ask_filter()

    def do_back(self) -> None:
        self.widen()

    @work(group="change", exit_on_error=False)
    async def ask_filter(self) -> None:
        hint = "who:mira what:held order:5771 since:2h until:30m all:yes (all: what the program did, too)"
        form = Phrase(self.session, "Which of it?", hint, self.audit.narrow, value=self.audit.typed)
        if await self.app.push_screen_wait(form) is not None:
            self.open_part(self.audit)

    @work(group="part", exclusive=True, exit_on_error=False)
    async def widen(self) -> None:
        await self.audit.narrow("")
        self.open_part(self.part)

    def do_refused(self) -> None:
        if (line_id := self.lines.cursor_id) is not None:
            self.show_refused(line_id)

    @work(group="refused", exclusive=True, exit_on_error=False)
    async def show_refused(self, line_id: str) -> None:
        batch = await self.bulk.whole(line_id)
        order_ids = [OrderId(UUID(error.order_id)) for error in batch.errors]
        self.post_message(OrdersMarked(order_ids, f"refused: {batch.kind}"))

    def do_undo(self) -> None:
        if (line_id := self.lines.cursor_id) is not None:
            self.undo(BatchId(self.bulk.batches[line_id].batch_id))

    def do_stop(self) -> None:
        if (line_id := self.lines.cursor_id) is not None:
            self.stop_bulk(BatchId(self.bulk.batches[line_id].batch_id))

    def do_go_on(self) -> None:
        if (line_id := self.lines.cursor_id) is not None:
            self.go_on(BatchId(self.bulk.batches[line_id].batch_id))

    @work(group="change", exit_on_error=False)
    async def undo(self, batch_id: BatchId) -> None:
        preview = await self.session.services.bulk.preview_undo(batch_id)
        if await self.app.push_screen_wait(Confirm(self.session, "Undo this bulk change?", undo_words(preview))):
            report = await self.session.services.bulk.undo(batch_id)
            self._ended("activity.undo", batch_id, report)

    @work(group="change", exit_on_error=False)
    async def stop_bulk(self, batch_id: BatchId) -> None:
        await self.session.services.bulk.stop(batch_id)
        self.session.did("activity.stop", [str(batch_id)], "it ends after the orders under way")
        self.say("It ends after the orders under way; c goes on with it.")
        await self.read()

    @work(group="change", exit_on_error=False)
    async def go_on(self, batch_id: BatchId) -> None:
        self.say("Going on; its line shows how far it is.")
        self._ended("activity.continue", batch_id, await self.session.services.bulk.go_on(batch_id))

    def _ended(self, action_id: str, batch_id: BatchId, report: BatchReport) -> None:
        outcome = f"{report.changed:,} changed, {report.unchanged:,} as asked already, {report.failed:,} refused"
        self.session.did(action_id, [str(batch_id)], outcome)
        self.say(f"{outcome[0].upper()}{outcome[1:]}.")
        self.read_part()


def undo_words(preview: BulkPreview) -> str:
    """What undoing would do, counted, with the reason of each refusal."""
    lines = [f"{orders:>7,}  {change}" for change, orders in preview.moves]
    if preview.unchanged:
        lines.append(f"{preview.unchanged:>7,}  are as they were already")
    lines += [f"{each.orders:>7,}  refused: {plain(each.example)}" for each in preview.refusals]
    return "\n".join([*lines, "", "Enter puts them back, escape changes nothing."])
