"""Changing the status of many orders: choose, see what would happen, give a reason, watch, read what was refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from textual import on, work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Input, OptionList, Static

from engine.identifiers import OrderId
from engine.orders.plain_text import plain
from engine.orders.views import BatchReport, ChangeOutcome, OrderRow
from engine.words import OrderStatus
from orders_tui.actions import Scope
from orders_tui.formatting import what_changed
from orders_tui.modals.form import Form
from orders_tui.modals.report import outcome_lines
from orders_tui.panes.line_list import LineList
from orders_tui.state import Session

IRREVERSIBLE = frozenset({OrderStatus.SHIPPED, OrderStatus.DELIVERED})
"""Statuses that TikTok and the buyer are told of and that never go back; their name has to be typed."""

_CHANGED_MEANWHILE = "order.changed_meanwhile"


class Stage(StrEnum):
    """How far the change has come."""

    CHOOSE = "choose"
    PREVIEW = "preview"
    CHANGING = "changing"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The orders to change, and those of their rows that the person saw."""

    order_ids: tuple[OrderId, ...]
    seen: Mapping[OrderId, OrderRow]

    @property
    def versions(self) -> dict[OrderId, int]:
        return {order_id: row.version for order_id, row in self.seen.items()}


class StatusChange(Form[bool]):
    """Closes with True when anything may have changed."""

    def __init__(self, session: Session, chosen: Chosen) -> None:
        count = len(chosen.order_ids)
        super().__init__(session, f"Change the status of {count:,} order{'s' if count != 1 else ''}")
        self.chosen = chosen
        self.stage = Stage.CHOOSE
        self.status: OrderStatus | None = None
        self.outcomes: list[ChangeOutcome] = []

    def body(self) -> ComposeResult:
        yield LineList()
        with VerticalScroll(classes="outcomes"):
            yield Static("", id="outcomes", markup=False)
        yield Input(placeholder="reason, kept in the history", id="reason", compact=True)
        yield Input(id="word", compact=True)

    @property
    def lines(self) -> LineList:
        return self.query_one(LineList)

    def receiver(self, scope: Scope) -> Form[bool] | LineList:
        return self.lines if scope is Scope.LIST else self

    def on_mount(self) -> None:
        super().on_mount()
        self.lines.show([(status, Content(status)) for status in OrderStatus])
        self._enter(Stage.CHOOSE)
        self.set_focus(self.lines)

    def _enter(self, stage: Stage) -> None:
        self.stage = stage
        for name in Stage:
            self.set_class(name is stage, f"-{name}")
        self.set_class(stage is Stage.PREVIEW and self._hopeless, "-hopeless")
        self.set_class(stage is Stage.PREVIEW and not self._hopeless and self.status in IRREVERSIBLE, "-irreversible")

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.do_confirm()

    def do_confirm(self) -> None:
        match self.stage:
            case Stage.CHOOSE:
                if (line := self.lines.cursor_id) is not None:
                    self.status = OrderStatus(line)
                    self.preview(self.status)
            case Stage.PREVIEW:
                self._ask_again()
            case Stage.REPORT:
                self.close(True)
            case Stage.CHANGING:
                pass

    def do_cancel(self) -> None:
        match self.stage:
            case Stage.PREVIEW:
                self.complain("")
                self._enter(Stage.CHOOSE)
                self.set_focus(self.lines)
            case Stage.CHANGING:
                self.complain("The change is under way; it ends by itself.")
            case _:
                self.close(self.stage is Stage.REPORT)

    @work(group="status", exclusive=True, exit_on_error=False)
    async def preview(self, status: OrderStatus) -> None:
        """Ask what would happen, and show it."""
        self.complain("")
        self.outcomes = await self.session.services.preview_status(self.chosen.order_ids, status)
        self.query_one("#outcomes", Static).update(preview_lines(self.outcomes))
        self.query_one("#word", Input).placeholder = f"there is no way back: type {status} to confirm"
        self._enter(Stage.PREVIEW)
        if self._hopeless:
            self.complain("None of these orders may take that status; escape goes back to choose another.")
        self.set_focus(None if self._hopeless else self.query_one("#reason", Input))

    @property
    def _hopeless(self) -> bool:
        """Every order would be refused."""
        return all(outcome.refused for outcome in self.outcomes)

    def _ask_again(self) -> None:
        reason, word = self.query_one("#reason", Input).value.strip(), self.query_one("#word", Input).value.strip()
        status = self.status
        assert status is not None, "a preview has a status"
        if self._hopeless:
            return
        if not reason:
            self.complain("Give a reason; it is kept in every order's history.")
        elif status in IRREVERSIBLE and word.lower() != status:
            self.complain(f"There is no way back from {status}: type the word {status} to confirm.")
            self.set_focus(self.query_one("#word", Input))
        else:
            self.complain("")
            self._enter(Stage.CHANGING)
            self.change(status, reason)

    @work(group="status", exclusive=True, exit_on_error=False)
    async def change(self, status: OrderStatus, reason: str) -> None:
        """Change them, then show what was refused."""
        self._progress(0, len(self.chosen.order_ids))
        report = await self.session.services.change_status(
            self.chosen.order_ids,
            status,
            reason=reason,
            expected_versions=self.chosen.versions,
            on_progress=self._progress,
        )
        present = await self.session.services.rows([outcome.order_id for outcome in report.errors][:200])
        errors = in_words(report.errors, self.chosen.seen, {row.order_id: row for row in present})
        self.query_one("#outcomes", Static).update(report_lines(report, errors))
        self._enter(Stage.REPORT)
        self.set_focus(None)

    def failed(self) -> None:
        if self.stage is Stage.CHANGING:
            self._enter(Stage.REPORT)
            self.set_focus(None)

    def _progress(self, done: int, total: int) -> None:
        if self.is_attached:
            self.query_one("#outcomes", Static).update(Content(f"{done:,} of {total:,} changed"))


