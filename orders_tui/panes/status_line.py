"""The line on top: the database, the daemon, what is open, failed and held, and how fast orders complete."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from orders_tui.formatting import moment, span
from orders_tui.state import Session


class StatusLine(Static):
    """One line, redrawn only when its words change."""

    def __init__(self, session: Session) -> None:
        super().__init__("", markup=False)
        self._session = session
        self._drawn = ""

    def on_mount(self) -> None:
        self.redraw()

    def redraw(self) -> None:
        """Say how things stand now."""
        content = self._content()
        if content.markup != self._drawn:
            self._drawn = content.markup
            self.update(content)

    def _content(self) -> Content:
        session, pulse = self._session, self._session.pulse
        parts: list[Content | str | tuple[str, str]] = [("Orders", "bold"), "  "]
        if not session.connected:
            parts += [("database lost", "bold $text-error"), "  "]
        if pulse is None:
            return Content.assemble(*parts, "reading …" if session.connected else "")
        parts += [f"open {pulse.open_orders:,}  "]
        parts += [(f"failed {pulse.failed:,}", "bold $text-error") if pulse.failed else "failed 0", "  "]
        parts += [(f"held {pulse.held:,}", "$text-warning") if pulse.held else "held 0", "  "]
        parts += [f"done {pulse.completed_last_minute:,}/min  "]
        if pulse.due_effects:
            parts += [f"to send {pulse.due_effects:,}  "]
        parts += ["daemon up" if pulse.daemon_alive else ("no daemon", "bold $text-warning")]
        if pulse.open_gates:
            parts += ["  ", (f"paused: {', '.join(pulse.open_gates)}", "$text-warning")]
        if session.options.read_only:
            parts += ["  ", ("read-only", "$text-warning")]
        return Content.assemble(*parts)


class Banner(Static):
    """Shown only while the database does not answer: since when, how old the rows are, and that it tries again."""

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
        if text != self._drawn:
            self._drawn = text
            self.update(Content(text))
            self.set_class(bool(text), "-shown")
