"""Every setting that is in force, with where its value comes from; what is this console's own is changed here."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from textual.content import Content

from engine.orders.plain_text import plain
from orders_tui.formatting import fit
from orders_tui.panes.summary import labelled
from orders_tui.preferences.preference import Preference
from orders_tui.settings_origin import InForce, settings_in_force
from orders_tui.settings_path import settings_path
from orders_tui.state import Session, Viewer

OWN = ("console.", "printing.")
"""What concerns this console alone; everything else holds for daemons too and is set with `orders-tui config set`."""


class InForcePart(Preference):
    """What was found when it was read last; no secret is among them."""

    title = "in force"
    heading = f"{'setting':<40}{'where from':<26}value"
    empty = "The configuration cannot be read."

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._found: dict[str, InForce] = {}

    async def read(self) -> None:
        self._found = {each.name: each for each in await asyncio.to_thread(settings_in_force)}

    def lines(self, viewer: Viewer) -> Sequence[tuple[str, Content]]:
        options = self.session.options
        now = [
            ("this console: line", "slow, so it is refreshed less often" if options.slow_line else "fast"),
            ("this console: mouse", "used" if options.mouse else "not used"),
            ("this console: changes", "read-only" if options.read_only else "allowed"),
        ]
        told = [
            (
                name,
                Content.assemble(f"{fit(name, 39)} ", ("found at the start        ", "$text-muted"), (value, "bold")),
            )
            for name, value in now
        ]
        return [*told, *((name, _line(each)) for name, each in self._found.items())]

    async def detail(self, line_id: str, viewer: Viewer) -> Content:
        each = self._found.get(line_id)
        if each is None:
            return Content.styled("How this console was started; it does not change while it runs.", "$text-muted")
        return labelled(
            [
                ("setting", each.name),
                ("value", plain(each.value) or "empty"),
                ("from", _origin_words(each)),
                (
                    "change",
                    self.reason(line_id) or "enter; backspace brings the default back. It holds from the next start.",
                ),
            ]
        )

    def setting(self, line_id: str) -> str:
        return line_id if line_id in self._found and line_id.startswith(OWN) else ""

    def reason(self, line_id: str) -> str:
        if line_id not in self._found:
            return "This is how the console was started; it does not change while it runs."
        if not line_id.startswith(OWN):
            return f"This holds for daemons too: orders-tui config set {line_id} VALUE, then start them anew."
        return ""

    def value(self, line_id: str) -> str:
        each = self._found.get(line_id)
        return each.value if each else ""


def _line(each: InForce) -> Content:
    quiet = "$text-muted" if each.origin == "default" else "bold"
    return Content.assemble(f"{fit(each.name, 39)} ", (f"{fit(each.origin, 25)} ", quiet), plain(each.value))


def _origin_words(each: InForce) -> str:
    match each.origin:
        case "default":
            return "the program's default"
        case "file":
            return str(settings_path())
        case variable:
            return f"the variable {variable}, which wins over the file"
