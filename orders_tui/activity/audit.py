"""What everybody did, from the audit: newest first, read page by page, as far back as one likes."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from textual.content import Content

from engine.audit.reading import AuditFilter, AuditKey, AuditLine, AuditPage
from engine.audit.words import did, who
from engine.errors import NotFound
from engine.identifiers import OrderId
from engine.orders.plain_text import plain
from orders_tui.activity.audit_filter import read_audit_filter
from orders_tui.formatting import fit, moment, words
from orders_tui.panes.summary import labelled
from orders_tui.part import Part
from orders_tui.state import Session, Viewer

PAGE = 200
MOST_KEPT = 3 * PAGE
"""More lines are not kept: reading on lets the newest go, and the first line leads back to them."""


class AuditPart(Part):
    """The audit, narrowed by what was typed."""

    title = "everybody"
    heading = f"{'when':<14}{'who':<18}{'what':<30}about"
    empty = "Nothing was done that this filter lets through: / changes it, escape takes it away."

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.typed = ""
        """The filter as it was typed."""
        self._wanted = AuditFilter()
        self._lines: dict[str, AuditLine] = {}
        self._looked_until: AuditKey | None = None
        self._at_the_newest = True

    async def narrow(self, text: str) -> None:
        """Show what this filter lets through. Raises Misconfigured, NotFound; then nothing changes."""
        asked = read_audit_filter(text, self.session.viewer().now.astimezone(self.session.options.zone))
        services = self.session.services
        order_id = await services.find(asked.order) if asked.order else None
        if asked.order and order_id is None:
            raise NotFound("order.not_found", f"There is no order {asked.order!r}.")
        self._wanted = AuditFilter(not asked.everything, asked.who, asked.what, order_id, asked.since, asked.until)
        self.typed = text
        self._lines, self._at_the_newest = {}, True
        await self.read()

    async def read(self) -> None:
        """The newest entries, unless older ones are being looked at."""
        if self._at_the_newest:
            page = await self._page(None)
            self._lines = _by_id(page.lines)
            self._looked_until = page.looked_until

    async def go_beyond(self, line_id: str) -> bool:
        ids = list(self._lines)
        if self._looked_until is not None and line_id == ids[-1]:
            page = await self._page(self._looked_until)
            self._looked_until = page.looked_until
            kept = [*self._lines.values(), *page.lines]
            self._at_the_newest = False
            self._lines = _by_id(kept[-MOST_KEPT:])
            return bool(page.lines)
        if not self._at_the_newest and line_id == ids[0]:
            self._at_the_newest = True
            await self.read()
            return True
        return False

    async def _page(self, before: AuditKey | None) -> AuditPage:
        """A page; where nothing was found as far as was looked, the one before that."""
        page = await self.session.services.audit.page(self._wanted, before=before, limit=PAGE)
        while not page.lines and page.looked_until is not None:
            page = await self.session.services.audit.page(self._wanted, before=page.looked_until, limit=PAGE)
        return page

    def lines(self, viewer: Viewer) -> Sequence[tuple[str, Content]]:
        return [(line_id, _line(line, viewer)) for line_id, line in self._lines.items()]

    async def detail(self, line_id: str, viewer: Viewer) -> Content:
        line = self._lines.get(line_id)
        if line is None:
            return Content("")
        filtered = (
            f"{plain(self.typed)}  (/ changes it, escape takes it away)"
            if self.typed
            else "people only; / asks for more"
        )
        return labelled(
            [
                ("who", f"{plain(who(line.actor))} {did(line.action) if line.order_id else words(line.action)}"),
                ("about", f"{plain(line.about)}{'  (enter shows it)' if line.order_id else ''}"),
                ("when", f"{line.key.at.astimezone(viewer.zone):%Y-%m-%d %H:%M:%S}"),
                ("entry", f"{line.action}, number {line.key.sequence} of its chain"),
                ("shown", filtered),
            ]
        )

    def order_id(self, line_id: str) -> OrderId | None:
        """The order that this line is about."""
        line = self._lines.get(line_id)
        return line.order_id if line else None

    def command(self, line_id: str) -> str:
        line = self._lines.get(line_id)
        if line is None:
            return ""
        if line.order_id is not None:
            number = line.about.removeprefix("order ")
            return shlex.join(["orders-tui", "audit", "list", "--everything", "--order", number])
        return shlex.join(["orders-tui", "audit", "list", "--what", line.action])


def _by_id(lines: Sequence[AuditLine]) -> dict[str, AuditLine]:
    return {f"{line.key.subject}:{line.key.sequence}": line for line in lines}


def _line(line: AuditLine, viewer: Viewer) -> Content:
    return Content.assemble(
        f"{moment(line.key.at, viewer):<14}",
        f"{fit(who(line.actor), 17)} ",
        (f"{fit(words(line.action).replace('.', ': '), 29)} ", "bold"),
        plain(line.about),
    )
