"""Failed: what stopped, grouped by cause; mend once, retry all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static

from engine.identifiers import OrderId
from engine.orders.plain_text import plain
from engine.orders.views import FailureGroup, FailureView, OrderFilter, OrderSort
from orders_tui.actions import Scope
from orders_tui.bindings import bindings_of
from orders_tui.formatting import deadline, fit, moment, words
from orders_tui.messages import OrdersAsked
from orders_tui.modals.confirm import Confirm
from orders_tui.modals.mend import Mend, correct_address, receive_stock, weigh
from orders_tui.modals.retrying import retry_with_report
from orders_tui.panes.line_list import LineList
from orders_tui.panes.summary import labelled
from orders_tui.reach import MENDABLE, Situation
from orders_tui.screens.list_screen import ListScreen
from orders_tui.state import Session, Viewer

MOST_IN_GROUP = 10_000
"""The most orders that one retry of a group takes."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a group, or one failed order of an opened group."""

    group: FailureGroup
    failure: FailureView | None = None

    @property
    def id(self) -> str:
        return str(self.failure.failure_id) if self.failure else self.group.fingerprint

    @property
    def about(self) -> str:
        """What the group is about, mostly a SKU: the part of the fingerprint after its code."""
        return self.group.fingerprint.partition(":")[2]


class FailedScreen(ListScreen):
    """Groups, each opening into its orders; below, the cause of what is under the cursor."""

    SCOPES = (Scope.FAILED, Scope.LIST)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Scope.FAILED)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.shown: dict[str, Line] = {}
        self._opened: set[str] = set()

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
        await self.refresh_live()

    async def refresh_live(self) -> None:
        """Read the groups, and the orders of those that are open."""
        services = self.session.services
        lines: list[Line] = []
        for group in await services.failure_groups():
            lines.append(Line(group))
            if group.fingerprint in self._opened:
                lines += [Line(group, failure) for failure in await services.failures(group.fingerprint)]
        self.shown = {line.id: line for line in lines}
        self._opened &= {line.group.fingerprint for line in lines}
        viewer = self.session.viewer()
        self.lines.show([(line.id, line_content(line, viewer, opened=line.id in self._opened)) for line in lines])
        self._show_cause()

    @property
    def line(self) -> Line | None:
        """What is under the cursor."""
        return self.shown.get(self.lines.cursor_id or "")

    @on(OptionList.OptionHighlighted)
    def _show_cause(self) -> None:
        line = self.line
        text = cause_content(line, self.session.viewer()) if line else Content("Nothing has failed.")
        self.query_one("#evidence", Static).update(text)

    def situation(self) -> Situation:
        line = self.line
        return Situation(
            connected=self.session.connected,
            read_only=self.session.options.read_only,
            group_code=line.group.code if line else "",
            on_order=line is not None and line.failure is not None,
        )

    # ------------------------------------------------------------------ actions

    def do_open(self) -> None:
        line = self.line
        if line is None:
            return
        if line.failure is not None:
            self.post_message(OrdersAsked(self._group_filter(line), line.group.code, line.failure.order_id))
            return
        self._opened ^= {line.group.fingerprint}
        self.read_groups()

    def do_show(self) -> None:
        if (line := self.line) is not None:
            self.post_message(OrdersAsked(self._group_filter(line), words(line.group.code)))

    def do_retry(self) -> None:
        if (line := self.line) is not None and line.failure is not None:
            self.retry([line.failure.order_id])

    def do_retry_group(self) -> None:
        if (line := self.line) is not None:
            self.retry_group(line)

    def do_mend(self) -> None:
        if (line := self.line) is not None:
            self.mend(line)

    @staticmethod
    def _group_filter(line: Line) -> OrderFilter:
        return OrderFilter(failure_fingerprint=line.group.fingerprint, sort=OrderSort.SHIP_BY, ascending=True)

    @work(group="change", exit_on_error=False)
    async def retry(self, order_ids: list[OrderId]) -> None:
        await retry_with_report(self, order_ids)

    @work(group="change", exit_on_error=False)
    async def retry_group(self, line: Line) -> None:
        count = line.group.orders
        consequence = (
            f"{plain(line.group.cause)}\n\nEach order goes on from where it stopped. Enter retries, escape goes back."
        )
        title = f"Retry {count:,} order{'s' if count != 1 else ''}?"
        if await self.app.push_screen_wait(Confirm(self.session, title, consequence)):
            await self._retry_all(line)

    async def _retry_all(self, line: Line, reason: str = "") -> None:
        failed = await self.session.services.ids_matching(self._group_filter(line), limit=MOST_IN_GROUP)
        if failed:  # with a daemon about, what waited for stock may have gone on by itself meanwhile
            await retry_with_report(self, failed, reason=reason)

    @work(group="change", exit_on_error=False)
    async def mend(self, line: Line) -> None:
        """Show the form for this cause; when something was mended, retry what it stopped."""
        form = await self._form(line)
        done = await self.app.push_screen_wait(form) if form else None
        if done is None:
            return
        self.say(done)
        if line.group.code == "bad_address":
            failure = line.failure or line.group.sample[0]
            await retry_with_report(self, [failure.order_id], reason=done)
        else:
            await self._retry_all(line, reason=done)

    async def _form(self, line: Line) -> Mend | None:
        match line.group.code:
            case "out_of_stock":
                return receive_stock(self.session, line.about)
            case "missing_weight":
                return weigh(self.session, line.about)
            case "bad_address":
                failure = line.failure or line.group.sample[0]
                detail = await self.session.services.detail(failure.order_id)
                return correct_address(self.session, detail)
            case code:
                assert code not in MENDABLE, f"{code} is offered as mendable and has no form"
                return None


def line_content(line: Line, viewer: Viewer, *, opened: bool) -> Content:
    """One line of the list."""
    group, failure = line.group, line.failure
    if failure is not None:
        since = f"failed {moment(failure.created_at, viewer)}"
        return Content.assemble(
            "     ",
            failure.order_number,
            (f"  {since}, {failure.attempts} {'try' if failure.attempts == 1 else 'tries'}", "$text-muted"),
        )
    name = fit(f"{'▾' if opened else '▸'} {words(group.code)} {line.about}", 36)
    return Content.assemble(
        (f"{name}{group.orders:>7,}", "bold"),
        f"{deadline(group.nearest_ship_by, viewer):>10}   ",
        (plain(group.what_to_do), "$text-muted"),
    )


def cause_content(line: Line, viewer: Viewer) -> Content:
    """The cause, the evidence and the mend of what is under the cursor."""
    group, failure = line.group, line.failure or next(iter(line.group.sample), None)
    facts = [
        ("cause", plain(line.failure.cause if line.failure else group.cause)),
        ("do", plain(group.what_to_do)),
        ("mend", f"e: {MENDABLE[group.code].lower()}, then it is retried" if group.code in MENDABLE else ""),
        ("class", group.error_class),
        ("failed", f"{moment(group.oldest_at, viewer)} to {moment(group.newest_at, viewer)}"),
    ]
    if failure is not None:
        facts.append(("from", words(failure.failed_from)))
        facts.extend((plain(name)[:8], plain(text)) for name, text in failure.evidence.items())
    return labelled(facts)
