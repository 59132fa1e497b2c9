"""Activity: what this console did and with which command, what others did, bulk changes, mistakes of the program."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static

from engine.identifiers import BatchId, OrderId
from engine.orders.bulk.requests import BulkPreview
from engine.orders.plain_text import plain
from engine.orders.views import BatchReport, OrderFilter
from orders_tui.actions import Scope
from orders_tui.activity.audit import AuditPart
from orders_tui.activity.bulk import BulkPart
from orders_tui.activity.here import HerePart
from orders_tui.activity.mistakes import MistakesPart
from orders_tui.activity.part import Part
from orders_tui.bindings import bindings_of
from orders_tui.messages import OrdersAsked, OrdersMarked
from orders_tui.modals.confirm import Confirm
from orders_tui.modals.phrase import Phrase
from orders_tui.pace import Pace
from orders_tui.panes.line_list import LineList
from orders_tui.reach import Situation
from orders_tui.screens.list_screen import ListScreen
from orders_tui.state import Session

READ_SECONDS = 2.0
"""The lines are read again this often."""


class ActivityScreen(ListScreen):
    """One part at a time; what it says of the line under the cursor stands below."""

    SCOPES = (Scope.ACTIVITY, Scope.LIST)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Scope.ACTIVITY)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.bulk = BulkPart(session)
        self.audit = AuditPart(session)
        self.parts: tuple[Part, ...] = (HerePart(session), self.audit, self.bulk, MistakesPart(session))
        self.part: Part = self.parts[0]
        self._said: Content | None = None
        self._pace = Pace(READ_SECONDS)

    def body(self) -> ComposeResult:
        yield Static("", id="parts", markup=False)
        yield Static("", id="columns", classes="heading", markup=False)
        yield LineList()
        with VerticalScroll(id="about", can_focus=False):
            yield Static("", id="said", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        self.open_part(self.part)

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self.read_part()

    # ------------------------------------------------------------------ what is shown

    def open_part(self, part: Part) -> None:
        """Show another part from its first line."""
        self.part = part
        names: list[Content | str | tuple[str, str]] = []
        for each in self.parts:
            names += [(f" {each.title} ", "bold reverse") if each is part else (f" {each.title} ", "$text-muted"), " "]
        self.query_one("#parts", Static).update(Content.assemble(*names))
        self.query_one("#columns", Static).update(Content(part.heading))
        self.lines.show([])
        self._show_lines()
        self.read_part()

    @work(group="part", exclusive=True, exit_on_error=False)
    async def read_part(self) -> None:
        await self.read()

    async def read(self) -> None:
        self._pace.hurry()
        await self.refresh_live()

    async def refresh_live(self) -> None:
        if not self._pace.due(self.session.clock()):
            return
        part = self.part
        await part.read()
        if part is self.part:
            self._show_lines()
            await self._say()

    def _show_lines(self) -> None:
        self.lines.show(list(self.part.lines(self.session.viewer())))
        if self.lines.highlighted is None and self.lines.option_count:
            self.lines.highlighted = 0

    @on(OptionList.OptionHighlighted)
    def _moved(self) -> None:
        self.say_more()

    @work(group="about", exclusive=True, exit_on_error=False)
    async def say_more(self) -> None:
        part, line_id = self.part, self.lines.cursor_id
        if line_id is not None and await part.go_beyond(line_id) and part is self.part:
            self._show_lines()
        await self._say()

    async def _say(self) -> None:
        part, line_id = self.part, self.lines.cursor_id
        said = Content.styled(part.empty, "$text-muted")
        if line_id is not None:
            said = await part.detail(line_id, self.session.viewer())
        if part is self.part and line_id == self.lines.cursor_id and said != self._said:
            self._said = said
            self.query_one("#said", Static).update(said)

    def situation(self) -> Situation:
        line_id = self.lines.cursor_id
        return Situation(
            connected=self.session.connected,
            read_only=self.session.options.read_only,
            behind=self._order_id() is not None,
            command=line_id is not None and bool(self.part.command(line_id)),
            refused=self.bulk.refused(line_id) if line_id is not None and self.part is self.bulk else 0,
            bulk_state=self.part.bulk_state(line_id) if line_id is not None else "",
        )

    # ------------------------------------------------------------------ actions

    def do_part(self, step: str) -> None:
        at = self.parts.index(self.part)
        self.open_part(self.parts[(at + int(step)) % len(self.parts)])

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

    def do_copy(self) -> None:
        if (line_id := self.lines.cursor_id) is not None:
            command = self.part.command(line_id)
            self.app.copy_to_clipboard(command)
            self.say(f"Copied: {command[:200]}")

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
