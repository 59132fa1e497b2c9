"""What can be copied of one order, and the text that was copied, to be selected by hand where the terminal has no clipboard for us."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, TextArea

from engine.orders.plain_text import plain
from engine.orders.views import OrderDetail
from orders_tui.actions import Scope
from orders_tui.modals.form import Form
from orders_tui.panes.line_list import LineList
from orders_tui.state import Session, Viewer
from orders_tui.table.order_columns import COLUMNS

_LABEL_CELLS = 18


class Copying(Form[str]):
    """Closes with the text that was chosen, or None."""

    def __init__(self, session: Session, title: str, choices: Sequence[tuple[str, str]]) -> None:
        super().__init__(session, title)
        self._choices = choices

    def body(self) -> ComposeResult:
        yield LineList()

    def on_mount(self) -> None:
        super().on_mount()
        lines = [
            Content.assemble((f"{label:<{_LABEL_CELLS}} ", "$text-muted"), plain(text)) for label, text in self._choices
        ]
        self._list.show([(str(place), line) for place, line in enumerate(lines)])
        self.set_focus(self._list)

    @property
    def _list(self) -> LineList:
        return self.query_one(LineList)

    def receiver(self, scope: Scope) -> Widget:
        return self._list if scope is Scope.LIST else self

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.do_confirm()

    def do_confirm(self) -> None:
        if (chosen := self._list.cursor_id) is not None:
            self.close(self._choices[int(chosen)][1])


class Selectable(Form[None]):
    """A text to be selected and copied by the terminal's own means; closes with escape."""

    def __init__(self, session: Session, text: str) -> None:
        super().__init__(session, "Select with the mouse (many terminals: hold shift), and copy")
        self._text = text

    def body(self) -> ComposeResult:
        yield TextArea(self._text, read_only=True, show_cursor=False, id="selectable")

    def do_confirm(self) -> None:
        self.close(None)


def copyable(detail: OrderDetail, viewer: Viewer) -> list[tuple[str, str]]:
    """What of an order is worth copying: its ids and tracking numbers, its command, and every cell of its row."""
    row = detail.row
    found = [("order number", row.order_number)]
    found += [("tracking number", package.tracking_number) for package in detail.packages if package.tracking_number]
    found.append(("command", f"orders-tui orders show {row.order_number}"))
    found += [(name, text) for name, text in (("e-mail", detail.email), ("phone", detail.phone)) if text]
    if detail.address is not None:
        address = detail.address
        parts = (address.line1, address.line2, address.city, address.state, address.postal_code, address.country)
        found.append(("address", ", ".join(filter(None, (address.name, *parts)))))
    cells = [(column.title, column.text(row, viewer).strip()) for column in COLUMNS if column.name != "order_number"]
    return found + [(title, text) for title, text in cells if text and text not in {value for _, value in found}]
