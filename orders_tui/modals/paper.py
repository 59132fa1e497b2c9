"""A pick list, packing slips or labels on screen, and from there on paper: where to, again or only what is new, what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from textual import on, work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static

from engine.identifiers import OrderId
from engine.paper.prints import PrintedBefore
from engine.words import PaperKind
from orders_tui.actions import Scope
from orders_tui.modals.form import Form
from orders_tui.panes.line_list import LineList
from orders_tui.printing.outcome import Destination, Printed
from orders_tui.printing.text import counted, left_out_text, pick_list_text, sheet_text, slips_text
from orders_tui.state import Session

SHOWN = 500
"""So many lines of paper are shown; what is printed is always whole."""

_WORDS = {PaperKind.LABEL: "labels", PaperKind.LIST: "a pick list", PaperKind.SLIP: "packing slips"}


class Stage(StrEnum):
    """How far it has come."""

    READING = "reading"
    LOOKING = "looking"
    CHOOSING = "choosing"
    PRINTING = "printing"
    TOLD = "told"


@dataclass(frozen=True, slots=True)
class Way:
    """One way to print: where to, and of labels whether those printed before come again."""

    destination: Destination
    only_new: bool
    words: str

    @property
    def options(self) -> tuple[str, ...]:
        """The same for the command line."""
        where = self.destination.where
        place = ("--station", where.station) if where.station else ("--printer", where.printer)
        return (*place, "--only-new") if self.only_new else place


@dataclass(frozen=True, slots=True)
class PaperDone:
    """What was printed; `options` are those of the command that does the same, `told` that the form has said what came of it."""

    printed: Printed
    options: tuple[str, ...]
    told: bool


class PrintPaper(Form[PaperDone]):
    """Closes with what was printed, or None. With `look` nothing is printed."""

    def __init__(
        self, session: Session, kind: PaperKind, order_ids: Sequence[OrderId], words: str, *, look: bool
    ) -> None:
        verb = "Look at" if look else "Print"
        super().__init__(session, f"{verb} {_WORDS[kind]} of {words}")
        self.kind, self.order_ids, self.look = kind, tuple(order_ids), look
        self.stage = Stage.READING
        self.ways: dict[str, Way] = {}
        self.done: PaperDone | None = None
        self._paper: list[str] = []

    def body(self) -> ComposeResult:
        yield LineList()
        yield Static("reading …", id="standing", markup=False)
        with VerticalScroll(id="paper", can_focus=True):
            yield Static("", id="content", markup=False)

    @property
    def lines(self) -> LineList:
        return self.query_one(LineList)

    def receiver(self, scope: Scope) -> Form[PaperDone] | LineList:
        return self.lines if scope is Scope.LIST else self

    def on_mount(self) -> None:
        super().on_mount()
        self._enter(Stage.READING)
        self.read()

    def _enter(self, stage: Stage) -> None:
        self.stage = stage
        for each in Stage:
            self.set_class(each is stage, f"-{each}")

    # ------------------------------------------------------------------ what is on it

    @work(group="paper", exclusive=True, exit_on_error=False)
    async def read(self) -> None:
        """Read what would be on the paper, what of it was printed before, and where it may go."""
        printing = self.session.services.printing
        before: dict[UUID, PrintedBefore] = {}
        count = 0
        match self.kind:
            case PaperKind.LIST:
                content = await printing.pick_list_content(self.order_ids)
                self._paper, count = pick_list_text(content), len(content.lines)
            case PaperKind.SLIP:
                slips = await printing.slip_content(self.order_ids)
                self._paper, count = slips_text(slips), len(slips.slips)
            case PaperKind.LABEL:
                sheet = await printing.label_content(self.order_ids)
                self._paper, count = sheet_text(sheet), len(sheet.labels)
                before |= await printing.printed_before(self.kind, [label.subject for label in sheet.labels])
        ways = [] if self.look or not count else await self._ways(count, before)
        self._show(self._paper)
        if not ways:
            self._enter(Stage.LOOKING)
            self._stand("" if count or self.look else "Nothing of that can be printed; below is why.")
            self.set_focus(self.query_one("#paper"))
            return
        self.ways = {str(number): way for number, way in enumerate(ways)}
        self.lines.show([(number, Content(way.words)) for number, way in self.ways.items()])
        self.lines.highlighted = self._usual(ways)
        self._stand(_printed_before(before, count))
        self._enter(Stage.CHOOSING)
        self.set_focus(self.lines)

    async def _ways(self, count: int, before: dict[UUID, PrintedBefore]) -> list[Way]:
        ways: list[Way] = []
        for destination in await self.session.services.printing.destinations(self.kind):
            place = (
                f"{destination.station}: {destination.name}" if destination.station else f"keep in {destination.name}"
            )
            new = count - len(before)
            if before and new:
                ways.append(Way(destination, only_new=True, words=f"{place}, only the {new:,} not printed yet"))
            again = f", {'all of them again' if count > 1 else 'again'}" if before else ""
            ways.append(Way(destination, only_new=False, words=f"{place}{again}"))
        return ways

    def _usual(self, ways: Sequence[Way]) -> int:
        """Where the person printed last, else the first."""
        last = self.session.memory.now.station or self.session.memory.now.packs_at
        return next((number for number, way in enumerate(ways) if last and way.destination.station == last), 0)

    def _show(self, lines: Sequence[str]) -> None:
        shown = list(lines[:SHOWN])
        if len(lines) > SHOWN:
            shown.append(f"… and {counted(len(lines) - SHOWN, 'line')} more")
        self.query_one("#content", Static).update(Content("\n".join(shown)))

    def _stand(self, sentence: str) -> None:
        self.query_one("#standing", Static).update(Content(sentence))

    # ------------------------------------------------------------------ printing

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.do_confirm()

    def do_confirm(self) -> None:
        match self.stage:
            case Stage.CHOOSING:
                if (number := self.lines.cursor_id) is not None:
                    self._enter(Stage.PRINTING)
                    self.complain("")
                    self.set_focus(None)
                    self.print_it(self.ways[number])
            case Stage.LOOKING | Stage.TOLD:
                self.close(self.done)
            case Stage.READING | Stage.PRINTING:
                pass

    def do_cancel(self) -> None:
        if self.stage is Stage.PRINTING:
            self.complain("It is being printed; that ends by itself.")
        else:
            self.close(self.done)

    @work(group="print", exclusive=True, exit_on_error=False)
    async def print_it(self, way: Way) -> None:
        """Print it; when all went well the form ends, else it says what did not."""
        self.session.memory.keep(station=way.destination.station)
        self._stand("printing …")
        printed = await self._print(way, self._progress)
        told = bool(printed.failed or printed.left_out or printed.warnings)
        self.done = PaperDone(printed, way.options, told)
        if not told:
            self.close(self.done)
            return
        self._stand(printed.sentence)
        self._show([*left_out_text(printed.left_out, "Left out")[1:], *printed.warnings] or self._paper)
        self._enter(Stage.TOLD)
        self.set_focus(self.query_one("#paper"))

    async def _print(self, way: Way, on_progress: Callable[[int, int], None]) -> Printed:
        printing, where = self.session.services.printing, way.destination.where
        match self.kind:
            case PaperKind.LIST:
                return await printing.pick_list(self.order_ids, where=where)
            case PaperKind.SLIP:
                return await printing.packing_slips(self.order_ids, where=where, on_progress=on_progress)
            case PaperKind.LABEL:
                return await printing.labels(
                    self.order_ids, where=where, only_new=way.only_new, on_progress=on_progress
                )

    def _progress(self, done: int, total: int) -> None:
        if self.is_attached and self.stage is Stage.PRINTING:
            self._stand(f"{done:,} of {total:,} drawn")

    def failed(self) -> None:
        self._stand("")
        self._enter(Stage.CHOOSING if self.ways else Stage.LOOKING)
        self.set_focus(self.lines if self.ways else self.query_one("#paper"))


def _printed_before(before: dict[UUID, PrintedBefore], count: int) -> str:
    if not before:
        return ""
    newest = max(before.values(), key=lambda each: each.at)
    if len(before) == 1 and count == 1:
        return f"It was printed before, {newest.words}."
    were = "was" if len(before) == 1 else "were"
    return f"{len(before):,} of {count:,} {were} printed before, the last {newest.words}."
