"""The pane of one order: why it has not moved, who bought, what, in which packages, through which steps; whole or a part of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from engine.orders.parcels.receiving import ReturnView
from engine.orders.views import OrderDetail, TimelineKind
from orders_tui.actions import Scope
from orders_tui.bindings import bindings_of
from orders_tui.messages import LinkFollowed
from orders_tui.panes import items, packages, requests, summary, timeline, workflow
from orders_tui.panes.timeline_kinds import TimelineKinds
from orders_tui.state import Viewer


class Part(StrEnum):
    """What the pane shows: all of it, or one part with all its lines."""

    ALL = "all"
    ITEMS = "items"
    PACKAGES = "packages"
    REQUESTS = "requests"
    WORKFLOW = "workflow"
    TIMELINE = "timeline"


_SECTIONS: Mapping[str, Callable[[OrderDetail, Viewer], Content]] = {
    "summary": summary.content,
    "items": items.content,
    "packages": packages.content,
    "workflow": workflow.content,
}


class DetailPane(VerticalScroll, can_focus=True):
    """Sections under each other, or one of them; the keys of a scrolling text move through them."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Scope.PANE)

    def __init__(self) -> None:
        super().__init__(id="detail")
        self.detail: OrderDetail | None = None
        self.part = Part.ALL
        self.kinds: frozenset[TimelineKind] = frozenset()
        self.pages = 1
        self._returns: Sequence[ReturnView] = ()
        self._viewer: Viewer | None = None

    def compose(self) -> ComposeResult:
        yield Static("", id="parts-of-order", markup=False)
        yield Static("", id="why", markup=False)
        yield Static("", id="others-here", markup=False)
        for name in ("summary", "items", "packages", "requests", "workflow"):
            yield Static("", id=name, classes="section", markup=False)
        yield TimelineKinds()
        yield Static("", id="timeline", classes="section", markup=False)

    @property
    def chips(self) -> TimelineKinds:
        return self.query_one(TimelineKinds)

    def show(self, detail: OrderDetail, viewer: Viewer, returns: Sequence[ReturnView] = (), others: str = "") -> None:
        """Draw one order; another order than before begins at the top. `others` is who else is at it."""
        if self.detail is None or self.detail.row.order_id != detail.row.order_id:
            self.scroll_home(animate=False)
            self.pages = 1
        self.detail, self._viewer, self._returns = detail, viewer, returns
        self.show_others(others)
        self._draw()

    def show_others(self, sentence: str) -> None:
        """Say who else has this order before them; empty when nobody does."""
        self._put("others-here", Content(sentence))

    def show_trouble(self, sentence: str) -> None:
        """Say why the order cannot be shown."""
        self._put("why", Content(sentence))

    def _draw(self) -> None:
        detail, viewer = self.detail, self._viewer
        if detail is None or viewer is None:
            return
        for part in Part:
            self.set_class(part is self.part, f"-{part}")
        names: list[Content | str | tuple[str, str]] = []
        for part in Part:
            names += [(f" {part} ", "bold reverse") if part is self.part else (f" {part} ", "$text-muted")]
        self._put("parts-of-order", Content.assemble(*names))
        self._put("why", Content(detail.why))
        for name, content in _SECTIONS.items():
            self._put(name, content(detail, viewer))
        self._put("requests", requests.content(detail, self._returns, viewer))
        whole = self.part is Part.TIMELINE
        self._put(
            "timeline",
            timeline.content(detail, viewer, kinds=self.kinds if whole else frozenset(), pages=self.pages if whole else 0),
        )  # fmt: skip
        self.chips.show(self.kinds)

    def _put(self, name: str, content: Content) -> None:
        widget = self.query_one(f"#{name}", Static)
        if widget.content != content:
            widget.update(content)
        widget.set_class(not content.plain, "-empty")

    # ------------------------------------------------------------------ actions

    def do_part(self, step: str) -> None:
        parts = list(Part)
        self.part = parts[(parts.index(self.part) + int(step)) % len(parts)]
        self.scroll_home(animate=False)
        self._draw()

    def do_kinds(self) -> None:
        self.part = Part.TIMELINE
        self._draw()
        self.screen.set_focus(self.chips)

    def do_kind(self, kind: str) -> None:
        self.kinds ^= {TimelineKind(kind)}
        self.pages = 1
        self._draw()

    def do_all_kinds(self) -> None:
        self.kinds, self.pages = frozenset(), 1
        self._draw()

    def do_kinds_done(self) -> None:
        self.screen.set_focus(self)

    def do_older(self) -> None:
        """The next page of the story, under the ones on screen."""
        if self.part is Part.TIMELINE:
            self.pages += 1
        else:
            self.part = Part.TIMELINE
            self.scroll_home(animate=False)
        self._draw()

    def do_link(self) -> None:
        if (linked := linked_order(self.detail)) is not None:
            self.post_message(LinkFollowed(linked))

    def do_down(self) -> None:
        self.scroll_down(animate=False)

    def do_up(self) -> None:
        self.scroll_up(animate=False)


def linked_order(detail: OrderDetail | None) -> str | None:
    """The number of the order that stands for this one, else of the one that it stands for."""
    if detail is None:
        return None
    return next(iter(detail.replaced_by), detail.replaces or None)
