"""The line on top: the screens with their keys, what needs a person, and who works; below it the banner of what is out of order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.widgets import Static

from orders_tui.actions import Action, Scope, actions_of
from orders_tui.actions.spoken import spoken_keys
from orders_tui.formatting import moment, span
from orders_tui.state import Session

_HERE = "bold reverse"
_ROOM_FOR_HEALTH = 30
"""With less than this beside them, the screens' names get shorter."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing worth a place on top; where there is no room it says it shorter, and the lowest rank goes first."""

    words: str
    rank: int
    style: str = ""
    shorter: str = ""


class StatusLine(Static):
    """One line, redrawn only when its words change. A click on a screen's name goes there."""

    def __init__(self, session: Session) -> None:
        super().__init__("", markup=False)
        self._session = session
        self._drawn = ""
        self.places: list[tuple[range, str]] = []
        """Which columns each screen's name takes, and the action that goes there."""

    def on_mount(self) -> None:
        self.redraw()

    def on_resize(self) -> None:
        self.redraw()

    def redraw(self) -> None:
        """Say how things stand now."""
        content = self._content()
        if content.markup != self._drawn:
            self._drawn = content.markup
            self.update(content)

    async def on_click(self, event: events.Click) -> None:
        for columns, action_id in self.places:
            if event.x in columns:
                await self.run_action(f"app.perform('{action_id}')")

    def _content(self) -> Content:
        width = self.content_size.width
        tabs = self._tabs(width)
        left = Content("").join(tabs)
        facts = _facts(self._session)
        room = width - left.cell_length - 1
        if _length(facts) > room:
            facts = [replace(fact, words=fact.shorter or fact.words) for fact in facts]
        while facts and _length(facts) > room:
            facts.remove(min(facts, key=lambda fact: fact.rank))
        right = Content("  ").join([Content.styled(fact.words, fact.style) for fact in facts])
        return Content.assemble(left, " " * max(0, width - left.cell_length - right.cell_length), right)

    def _tabs(self, width: int) -> list[Content]:
        """The screens' names, as long as there is room for what else stands here."""
        screens = [action for action in actions_of(Scope.EVERYWHERE) if action.method == "go"]
        sizes = [[self._tab(action, size) for action in screens] for size in range(3)]
        lengths = [sum(tab.cell_length for tab in tabs) for tabs in sizes]
        size = next((size for size in range(2) if lengths[size] + _ROOM_FOR_HEALTH <= width), 2)
        self.places, column = [], self.gutter.left
        for action, tab in zip(screens, sizes[size], strict=True):
            self.places.append((range(column, column + tab.cell_length), action.id))
            column += tab.cell_length
        return sizes[size]

    def _tab(self, action: Action, size: int) -> Content:
        key = spoken_keys(action, self._session.options.keymap, first=True)
        key = key.upper() if key.removeprefix("f").isdigit() else key  # a bare digit opens a saved view
        name = action.text.partition(":")[0]
        here = self.app.current_mode == action.argument
        match size:
            case 0:
                words = f" {key} {name} "
            case 1:
                words = f"{key} {name} "
            case _:
                words = f"{key}{name if here else action.tab or name[:4]} "
        failed = self._session.pulse.failed if self._session.pulse and action.argument == "failed" else 0
        count = (f"{failed:,} ", "bold $text-error") if failed else ""
        return Content.assemble((words[:-1], _HERE if here else ""), words[-1:], count)


def _length(facts: Sequence[Fact]) -> int:
    return sum(cell_len(fact.words) + 2 for fact in facts) - 2


def _facts(session: Session) -> list[Fact]:
    pulse = session.pulse
    facts = [] if session.connected else [Fact("database lost", 9, "bold $text-error")]
    if pulse is None:
        return facts or [Fact("reading …", 1)]
    if session.changes_nothing:
        facts.append(Fact("read-only", 7, "$text-warning"))
    if pulse.alerts:
        many = "alert" if pulse.alerts == 1 else "alerts"
        facts.append(Fact(f"{pulse.alerts} {many}", 8, "bold $text-error"))
    if pulse.open_gates:
        facts.append(Fact(f"paused: {', '.join(pulse.open_gates)}", 6, "$text-warning"))
    if pulse.held:
        facts.append(Fact(f"held {pulse.held:,}", 5, "$text-warning"))
    facts += [Fact(f"open {pulse.open_orders:,}", 3), Fact(f"done {pulse.completed_last_minute:,}/min", 2)]
    if pulse.due_effects:
        facts.append(Fact(f"to send {pulse.due_effects:,}", 4))
    facts.append(_daemon(alive=pulse.daemon_alive, ours=session.own_daemon.runs()))
    return facts


def _daemon(*, alive: bool, ours: bool) -> Fact:
    match alive, ours:
        case True, True:
            return Fact("daemon: this console's", 8, shorter="daemon up")
        case True, False:
            return Fact("daemon up", 8)
        case False, True:
            return Fact("daemon starting", 8, "$text-warning")
        case _:
            return Fact("no daemon", 8, "bold $text-warning")


class Banner(Static):
    """Shown only while something is out of order: the database since when and how old the rows are, or why no daemon works."""

    def __init__(self, session: Session) -> None:
        super().__init__("", markup=False)
        self._session = session
        self._drawn = ""

    def redraw(self) -> None:
        """Appear, change or go away, as things stand now."""
        session = self._session
        text = ""
        if session.lost_since is not None:
            viewer = session.viewer()
            age = f"; what you see is {span(viewer.now - session.heard_at)} old" if session.heard_at else ""
            text = f"No database since {moment(session.lost_since, viewer)}{age}. Trying again. {session.complaint}"
        elif session.complaint:
            text = f"The last refresh failed: {session.complaint}"
        elif (refusal := session.own_daemon.refusal()) and session.pulse and not session.pulse.daemon_alive:
            text = f"No order is worked, since this console's daemon does not stay up: {refusal} Its log: {session.own_daemon.log}"
        if text != self._drawn:
            self._drawn = text
            self.update(Content(text))
            self.set_class(bool(text), "-shown")
