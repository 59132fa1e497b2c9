"""The pane of one order: why it has not moved, who bought, what, in which packages, through which steps."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from engine.orders.views import OrderDetail
from orders_tui.panes import items, packages, summary, timeline, workflow
from orders_tui.state import Viewer

_SECTIONS = (
    ("summary", summary.content),
    ("items", items.content),
    ("packages", packages.content),
    ("workflow", workflow.content),
    ("timeline", timeline.content),
)


class DetailPane(VerticalScroll, can_focus=True):
    """Sections under each other; the keys of a scrolling text move through them."""

    def __init__(self) -> None:
        super().__init__(id="detail")
        self.detail: OrderDetail | None = None

    def compose(self) -> ComposeResult:
        yield Static("", id="why", markup=False)
        for name, _ in _SECTIONS:
            yield Static("", id=name, classes="section", markup=False)

    def show(self, detail: OrderDetail, viewer: Viewer) -> None:
        """Draw one order; another order than before begins at the top."""
        if self.detail is None or self.detail.row.order_id != detail.row.order_id:
            self.scroll_home(animate=False)
        self.detail = detail
        self._put("why", Content(detail.why))
        for name, content in _SECTIONS:
            self._put(name, content(detail, viewer))

    def show_trouble(self, sentence: str) -> None:
        """Say why the order cannot be shown."""
        self._put("why", Content(sentence))

    def _put(self, name: str, content: Content) -> None:
        widget = self.query_one(f"#{name}", Static)
        if widget.content != content:
            widget.update(content)