def preview_lines(outcomes: Sequence[ChangeOutcome]) -> Content:
    """How many go from where to where, and how many are refused for which reason."""
    moves = Counter((outcome.before, outcome.after) for outcome in outcomes if not outcome.refused)
    refusals = Counter(plain(outcome.sentence) for outcome in outcomes if outcome.refused)
    lines = [Content(f"{count:>7,}  {before} → {after}") for (before, after), count in moves.most_common()]
    if refusals:
        lines.append(Content.styled(f"{refusals.total():>7,}  refused:", "bold $text-error"))
        lines.extend(Content(f"{count:>7,}  {sentence}") for sentence, count in refusals.most_common())
    return Content("\n").join(lines)


def report_lines(report: BatchReport, errors: Sequence[ChangeOutcome]) -> Content:
    """The end of a change: how many, and each order that was refused."""
    already = f", {report.unchanged:,} as asked already" if report.unchanged else ""
    heading = Content.styled(f"{report.changed:,} changed, {report.failed:,} refused{already}", "bold")
    return Content("\n").join([heading, outcome_lines(errors)]) if errors else heading


def in_words(
    errors: Sequence[ChangeOutcome], seen: Mapping[OrderId, OrderRow], present: Mapping[OrderId, OrderRow]
) -> list[ChangeOutcome]:
    """The refusals, those of stale rows saying what changed since the person looked."""
    spoken = []
    for error in errors:
        before, now = seen.get(error.order_id), present.get(error.order_id)
        if error.code == _CHANGED_MEANWHILE and before is not None and now is not None:
            sentence = f"Changed since you looked: {what_changed(before, now)}. Look again, then decide."
            spoken.append(
                ChangeOutcome(error.order_id, error.order_number, error.before, error.after, error.code, sentence)
            )
        else:
            spoken.append(error)
    return spoken
