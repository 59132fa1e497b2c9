"""Doing one thing to many orders: choose, see what would happen, give a reason, confirm, watch, read what was refused."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import ClassVar
from uuid import UUID

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static

from engine.identifiers import BatchId, OrderId
from engine.orders.bulk.requests import BatchView, BulkKind, BulkPreview
from orders_tui.actions import Scope
from orders_tui.bindings import bindings_of
from orders_tui.modals.bulk.asked import Asked, ChangeAsked, UndoAsked
from orders_tui.modals.bulk.chosen import Chosen
from orders_tui.modals.bulk.kinds import (
    FIELDS,
    REASON_KEPT,
    REASON_NEEDED,
    STRAIGHT,
    TITLES,
    Choice,
    choices_of,
    request_of,
)
from orders_tui.modals.bulk.words import (
    SHOWN,
    changing,
    done_sentence,
    in_words,
    preview_lines,
    report_heading,
    report_lines,
    stale_words,
    to_type,
)
from orders_tui.modals.fields import field_lines, values_of
from orders_tui.modals.form import Form
from orders_tui.panes.key_line import KeyLine
from orders_tui.panes.line_list import LineList
from orders_tui.reach import Situation
from orders_tui.state import Session

_PROGRESS_SECONDS = 0.2
"""Progress is drawn this often at most, so that a slow line is not filled with numbers."""


class Stage(StrEnum):
    """How far the change has come."""

    CHOOSE = "choose"
    LOOKING = "looking"
    PREVIEW = "preview"
    CHANGING = "changing"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class Ended:
    """How the form was left: a sentence when all went well, or refused orders that somebody wants to see."""

    sentence: str = ""
    show: tuple[OrderId, ...] = ()


class BulkChange(Form[Ended]):
    """Closes with `Ended` when anything may have changed, else with None. `given` is a choice made already."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Scope.REPORT)

    def __init__(self, session: Session, kind: BulkKind, chosen: Chosen, *, given: Choice | None = None) -> None:
        heading = TITLES[kind] if kind is BulkKind.UNDO else f"{TITLES[kind]} {chosen.words}"
        super().__init__(session, heading)
        self.kind = kind
        self.chosen = chosen
        self.stage = Stage.CHOOSE
        self.choices: dict[str, Choice] = {}
        self.asked: Asked | None = None
        self.outlook: BulkPreview | None = None
        self.ended: BatchView | None = None
        self._given = given
        self._batch_id: BatchId | None = None
        self._stop_wanted = False
        self._drawn_at = 0.0

    def body(self) -> ComposeResult:
        yield LineList()
        yield from field_lines(FIELDS.get(self.kind, ()))
        with VerticalScroll(classes="outcomes"):
            yield Static("", id="outcomes", markup=False)
        needed = "" if self.kind in REASON_NEEDED else " (may stay empty)"
        yield Input(placeholder=f"reason, kept in the history{needed}", id="reason", compact=True)
        yield Input(id="word", compact=True)

    @property
    def lines(self) -> LineList:
        return self.query_one(LineList)

    def receiver(self, scope: Scope) -> Widget:
        return self.lines if scope is Scope.LIST else self

    def on_mount(self) -> None:
        super().on_mount()
        self.warn_of_others(self.chosen.only)
        self._enter(Stage.CHOOSE)
        self.offer()

    # ------------------------------------------------------------------ stages

    def _enter(self, stage: Stage) -> None:
        self.stage = stage
        for name in Stage:
            self.set_class(name is stage, f"-{name}")
        open_to_words = stage is Stage.PREVIEW and not self._hopeless
        self.set_class(open_to_words and self.kind in REASON_KEPT, "-reason")
        self.set_class(open_to_words and bool(self._to_type), "-word")
        self.set_class(bool(self.choices), "-choices")
        scopes = (Scope.REPORT, Scope.FORM) if stage is Stage.REPORT else (Scope.FORM,)
        self.query_one(KeyLine).show(*scopes)

    @property
    def _hopeless(self) -> bool:
        """Nothing would change."""
        return self.outlook is not None and not changing(self.outlook)

    @property
    def _to_type(self) -> str:
        return to_type(self.asked.word, self.outlook) if self.asked and self.outlook else ""

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.do_confirm()

    def do_confirm(self) -> None:
        match self.stage:
            case Stage.CHOOSE:
                self._ask()
            case Stage.PREVIEW:
                self._ask_again()
            case Stage.REPORT:
                self.close(Ended())
            case Stage.LOOKING | Stage.CHANGING:
                pass

    def do_cancel(self) -> None:
        match self.stage:
            case Stage.LOOKING | Stage.PREVIEW:
                self.workers.cancel_group(self, "bulk")
                self.outlook = None
                self.complain("")
                if (not self.choices and not FIELDS.get(self.kind)) or self._given:
                    self.close(None)
                else:
                    self._enter(Stage.CHOOSE)
                    self._focus_choice()
            case Stage.CHANGING:
                self._stop_wanted = True
                self.complain("It stops after the orders under way …")
                if self._batch_id is not None:
                    self.stop(self._batch_id)
            case Stage.REPORT:
                self.close(Ended())
            case Stage.CHOOSE:
                self.close(None)

    def failed(self) -> None:
        if self.stage is Stage.CHANGING:
            self._enter(Stage.REPORT)
            self.set_focus(None)
        elif self.stage is Stage.LOOKING:
            self._enter(Stage.CHOOSE)
            self._focus_choice()

    # ------------------------------------------------------------------ choosing

    @work(group="bulk", exclusive=True, exit_on_error=False)
    async def offer(self) -> None:
        """Read what there is to choose from; where there is nothing, the preview is next."""
        if self._given is None:
            found = await choices_of(self.kind, self.chosen, self.session.services)
            self.choices = {choice.id: choice for choice in found}
            self.lines.show([(choice.id, _choice_line(choice)) for choice in found])
        self._enter(Stage.CHOOSE)
        if self.kind is BulkKind.UNDO and not self.choices:
            self.complain("You have changed nothing yet that could be undone.")
        elif self.choices or FIELDS.get(self.kind):
            self._focus_choice()
        else:
            self._ask()

    def _focus_choice(self) -> None:
        fields = FIELDS.get(self.kind, ())
        self.set_focus(self.lines if self.choices or not fields else self.query_one(f"#{fields[0].name}", Input))

    def _ask(self) -> None:
        """Make a request of what was chosen and typed, and look what it would do."""
        choice = self._given or self.choices.get(self.lines.cursor_id or "")
        if choice is not None and choice.why_not:
            self.complain(choice.why_not)
            return
        services = self.session.services
        try:
            if self.kind is BulkKind.UNDO:
                if choice is None:
                    return
                self.asked = UndoAsked(services, choice.parameters["batch"])
            else:
                values = values_of(self, FIELDS.get(self.kind, ()))
                self.asked = ChangeAsked(services, request_of(self.kind, choice, values), self.chosen)
        except ValueError as error:
            self.complain(str(error))
            return
        self.complain("")
        self._enter(Stage.LOOKING)
        self._tell("looking …")
        self.set_focus(None)
        self.look(self.asked)

    @work(group="bulk", exclusive=True, exit_on_error=False)
    async def look(self, asked: Asked) -> None:
        """Ask what would happen, and show it; one order that nothing stands in the way of is changed at once."""
        self.outlook = outlook = await asked.preview(self._looked_at)
        seen = self.chosen.seen.get(self.chosen.only) if self.chosen.only else None
        if seen is not None and outlook.refused:
            self.outlook = outlook = stale_words(outlook, seen, *(await self.session.services.rows([seen.order_id])))
        straight = self.kind in STRAIGHT and self.chosen.only is not None
        if straight and changing(outlook):
            self._begin("")
            return
        self.query_one("#outcomes", Static).update(preview_lines(outlook))
        word = self._to_type
        if word.isdecimal():
            self.query_one("#word", Input).placeholder = f"{int(word):,} orders: type their number to confirm"
        else:
            self.query_one("#word", Input).placeholder = f"there is no way back: type {word} to confirm"
        self._enter(Stage.PREVIEW)
        if self._hopeless:
            self.complain(_hopeless_words(outlook))
        self.set_focus(self._first_question())

    def _first_question(self) -> Widget | None:
        if self._hopeless:
            return None
        if self.kind in REASON_KEPT:
            return self.query_one("#reason", Input)
        return self.query_one("#word", Input) if self._to_type else None

    # ------------------------------------------------------------------ confirming and changing

    def _ask_again(self) -> None:
        if self._hopeless:
            return
        reason, typed = self.query_one("#reason", Input).value.strip(), self.query_one("#word", Input).value.strip()
        wanted = self._to_type
        if self.kind in REASON_NEEDED and not reason:
            self.complain("Give a reason; it is kept in every order's history.")
            self.set_focus(self.query_one("#reason", Input))
        elif wanted.isdecimal() and typed.replace(",", "") != wanted:
            self.complain(f"{int(wanted):,} orders would change: type their number to confirm.")
            self.set_focus(self.query_one("#word", Input))
        elif not wanted.isdecimal() and typed.lower() != wanted and wanted:
            self.complain(f"There is no way back from {wanted}: type the word {wanted} to confirm.")
            self.set_focus(self.query_one("#word", Input))
        else:
            self._begin(reason)

    def _begin(self, reason: str) -> None:
        assert self.asked is not None, "a preview has been asked for"
        self.complain("")
        self._enter(Stage.CHANGING)
        self.set_focus(None)
        self.change(self.asked, reason)

    @work(group="bulk", exclusive=True, exit_on_error=False)
    async def change(self, asked: Asked, reason: str) -> None:
        """Change them, then show what was refused. What has no way back touches no more orders than were looked at."""
        assert self.outlook is not None, "nothing is changed that was not looked at"
        self._tell("beginning …")
        report = await asked.run(
            reason,
            on_progress=self._changed,
            on_begin=self._begun,
            at_most=self.outlook.total if asked.word else None,
        )
        batch_id = BatchId(UUID(report.batch_id))
        await self._ended(batch_id)
        assert self.ended is not None, "what was done has been read"
        twin, arguments = asked.command(batch_id, reason)
        self.session.did(f"orders.{self.kind}", arguments, report_heading(self.ended), twin=twin)

    def _begun(self, batch_id: BatchId) -> None:
        self._batch_id = batch_id
        if self._stop_wanted and self.is_attached:
            self.stop(batch_id)

    @work(group="stop", exclusive=True, exit_on_error=False)
    async def stop(self, batch_id: BatchId) -> None:
        await self.session.services.bulk.stop(batch_id)

    async def _ended(self, batch_id: BatchId) -> None:
        self.ended = batch = await self.session.services.bulk.batch(batch_id)
        unfinished = batch.finished_at is None
        self._stop_wanted = False
        if not batch.failed and not unfinished and batch.changed:
            number = batch.changed
            what = self.chosen.words if self.chosen.only else f"{number:,} order{'s' if number != 1 else ''}"
            self.close(Ended(done_sentence(batch, what)))
            return
        told = batch.errors[:SHOWN]
        present = await self.session.services.rows([OrderId(UUID(error.order_id)) for error in told])
        errors = in_words(told, self.chosen.seen, {str(row.order_id): row for row in present})
        self.complain("")
        self.query_one("#outcomes", Static).update(report_lines(batch, errors))
        self._enter(Stage.REPORT)
        self.set_focus(None)

    def _looked_at(self, done: int, total: int) -> None:
        self._progress(f"{done:,} of {total:,} looked at; escape goes back")

    def _changed(self, done: int, total: int) -> None:
        self._progress(f"{done:,} of {total:,} done; escape stops after the orders under way")

    def _progress(self, sentence: str) -> None:
        now = time.monotonic()
        if now - self._drawn_at >= _PROGRESS_SECONDS:
            self._drawn_at = now
            self._tell(sentence)

    def _tell(self, sentence: str) -> None:
        if self.is_attached:
            self.query_one("#outcomes", Static).update(Content(sentence))

    # ------------------------------------------------------------------ the report

    def situation(self) -> Situation:
        batch = self.ended if self.stage is Stage.REPORT else None
        left = (batch is not None and batch.finished_at is None) or (self.ended is None and self._batch_id is not None)
        return replace(super().situation(), refused=batch.failed if batch else 0, unfinished=left)

    def do_show(self) -> None:
        """Leave, and look at the refused orders in the table."""
        assert self.ended is not None, "only what was refused is shown"
        self.close(Ended(show=tuple(OrderId(UUID(error.order_id)) for error in self.ended.errors)))

    def do_export(self) -> None:
        assert self.ended is not None, "only what was refused is written"
        self.export(self.ended)

    @work(group="export", exclusive=True, exit_on_error=False)
    async def export(self, batch: BatchView) -> None:
        path = await self.session.services.bulk.write_errors(batch, Path.cwd())
        self.complain(f"{batch.failed:,} refused orders are in {path}.")

    def do_go_on(self) -> None:
        if self._batch_id is not None:
            self.complain("")
            self._enter(Stage.CHANGING)
            self.go_on(self._batch_id)

    @work(group="bulk", exclusive=True, exit_on_error=False)
    async def go_on(self, batch_id: BatchId) -> None:
        """Do what is left of a batch that was stopped, or that the database went away from."""
        await self.session.services.bulk.go_on(batch_id, on_progress=self._changed)
        await self._ended(batch_id)


def _choice_line(choice: Choice) -> Content:
    if choice.why_not:
        return Content.assemble((choice.words, "$text-muted"), (f"  {choice.why_not}", "$text-muted"))
    return Content(choice.words)


def _hopeless_words(outlook: BulkPreview) -> str:
    if outlook.refused:
        return "None of these orders allows it; escape goes back."
    return "They are as asked already." if outlook.unchanged else "No order matches any more."
