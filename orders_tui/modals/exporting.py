"""Writing the list to a file: how, where to, with progress, stopped by escape."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Label, Static
from textual.worker import Worker

from engine.errors import OrdersError
from engine.orders.views import OrderFilter
from orders_tui.modals.entry import ChoiceInput
from orders_tui.modals.form import Form
from orders_tui.services.order_sheets import PERSONAL, SheetFormat, file_name
from orders_tui.state import Session, sentence_of

_PROGRESS_SECONDS = 0.25
"""Progress is drawn this often at most."""

SHOWN, EVERYTHING = "shown", "all"


def downloads() -> Path:
    """Where files for a person go."""
    import platformdirs

    return platformdirs.user_downloads_path()


class Exporting(Form[str]):
    """Closes with the sentence of what was written and where, or None."""

    def __init__(
        self, session: Session, order_filter: OrderFilter, columns: Sequence[str], title: str, orders: int
    ) -> None:
        super().__init__(session, f"Write {orders:,} {'order' if orders == 1 else 'orders'} to a file")
        self._filter = order_filter
        self._columns = tuple(columns)
        self._title = title
        self._writing: Worker[None] | None = None
        self._drawn_at = 0.0

    def body(self) -> ComposeResult:
        directory = self.session.options.export_directory or downloads()
        path = directory / file_name(SheetFormat.CSV, self.session.clock(), title=self._title)
        with Horizontal(classes="field"):
            yield Label("format", markup=False)
            yield ChoiceInput(tuple(SheetFormat), SheetFormat.CSV, id="format", classes="")
        with Horizontal(classes="field"):
            yield Label("columns", markup=False)
            yield ChoiceInput((SHOWN, EVERYTHING), SHOWN, id="columns", classes="")
        with Horizontal(classes="field"):
            yield Label("file", markup=False)
            yield Input(str(path), id="file", compact=True, select_on_focus=False)
        yield Static("", id="preview", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        self.set_focus(self.query_one("#format", Input))
        self._say_what()

    def _value(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value.strip()

    def _chosen(self) -> tuple[str, ...]:
        return () if self._value("columns") == EVERYTHING else self._columns

    def _say_what(self) -> None:
        fields = self.session.services.order_sheets.fields_for(self._chosen())
        holds = "It will hold customers' names. " if PERSONAL & set(fields) else ""
        self.query_one("#preview", Static).update(Content(f"{holds}Only you will be able to read it."))

    def on_input_changed(self, event: Input.Changed) -> None:
        """The file's ending follows the format."""
        if event.input.id == "format" and event.value in set(SheetFormat):
            field = self.query_one("#file", Input)
            field.value = str(Path(field.value).with_suffix(f".{event.value}"))
        if event.input.id == "columns":
            self._say_what()

    def do_confirm(self) -> None:
        if self._writing is not None:
            return
        if self._value("format") not in set(SheetFormat):
            self.complain(f"The format is one of {', '.join(SheetFormat)}.")
        elif self._value("columns") not in {SHOWN, EVERYTHING}:
            self.complain(f"The columns are {SHOWN} or {EVERYTHING}.")
        elif not self._value("file"):
            self.complain("The file is missing.")
        else:
            self.complain("")
            self._writing = self.write(
                Path(self._value("file")).expanduser(), SheetFormat(self._value("format")), self._chosen()
            )

    @work(group="change", exit_on_error=False)
    async def write(self, path: Path, sheet_format: SheetFormat, columns: tuple[str, ...]) -> None:
        try:
            orders = await self.session.services.order_sheets.write(
                path, self._filter, sheet_format, columns, self._progress
            )
        except OrdersError as error:
            self._writing = None
            self.complain(sentence_of(error))
            return
        self.close(f"{orders:,} {'order is' if orders == 1 else 'orders are'} in {path}.")

    def _progress(self, done: int, total: int) -> None:
        now = time.monotonic()
        if self.is_attached and (now - self._drawn_at >= _PROGRESS_SECONDS or done >= total):
            self._drawn_at = now
            self.query_one("#preview", Static).update(Content(f"{done:,} of {total:,} written; escape stops."))

    def failed(self) -> None:
        self._writing = None

    def do_cancel(self) -> None:
        if self._writing is None:
            self.close(None)
            return
        self._writing.cancel()
        self._writing = None
        self.complain("Stopped; no file was written.")
