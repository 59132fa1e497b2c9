"""Failed: what stopped, grouped by cause; mend once, retry all; whose it is, and who is at it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static

from engine.fleet.presence import AtWork
from engine.orders.bulk.requests import BulkKind
from engine.orders.views import FailureView, OrderFilter, OrderRow, OrderSort
from orders_tui.actions import Scope
from orders_tui.bindings import bindings_of
from orders_tui.formatting import words
from orders_tui.messages import OrdersAsked
from orders_tui.modals.bulk.change import BulkChange
from orders_tui.modals.bulk.chosen import Chosen
from orders_tui.modals.mending import Mending, mending_for
from orders_tui.modals.retrying import retry_with_report
from orders_tui.pace import Pace
from orders_tui.panes.failed_lines import Line, cause_content, line_content
from orders_tui.panes.line_list import LineList
from orders_tui.reach import Situation
from orders_tui.screens.choosing_screen import ChoosingScreen
from orders_tui.screens.list_screen import ListScreen
from orders_tui.state import Session
from orders_tui.tasks import failures

MOST_IN_GROUP = 10_000
"""The most orders that are retried at once after their cause was mended."""

SHOWN_IN_GROUP = 200
"""So many orders of an opened group are listed, the nearest deadline first."""

READ_SECONDS = 1.0
"""The groups are read again this often."""


class FailedScreen(ListScreen, ChoosingScreen):
    """Groups, each opening into its orders; below, the cause of what is under the cursor. Chosen is the order, or its group."""

    SCOPES = (Scope.FAILED, Scope.CHOSEN, Scope.LIST)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Scope.FAILED, Scope.CHOSEN)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.shown: dict[str, Line] = {}
        self.with_snoozed = False
        self._opened: set[str] = set()
        self._pace = Pace(READ_SECONDS)
        self._said: Content | None = None

    def body(self) -> ComposeResult:
        yield Static(f"{'  cause':<36}{'orders':>7}{'ship by':>10}   what to do", classes="heading", markup=False)
        yield LineList()
        with VerticalScroll(id="cause", can_focus=False):
            yield Static("", id="evidence", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        self.read_groups()

    # ------------------------------------------------------------------ what is shown

    @work(group="groups", exclusive=True, exit_on_error=False)
    async def read_groups(self) -> None:
        await self.after_change()

    async def after_change(self) -> None:
        self._pace.hurry()
        await self.refresh_live()

    async def read(self) -> None:
        await self.after_change()

    async def refresh_live(self) -> None:
        """Read the groups, and the orders of those that are open."""
        if not self._pace.due(self.session.clock()):
            return
        queue = self.session.services.failures_queue
        lines: list[Line] = []
        for group in await queue.groups(with_snoozed=self.with_snoozed):
            lines.append(Line(group))
            if group.fingerprint in self._opened:
                found = await queue.of_group(group.fingerprint, limit=SHOWN_IN_GROUP)
                lines += [Line(group, failure) for failure in found if self._in_sight(failure)]
        self.shown = {line.id: line for line in lines}
        self._opened &= {line.group.fingerprint for line in lines}
        self._draw()

    def _in_sight(self, failure: FailureView) -> bool:
        until: datetime | None = failure.snoozed_until
        return self.with_snoozed or until is None or until <= datetime.now(until.tzinfo)

    def _draw(self) -> None:
        viewer = self.session.viewer()
        self.lines.show(
            [
                (line.id, line_content(line, viewer, opened=line.id in self._opened, here=self._here(line)))
                for line in self.shown.values()
            ]
        )
        self._show_cause()

    def _here(self, line: Line) -> str:
        """Who else has this order, or this group, before them."""
        present = self.session.presence
        if line.failure is None:
            return present.about_group(line.group.fingerprint)
        return present.at_order(line.failure.order_id)

    @property
    def line(self) -> Line | None:
        """What is under the cursor."""
        return self.shown.get(self.lines.cursor_id or "")

    @on(OptionList.OptionHighlighted)
    def _show_cause(self) -> None:
        line = self.line
        said = cause_content(line, self.session.viewer()) if line else Content("Nothing has failed.")
        if said != self._said:
            self._said = said
            self.query_one("#evidence", Static).update(said)

    def situation(self) -> Situation:
        line = self.line
        return Situation(
            connected=self.session.connected,
            read_only=self.session.options.read_only,
            role=self.session.role,
            chosen=0 if line is None else 1 if line.failure else line.group.orders,
            group_code=line.group.code if line else "",
            on_order=line is not None and line.failure is not None,
        )

    def at_work(self) -> AtWork | None:
        line = self.line
        if line is None:
            return None
        return AtWork(line.failure.order_id if line.failure else None, line.group.fingerprint)

    # ------------------------------------------------------------------ what is chosen

    @property
    def cursor_row(self) -> OrderRow | None:
        return None

    async def chosen(self) -> Chosen:
        """The order under the cursor, or all of its group."""
        line = self.line
        if line is None:
            return Chosen()
        if line.failure is None:
            return Chosen.all_of(self.group_filter(line), frozenset(), line.group.orders)
        order_id = line.failure.order_id
        rows = await self.session.services.rows([order_id])
        return Chosen.named((order_id,), {row.order_id: row for row in rows})

    @staticmethod
    def group_filter(line: Line) -> OrderFilter:
        return OrderFilter(failure_fingerprint=line.group.fingerprint, sort=OrderSort.SHIP_BY, ascending=True)

    # ------------------------------------------------------------------ looking

    def do_open(self) -> None:
        line = self.line
        if line is None:
            return
        if line.failure is not None:
            self.post_message(OrdersAsked(self.group_filter(line), line.group.code, line.failure.order_id))
            return
        self._opened ^= {line.group.fingerprint}
        self.read_groups()

    def do_show(self) -> None:
        if (line := self.line) is not None:
            self.post_message(OrdersAsked(self.group_filter(line), words(line.group.code)))

    def do_snoozed(self) -> None:
        self.with_snoozed = not self.with_snoozed
        self.read_groups()

    # ------------------------------------------------------------------ doing

    def do_retry_group(self) -> None:
        if (line := self.line) is not None:
            self.retry_group(Chosen.all_of(self.group_filter(line), frozenset(), line.group.orders))

    def do_take(self) -> None:
        self.work_on(failures.take)

    def do_give(self) -> None:
        self.work_on(failures.give)

    def do_snooze(self) -> None:
        self.work_on(failures.snooze)

    def do_wake(self) -> None:
        self.work_on(failures.wake)

    def do_mend(self) -> None:
        if (line := self.line) is not None:
            self.mend(line)

    @work(group="change", exit_on_error=False)
    async def retry_group(self, chosen: Chosen) -> None:
        await self.ask(BulkChange(self.session, BulkKind.RETRY, chosen))

    @work(group="change", exit_on_error=False)
    async def work_on(self, task: failures.FailureTask) -> None:
        if (line := self.line) is not None:
            await task(self, await self.chosen(), line.group.fingerprint if line.failure is None else "")

    @work(group="change", exit_on_error=False)
    async def mend(self, line: Line) -> None:
        """Show the form for this cause; when something was mended, retry what it stopped."""
        failure = line.failure or line.group.sample[0]
        mending = await mending_for(self.session, line.group.code, line.about, failure)
        done = await self.app.push_screen_wait(mending.form)
        if done is None:
            return
        self.say(done)
        self.session.did("failed.mend", mending.arguments, done, twin=mending.twin)
        await self._retry_mended(line, mending, failure, done)

    async def _retry_mended(self, line: Line, mending: Mending, failure: FailureView, reason: str) -> None:
        order_ids = [failure.order_id]
        if not mending.one_order:
            matching = self.group_filter(line)
            order_ids = await self.session.services.ids_matching(matching, limit=MOST_IN_GROUP)
        if order_ids:  # with a daemon about, what waited for stock may have gone on by itself meanwhile
            await retry_with_report(self, order_ids, reason=reason)
